"""Pictures that authors keep, beside those that came out."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageDraw

from paper2run.claims.pictures import verdict_of
from tasks.drivers.host.pictures import Compared, Pair, compare


def plot(bars: list[int], *, size=(640, 480), shift=0, transparent=False, form="PNG") -> bytes:
    picture = Image.new(
        "RGBA" if transparent else "RGB", size, (0, 0, 0, 0) if transparent else "white"
    )
    draw = ImageDraw.Draw(picture)
    draw.rectangle((60, 40, size[0] - 40, size[1] - 40), outline="black", width=2)
    for place, height in enumerate(bars):
        left = 80 + 100 * place + shift
        draw.rectangle((left, size[1] - 42 - height, left + 60, size[1] - 42), fill="steelblue")
    kept = io.BytesIO()
    picture.save(kept, form)
    return kept.getvalue()


def one(stored: bytes, obtained: bytes) -> Compared:
    [found] = compare([Pair(stored, obtained)])
    return found


@pytest.mark.parametrize(
    ("obtained", "verdict"),
    [
        (plot([100, 200, 300, 150]), "reproduced"),
        (plot([100, 200, 300, 150], transparent=True), "reproduced"),
        (plot([100, 200, 300, 150], shift=1), "close"),
        (plot([100, 200, 300, 250]), "differs"),
        (plot([100, 200, 300, 150], size=(640, 900)), "differs"),
    ],
)
def test_a_picture_is_judged_by_how_far_it_is_from_the_kept_one(obtained, verdict):
    found = one(plot([100, 200, 300, 150]), obtained)

    assert verdict_of(found.distance) == verdict, found.distance
    with Image.open(io.BytesIO(found.strip)) as strip:
        assert strip.width == 3 * 320 + 16


def test_pairs_keep_their_order_and_a_broken_one_does_not_end_the_others():
    first, second = plot([100, 100]), plot([100, 300], form="JPEG")

    found = compare([Pair(first, first), Pair(first, b"no picture"), Pair(first, second)])

    assert [verdict_of(one.distance) for one in found] == ["reproduced", "not-run", "differs"]
    assert found[1].why_not.startswith("a picture cannot be read: cannot identify image file")
    assert compare([]) == []


def test_a_picture_that_unpacks_to_gigabytes_is_not_unpacked():
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000)))

    found = one(plot([100]), bomb + chunk(b"IEND", b""))

    assert (found.distance, found.strip) == (None, b"")
    assert "decompression bomb" in found.why_not
