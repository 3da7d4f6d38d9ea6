"""The command `paper2run clean`: shows and removes leftovers of killed runs, and what takes space."""

from datetime import timedelta
from typing import Annotated

import typer

from flows.console import out
from paper2run.formats.plurals import counted
from paper2run.text_gate import visible
from tasks.console.invocation import invocation


def clean(
    older_than: Annotated[
        float,
        typer.Option(
            min=0, metavar="DAYS", help="Minimum age of files, images and other homes' containers."
        ),
    ] = 1.0,
    images: Annotated[
        bool, typer.Option("--images", help="Also remove images whose run folders no longer exist.")
    ] = False,
    cache: Annotated[
        bool,
        typer.Option("--cache", help="Also remove our build cache: layers and download caches."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be removed.")
    ] = False,
) -> None:
    """Remove leftovers of killed runs: containers, temporary folders, files; never what is in use."""
    from prefect.settings import temporary_settings

    from paper2run.request import Request, settings_for
    from tasks.console.clean import disk, find_leftovers, remove
    from tasks.running import server
    from tasks.running.sweep import sweep_runs

    invocation().take_settings(lambda text: out.print(text, soft_wrap=True, markup=False))
    settings, age = settings_for(Request()), timedelta(days=older_than)
    url = server.configured_url() or server.local_url()
    answers = server.answers(url)
    with temporary_settings(server.access(url) if answers else {}):
        if not answers:
            out.print("no Prefect server answers: flow runs are not looked at")
        elif not dry_run and (killed := sweep_runs(settings.home)):
            out.print(f"{counted(killed, 'run')} marked as crashed: the process was killed")
        found = list(find_leftovers(settings, age, images=images, server=answers, cache=cache))
    for leftover in found:
        size = f", {leftover.size_bytes / 1e6:.0f} MB" if leftover.size_bytes else ""
        out.print(
            visible(f"{leftover.kind:9} {leftover.name} ({leftover.why}{size})"),
            soft_wrap=True,
            markup=False,
        )
    if dry_run:
        if words := disk(settings):
            out.print(words, soft_wrap=True, markup=False)
        out.print(f"{counted(len(found), 'thing')} would be removed")
        return
    remove(found, settings)
    out.print(f"{counted(len(found), 'thing')} removed")
