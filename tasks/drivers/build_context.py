"""Streams a folder to the engine as the tar that a build reads, without a copy on disk.

The same content gives the same tar but for the times: owner 0, git's two file modes, sorted names. Links are
kept as links and never followed; sockets, pipes and devices are left out.
https://www.gnu.org/software/tar/manual/html_node/Standard.html
"""

import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from paper2run.errors import HostError
from paper2run.injection import SITE_FOLDER, Injection

BLOCK_BYTES: Final = 1024 * 1024
END_OF_ARCHIVE: Final = bytes(2 * tarfile.BLOCKSIZE)
LEFT_OUT: Final = (".git", "__pycache__")
"""History and byte code: neither belongs into an image, and both would spoil the layer cache."""


@dataclass(frozen=True)
class BuildInput:
    """What is to be built."""

    dockerfile: str
    """The Dockerfile for people."""
    repo: Path
    """Folder that becomes `folder` of the context."""
    tag: str
    injection: Injection = field(default_factory=Injection)
    folder: str = "repo"
    """`.` puts the files beside the Dockerfile."""
    cache_from: str = ""
    """Image in a registry whose layers may be reused, if there is one; BuildKit then records the same in its own."""
    left_out: tuple[str, ...] = LEFT_OUT
    """File and folder names that are left out of `repo/`, at any depth."""


def stream(build: BuildInput) -> Iterator[bytes]:
    """Yield the context as tar blocks: the Dockerfile with the injection applied, the site's files, `repo/`.

    HostError where a file cannot be read; one that shrinks meanwhile is filled up with zeros.
    """
    site = {f"{SITE_FOLDER}/{name}": data for name, data in build.injection.files.items()}
    yield from _texts({"Dockerfile": build.injection.apply(build.dockerfile).encode(), **site})
    try:
        yield from _tree(build.repo, build.folder, frozenset(build.left_out))
    except OSError as error:
        # An OSError would pass for one of the connection that carries the tar.
        raise HostError(
            f"{error.filename} cannot be read for the build: {error.strerror}"
        ) from error
    yield END_OF_ARCHIVE


def _texts(files: Mapping[str, bytes]) -> Iterator[bytes]:
    for name, data in sorted(files.items()):
        member = tarfile.TarInfo(name)
        member.size = len(data)
        yield _header(member) + data + _padding(len(data))


def _tree(root: Path, name: str, left_out: frozenset[str]) -> Iterator[bytes]:
    # A stack, for a hostile repository may be nested deeper than Python recurses.
    pending = [(root, name)]
    while pending:
        path, name = pending.pop()
        status = path.lstat()
        member = tarfile.TarInfo(name)
        member.mtime = int(status.st_mtime)
        executable = status.st_mode & stat.S_IXUSR
        member.mode = 0o755 if executable or stat.S_ISDIR(status.st_mode) else 0o644
        if stat.S_ISDIR(status.st_mode):
            member.type = tarfile.DIRTYPE
            yield _header(member)
            children = sorted(path.iterdir(), reverse=True)
            pending += [
                (child, f"{name}/{child.name}") for child in children if child.name not in left_out
            ]
        elif stat.S_ISLNK(status.st_mode):
            member.type = tarfile.SYMTYPE
            member.linkname = str(path.readlink())
            yield _header(member)
        elif stat.S_ISREG(status.st_mode):
            member.size = status.st_size
            yield _header(member)
            yield from _content(path, status.st_size)


def _content(path: Path, size: int) -> Iterator[bytes]:
    left = size
    with path.open("rb") as file:
        while left and (block := file.read(min(BLOCK_BYTES, left))):
            left -= len(block)
            yield block
    yield bytes(left) + _padding(size)


def _header(member: tarfile.TarInfo) -> bytes:
    # surrogateescape gives names that are not UTF-8 back byte for byte.
    return member.tobuf(tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape")


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
