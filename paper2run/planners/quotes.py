"""Checks a model's quotes: each stands word by word in what the repository or a program says."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from paper2run.planners.message import Message

SHOWN: Final = re.compile(
    r"<(data-(?:readme|paper|log|output|errors|facts|L\d+)-[0-9a-f]{8})>\n(.*?)\n</\1>", re.DOTALL
)
"""The parts of a prompt with words of the repository and of programs; in others stand ours, and the model's own."""
OURS: Final = re.compile(
    r"^(?:\(nothing\)|not shown: .*|\[\d+ characters left out\]|\[\.\.\. \d+ lines \.\.\.\])$",
    re.MULTILINE,
)
"""Lines that stand in a part for want of others, and say why."""
SPACE: Final = re.compile(r"\s+")
GAP: Final = "\0"
"""Between two parts: no quote reaches over it."""
MIN_CHARS: Final = 12
"""A shorter quote stands everywhere by chance."""


def shown_in(messages: Sequence[Message]) -> str:
    """Return what the messages showed that can be quoted, with single spaces."""
    parts = (
        OURS.sub(GAP, found[2])
        for message in messages
        if message.role == "user"
        for found in SHOWN.finditer(message.content)
    )
    return GAP.join(map(_plain, parts))


def untrue(quotes: Iterable[tuple[str, str]], shown: str) -> tuple[str, ...]:
    """Return an objection for each quote, given with its place, that does not stand in `shown`."""
    found = []
    for place, quote in quotes:
        words = _plain(quote)
        if len(words) < MIN_CHARS:
            found.append(
                f"{place}: {quote[:80]!r} is too short for a quote: {MIN_CHARS} letters at least"
            )
        elif GAP in words or words not in shown:
            found.append(
                f"{place}: {quote[:80]!r} stands in no README, paper, log, output, error, fact or look: copy a line"
            )
    return tuple(found)


def _plain(text: str) -> str:
    return SPACE.sub(" ", text).strip()
