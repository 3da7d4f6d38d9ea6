"""Reads the file tree of an image out of the engine's export of a container that never starts.

Nothing of the image runs, and nothing is unpacked: the archive is read once, as a stream.
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerExport
"""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, cast

from paper2run.errors import HostError
from paper2run.proofs.file_list import FileEntry
from tasks.drivers.engine.engine import RUN_LABEL, Engine, engine_faults, remove_container
from tasks.drivers.host.owner import OWNER_LABEL, this_process
from tasks.drivers.host.tar_members import Member, TarDamaged, members

CHUNK_BYTES: Final = 2 * 1024 * 1024
MAX_ENTRIES: Final = 3_000_000
MAX_KEPT_BYTES: Final = 8 * 1024 * 1024
"""Of one file whose content is asked for; a package database is smaller."""
OF_THE_ENGINE: Final = re.compile(
    r"(?:\.dockerenv|dev|proc|sys|run/\.containerenv|etc/(?:hostname|hosts|resolv\.conf|mtab))(?:/|$)"
)
"""What the engine itself puts into every container."""
BYTE_CODE: Final = re.compile(r"\.py[co]$")


def image_files(
    engine: Engine,
    image: str,
    *,
    run_id: str,
    home: Path,
    wants: Callable[[str], bool],
) -> Iterator[tuple[FileEntry, bytes]]:
    """Yield each file, folder and link of the image, with the content of files whose path is wanted.

    In the archive's order. Byte code has no digest: it holds the time of its source, and follows from it. EngineError
    if the engine refuses; HostError if the archive breaks off.
    """
    name = f"paper2run-{uuid.uuid4().hex}"
    labels = {RUN_LABEL: run_id, OWNER_LABEL: this_process(home)}
    try:
        with engine_faults(f"listing the files of {image}"):
            # A command must be given, also where the image has none; it is never started.
            container = engine.client.containers.create(
                image, ["/bin/true"], name=name, labels=labels, network_mode="none"
            )
            # The stubs say text; docker-py gives what the engine sends.
            chunks = cast("Iterator[bytes]", container.export(chunk_size=CHUNK_BYTES))
            stream = Chunks(iter(chunks))
            for number, member in enumerate(members(stream)):
                if number == MAX_ENTRIES:
                    raise TarDamaged(f"more than {MAX_ENTRIES} files")
                path = member.name.removeprefix("./").strip("/")
                if path and not OF_THE_ENGINE.match(path):
                    yield _entry(member, path, wanted=wants(path))
    except TarDamaged as error:
        raise HostError(
            f"the engine's archive of {image} cannot be read: {error}",
            hint="run it again; where it fails each time, see the engine's log",
            transient=True,
            trouble="engine",
        ) from error
    finally:
        remove_container(engine, name)


def _entry(member: Member, path: str, *, wanted: bool) -> tuple[FileEntry, bytes]:
    digest, kept = "", b""
    if member.is_file:
        hashed = hashlib.sha256()
        for piece in member.pieces():
            hashed.update(piece)
            if wanted and len(kept) < MAX_KEPT_BYTES:
                kept += piece
        digest = "" if BYTE_CODE.search(path) else hashed.hexdigest()
    entry = FileEntry(
        path=path,
        kind=member.kind,
        mode=member.mode & 0o7777,
        owner=member.owner,
        size_bytes=member.size_bytes if member.is_file else 0,
        content=digest or member.target,
    )
    return entry, kept if len(kept) <= MAX_KEPT_BYTES else b""


class Chunks:
    """The engine's answer as a stream of bytes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")

    def read(self, size_bytes: int) -> bytes:
        """Return the next `size_bytes`, fewer only at the end."""
        return b"".join(self._parts(size_bytes))

    def skip(self, size_bytes: int) -> None:
        """Leave out the next `size_bytes`, or what is left."""
        for _ in self._parts(size_bytes):
            continue

    def _parts(self, size_bytes: int) -> Iterator[memoryview]:
        while size_bytes > 0:
            if not self._left:
                self._left = memoryview(next(self._chunks, b""))
                if not self._left:
                    return
            part = self._left[:size_bytes]
            self._left = self._left[len(part) :]
            size_bytes -= len(part)
            yield part
