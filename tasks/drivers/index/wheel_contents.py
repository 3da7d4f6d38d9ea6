"""Reads which modules a distribution of the index really contains, from its archive's directory.

Only the end of a wheel is fetched; nothing is installed or run. This check makes a guessed name safe to use.
"""

from datetime import date
from pathlib import Path

from packaging.utils import canonicalize_name
from pydantic import TypeAdapter

from paper2run.index.archive_modules import Modules, source_modules, wheel_modules
from paper2run.index.releases import IndexFile, available
from tasks.drivers.index.index_cache import IndexCache
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.index.remote_archive import UnreadableArchive


def modules_in(
    index: PackageIndex, distribution: str, cache_dir: Path, *, cutoff: date | None = None
) -> Modules | None:
    """Return the modules of the newest release out by `cutoff`, or of the newest of all if none was.

    None if the index has no such distribution, or no readable archive of it. HostError if the index
    does not answer.
    """
    project = index.project(distribution)
    if project is None:
        return None
    out = available(project, cutoff) or available(project, None)
    releases = [release for release in out if not release.version.is_prerelease]
    for release in releases or out:
        files = (*release.wheels, *([release.source] if release.source else []))
        if files:
            return _modules_of(index, files[0], cache_dir)
    return None


def provides(
    index: PackageIndex,
    distribution: str,
    module: str,
    cache_dir: Path,
    *,
    below: tuple[str, ...] = (),
    cutoff: date | None = None,
) -> bool:
    """Whether a distribution contains `module` (`yaml`, `google.protobuf`) with the names `below` it.

    A stranger may have taken the module's name, but hardly those of its submodules too. False if
    there is no such distribution. HostError as in `modules_in`.
    """
    found = modules_in(index, distribution, cache_dir, cutoff=cutoff) or {}
    if module in found:
        return set(below) <= set(found[module])
    if any(name.startswith(f"{module}.") for name in found):
        return True
    # Conda and documents name packages, not modules: `pytest-cov`, `ipython`.
    if below or module != module.lower():
        return False
    return canonicalize_name(module) in map(canonicalize_name, found)


def _modules_of(index: PackageIndex, file: IndexFile, cache_dir: Path) -> Modules | None:
    kept: IndexCache[Modules] = IndexCache(cache_dir / "modules-2", TypeAdapter(Modules))
    modules = kept.get(file.url)
    if modules is None:
        try:
            members = index.members(file)
        except UnreadableArchive:
            return None
        modules = (
            wheel_modules(members) if file.filename.endswith(".whl") else source_modules(members)
        )
        kept.put(file.url, modules)
    return modules
