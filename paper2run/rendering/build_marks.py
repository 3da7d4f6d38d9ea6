"""Marks our builds, so that their records in an engine's build cache differ from other people's.

For our own build only: the Dockerfile that people get has none. Engines say of a cached record its parents, its size
and a description, which is `mount / from exec <command>` for a RUN step, `cached mount <path> from exec <command>` for
a download cache, `fileop target` for a COPY, `http url http://build-context-<random>` for the tar that a build gets.
Docker 20.10 to 28 (moby's `builder/builder-next`, buildkit's `solver/llbsolver`); Podman keeps no records.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from paper2run.rendering.injection import CACHE_ID, CACHE_PATH, STAGE_NAME, instructions

MARK: Final = ": paper2run"
MARK_STEP: Final = f'RUN ["/bin/sh", "-c", "{MARK}"]\n'
"""Changes no file, and is the same in all our builds, which therefore share what comes after it. In exec form, for a
base image may have a shell of its own."""
MARKED_LAYER: Final = f"mount / from exec /bin/sh -c {MARK}"
CONTEXT_TAR: Final = "http url http://build-context-"
FILES: Final = "fileop target"
CACHE_MOUNT: Final = re.compile(
    rf'cached mount {re.escape(CACHE_PATH)}/.*|cached mount .* with id "/?{CACHE_ID}[^"]*"',
    re.DOTALL,
)
"""The path for engines before Docker 25, which do not say the id."""
TAR_UNIT: Final = 4096
TAR_REST: Final = 1979
"""A tar's length is a multiple of 512. Ours, divided by 4096, leaves this rest, by zeros behind its end, which every
reader passes over."""
FILES_UNIT: Final = 1 << 20
FILES_REST: Final = 611_953
"""The lengths of all files that we send add up to this rest: one unpacked folder in a million does so by chance. A file
of zeros beside the Dockerfile makes it so, half a megabyte on average, and no step copies it."""
PADDING_FILE: Final = ".paper2run-padding"


class CacheRecord(NamedTuple):
    """One record of the engine's build cache."""

    id: str
    parents: tuple[str, ...]
    description: str
    size_bytes: int
    in_use: bool
    """By a build that goes on."""
    shared: bool
    """Shared with an image, so it takes no extra space."""
    last_used: datetime


class OwnRecords(NamedTuple):
    """The records that our builds have left."""

    contexts: tuple[CacheRecord, ...] = ()
    """The contexts of builds, packed and unpacked; no later build ever reuses them."""
    layers: tuple[CacheRecord, ...] = ()
    downloads: tuple[CacheRecord, ...] = ()
    """Download caches."""

    @property
    def reusable(self) -> tuple[CacheRecord, ...]:
        """What later builds may take from here."""
        return (*self.layers, *self.downloads)


def marked(dockerfile: str) -> str:
    """Return the Dockerfile with the mark at the start of every stage that begins with an image."""
    stages = {"scratch"}
    parts = []
    for instruction in instructions(dockerfile):
        parts.append(instruction.text)
        if instruction.name != "FROM":
            continue
        words = instruction.text.split()[1:]
        if next((word for word in words if not word.startswith("--")), "") not in stages:
            parts[-1] = instruction.text.rstrip("\n") + "\n" + MARK_STEP
        if named := STAGE_NAME.search(instruction.text):
            stages.add(named[1])
    return "".join(parts)


def tar_padding(size_bytes: int) -> int:
    """Return how many bytes a tar of this length lacks to be one of ours."""
    return (TAR_REST - size_bytes) % TAR_UNIT


def files_padding(size_bytes: int) -> int:
    """Return the length of the file that makes files of this length in all ours."""
    return (FILES_REST - size_bytes) % FILES_UNIT


def own_records(records: Iterable[CacheRecord]) -> OwnRecords:
    """Return the records that carry our marks, or come from one that does."""
    known = {record.id: record for record in records}
    children = children_of(known.values())
    pending = [record.id for record in known.values() if record.description == MARKED_LAYER]
    layers: dict[str, CacheRecord] = {}
    while pending:
        at = pending.pop()
        if at not in layers:
            layers[at] = known[at]
            pending += children.get(at, ())
    return OwnRecords(
        contexts=tuple(record for record in known.values() if _is_own_context(record, children)),
        layers=tuple(layers.values()),
        downloads=tuple(
            record for record in known.values() if CACHE_MOUNT.fullmatch(record.description)
        ),
    )


def children_of(records: Iterable[CacheRecord]) -> dict[str, list[str]]:
    """Return the ids of the records that were made from each."""
    children: dict[str, list[str]] = {}
    for record in records:
        for parent in record.parents:
            children.setdefault(parent, []).append(record.id)
    return children


def _is_own_context(record: CacheRecord, children: dict[str, list[str]]) -> bool:
    if record.parents or record.id in children:
        return False
    if record.description.startswith(CONTEXT_TAR):
        return record.size_bytes % TAR_UNIT == TAR_REST
    return record.description == FILES and record.size_bytes % FILES_UNIT == FILES_REST
