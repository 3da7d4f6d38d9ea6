"""Searches the index for the release of a distribution that has a name which the installed one lacks.

From the release at hand the steps back double until one has the name, then halve towards it; where no older release
has it, the same forwards. So a project of 200 releases costs at most some 16 archives, of which a wheel's module alone
travels. Nothing is installed or run.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from packaging.version import InvalidVersion, Version
from pydantic import TypeAdapter

from paper2run.index.releases import Release
from tasks.drivers.index.index_cache import IndexCache
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.index.remote_archive import UnreadableArchive

MAX_LATE: Final = timedelta(days=365)
"""A name may be of a release that came this long after the commit: authors work with what is not out yet."""


class ReleaseSearch:
    """The releases of one distribution, asked for one dotted name."""

    def __init__(
        self, index: PackageIndex, distribution: str, dotted: str, cache_dir: Path
    ) -> None:
        self._index = index
        self._distribution = distribution
        self._dotted = dotted
        self._kept: IndexCache[bool] = IndexCache(cache_dir / "names-2", TypeAdapter(bool))

    def nearest(self, version: str, day: date | None) -> Version | None:
        """Return the release nearest below `version` that has the name, else above it; None without one.

        None too if its words say that `version` itself has the name: then they do not tell. HostError if the index
        does not answer.
        """
        project = self._index.project(self._distribution)
        try:
            present = Version(version)
        except InvalidVersion:
            return None
        if project is None:
            return None
        offered = [
            release
            for release in project.releases
            if not (release.yanked or release.version.is_prerelease)
            and (release.wheels or release.source)
        ]
        here = next((release for release in project.releases if release.version == present), None)
        if here is not None and (here.wheels or here.source) and self._has(here):
            return None
        older = [release for release in offered if release.version < present]
        newer = [
            release
            for release in reversed(offered)
            if release.version > present and _in_time(release, day)
        ]
        found = self._first(older) or self._first(newer)
        return found.version if found else None

    def _first(self, releases: Sequence[Release]) -> Release | None:
        """Return the first of the releases, in this order, that has the name, if it is so for all behind it."""
        at, step, without = 0, 1, -1
        last = len(releases) - 1
        while at <= last and not self._has(releases[at]):
            without = at
            if at == last:
                return None
            at, step = min(at + step, last), step * 2
        if at > last:
            return None
        while at - without > 1:
            middle = (at + without) // 2
            if self._has(releases[middle]):
                at = middle
            else:
                without = middle
        return releases[at]

    def _has(self, release: Release) -> bool:
        file = release.wheels[0] if release.wheels else release.source
        assert file is not None, "releases without files are left out"
        key = f"{file.url} {self._dotted}"
        kept = self._kept.get(key)
        if kept is None:
            try:
                kept = self._index.has_name(file, self._dotted)
            except UnreadableArchive:
                return False
            self._kept.put(key, kept)
        return kept


def _in_time(release: Release, day: date | None) -> bool:
    return day is None or release.day is None or release.day <= day + MAX_LATE
