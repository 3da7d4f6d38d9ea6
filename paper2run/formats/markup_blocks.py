"""Finds the code blocks of Org mode and AsciiDoc, whose blocks stand between delimiter lines.

https://orgmode.org/manual/Literal-Examples.html, https://docs.asciidoctor.org/asciidoc/latest/verbatim/listing-blocks/.
Nothing else of either language is read.
"""

import re
from collections.abc import Iterator
from typing import Final

ORG_OPEN: Final = re.compile(r"^\s*#\+begin_(src|example)\b[ \t]*([\w+-]*)", re.IGNORECASE)
ORG_FIXED: Final = re.compile(r"^\s*:(?: |$)")
"""Org's short form: each line behind a colon."""
ASCIIDOC_STYLE: Final = re.compile(r"^\[(?:source|listing)?(?:%\w+)*\s*,\s*([\w+-]+)")
ASCIIDOC_OPEN: Final = re.compile(r"^(-{4,}|\.{4,}|```)([\w+-]*)\s*$")

Lines = Iterator[tuple[str, int, int]]
"""Language in lower case, index of the first line, index behind the last one; never empty."""


def org_blocks(lines: list[str]) -> Lines:
    """Yield source blocks, example blocks and runs of lines behind colons.

    The colons are left to the caller.
    """
    number = 0
    while number < len(lines):
        match = ORG_OPEN.match(lines[number])
        first = number + 1 if match else number
        if match:
            end = _closing(lines, first, re.compile(rf"^\s*#\+end_{match[1]}\b", re.IGNORECASE))
        else:
            end = number
            while end < len(lines) and ORG_FIXED.match(lines[end]):
                end += 1
        if end > first:
            yield (match[2].lower() if match else ""), first, end
        number = max(end, number) + 1


def asciidoc_blocks(lines: list[str]) -> Lines:
    """Yield the blocks between lines of dashes, dots or backticks.

    The style line before a block names its language.
    """
    number, language = 0, ""
    while number < len(lines):
        match = ASCIIDOC_OPEN.match(lines[number])
        style = ASCIIDOC_STYLE.match(lines[number])
        if match:
            first = number + 1
            end = _closing(lines, first, re.compile(rf"^{re.escape(match[1])}\s*$"))
            if end > first:
                yield (match[2] or language).lower(), first, end
            number = end
        # A title or an anchor may stand between the style and its block, text may not.
        if style:
            language = style[1]
        elif match or not lines[number : number + 1] or not lines[number].startswith((".", "[")):
            language = ""
        number += 1


def _closing(lines: list[str], start: int, closing: re.Pattern[str]) -> int:
    """Return the index of the first line that closes; of the end where none does."""
    return next((n for n in range(start, len(lines)) if closing.match(lines[n])), len(lines))
