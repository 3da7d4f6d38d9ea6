"""Accounts for the versions that lock files name: how many were taken, and why others were not."""

from collections import Counter
from collections.abc import Mapping

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from paper2run.index.releases import installable
from paper2run.index.target_python import TargetPython
from paper2run.model.resolution import BrokenLock, KeptLocks, Lock
from tasks.drivers.index.package_index import PackageIndex


class LockAccount:
    """The locks of a plan for one interpreter."""

    def __init__(self, index: PackageIndex, target: TargetPython, locks: tuple[Lock, ...]) -> None:
        self._index = index
        self._target = target
        self._locks = [
            lock for lock in locks if target.satisfies(Marker(lock.marker) if lock.marker else None)
        ]

    def of(
        self, chosen: Mapping[str, Version], forgotten: Mapping[str, str]
    ) -> tuple[tuple[KeptLocks, ...], tuple[BrokenLock, ...]]:
        """Return how many pins each file decided, sorted by path, and the locks that were not kept, by name."""
        kept: Counter[str] = Counter()
        broken: dict[str, BrokenLock] = {}
        held: set[str] = set()
        for lock in self._locks:
            version = chosen.get(lock.name)
            if version is None or lock.name in held:
                continue
            if SpecifierSet(lock.specifier).contains(version, prereleases=True):
                kept[lock.source.path] += 1
                held.add(lock.name)
                continue
            broken[lock.name] = BrokenLock(
                wanted=f"{lock.name}{lock.specifier}",
                chosen=str(version),
                why=forgotten.get(lock.name) or self._why_not(lock),
                source=lock.source,
            )
        files = tuple(KeptLocks(path=path, pins=kept[path]) for path in sorted(kept))
        return files, tuple(broken[name] for name in sorted(broken) if name not in held)

    def _why_not(self, lock: Lock) -> str:
        project = self._index.project(lock.name)
        releases = project.releases if project else ()
        specifier = SpecifierSet(lock.specifier)
        fitting = [r for r in releases if specifier.contains(r.version, prereleases=True)]
        if project is None or not fitting:
            return "the index does not have it"
        found = [installable(release, project, self._target) for release in fitting]
        if not any(found):
            return f"it is not for Python {self._target.version}"
        if all(one is None or one.form == "large" for one in found):
            return f"it has no wheel for Python {self._target.version}, and its source is large"
        return "something else that the set holds asks for another version"
