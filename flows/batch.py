"""Many repositories, several at a time: each a `reproduce` run in a process of its own, all of them counted."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas import State
from prefect.states import Completed, Failed
from pydantic import Field

from flows import form
from flows.names import batch_file
from flows.reproduce import reproduce
from paper2run.batches.batch_input import usable
from paper2run.batches.breakdown import is_open, left_for_the_end, met_by, shared_trouble
from paper2run.batches.queue import after_loss, next_waiting, parameters_of, rows_for, share_of
from paper2run.batches.rows import Batch, BatchRow
from paper2run.errors import Trouble
from paper2run.model.usage import Budget
from paper2run.request import Request, settings_for
from paper2run.settings import Settings
from tasks.batches.batch_board import Board
from tasks.batches.batch_folder import (
    batch_folder,
    dated,
    lines_without_logins,
    new_batch,
    read_batch,
    rows_without_logins,
)
from tasks.batches.children import Children, Ended, children_of, need_workers
from tasks.running.flow_runs import label_run
from tasks.running.host_probe import probes
from tasks.running.progress_log import PROGRESS
from tasks.running.recording import current_run_id


@flow(name="batch", flow_run_name=batch_file, persist_result=False)
@form.described
def batch(
    file: Annotated[
        str,
        Field(description="Repositories: YAML, CSV, JSON Lines, or one address a line"),
    ],
    jobs: Annotated[int, Field(description="Runs at a time; SQLite carries 2", ge=1)] = 2,
    out: Annotated[
        str,
        Field(description="Folder, %Y-%m-%d is today; empty: batch-<name of the file> below runs/"),
    ] = "",
    resume: Annotated[
        bool, Field(description="Go on: what has a verdict is not run again")
    ] = False,
    only_failed: Annotated[
        bool, Field(description="Go on, and run again all that did not succeed")
    ] = False,
    keep_going: Annotated[
        bool, Field(description="Run the good lines of a file that has bad ones")
    ] = False,
    workers: Annotated[
        bool, Field(description="Hand the runs to the workers of reproduce/default")
    ] = False,
    timeout: form.Timeout = None,
    max_attempts: form.MaxAttempts = None,
    model: form.Model = "",
    base_url: form.BaseUrl = "",
    dry_run: form.DryRun = False,
    no_cache: form.NoCache = False,
    target: form.Target = "smoke",
    planner: form.Planner = "",
    remove_images: form.RemoveImages = False,
    max_tokens: Annotated[
        int | None, Field(description="Tokens that the whole batch may spend on the model", ge=0)
    ] = None,
    max_cost_usd: Annotated[
        float | None,
        Field(description="US dollars that the whole batch may spend on the model", ge=0),
    ] = None,
) -> State[tuple[Batch, str]]:
    """Reproduce all repositories of a file. Completed where each got a verdict, Failed where one is without."""
    asked = Request(
        repo="", timeout=timeout, max_attempts=max_attempts, model=model, base_url=base_url,
        dry_run=dry_run, no_cache=no_cache, target=target, planner=planner, remove_images=remove_images,
    )  # fmt: skip
    settings = settings_for(asked)
    budget = Budget(max_tokens=max_tokens, max_cost_usd=max_cost_usd)
    source = Path(file).expanduser()
    given = usable(read_batch(source), keep_going=keep_going, say=PROGRESS.info)
    lines = lines_without_logins(given, settings.home)
    if workers:
        need_workers()
    path = dated(out) if out else settings.out / f"batch-{source.stem}"
    with batch_folder(path, resume=resume or only_failed) as folder:
        run_id = current_run_id()
        label_run(run_id)
        label_run(run_id, folder=str(folder.path))
        earlier = rows_without_logins(folder.read() or new_batch(source, source.stem))
        now = earlier.changed(jobs=jobs, flow_run_id=run_id)
        board = Board(folder, now, rows_for(lines, earlier.rows, only_failed=only_failed))
        flags = {
            **asked.model_dump(exclude_defaults=True),
            **settings.budget.model_dump(exclude_none=True),
            "out": str(folder.runs),
        }
        with children_of(run_id, folder.path / "logs", settings) as children:
            _adopt(board, children)
            try:
                _run_all(board, children, jobs, flags, budget, workers, settings)
            except BaseException:
                _mark_interrupted(board)
                raise
    return _verdict(board.publish(), str(folder.path))


def _run_all(
    board: Board,
    children: Children,
    jobs: int,
    flags: dict[str, Any],
    budget: Budget,
    workers: bool,
    settings: Settings,
) -> None:
    """Keep `jobs` runs going until every row has ended; rows that this machine's trouble ended are run again."""
    pauses = 0
    while is_open(board.rows):
        if trouble := shared_trouble(board.rows):
            _wait_out(trouble, board, children, settings, workers, pauses)
            pauses += 1
        board.go_on(left_for_the_end(board.rows))
        while (place := next_waiting(board.rows, jobs)) is not None:
            row = board.rows[place]
            share = share_of(board.rows, jobs, budget)
            parameters = parameters_of(row, flags, share)
            if workers:
                key = f"{board.batch.id}-{row.entry.key}-{row.starts}"
                run_id = children.start_on_worker(row.title, parameters, key)
            else:
                run_id = children.start_process(reproduce, row.title, parameters)
            board.change(place, row.started(run_id, share))
        _collect(board, children)


