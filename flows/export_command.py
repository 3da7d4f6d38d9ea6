"""The command `export`: a finished run in the standards of archives and journals."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flows.options import AsJson
from flows.show_commands import Run, folder_of
from paper2run.errors import UserError
from paper2run.request import read_settings
from tasks.console.invocation import invocation

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

FROM_PLAN = (
    "the run did not list the packages of its image: the bill has the pins of its plan, and says so"
)


def export(
    run: Run = "",
    *,
    crate: Annotated[
        bool,
        typer.Option("--crate", help="A research object: RO-Crate with its runs, as a folder."),
    ] = False,
    sbom: Annotated[
        bool, typer.Option("--sbom", help="A bill of materials of the image: CycloneDX as JSON.")
    ] = False,
    folder: Annotated[
        str,
        typer.Option("--out", help="Folder that gets them.", show_default="the current folder"),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Export a finished run for archives and journals, without traces of this machine."""
    from tasks.console.as_json import print_json
    from tasks.console.run_exports import (
        need_libraries,
        read_run,
        traces_in,
        write_crate,
        write_sbom,
    )

    if not (crate or sbom):
        raise UserError(
            "nothing to export was named",
            hint="add --crate for a research object, --sbom for a bill of materials, or both",
        )
    need_libraries()
    source = folder_of(run)
    record = read_run(source)
    traces = traces_in(record, source, read_settings())
    target = Path(invocation().path(folder or "."))
    written: dict[str, str] = {}
    if sbom:
        path, origin = write_sbom(record, target, traces)
        written |= {"sbom": str(path), "packages_from": origin}
        if origin != "image":
            err.print(FROM_PLAN, soft_wrap=True, markup=False)
    if crate:
        written["crate"] = str(write_crate(record, source, target, traces))
    if as_json:
        print_json(out, written)
        return
    for name in ("crate", "sbom"):
        if name in written:
            out.print(f"{name}: {written[name]}", soft_wrap=True, markup=False)
