"""Which images and build cache are removed, in which order, judged on records as engines report them."""

from datetime import UTC, datetime, timedelta

import pytest

from paper2run.rendering.build_marks import (
    FILES_REST,
    FILES_UNIT,
    MARK_STEP,
    MARKED_LAYER,
    TAR_REST,
    TAR_UNIT,
    CacheRecord,
    files_padding,
    marked,
    own_records,
    tar_padding,
)
from paper2run.rendering.keeping import Kept, OwnImage, leaving, own_part

START = datetime(2026, 1, 1, tzinfo=UTC)


def record(
    name: str,
    parent: str = "",
    *,
    description: str = "fileop target",
    size: int = 10,
    hour: int = 0,
    in_use: bool = False,
    shared: bool = False,
) -> CacheRecord:
    parents = (parent,) if parent else ()
    last_used = START + timedelta(hours=hour)
    return CacheRecord(name, parents, description, size, in_use, shared, last_used)


def kept(*records: CacheRecord, images: tuple[OwnImage, ...] = ()) -> Kept:
    return Kept(images, own_records(records), records)


def image(name: str, *layers: tuple[str, int], hour: int = 0, spared: bool = False) -> OwnImage:
    return OwnImage(name, "run", layers, START + timedelta(hours=hour), spared)


def names(kept: Kept, limit_bytes: float) -> list[str]:
    return [
        gone.name if isinstance(gone, OwnImage) else gone.id for gone in leaving(kept, limit_bytes)
    ]


BASE = record("base", description="pulled from docker.io/library/python:3.12-slim", shared=True)
MARK = record("mark", "base", description=MARKED_LAYER, size=0, hour=9)


def test_every_stage_that_begins_with_an_image_is_marked() -> None:
    text = (
        "FROM a AS b\nRUN x\nFROM scratch\nCOPY y /\nFROM b\nRUN z\nFROM --platform=linux/amd64 c"
    )

    assert marked(text) == (
        f"FROM a AS b\n{MARK_STEP}RUN x\nFROM scratch\nCOPY y /\nFROM b\nRUN z\n"
        f"FROM --platform=linux/amd64 c\n{MARK_STEP}"
    )


@pytest.mark.parametrize("size", [0, 1, 511, 10_240, 123_456_789])
def test_padded_sizes_are_told_from_those_of_other_tars_and_folders(size: int) -> None:
    assert (size + tar_padding(size)) % TAR_UNIT == TAR_REST
    assert (size + files_padding(size)) % FILES_UNIT == FILES_REST
    assert TAR_REST % 512


def test_what_comes_from_our_mark_is_ours_and_nothing_beside_it() -> None:
    ours = record("ours", "mark", description="mount / from exec /bin/sh -e -c pip install numpy")
    copied = record("copied", "ours")
    theirs = record("theirs", "base", description="mount / from exec /bin/sh -c pip install numpy")
    said = record("said", "base", description="mount / from exec /bin/sh -c echo : paper2run")

    found = own_records([BASE, MARK, ours, copied, theirs, said])

    assert {each.id for each in found.layers} == {"mark", "ours", "copied"}


@pytest.mark.parametrize(
    "description",
    [
        "cached mount /././root/.cache/pip from exec /bin/sh -e -c pip install .",
        'cached mount /root/.cache/pip from exec /bin/sh -c pip install\n with id "/paper2run-0a-pip"',
    ],
)
def test_our_download_caches_are_known_by_path_or_id(description: str) -> None:
    assert own_records([record("a", description=description)]).downloads


@pytest.mark.parametrize(
    "description",
    [
        "cached mount /root/.cache/pip from exec /bin/sh -c pip install .",
        'cached mount /root/.cache/pip from exec /bin/sh -c pip install with id "/pip"',
        "mount / from exec /bin/sh -c echo cached mount /././root/.cache/pip from exec",
    ],
)
def test_download_caches_of_other_people_are_not_ours(description: str) -> None:
    assert not own_records([record("a", description=description)]).downloads


def test_contexts_are_known_by_their_size() -> None:
    tar = "http url http://build-context-abc"
    ours = [
        record("tar", description=tar, size=5 * TAR_UNIT + TAR_REST),
        record("files", size=3 * FILES_UNIT + FILES_REST),
    ]
    theirs = [
        record("their tar", description=tar, size=5 * 512),
        record("their files", size=FILES_REST + 1),
        record("from scratch", size=FILES_REST),
        record("made on it", "from scratch"),
        record("page", description="http url http://example.org/x", size=TAR_REST),
    ]

    assert {each.id for each in own_records([*ours, *theirs]).contexts} == {"tar", "files"}


def test_nothing_goes_below_the_limit_but_contexts_of_ended_builds() -> None:
    files = record("files", size=FILES_REST)
    sent = record("sent", size=FILES_REST, in_use=True)
    layer = record("layer", "mark", size=100)

    assert names(kept(BASE, MARK, layer, files, sent), 100) == ["files"]


def test_the_least_recently_used_goes_first_and_a_layer_before_the_one_below_it() -> None:
    low = record("low", "mark", hour=1, size=50)
    high = record("high", "low", hour=2, size=30)
    late = record("late", "mark", hour=3, size=20)
    there = kept(BASE, MARK, low, high, late)

    assert names(there, 100) == []
    assert names(there, 99) == ["high"]
    assert names(there, 69) == ["high", "low"]
    assert names(there, 19) == ["high", "low", "late"]
    assert names(there, -1) == ["high", "low", "late", "mark"]


def test_what_is_in_use_shared_or_below_a_layer_of_other_people_stays() -> None:
    used = record("used", "mark", in_use=True)
    in_an_image = record("in an image", "mark", shared=True)
    free = record("free", "mark")

    assert names(kept(BASE, MARK, used, in_an_image, free), -1) == ["free"]


def test_an_image_goes_in_its_turn_unless_it_is_spared() -> None:
    old, spared = image("old", ("x", 40), hour=1), image("spared", ("y", 40), spared=True)
    layer = record("layer", "mark", hour=2, size=20)
    there = kept(BASE, MARK, layer, images=(old, spared))

    assert there.size_bytes == 100
    assert names(there, 99) == ["old"]
    assert names(there, 0) == ["old", "layer", "mark"]


def test_a_layer_of_two_images_counts_once() -> None:
    both = kept(images=(image("a", ("x", 40), ("y", 1)), image("b", ("x", 40), ("z", 2))))

    assert both.size_bytes == 43


def test_the_part_of_an_image_behind_the_mark_is_our_own() -> None:
    base = [(1, "ADD debian", 80), (2, "RUN apt-get", 20)]
    mark = (3, "RUN /bin/sh -c : paper2run # buildkit", 0)
    one = [*base, mark, (4, "RUN pip", 5), (5, "ENV A=1", 0), (6, "COPY repo/ /repo/", 7)]
    two = [*base, mark, (4, "RUN pip", 5), (7, "COPY repo/ /repo/", 7)]

    first, second = (list(own_part(history)) for history in (one, two))

    assert [size for _, size in first] == [5, 7]
    assert first[0] == second[0]
    assert first[1] != second[1]
    assert list(own_part(base)) == []
