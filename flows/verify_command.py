"""The command `paper2run verify`: do finished runs still rebuild to what was handed over?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from flows.console import err, out, say
from flows.options import AsJson, ShowTraceback
from flows.show_commands import Run, folder_of
from paper2run.errors import UserError
from paper2run.request import read_settings
from tasks.console.invocation import invocation

if TYPE_CHECKING:
    from paper2run.model.rebuild import Rebuild
    from paper2run.proofs.history import Checked

INTERRUPTED = 130
BundleFile = Annotated[
    str,
    typer.Option(
        "--offline",
        metavar="BUNDLE",
        help="Build from this bundle alone, with the network off; without RUN the run in it.",
        show_default=False,
    ),
]
EngineName = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="HOST",
        help="Another engine: its address, or a context of Docker.",
        show_default="the usual one",
    ),
]


def verify(
    run: Run = "",
    *,
    every: Annotated[
        bool,
        typer.Option("--all", help="The newest run of each repository; tells what has changed."),
    ] = False,
    statement: Annotated[
        str,
        typer.Option(
            "--statement",
            help="A signed statement on the run, held against it first.",
            show_default=False,
        ),
    ] = "",
    public_key: Annotated[
        str,
        typer.Option("--public-key", help="Public key of who signed it: PEM.", show_default=False),
    ] = "",
    offline: BundleFile = "",
    engine: EngineName = "",
    as_json: AsJson = False,
    show_traceback: ShowTraceback = False,
) -> None:
    """Rebuild a finished run from its folder alone, run it again, and name what has changed since.

    Exit code 0: verified; 1: drifted, broken or tampered with.
    """
    # Other commands start without it.
    from tasks.signed_statement import check_pair

    invocation().take_settings(say)
    check_pair(statement, public_key)
    if every:
        _verify_all(run or statement or offline or engine, as_json=as_json)
        return
    settings, bundle = read_settings(), invocation().path(offline)
    folder = _folder(run, bundle)
    signed = map(invocation().path, (statement, public_key))
    # Prefect takes seconds to import: what can be judged without it has been judged.
    from flows.verification import verify as verify_flow
    from tasks.console.as_json import print_json, record
    from tasks.console.show import print_rebuild
    from tasks.console.terminal import progress
    from tasks.running.server import prefect_api

    try:
        with prefect_api(say) as api, progress(err, settings.progress):
            if api.ui:
                say(f"Prefect UI: {api.shown}")
            state = verify_flow(str(folder.resolve()), *signed, bundle, engine, return_state=True)
            found, records = cast("tuple[Rebuild, str]", state.result())
    except KeyboardInterrupt:
        err.print("interrupted; the run itself is as it was")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(out, record(found, Path(records)))
    else:
        print_rebuild(out, found, records)
    raise typer.Exit(0 if found.outcome == "verified" else 1)


def _folder(run: str, bundle: str) -> Path:
    """Return the run folder that is meant; one that came in a bundle is put into the folder of runs."""
    if not bundle:
        return folder_of(run)
    from tasks.offline import need_rebuilding, run_in

    settings = read_settings()
    if not run:
        return run_in(Path(bundle), settings.out, settings.home)
    folder = folder_of(run)
    need_rebuilding(Path(bundle), folder)
    return folder


def _verify_all(named: str, *, as_json: bool) -> None:
    """Check the newest run of each repository in the folder of runs, and print what came of it."""
    if named:
        raise UserError(
            f"--all and {named}, which is about one run, are given", hint="leave one of them out"
        )
    settings = read_settings()
    from flows.decay import decay
    from tasks.console.as_json import print_json
    from tasks.console.show import print_checks
    from tasks.console.terminal import progress
    from tasks.running.server import prefect_api

    try:
        with prefect_api(say) as api, progress(err, settings.progress):
            if api.ui:
                say(f"Prefect UI: {api.shown}")
            state = decay(str(settings.out.resolve()), return_state=True)
            rows = cast("tuple[Checked, ...]", state.result())
    except KeyboardInterrupt:
        err.print("interrupted; the checks that ended are in their run folders")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(out, [row.model_dump(mode="json") for row in rows])
    else:
        print_checks(out, rows)
    raise typer.Exit(0 if all(row.now == "verified" for row in rows) else 1)
