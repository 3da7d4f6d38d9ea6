"""Measures our images and build cache, and picks what to remove: the least recently used first."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from paper2run.digests import digest_of
from paper2run.rendering.build_marks import MARK, CacheRecord, OwnRecords, children_of

GB: Final = 10**9
"""As engines count."""


class OwnImage(NamedTuple):
    """An image that one of our runs has built."""

    name: str
    """Its tag, or its id where it has none."""
    run_id: str
    layers: tuple[tuple[str, int], ...]
    """What its build added to the base image: a name for each layer, the same in all images, and its size in bytes."""
    last_used: datetime
    spared: bool = False
    """A run or a container uses it or may use it."""


class Kept(NamedTuple):
    """What we have left on the engine's disk."""

    images: tuple[OwnImage, ...]
    own: OwnRecords
    records: tuple[CacheRecord, ...]
    """The whole build cache, including other people's records."""

    @property
    def images_bytes(self) -> int:
        """The images' size without their base images; shared layers count once."""
        return sum({name: size for image in self.images for name, size in image.layers}.values())

    @property
    def cache_bytes(self) -> int:
        """What the cache takes beside the images."""
        records = (*self.own.contexts, *self.own.reusable)
        return sum(record.size_bytes for record in records if not record.shared)

    @property
    def size_bytes(self) -> int:
        """What all of it takes."""
        return self.images_bytes + self.cache_bytes


def own_part(history: Iterable[tuple[int, str, int]]) -> Iterator[tuple[str, int]]:
    """Yield a name and the size in bytes of each layer that came after our mark.

    `history` is what the engine tells of the image's steps, oldest first: when it was made, by what, and its size.
    """
    name, is_own = "", False
    for made_at, made_by, size_bytes in history:
        name = digest_of(name, str(made_at), made_by, str(size_bytes))
        if is_own and size_bytes:
            yield name, size_bytes
        is_own = is_own or MARK in made_by


def leaving(kept: Kept, limit_bytes: float) -> Iterator[OwnImage | CacheRecord]:
    """Yield what to remove, in order, so that at most the limit is left.

    Contexts of ended builds always go. A layer goes before its parent. A removed image leaves
    its layers in the cache: measure again to see whether too much is left.
    """
    yield from (record for record in kept.own.contexts if not record.in_use)
    left = kept.size_bytes - sum(record.size_bytes for record in kept.own.contexts)
    children = {parent: {*ids} for parent, ids in children_of(kept.records).items()}
    records = {record.id: record for record in kept.own.reusable}

    def is_free(record: CacheRecord) -> bool:
        return not (record.in_use or record.shared or children.get(record.id))

    queue: list[tuple[datetime, str, OwnImage | CacheRecord]] = [
        *((image.last_used, image.name, image) for image in kept.images if not image.spared),
        *((record.last_used, record.id, record) for record in records.values() if is_free(record)),
    ]
    heapq.heapify(queue)
    while queue and left > limit_bytes:
        *_, oldest = heapq.heappop(queue)
        yield oldest
        if isinstance(oldest, OwnImage):
            left -= sum(size for _, size in oldest.layers)
            continue
        left -= oldest.size_bytes
        for parent in oldest.parents:
            children[parent].discard(oldest.id)
            if parent in records and is_free(records[parent]):
                heapq.heappush(queue, (records[parent].last_used, parent, records[parent]))
