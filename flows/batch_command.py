"""The command `paper2run batch`: many repositories from a file, on this machine or through workers."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from flows.console import err, out, say
from flows.options import AsJson, ShowTraceback, flags_of
from paper2run.errors import HostError, UserError
from paper2run.request import BatchRequest, Request, settings_for
from tasks.console.invocation import invocation, use_endpoint
from tasks.drivers.model.model_need import need_model

if TYPE_CHECKING:
    from prefect.client.schemas import State

    from paper2run.batches.batch_input import BatchLine
    from paper2run.batches.rows import Batch

INTERRUPTED: Final = 130


@flags_of(BatchRequest)
def batch(*, as_json: AsJson = False, show_traceback: ShowTraceback = False, **given: Any) -> None:
    """Reproduce every repository listed in FILE; options on a line of FILE override the flags."""
    # Facts and plans, which the rows of a batch carry: other commands start without them.
    from paper2run.batches.batch_input import usable
    from tasks.batches.batch_file import read_batch

    start = invocation()
    start.take_settings(say)
    request = BatchRequest(**given)
    request = request.changed(
        file=start.path(request.file),
        out=start.path(request.out),
        compare=start.path(request.compare),
    )
    use_endpoint(request.base_url)
    settings = settings_for(request.of_each_run)
    found = usable(read_batch(Path(request.file)), keep_going=request.keep_going, say=_pass_over)
    if not request.workers:
        # Workers have keys and an installation of their own.
        need_model(settings)
        _need_models_of_lines(request, found)
    # Prefect takes seconds to import: what can be judged without it has been judged.
    from flows.batch import batch as batch_flow
    from tasks.console.as_json import print_json, record
    from tasks.console.show import print_batch
    from tasks.console.terminal import progress
    from tasks.running.server import carried, prefect_api

    try:
        with prefect_api(say) as api, progress(err, settings.progress):
            if api.ui:
                say(f"Prefect UI: {api.shown}")
            request = request.changed(jobs=carried(api, request.jobs, say))
            done, folder = _result(batch_flow(**dict(request), return_state=True))
    except KeyboardInterrupt:
        err.print("interrupted; continue with --resume")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(out, record(done, Path(folder)))
    else:
        print_batch(out, done, Path(folder), start.seconds)
    raise typer.Exit(0 if all(row.has_verdict for row in done.rows) else HostError.exit_code)


def _need_models_of_lines(request: BatchRequest, lines: "Iterable[BatchLine]") -> None:
    """UserError if a model that a line asks for cannot be asked."""
    flags = request.of_each_run.model_dump(exclude_defaults=True)
    asked: dict[tuple[str, ...], BatchLine] = {}
    for line in lines:
        if line.entry.model_fields_set & {"model", "planner"}:
            given = line.entry
            asked.setdefault((given.model, given.planner, given.base_url), line)
    for line in asked.values():
        try:
            need_model(settings_for(Request(**line.entry.over(flags))))
        except UserError as error:
            raise UserError(f"line {line.line}: {error.what}", hint=error.hint) from error


def _pass_over(_: str) -> None:
    """The flow says it again."""


def _result(state: "State[tuple[Batch, str]]") -> "tuple[Batch, str]":
    """Return the batch of a state, also of a failed one that carries it; else raise its exception."""
    value = state.result(raise_on_failure=False)
    if isinstance(value, BaseException):
        raise value
    return value
