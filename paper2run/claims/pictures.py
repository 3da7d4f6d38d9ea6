"""Pictures that authors keep: files that a command writes anew, and figures below a notebook's cells."""

import base64
import binascii
from typing import Final, NamedTuple

from paper2run.claims.notebooks import DAMAGE, code_cells
from paper2run.formats.tree import RepoTree
from paper2run.model.claims import ALIKE_PICTURE, SAME_PICTURE, ClaimVerdict

ENDINGS: Final = (".png", ".jpg", ".jpeg")
FOLDER: Final = ".paper2run-figures"
"""Below the checkout in the image: where a notebook's figures are written."""
MAX_FIGURES: Final = 12
"""Of one notebook, the first ones."""
MAX_BYTES: Final = 1_000_000
"""Of one figure."""


class Figure(NamedTuple):
    """A picture that a notebook keeps below a cell."""

    cell: int
    """1-based among the code cells."""
    number: int
    """Among the cell's pictures, from 0."""
    content: bytes

    @property
    def path(self) -> str:
        """Where the same figure is written when the notebook runs, below the checkout."""
        return f"{FOLDER}/cell-{self.cell}-{self.number}.png"


def kept_pictures(tree: RepoTree) -> tuple[str, ...]:
    """Return the pictures of a checkout that a command may draw anew."""
    return tree.matching(*(f"*{ending}" for ending in ENDINGS))


def stored_figures(text: str) -> list[Figure]:
    """Return the first figures that a notebook keeps as PNG."""
    found: list[Figure] = []
    try:
        for cell, code in enumerate(code_cells(text), 1):
            kept = [one for out in code.get("outputs", []) if (one := _png_of(out))]
            found += [Figure(cell, number, content) for number, content in enumerate(kept)]
    except DAMAGE:
        return []
    return found[:MAX_FIGURES]


def _png_of(output: dict[str, object]) -> bytes:
    """Return the PNG of an output; empty without one, and for a large one."""
    data = output.get("data")
    packed = data.get("image/png") if isinstance(data, dict) else output.get("png")
    text = "".join(packed) if isinstance(packed, list) else packed
    if not isinstance(text, str) or len(text) > MAX_BYTES * 4 / 3:
        return b""
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""


def verdict_of(distance: float | None) -> ClaimVerdict:
    """Return the verdict on a picture by its distance from the kept one; None: it could not be compared."""
    if distance is None:
        return "not-run"
    if distance <= SAME_PICTURE:
        return "reproduced"
    return "close" if distance <= ALIKE_PICTURE else "differs"
