"""The command `paper2run batch`: many repositories from a file, on this machine or through workers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.console import Console

from flows.options import AsJson, ShowTraceback, flags_of
from paper2run.batches.batch_input import usable
from paper2run.errors import HostError
from paper2run.request import BatchRequest, Request, settings_for
from tasks.batches.batch_file import read_batch
from tasks.console.invocation import invocation, use_endpoint

if TYPE_CHECKING:
    from prefect.client.schemas import State

    from paper2run.batches.rows import Batch

INTERRUPTED: Final = 130

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@flags_of(BatchRequest)
def batch(*, as_json: AsJson = False, show_traceback: ShowTraceback = False, **given: Any) -> None:
    """Reproduce every repository listed in FILE; options on a line of FILE override the flags."""
    start = invocation()
    start.take_settings(_say)
    request = BatchRequest(**given)
    request = request.changed(
        file=start.path(request.file),
        out=start.path(request.out),
        compare=start.path(request.compare),
    )
    use_endpoint(request.base_url)
    settings = settings_for(Request())
    usable(read_batch(Path(request.file)), keep_going=request.keep_going, say=_pass_over)
    # Prefect takes seconds to import: what can be judged without it has been judged.
    from flows.batch import batch as batch_flow
    from tasks.console.as_json import print_json, record
    from tasks.console.show import print_batch
    from tasks.console.terminal import progress
    from tasks.running.server import carried, prefect_api

    try:
        with prefect_api(_say) as api, progress(err, settings.progress):
            if api.ui:
                _say(f"Prefect UI: {api.shown}")
            request = request.changed(jobs=carried(api, request.jobs, _say))
            done, folder = _result(batch_flow(**dict(request), return_state=True))
    except KeyboardInterrupt:
        err.print("interrupted; continue with --resume")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(out, record(done, Path(folder)))
    else:
        print_batch(out, done, Path(folder))
    raise typer.Exit(0 if all(row.has_verdict for row in done.rows) else HostError.exit_code)


def _pass_over(_: str) -> None:
    """The flow says it again."""


def _say(text: str) -> None:
    err.print(text, soft_wrap=True, markup=False)


def _result(state: "State[tuple[Batch, str]]") -> "tuple[Batch, str]":
    """Return the batch of a state, also of a failed one that carries it; else raise its exception."""
    value = state.result(raise_on_failure=False)
    if isinstance(value, BaseException):
        raise value
    return value
