"""Exports a finished run folder as a research object or a bill of materials.

What is written appears whole or not at all, and replaces nothing.
"""

import hashlib
import socket
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from paper2run.errors import UserError
from paper2run.exports.citation import FILE as CITATION
from paper2run.exports.citation import Citation, read_citation
from paper2run.exports.crate_files import CrateFile, file_entity, of_repository, wanted
from paper2run.exports.packages import Origin
from paper2run.exports.run_record import RunRecord, is_archive
from paper2run.exports.traces import Traces, traces_of
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.inventory import Inventory
from paper2run.model.repo import Checkout, Overview
from paper2run.model.value import Value
from paper2run.settings import Settings
from tasks.console.run_list import metadata_of
from tasks.drivers.git.commit_contents import tree_of
from tasks.drivers.host.crate_folder import write_graph
from tasks.drivers.host.removal import remove_tree
from tasks.running.records import (
    WRITING,
    RunFolder,
    read_attempts_of,
    read_paper_of,
    write_whole,
)
from tasks.signed_statement import INSTALL

LICENCES: Final = ("LICENSE*", "LICENCE*", "COPYING*", "UNLICENSE*")
PLACES: Final = ("*", "attempts/*/*")
"""Of the files of a run folder that may be exported."""
V = TypeVar("V", bound=Value)


def need_libraries(*names: str) -> None:
    """UserError if what writes the exports is not installed: it is the extra `export`."""
    missing = [name for name in names if name and find_spec(name) is None]
    if missing:
        raise UserError(f"what writes exports is not installed: {', '.join(missing)}", hint=INSTALL)


def read_run(folder: Path) -> RunRecord:
    """Return the records of a run folder; UserError if the run has not ended or is of another version."""
    metadata = metadata_of(folder)
    if metadata.status == "running":
        raise UserError(
            f"the run {folder.name} has not ended", hint="export it when `paper2run list` shows how"
        )
    run, fetched = RunFolder(folder), _read(Overview, folder / "repo.json")
    if fetched is None:
        raise UserError(
            f"the run {folder.name} ended before its code was fetched, so there is nothing to export",
            hint="see why with `paper2run show`, and run it again",
        )
    try:
        attempts, paper = read_attempts_of(run), read_paper_of(run)
    except ValidationError as error:
        raise _of_another_version(folder, error) from None
    return RunRecord(
        folder=folder.name,
        metadata=metadata,
        checkout=_with_tree(fetched.checkout, folder / "repo"),
        planned=_read(PlannedEnvironment, folder / "plan.json"),
        attempts=attempts,
        paper=paper,
        inventory=_read(Inventory, folder / "inventory.json"),
        citation=_citation(folder / "repo"),
    )


def traces_in(record: RunRecord, folder: Path, settings: Settings) -> Traces:
    """Return what in a run folder tells of this machine."""
    places = [folder, folder.resolve(), folder.resolve().parent, settings.home, Path.home()]
    return traces_of(record, map(str, places), [socket.gethostname()])


def write_crate(record: RunRecord, folder: Path, out: Path, traces: Traces) -> Path:
    """Return the new folder with the research object. UserError if it exists."""
    from paper2run.exports.crate import Graph

    target = out / f"{record.folder}-crate"
    refuse_existing(target)
    out.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=WRITING, dir=out))
    try:
        files = [_kept(file, source, part, traces) for file, source in _sources(record, folder)]
        graph = Graph(record, files)
        cleaned = [traces.out_of_entity(entity) for entity in graph.entities()]
        nodes = dict(map(file_entity, files))
        write_graph(part, traces.out_of_entity(graph.root()), cleaned, nodes)
        part.chmod(0o755)
        part.rename(target)
    finally:
        if part.exists():
            remove_tree(part)
    return target


def write_sbom(record: RunRecord, out: Path, traces: Traces) -> tuple[Path, Origin]:
    """Return the new file with the bill of materials, and what it lists. UserError if it exists."""
    from paper2run.exports.sbom import sbom

    target = out / f"{record.folder}.cdx.json"
    refuse_existing(target)
    text, origin = sbom(record, traces)
    return write_whole(target, text), origin


def _sources(record: RunRecord, folder: Path) -> Iterable[tuple[CrateFile, Path]]:
    """Yield each file of the crate with the file that it is read from; links are left out."""
    paths = [path for place in PLACES for path in folder.glob(place) if _is_plain(path)]
    for file in wanted(path.relative_to(folder).as_posix() for path in paths):
        yield file, folder / file.path
    if not (folder / "repo").is_dir():
        return
    tree = RepoTree.of(folder / "repo")
    of_root = [path for path in tree.matching(*LICENCES) if "/" not in path]
    kinds = {CITATION: "How the authors want to be cited"}
    kinds |= dict.fromkeys(of_root, "The licence of the repository")
    kinds |= dict.fromkeys(_locks(record), "A lock file of the authors that decided about versions")
    for path, what in sorted(kinds.items()):
        if tree.has(path):
            yield of_repository(path, what), folder / "repo" / path


def _locks(record: RunRecord) -> set[str]:
    """Return the lock files that decided about versions, below the repository."""
    planned = record.best.planned if record.best else record.planned
    if planned is None:
        return set()
    kept = planned.resolution.kept_locks if planned.resolution else ()
    return {lock.path for lock in kept} | {lock.source.path for lock in planned.locks} - {""}


def _kept(file: CrateFile, source: Path, part: Path, traces: Traces) -> CrateFile:
    """Write a file into the crate, without traces of this machine."""
    content = source.read_bytes()
    if not file.path.endswith(".gz"):
        content = traces.out_of_file(file.path, content)
    target = part / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return file.changed(size_bytes=len(content), sha256=digest)


def _with_tree(checkout: Checkout, repo: Path) -> Checkout:
    """Return the checkout with its tree, also of a run of an earlier version, which did not record it."""
    if checkout.tree:
        return checkout
    made_here = checkout.committed_at is None or is_archive(checkout.url)
    is_there = (repo / ".git").is_dir()
    tree = tree_of(repo / ".git", checkout.commit) if is_there else ""
    return checkout.changed(tree=tree, made_here=made_here)


def _citation(repo: Path) -> Citation:
    tree = RepoTree.of(repo) if repo.is_dir() else None
    return read_citation(tree.text(CITATION)) if tree and tree.has(CITATION) else Citation()


def _read(model: type[V], path: Path) -> V | None:
    """Return a record; None where there is none."""
    if not path.is_file():
        return None
    try:
        return model.model_validate_json(path.read_text("utf-8"))
    except ValidationError as error:
        raise _of_another_version(path, error) from None


def _of_another_version(path: Path, error: ValidationError) -> UserError:
    return UserError(
        f"{path} is of another version or damaged ({error.error_count()} wrong fields)",
        hint="run the repository again",
    )


def refuse_existing(path: Path) -> None:
    """UserError if something is at the path."""
    if path.exists() or path.is_symlink():
        raise UserError(
            f"{path} exists already", hint="remove it, or name another folder with --out"
        )


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
