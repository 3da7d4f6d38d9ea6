"""The command line. The one place where exceptions become words and exit codes.

0 success (of a batch: every repository has a verdict), 1 a reasoned failure of the repository (or a bug of ours),
2 bad request, 3 host trouble (of a batch: some have no verdict), 4 model trouble, 130 interrupted.
"""

import atexit
import errno
import gc
import sys
import traceback
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from flows.batch_command import batch
from flows.clean_command import clean
from flows.console import err, out, say
from flows.deploy_commands import deploy, serve
from flows.export_command import export
from flows.lessons_command import lessons
from flows.options import AsJson, ShowTraceback, flags_of
from flows.show_commands import list_runs, open_report, shell, show
from flows.verify_command import verify
from paper2run.errors import HostError, Paper2RunError, UserError
from paper2run.redaction import redact
from paper2run.request import Request, settings_for
from paper2run.text_gate import visible_lines
from tasks.console.first_look import look_first
from tasks.console.invocation import invocation, leave, use_endpoint
from tasks.drivers.host.interrupts import raise_when_ended
from tasks.drivers.model.model_need import need_model

INTERRUPTED: Final = 130
BUG: Final = 1
EXIT_CODES: Final = {"success": 0, "planned": 0, "preflight-failed": HostError.exit_code}
"""By verdict; every other one is 1: a failure of the repository, or one that nothing is known for."""

CANNOT_WRITE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
LOST_SERVER: Final = HostError(
    "the Prefect server stopped answering in the middle of the run",
    hint="see that it runs (`paper2run doctor`) and start the run again: finished stages are kept",
)

ALLOCATIONS_BETWEEN_COLLECTIONS: Final = 50_000
"""Python's 700 is for programs that leave cycles behind all the time. Imports and models leave few, and of the 2.3 s of
processor that a kept run took, collections were 0.8 s, 0.5 of them at exit, where the process frees all anyway."""

