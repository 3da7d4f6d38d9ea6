"""The command `lessons`: what models solved in finished runs, and drafts of repair rules' cases."""

from pathlib import Path
from typing import Annotated

import typer

from flows.console import out, say
from flows.options import AsJson
from flows.show_commands import folder_of, folder_of_runs
from paper2run.request import read_settings
from tasks.console.invocation import invocation

Runs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUNS",
        help="Run folders, batch folders or folders of runs, by path or name; without any the folder of runs.",
        show_default=False,
    ),
]


def lessons(
    runs: Runs = None,
    *,
    folder: Annotated[
        str,
        typer.Option(
            "--out",
            help="Folder that gets a draft case of a repair rule for each kind, for a person to complete.",
            show_default="nothing is written",
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show what a model solved where no rule had an answer, by kind of failure."""
    from tasks.console.as_json import print_json
    from tasks.console.lesson_groups import as_record, gather_lessons, print_lessons, write_drafts

    found = gather_lessons([folder_of(run) for run in runs] if runs else [folder_of_runs()])
    for why in found.unread:
        say(f"passed over: {why}")
    settings = read_settings()
    written = write_drafts(found.kinds, Path(invocation().path(folder)), settings) if folder else {}
    if as_json:
        print_json(out, [as_record(kind, written.get(kind.name, ())) for kind in found.kinds])
        return
    print_lessons(out, found)
    for cases in written.values():
        for case in cases:
            out.print(f"case: {case}", soft_wrap=True, markup=False)
    if folder and found.kinds and not written:
        say("no case was written: a lesson of a plan has no log, and a repair rule begins with one")
