"""Reproduces many repositories, several at a time: each a `reproduce` run in its own process."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas import State
from prefect.states import Completed, Failed

from flows.names import BAD_REQUEST, batch_file
from flows.options import form_of
from flows.reproduce import reproduce
from paper2run.batches.batch_input import usable
from paper2run.batches.breakdown import is_open, left_for_the_end, met_by, shared_trouble
from paper2run.batches.queue import after_loss, next_waiting, parameters_of, rows_for, share_of
from paper2run.batches.rows import Batch, BatchRow
from paper2run.errors import Trouble, UserError
from paper2run.model.usage import Budget
from paper2run.request import BatchRequest, settings_for
from paper2run.settings import Settings
from tasks.batches.batch_board import Board
from tasks.batches.batch_file import read_batch
from tasks.batches.batch_folder import (
    batch_folder,
    dated,
    lines_without_logins,
    new_batch,
    rows_without_logins,
    statuses_of,
)
from tasks.batches.children import Children, Ended, children_of, need_workers
from tasks.running.flow_runs import claim_run, label_run, tag_batch
from tasks.running.host_probe import probes
from tasks.running.progress_log import PROGRESS
from tasks.running.recording import current_run_id


@flow(name="batch", flow_run_name=batch_file, persist_result=False)
@form_of(BatchRequest)
def batch(**given: Any) -> State[tuple[Batch, str]]:
    """Reproduce all repositories of a file. Completed if each got a verdict, otherwise Failed."""
    request = BatchRequest(**given)
    try:
        return _all_of(request, settings_for(request.of_each_run))
    except UserError as error:
        return Failed(name=BAD_REQUEST, message=f"{error.what}; {error.hint}", data=error)


def _all_of(request: BatchRequest, settings: Settings) -> State[tuple[Batch, str]]:
    source = Path(request.file).expanduser()
    found = usable(read_batch(source), keep_going=request.keep_going, say=PROGRESS.info)
    lines = lines_without_logins(found, settings.home)
    compared = statuses_of(request.compare)
    if request.workers:
        need_workers()
    path = dated(request.out) if request.out else settings.out / f"batch-{source.stem}"
    with batch_folder(path, resume=request.resume or request.only_failed) as folder:
        run_id = current_run_id()
        claim_run(run_id, settings.home)
        tag_batch(run_id, source.stem)
        label_run(run_id, folder=str(folder.path))
        earlier = rows_without_logins(folder.read() or new_batch(source, source.stem))
        now = earlier.changed(jobs=request.jobs, flow_run_id=run_id)
        rows = rows_for(lines, earlier.rows, only_failed=request.only_failed, compared=compared)
        board = Board(folder, now, rows)
        logs = folder.path / "logs"
        with children_of(run_id, source.stem, logs, settings) as children:
            _adopt(board, children)
            try:
                _run_all(board, children, request, str(folder.runs), settings)
            except BaseException:
                _mark_interrupted(board)
                raise
    return _verdict(board.publish(), str(folder.path))


def _run_all(
    board: Board, children: Children, request: BatchRequest, out: str, settings: Settings
) -> None:
    """Keep `jobs` runs going until every row has ended; rows that ended with a host error run again."""
    jobs, workers = request.jobs, request.workers
    budget = Budget(**{name: getattr(request, name) for name in Budget.model_fields})
    flags = {
        **request.of_each_run.model_dump(exclude_defaults=True),
        **settings.budget.model_dump(exclude_none=True),
        "out": out,
    }
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
    """Wait a moment, record how runs have ended, and show it."""
    for run_id, ended in children.wait().items():
        place = next(at for at, row in enumerate(board.rows) if row.flow_run_id == run_id)
        after = _after(board.rows[place], ended)
        board.change(place, after.learnt(datetime.now(UTC), ended.trouble))
    board.catch_up()


def _wait_out(
    trouble: Trouble,
    board: Board,
    children: Children,
    settings: Settings,
    workers: bool,
    earlier: int,
) -> None:
    """Pause until probes find the trouble gone; requeue the rows that it ended."""
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
    """Wait for runs that an earlier pass left running; rerun those that the server does not know."""
    for place, row in enumerate(board.rows):
        if row.status == "running" and not children.adopt(row.flow_run_id):
            board.change(place, row.changed(status="waiting"))


def _mark_interrupted(board: Board) -> None:
    """Mark the running rows as interrupted in the page and the record."""
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
    if [*done.totals] == ["planned"]:
        name = totals
    return Completed(name=name, message=totals, data=(done, folder))
