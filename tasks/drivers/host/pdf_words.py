"""The child process that reads words and rules of a PDF's pages that name a table, as JSON lines.

Started by path with `python -I`, as `pdf_pages.py` is. Each line of standard output is a page:
`{"page": 3, "width": 612.0, "words": [[TEXT, LEFT, RIGHT, BOTTOM, SIZE], ...], "rules": [[LEFT, RIGHT, Y], ...]}`, in
points from the upper left corner.
"""

import json
import logging
import re
import resource
import sys
from collections.abc import Iterator
from typing import Any, Final

import pdfplumber
from pdfminer.pdfexceptions import PDFException
from pdfminer.psexceptions import PSException
from pypdf import PdfReader
from pypdf.errors import PyPdfError

MEMORY_BYTES: Final = 1_500_000_000
"""Address space of this process."""
NAMED: Final = re.compile(r"\btab(?:le|\.)\s*[A-Z]?\.?[\dIVX]", re.IGNORECASE)
SPACE: Final = 0.15
"""Of the size of letters: a wider gap parts two words."""
MAX_WORDS: Final = 6_000
"""Of one page; more are a drawing."""
MAX_RULES: Final = 2_000
MAX_WORD_CHARS: Final = 200
DAMAGE: Final = (
    PDFException, PSException, PyPdfError, ArithmeticError, AssertionError, AttributeError, LookupError,
    NotImplementedError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What pdfminer and pypdf raise on broken files."""


def main(path: str, max_pages: int) -> None:
    """Write what stands on those of the first `max_pages` pages that name a table."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable()
    for number in captioned(path, max_pages):
        try:
            # Each page anew: what one has parsed would be kept for the others.
            with pdfplumber.open(path, pages=[number]) as pdf:
                for page in pdf.pages:
                    say(page=number, **drawn_on(page))
        except DAMAGE:
            continue


def captioned(path: str, max_pages: int) -> Iterator[int]:
    """Yield the numbers, from 1, of the pages that name a table or go on with one.

    pypdf reads a page in a tenth of the time.
    """
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            return
        goes_on = False
        for index in range(min(len(reader.pages), max_pages)):
            text = reader.pages[index].extract_text().strip()
            if goes_on or NAMED.search(text):
                yield index + 1
            # A caption at the end of a page, whose table is on the next one.
            goes_on = NAMED.match(text.rpartition("\n")[2]) is not None
    except DAMAGE:
        return


def drawn_on(page: Any) -> dict[str, object]:
    """Return width, words and horizontal rules of a page; letters that stand upright alone."""
    upright = page.filter(lambda one: one["object_type"] != "char" or one["upright"])
    words = [
        [
            one["text"][:MAX_WORD_CHARS],
            one["x0"],
            one["x1"],
            one["bottom"],
            one["bottom"] - one["top"],
        ]
        for one in upright.extract_words(x_tolerance_ratio=SPACE)[:MAX_WORDS]
    ]
    rules = [
        [one["x0"], one["x1"], one["top"]]
        for one in (*page.lines, *page.rects)
        if one["bottom"] - one["top"] < 2 < one["x1"] - one["x0"]
    ]
    return {"width": float(page.width), "words": words, "rules": rules[:MAX_RULES]}


def say(**line: object) -> None:
    """Write one line and hand it over at once: what was read stays read when a later page kills us."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
