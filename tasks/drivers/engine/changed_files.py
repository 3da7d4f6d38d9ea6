"""Reads files that an ended container has changed, out of the engine's archive of each.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerChanges
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

from tasks.drivers.host.tar_members import TarDamaged, members
from tasks.drivers.host.unpacking import Unpacked, UnpackingError

if TYPE_CHECKING:
    from docker.models.containers import Container

MAX_FILE_BYTES: Final = 1_000_000
"""Of one file; a larger one is data, which no report shows."""
MAX_FILES: Final = 20
HEADERS_BYTES: Final = 64 * 1024
"""What an archive of one file may have beside its content."""
ADDED: Final = 1
DELETED: Final = 2
"""Kinds of a change."""
NO_TRACES: Final = ("/__pycache__", ".pyc", "/docker-init", "/podman-init")
"""What Python keeps of a module that it has loaded, and where the engine mounts the first process of `--init`."""


class Wanted(NamedTuple):
    """Which files a container is to give back."""

    paths: Collection[str] = ()
    """Absolute."""
    folder: str = ""
    endings: tuple[str, ...] = ()
    """New files below the folder with one of these endings, too."""

    def of(self, changes: Iterable[Mapping[str, object]]) -> list[str]:
        """Return the changed files that are wanted: first those of `paths`, each in order."""
        kept = {str(one["Path"]): one["Kind"] for one in changes if one["Kind"] != DELETED}
        new = (
            path
            for path, kind in kept.items()
            if kind == ADDED
            and self.folder
            and path.startswith(f"{self.folder}/")
            and path.endswith(self.endings)
            and path not in self.paths
        )
        return [*sorted(kept.keys() & set(self.paths)), *sorted(new)]


def changed_files(container: "Container", wanted: Wanted) -> dict[str, bytes]:
    """Return the content of the `wanted` files that the container has written, by path.

    Larger ones than MAX_FILE_BYTES are left out, and what follows the first MAX_FILES. APIError if the engine refuses.
    """
    found = {}
    for path in wanted.of(container.diff() or []):
        content = _content(container, path)
        if content is not None:
            found[path] = content
        if len(found) == MAX_FILES:
            break
    return found


def left_a_file(container: "Container") -> bool:
    """Whether the container has written anything but compiled modules.

    What lies in memory, as in /tmp, is not seen. A folder counts as changed by what lies in it. APIError if the
    engine refuses.
    """
    changes = [(str(each["Path"]), each["Kind"]) for each in container.diff() or []]
    above = {str(parent) for path, _ in changes for parent in PurePosixPath(path).parents}
    return any(
        kind != DELETED and not path.endswith(NO_TRACES) and (kind == ADDED or path not in above)
        for path, kind in changes
    )


def _content(container: "Container", path: str) -> bytes | None:
    """Return a file's content; None for a large one, and for what is no regular file."""
    pieces, stat = container.get_archive(path)
    if stat is None or stat["size"] > MAX_FILE_BYTES:
        return None
    packed = b""
    for piece in pieces:
        packed += piece
        if len(packed) > MAX_FILE_BYTES + HEADERS_BYTES:
            return None
    try:
        unpacked = Unpacked(packed, MAX_FILE_BYTES + HEADERS_BYTES)
        first = next(members(unpacked), None)
        return first.read() if first is not None and first.is_file else None
    except (TarDamaged, UnpackingError):
        return None
