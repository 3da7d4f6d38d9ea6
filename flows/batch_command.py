"""The command `paper2run batch`: many repositories from a file, on this machine or through the workers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer
from rich.console import Console

from flows import flags
from paper2run.errors import HostError
from tasks.console.invocation import invocation, use_endpoint

if TYPE_CHECKING:
    from prefect.client.schemas import State

    from paper2run.batches.rows import Batch

INTERRUPTED: Final = 130

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def batch(
    file: Annotated[
        Path, typer.Argument(help="Repositories: YAML, CSV, JSON Lines, or one address a line.")
    ],
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time.")] = 2,
    out_folder: Annotated[
        str,
        typer.Option(
            "--out",
            help="Folder of the batch.  [default: runs/batch-<name of the file>]",
        ),
    ] = "",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on: what has a verdict is not run again.")
    ] = False,
    only_failed: Annotated[
        bool, typer.Option("--only-failed", help="Go on, and run again all that did not succeed.")
    ] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Run the good lines of a file that has bad ones.")
    ] = False,
    workers: Annotated[
        bool,
        typer.Option("--workers", help="Hand the runs to the workers of reproduce/default."),
    ] = False,
    timeout: flags.Timeout = None,
    max_attempts: flags.MaxAttempts = None,
    planner: flags.Planner = "",
    model: flags.Model = "",
    base_url: flags.BaseUrl = "",
    max_tokens: Annotated[
        int | None, typer.Option(help="Tokens that the whole batch may spend on the model.", min=0)
    ] = None,
    max_cost_usd: Annotated[
        float | None,
        typer.Option(help="US dollars that the whole batch may spend on the model.", min=0),
    ] = None,
    dry_run: flags.DryRun = False,
    target: flags.Target = "smoke",
    no_cache: flags.NoCache = False,
    remove_images: Annotated[
        bool,
        typer.Option(
            "--remove-images",
            help="Remove each run's images once its verdict is written; their layers stay in the build cache.",
        ),
    ] = False,
    show_traceback: flags.ShowTraceback = False,
) -> None:
    """Reproduce many repositories; what a line of the file asks for wins over the flags."""
    from flows.batch import batch as batch_flow
    from paper2run.request import Request, settings_for
    from tasks.console.show import print_batch
    from tasks.console.terminal import progress
    from tasks.running.server import carried, prefect_api

    start = invocation()
    start.take_settings(_say)
    use_endpoint(base_url)
    parameters = {
        "file": start.path(str(file)), "out": start.path(out_folder), "resume": resume, "only_failed": only_failed,
        "keep_going": keep_going, "workers": workers, "timeout": timeout, "max_attempts": max_attempts,
        "planner": planner, "model": model, "base_url": base_url, "max_tokens": max_tokens,
        "max_cost_usd": max_cost_usd, "dry_run": dry_run, "target": target, "no_cache": no_cache,
        "remove_images": remove_images,
    }  # fmt: skip
    settings = settings_for(Request(repo=""))
    try:
        with prefect_api(_say) as api, progress(err, settings.progress):
            if api.ui:
                _say(f"Prefect UI: {api.shown}")
            parameters["jobs"] = carried(api, jobs, _say)
            state = cast("State[tuple[Batch, str]]", batch_flow(**parameters, return_state=True))
            done, folder = _result(state)
    except KeyboardInterrupt:
        err.print("interrupted; go on with --resume")
        raise typer.Exit(INTERRUPTED) from None
    print_batch(out, done, Path(folder))
    raise typer.Exit(0 if all(row.has_verdict for row in done.rows) else HostError.exit_code)


def _say(text: str) -> None:
    err.print(text, soft_wrap=True, markup=False)


def _result(state: "State[tuple[Batch, str]]") -> "tuple[Batch, str]":
    """Return the batch of a state, also of a failed one that carries it; its exception is raised where it does not."""
    value = state.result(raise_on_failure=False)
    if isinstance(value, BaseException):
        raise value
    return value