def _collect(board: Board, children: Children) -> None:
    """Take in how runs have ended, after a moment."""
    for run_id, ended in children.wait().items():
        place = next(at for at, row in enumerate(board.rows) if row.flow_run_id == run_id)
        after = _after(board.rows[place], ended)
        board.change(place, after.learnt(datetime.now(UTC), ended.trouble))


def _wait_out(
    trouble: Trouble,
    board: Board,
    children: Children,
    settings: Settings,
    workers: bool,
    earlier: int,
) -> None:
    """Start nothing until probes find the trouble gone; let the rows that it ended wait for another run."""
    board.pause(f"several runs were ended by trouble with the {trouble}; it is probed")
    for why, rest_s in probes(trouble, settings, here=not workers, earlier=earlier):
        board.pause(why)
        until = time.monotonic() + rest_s
        while time.monotonic() < until:
            _collect(board, children)
    board.go_on(met_by(board.rows, trouble))


def _after(row: BatchRow, ended: Ended) -> BatchRow:
    match ended.kind:
        case "verdict":
            assert ended.metadata is not None
            return row.ended(ended.metadata, ended.folder)
        case "exception":
            return row.broken_off("exception", ended.reason, ended.folder)
        case "cancelled":
            return row.broken_off("interrupted", ended.reason, ended.folder)
        case "lost":
            return after_loss(row, ended.reason, ended.folder)


def _adopt(board: Board, children: Children) -> None:
    """Wait for what an earlier pass left running; what the server does not know is run again."""
    for place, row in enumerate(board.rows):
        if row.status == "running" and not children.adopt(row.flow_run_id):
            board.change(place, row.changed(status="waiting"))


def _mark_interrupted(board: Board) -> None:
    """Let the page and the record say that nothing goes on any more."""
    words = "the batch was ended"
    board.paused = ""
    board.rows = [
        row.broken_off("interrupted", words) if row.status == "running" else row
        for row in board.rows
    ]
    board.publish()


def _verdict(done: Batch, folder: str) -> State[tuple[Batch, str]]:
    reproduced = done.totals.get("success", 0)
    name = f"{reproduced} of {len(done.rows)} run"
    without = sum(not row.has_verdict for row in done.rows)
    if without:
        words = f"{without} without a verdict: this machine, its network, or an interruption"
        return Failed(name="Incomplete", message=f"{name}; {words}", data=(done, folder))
    totals = ", ".join(f"{count} {status}" for status, count in done.totals.items())
    return Completed(name=name, message=totals, data=(done, folder))
