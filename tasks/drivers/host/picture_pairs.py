"""The child process that compares pictures in pairs, as JSON lines on standard output.

Started by path with `python -I`, as `pdf_pages.py` is: a picture of a stranger can be a bomb. In the folder of its
argument lie `NAME_stored` and `NAME_obtained`; it writes `NAME.png`, both and their difference side by side.

Lines: `{"name": N, "distance": D}`, or `{"name": N, "unreadable": WHY}`.
"""

import json
import resource
import sys
import warnings
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageOps, ImageStat

MEMORY_BYTES: Final = 1_500_000_000
"""Address space of this process."""
MAX_PIXELS: Final = 40_000_000
"""Of one picture; a larger one is refused before it is unpacked."""
SIDE: Final = 128
"""Pixels of the longer side in which pictures are compared: fonts and line ends that another version of a library
draws by a pixel do not matter."""
SHOWN: Final = 320
"""Width of each of the three, in pixels."""
TALLEST: Final = 960
OTHER_SHAPE: Final = 1.1
"""Ratio of two ratios of width to height from which on the pictures are of different shapes."""
GAP: Final = 8
FORMATS: Final = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
DAMAGE: Final = (
    OSError,
    ValueError,
    ArithmeticError,
    LookupError,
    SyntaxError,
    MemoryError,
    Image.DecompressionBombError,
)
"""What Pillow raises on broken and hostile files."""


def main(folder: Path) -> None:
    """Compare all pairs of the folder, in the order of their names."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
    for stored in sorted(folder.glob("*_stored")):
        name = stored.name.removesuffix("_stored")
        try:
            first, second = _read(stored), _read(folder / f"{name}_obtained")
            distance = distance_of(first, second)
            side_by_side(first, second).save(folder / f"{name}.png", optimize=True)
            _say(name=name, distance=distance)
        except (*DAMAGE, Image.DecompressionBombWarning) as error:
            _say(name=name, unreadable=str(error)[:200] or type(error).__name__)


def _read(path: Path) -> Image.Image:
    """Return a picture in colours, on white where it is transparent."""
    with Image.open(path, formats=FORMATS) as picture:
        shown = picture.convert("RGBA")
    ground = Image.new("RGBA", shown.size, "white")
    return Image.alpha_composite(ground, shown).convert("RGB")


def distance_of(first: Image.Image, second: Image.Image) -> float:
    """Return the mean difference of brightness, 0 to 1, of both pictures made small; 1 for other shapes."""
    ratio = (first.width / first.height) / (second.width / second.height)
    if max(ratio, 1 / ratio) > OTHER_SHAPE:
        return 1.0
    size = ImageOps.contain(first, (SIDE, SIDE)).size
    small = [one.convert("L").resize(size, Image.Resampling.BOX) for one in (first, second)]
    return round(ImageStat.Stat(ImageChops.difference(*small)).mean[0] / 255, 5)


def side_by_side(first: Image.Image, second: Image.Image) -> Image.Image:
    """Return both pictures and their difference, dark where they differ, in a row."""
    height = min(max(1, round(SHOWN * first.height / first.width)), TALLEST)
    shown = [one.resize((SHOWN, height), Image.Resampling.LANCZOS) for one in (first, second)]
    shown.append(ImageOps.invert(ImageChops.difference(*shown)))
    strip = Image.new("RGB", (3 * SHOWN + 2 * GAP, height), "white")
    for place, one in enumerate(shown):
        strip.paste(one, (place * (SHOWN + GAP), 0))
    return strip.quantize(64)


def _say(**line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
