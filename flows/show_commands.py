"""The commands that look at finished runs: `list`, `show`, `open` and `shell`."""

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from flows.console import err, out
from flows.options import AsJson
from paper2run.errors import HostError, UserError
from paper2run.request import read_settings
from tasks.console.invocation import invocation

Run = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A run folder, or its name; without it the last run.",
        show_default=False,
    ),
]
SHELL = "if command -v bash >/dev/null; then exec bash; else exec sh; fi"


def show(run: Run = "", *, as_json: AsJson = False) -> None:
    """Show a run on the terminal: its verdict and its report."""
    from tasks.console.as_json import print_json, record
    from tasks.console.run_list import metadata_of
    from tasks.console.show import print_run

    folder = folder_of(run)
    if as_json:
        print_json(out, record(metadata_of(folder), folder))
    else:
        print_run(out, folder)


def list_runs(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those before the last 20.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the runs in the folder of runs, the newest first."""
    from tasks.console.as_json import print_json, record
    from tasks.console.run_list import print_runs, runs_in

    most = None if every else 20
    if as_json:
        print_json(
            out, [record(found, folder) for folder, found in runs_in(folder_of_runs())[:most]]
        )
    else:
        print_runs(out, folder_of_runs(), most=most)


def open_report(run: Run = "") -> None:
    """Open the report of a run in the browser."""
    folder = folder_of(run)
    page = folder / "report.html"
    if not page.is_file():
        raise UserError(
            f"{folder} has no {page.name}",
            hint="name a run that has ended: `paper2run list`; runs of earlier versions have report.md only",
        )
    out.print(str(page), soft_wrap=True, markup=False)
    typer.launch(page.as_uri())


def shell(run: Run = "") -> None:
    """Open a shell in the image of a run; with the network of PAPER2RUN_SMOKE_NETWORK, by default none."""
    from tasks.console.run_list import metadata_of

    folder = folder_of(run)
    image = metadata_of(folder).image
    if not image:
        raise UserError(
            f"the run {folder.name} has no image",
            hint="its attempts failed to build: `paper2run show` says why; other runs: `paper2run list`",
        )
    docker = shutil.which("docker")
    if docker is None:
        raise HostError(
            "the program docker is not installed",
            hint=f"install Docker's command line, or start {image} with another one",
        )
    network = read_settings().smoke_network
    words = [
        "docker",
        "run",
        "--rm",
        "--init",
        "-it",
        f"--network={network}",
        image,
        "/bin/sh",
        "-c",
        SHELL,
    ]
    err.print(" ".join(words[:-3]), soft_wrap=True, markup=False)
    os.execv(docker, words)


def folder_of_runs() -> Path:
    """Return the folder of runs that the command's folder and the settings mean."""
    invocation().take_settings(lambda text: err.print(text, soft_wrap=True, markup=False))
    return read_settings().out


def folder_of(run: str) -> Path:
    """Return the folder of a run: as given, by its name in the folder of runs, or the last one."""
    from tasks.console.run_list import last_run

    if not run:
        return last_run(folder_of_runs())
    given = Path(invocation().path(run))
    named = folder_of_runs() / run
    return named if not given.exists() and named.is_dir() else given
