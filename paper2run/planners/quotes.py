"""Checks a model's quotes: each has to stand, word by word, in what the model was shown."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from paper2run.planners.message import Message

SHOWN: Final = re.compile(r"<(data-[\w-]+)>\n(.*?)\n</\1>", re.DOTALL)
"""What stands between the tags of a prompt: the repository's words and those of programs."""
SPACE: Final = re.compile(r"\s+")
MIN_CHARS: Final = 6
"""A shorter quote stands everywhere by chance."""


def shown_in(messages: Sequence[Message]) -> str:
    """Return all that the messages showed as data, with single spaces."""
    parts = (found[2] for message in messages for found in SHOWN.finditer(message.content))
    return _plain(" ".join(parts))


def untrue(quotes: Iterable[tuple[str, str]], shown: str) -> tuple[str, ...]:
    """Return an objection for each quote, given with its place, that does not stand in `shown`."""
    found = []
    for place, quote in quotes:
        words = _plain(quote)
        if len(words) < MIN_CHARS:
            found.append(f"{place}: {quote[:80]!r} is too short for a quote")
        elif words not in shown:
            found.append(
                f"{place}: {quote[:80]!r} stands nowhere in what you were shown: copy a line"
            )
    return tuple(found)


def _plain(text: str) -> str:
    return SPACE.sub(" ", text).strip()
