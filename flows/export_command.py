"""The command `export`: a finished run for archives and journals, for its authors, for clusters."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from flows.console import err, out, say
from flows.options import AsJson
from flows.show_commands import Run, folder_of
from paper2run.errors import UserError
from paper2run.request import read_settings
from tasks.console.invocation import invocation

if TYPE_CHECKING:
    from tasks.bundle import Bundled


FROM_PLAN = (
    "the run did not list the packages of its image: the bill has the pins of its plan, and says so"
)
KINDS = ("crate", "sbom", "patch", "apptainer", "statement", "oci", "bundle")
INTERRUPTED = 130
Layout = Annotated[
    str,
    typer.Option(
        "--oci",
        metavar="FOLDER|FILE.tar",
        help="The image as an OCI layout, for `docker load` and skopeo.",
        show_default=False,
    ),
]
BundleFile = Annotated[
    str,
    typer.Option(
        "--bundle",
        metavar="FILE.tar",
        help="All that the image is built from: it is built anew and its downloads are kept.",
        show_default=False,
    ),
]


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
    patch: Annotated[
        bool, typer.Option("--patch", help="What its authors can merge, for `git apply`.")
    ] = False,
    apptainer: Annotated[
        bool, typer.Option("--apptainer", help="A definition file of the same environment.")
    ] = False,
    statement: Annotated[
        bool, typer.Option("--statement", help="An in-toto statement of what was tested.")
    ] = False,
    key: Annotated[
        str,
        typer.Option(
            "--key", help="Private key that signs the statement: PEM.", show_default=False
        ),
    ] = "",
    oci: Layout = "",
    bundle: BundleFile = "",
    folder: Annotated[
        str,
        typer.Option("--out", help="Folder that gets them.", show_default="the current folder"),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Export a finished run: for archives, for its authors, for clusters. Without traces of this machine."""
    from tasks.console.as_json import print_json

    given = (crate, sbom, patch, apptainer, statement, oci, bundle)
    named = {"oci": invocation().path(oci), "bundle": invocation().path(bundle)}
    written = _written(
        run,
        {kind for kind, is_asked in zip(KINDS, given, strict=True) if is_asked},
        key,
        folder,
        named,
    )
    if as_json:
        print_json(out, written)
        return
    for name in KINDS:
        if name in written:
            out.print(f"{name}: {written[name]}", soft_wrap=True, markup=False)
        for line in written.get(f"{name}_use", "").splitlines():
            out.print(f"  {line}", soft_wrap=True, markup=False)


def _written(
    run: str, asked: set[str], key: str, folder: str, named: dict[str, str]
) -> dict[str, str]:
    """Return the paths of what was written, by kind."""
    from tasks.console import file_exports as files
    from tasks.console import image_exports
    from tasks.console import run_exports as exports

    if not asked:
        raise UserError(
            "nothing to export was named",
            hint="add one or more of --crate, --sbom, --patch, --apptainer, --statement, --oci and --bundle",
        )
    if key and "statement" not in asked:
        raise UserError("--key signs a statement, and none was asked for", hint="add --statement")
    needed = {"crate": "rocrate", "sbom": "cyclonedx", "bundle": "cryptography"} | (
        {"statement": "securesystemslib"} if key else {}
    )
    exports.need_libraries(*(library for kind, library in needed.items() if kind in asked))
    source = folder_of(run)
    record = exports.read_run(source)
    traces = exports.traces_in(record, source, read_settings())
    target = Path(invocation().path(folder or "."))
    written: dict[str, str] = {}
    if "sbom" in asked:
        path, origin = exports.write_sbom(record, target, traces)
        written |= {"sbom": str(path), "packages_from": origin}
        if origin != "image":
            err.print(FROM_PLAN, soft_wrap=True, markup=False)
    if "crate" in asked:
        written["crate"] = str(exports.write_crate(record, source, target, traces))
    if "patch" in asked:
        written["patch"] = str(files.write_patch(record, source, target, traces))
    if "apptainer" in asked:
        written["apptainer"] = str(files.write_definition(record, source, target, traces))
    if "statement" in asked:
        signer = Path(invocation().path(key)) if key else None
        written["statement"] = str(files.write_statement(record, source, target, traces, signer))
    if "oci" in asked:
        path, written["oci_use"] = image_exports.write_layout(record, Path(named["oci"]))
        written["oci"] = str(path)
    if "bundle" in asked:
        written |= _bundled(source, Path(named["bundle"]))
    return written


def _bundled(source: Path, target: Path) -> dict[str, str]:
    """Return the path of the bundle and what it is good for, after two builds."""
    from tasks.console.run_exports import refuse_existing

    refuse_existing(target)
    settings = read_settings()
    # Prefect takes seconds to import: what can be judged without it has been judged.
    from flows.bundling import bundle, told
    from tasks.console.terminal import progress
    from tasks.running.server import prefect_api

    try:
        with prefect_api(say) as api, progress(err, settings.progress):
            if api.ui:
                say(f"Prefect UI: {api.shown}")
            state = bundle(str(source.resolve()), str(target), return_state=True)
            done = cast("Bundled", state.result())
    except KeyboardInterrupt:
        err.print("interrupted; no bundle was written")
        raise typer.Exit(INTERRUPTED) from None
    use = [told(done)]
    if done.manifest.rebuilds:
        use.append(f"verify it anywhere: paper2run verify --offline {target.name}")
    return {
        "bundle": done.path,
        "bundle_use": "\n".join(use),
        "bundle_rebuilds": str(done.manifest.rebuilds).lower(),
    }
