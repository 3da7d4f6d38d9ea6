"""Words of a page of a PDF, its lines, and the columns in which it is set. It knows nothing of files."""

from itertools import pairwise
from typing import Final, NamedTuple

GAP: Final = 0.55
"""Of the size of letters: a wider gap parts two cells. A space is about 0.3 wide, the gap between columns 1.2."""
LINE: Final = 0.5
"""Of the size of letters: words whose lower edges are nearer stand in one line."""
STEP: Final = 1.2
"""Of the size of letters: from one line to the next."""


class Word(NamedTuple):
    """A word and where it stands, in points from the upper left corner."""

    text: str
    left: float
    right: float
    bottom: float
    size: float
    """Height of its letters."""


def lines_of(words: list[Word]) -> list[list[Word]]:
    """Return the words in lines from top to bottom, each from left to right."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda one: one.bottom):
        if lines and word.bottom - lines[-1][-1].bottom < LINE * word.size:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda one: one.left) for line in lines]


def next_column(column: list[Word], words: list[Word], middle: float) -> list[Word]:
    """Return the right column of a page as the continuation of the left one: moved below it."""
    lines = lines_of(words)
    across = [line for line in lines if _runs_over(line, middle)]
    top = max((line[0].bottom for line in across), default=0.0)
    right = [word for word in words if word.left >= middle and word.bottom > top]
    own = [word for word in column if word.bottom > top]
    if not right or not own:
        return []
    aside = min(word.left for word in right) - min(word.left for word in own)
    last = max(own, key=lambda word: word.bottom)
    down = last.bottom + last.size * STEP - min(word.bottom for word in right)
    return [
        word._replace(left=word.left - aside, right=word.right - aside, bottom=word.bottom + down)
        for word in right
    ]


def _runs_over(line: list[Word], middle: float) -> bool:
    """Whether the words of a line run over the middle of a page, without a gutter there."""
    return any(word.left < middle < word.right for word in line) or any(
        word.right <= middle <= after.left and after.left - word.right < GAP * word.size
        for word, after in pairwise(line)
    )


def is_wide(line: list[Word], middle: float) -> bool:
    """Whether a caption runs over the middle of the page."""
    for word, after in pairwise(line):
        if after.left - word.right > GAP * 2 * word.size:
            return word.right > middle > line[0].left
    return line[-1].right > middle > line[0].left