app = typer.Typer(
    name="paper2run",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
server_app = typer.Typer(help="The local Prefect server.", no_args_is_help=True)
app.add_typer(server_app, name="server")


def _print_version(asked: bool) -> None:
    if asked:
        out.print(f"paper2run {version('paper2run')}")
        raise typer.Exit


@app.callback()
def of_all_commands(
    *,
    _: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Turn a research repository into a working container, or report why not and what would help."""


@app.command()
@flags_of(Request, without=("remove_images",))
def run(
    *,
    repository: Annotated[
        str,
        typer.Argument(metavar="REPO", help="The same as --repo.", show_default=False),
    ] = "",
    as_json: AsJson = False,
    show_traceback: ShowTraceback = False,
    **given: Any,
) -> None:
    """Reproduce one repository in a container."""
    request = _asked(repository, given)
    start = invocation()
    start.take_settings(say, request.repo)
    use_endpoint(request.base_url)
    settings = settings_for(request)
    need_model(settings)
    look_first(request, settings)
    # Prefect takes seconds to import: what can be judged without it has been judged.
    from flows.reproduce import reproduce
    from tasks.console.terminal import progress
    from tasks.running.server import prefect_api

    try:
        with prefect_api(say) as api, progress(err, settings.progress):
            if api.ui:
                say(f"Prefect UI: {api.shown}")
            metadata, folder = reproduce(**dict(request), return_state=True).result()
    except KeyboardInterrupt:
        # Typer would turn it into exit code 1.
        err.print("interrupted; finished stages are kept for the next run")
        raise typer.Exit(INTERRUPTED) from None
    from tasks.console.as_json import print_json, record
    from tasks.console.show import print_next, print_verdict

    if as_json:
        print_json(out, record(metadata, Path(folder)))
    else:
        print_verdict(out, metadata, Path(folder), by_clock_s=start.seconds)
        print_next(out, metadata, Path(folder), api.ui)
    # What this site does not reach says nothing of the repository.
    of_the_site = metadata.status != "success" and metadata.cause == "registry_unreachable"
    raise typer.Exit(HostError.exit_code if of_the_site else EXIT_CODES.get(metadata.status, 1))


def _asked(repository: str, given: Mapping[str, Any]) -> Request:
    """Return what the arguments ask for, with absolute paths. UserError if that is nothing."""
    request, start = Request(**given), invocation()
    if repository and request.repo:
        raise UserError(
            f"two repositories are named: {repository} and {request.repo}",
            hint="give one of them; `paper2run batch FILE` runs many",
        )
    named = repository or request.repo
    if not named and not request.paper:
        raise UserError(
            "nothing to run", hint="name a repository, as in `paper2run run REPO`, or a --paper"
        )
    found = start.repository(named)
    if found.startswith("https://") and not named.startswith("https://"):
        # A folder with a slip in its name looks like owner/name.
        no_folder = f" (no folder {named} is here)" if found.endswith(f"github.com/{named}") else ""
        say(f"repository: {found}{no_folder}")
    return request.changed(
        repo=found,
        paper=start.paper(request.paper),
        out=start.path(request.out),
    )


app.command()(batch)
app.command()(show)
app.command("list")(list_runs)
app.command("open")(open_report)
for command in (shell, verify, export, lessons, clean, deploy, serve):
    app.command()(command)


@app.command()
def doctor() -> None:
    """Check engine, base images, index, model and Prefect API, and say what to do."""
    from tasks.console.doctor import examine, print_findings

    invocation().take_settings(say)
    findings = examine(settings_for(Request()))
    print_findings(out, findings)
    raise typer.Exit(
        0 if all(finding.works for finding in findings if finding.needed) else HostError.exit_code
    )


@server_app.command("start")
def server_start() -> None:
    """Start the local Prefect server in the background unless one answers."""
    from tasks.running.server import find_or_start

    out.print(f"Prefect UI: {find_or_start(say).shown}", soft_wrap=True, markup=False)


@server_app.command("env")
def server_env() -> None:
    """Print what a shell's `prefect` needs for the local server: eval "$(paper2run server env)"."""
    from tasks.running.server import shell_exports

    print(shell_exports())  # noqa: T201 - for a shell: no wrapping, no markup


@server_app.command("stop")
def server_stop() -> None:
    """Stop the Prefect server that paper2run started."""
    from tasks.running.server import stop

    out.print("stopped" if stop() else "no server of paper2run was running")


def main() -> None:
    """Run the command line and exit with the code of what happened."""
    with_traceback = "--traceback" in sys.argv
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS, 20, 20)
    # Registered first, so it is called last: what is frozen, the collections of the interpreter's end pass over.
    atexit.register(gc.freeze)
    # A plain end would leave the run's container behind.
    raise_when_ended()
    try:
        leave()
        app()
    except Paper2RunError as error:
        _explain(error, with_traceback)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the outermost boundary: a bug is named as one
        host = _host_trouble(error)
        if host is None:
            _bug(error, with_traceback)
            sys.exit(BUG)
        _explain(host, with_traceback)
        sys.exit(host.exit_code)


def _host_trouble(error: Exception) -> HostError | None:
    """Return which part of this machine is at fault; None if the machine is not known to be at fault."""
    from httpx import TransportError

    if isinstance(error, TransportError):
        # Prefect's client gave up on its server: nothing else of ours speaks through httpx here.
        return LOST_SERVER
    if isinstance(error, OSError) and error.errno in CANNOT_WRITE:
        return HostError(
            f"cannot write {error.filename or 'a file'}: {error.strerror}",
            hint="free space, or name another place with --out and PAPER2RUN_HOME; then run it again",
        )
    return None


def _explain(error: Paper2RunError, with_traceback: bool) -> None:
    err.print(f"[bold red]error:[/] {escape(visible_lines(error.what))}", soft_wrap=True)
    err.print(f"  hint: {escape(visible_lines(error.hint))}", soft_wrap=True)
    if with_traceback:
        err.print(visible_lines(redact("".join(traceback.format_exception(error)))), markup=False)


def _bug(error: Exception, with_traceback: bool) -> None:
    words = escape(visible_lines(redact(str(error))))
    err.print(
        f"[bold red]internal error in paper2run:[/] {type(error).__name__}: {words}", soft_wrap=True
    )
    err.print(
        "  hint: report it with the output of --traceback and the run folder's logs/exception.txt"
    )
    if with_traceback:
        err.print(visible_lines(redact("".join(traceback.format_exception(error)))), markup=False)


if __name__ == "__main__":
    main()
