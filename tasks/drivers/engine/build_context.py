"""Streams a folder to the engine as the tar that a build reads, without a copy on disk.

The Dockerfile and the tar carry our marks (build_marks.py). The same content gives the same tar
except for the times: owner 0, git's two file modes, sorted names. Links are kept as links and never
followed; sockets, pipes and devices are left out.
https://www.gnu.org/software/tar/manual/html_node/Standard.html
"""

import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from paper2run.errors import HostError
from paper2run.rendering.build_marks import PADDING_FILE, files_padding, marked, tar_padding
from paper2run.rendering.hash_lock import LOCK
from paper2run.rendering.injection import SITE_FOLDER, Injection
from paper2run.rendering.kept_downloads import kept_folder

BLOCK_BYTES: Final = 1024 * 1024
END_OF_ARCHIVE: Final = bytes(2 * tarfile.BLOCKSIZE)
LEFT_OUT: Final = (".git", "__pycache__")
"""History and byte code: neither belongs in an image, and both would spoil the layer cache."""


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
    lock: str = ""
    """Text of `requirements.lock` beside the Dockerfile; empty for none."""
    from_scratch: bool = False
    """Whether every step is run, whatever layers the engine has."""
    kept: Path | None = None
    """Folder with the downloads of an earlier build, which the injection serves."""
    network: Literal["", "none"] = ""
    """What the steps reach: the network of the engine's builds, or nothing."""
    left_out: tuple[str, ...] = LEFT_OUT
    """File and folder names that are left out of `repo/`, at any depth."""


def stream(build: BuildInput) -> Iterator[bytes]:
    """Yield the build context as tar blocks.

    It holds the Dockerfile with the injection applied, the site's files and `repo/`. HostError if a
    file cannot be read; a file that shrinks while it is read is padded with zeros.
    """
    sent, size_bytes = _Sent(), 0
    for block in _members(build, sent):
        size_bytes += len(block)
        yield block
    yield END_OF_ARCHIVE + bytes(tar_padding(size_bytes + len(END_OF_ARCHIVE)))


class _Sent:
    """What is in the tar so far."""

    files_bytes = 0


def _members(build: BuildInput, sent: _Sent) -> Iterator[bytes]:
    site = {f"{SITE_FOLDER}/{name}": data for name, data in build.injection.files.items()}
    dockerfile = marked(build.injection.apply(build.dockerfile)).encode()
    lock = {LOCK: build.lock.encode()} if build.lock else {}
    yield from _texts({"Dockerfile": dockerfile, **lock, **site}, sent)
    try:
        if build.kept is not None:
            yield from _tree(build.kept, kept_folder(), frozenset(), sent)
        yield from _tree(build.repo, build.folder, frozenset(build.left_out), sent)
    except OSError as error:
        # An OSError would look like a failure of the connection that carries the tar.
        raise HostError(
            f"{error.filename} cannot be read for the build: {error.strerror}",
            hint="make it readable, or run again where other programs leave PAPER2RUN_HOME alone",
        ) from error
    yield from _texts({PADDING_FILE: bytes(files_padding(sent.files_bytes))}, sent)


def _texts(files: Mapping[str, bytes], sent: _Sent) -> Iterator[bytes]:
    for name, data in sorted(files.items()):
        member = tarfile.TarInfo(name)
        member.size = len(data)
        sent.files_bytes += len(data)
        yield _header(member) + data + _padding(len(data))


def _tree(root: Path, name: str, left_out: frozenset[str], sent: _Sent) -> Iterator[bytes]:
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
            # On disk a link is as long as what it names.
            sent.files_bytes += len(os.fsencode(member.linkname))
            yield _header(member)
        elif stat.S_ISREG(status.st_mode):
            member.size = status.st_size
            sent.files_bytes += status.st_size
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
