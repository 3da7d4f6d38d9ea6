"""One entry of a lock file of any format: name, version, marker.

What no rule reads is left out.
"""

from collections.abc import Iterable, Iterator

from packaging.markers import Marker
from packaging.version import Version

from paper2run.formats.requirement_text import distribution_name
from paper2run.model.facts import Group, LockedVersion
from paper2run.model.value import Source


def locked_version(
    name: str, version: str, marker: str, group: Group, source: Source
) -> Iterator[LockedVersion]:
    """Yield the entry with its version in normal form.

    Nothing for a name, version or marker that no standard knows. The local part (`2.1.0+cu118`) is of one index; the
    release has the version without it.
    """
    try:
        release = Version(version).public
        if marker:
            Marker(marker)
    except (ValueError, RecursionError):
        # Not only InvalidVersion and InvalidMarker: thousands of digits, or of brackets.
        return
    if normal := distribution_name(name):
        yield LockedVersion(name=normal, version=release, marker=marker, group=group, source=source)


def either(markers: Iterable[str]) -> str:
    """Return the marker that holds where one of `markers` does; empty without any."""
    distinct = list(dict.fromkeys(marker for marker in markers if marker))
    return distinct[0] if len(distinct) == 1 else " or ".join(f"({marker})" for marker in distinct)
