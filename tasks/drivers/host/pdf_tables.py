"""Reads the tables of a PDF with pdfplumber, in a child process as `pdf.py` its text."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from paper2run.model.repo import PaperTable
from paper2run.papers.page_columns import Word
from paper2run.papers.page_tables import Page, Rule, carried_over, open_caption, tables_of
from tasks.drivers.host import process
from tasks.drivers.host.pdf import MAX_FILE_BYTES

MAX_PAGES: Final = 60
"""Pages that are looked through."""
MAX_OUTPUT_BYTES: Final = 80_000_000
"""More than the child can write for MAX_PAGES pages of ordinary words."""
TIMEOUT_S: Final = 120.0
"""Seconds for the whole file; a paper of 13 pages takes 1 to 5."""


def read_tables(path: Path) -> tuple[PaperTable, ...]:
    """Return the tables that the PDF at `path` has beside a caption, in the order of pages.

    Those of pages that were read before a limit ended the reading are kept; a missing, damaged or too large file has
    none.
    """
    if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
        return ()
    child = Path(__file__).with_name("pdf_words.py")
    argv = [sys.executable, "-I", str(child), str(path.absolute()), str(MAX_PAGES)]
    finished = process.run(argv, timeout_s=TIMEOUT_S, max_bytes=MAX_OUTPUT_BYTES)
    # What follows the last line end is a line that the child could not finish.
    lines = finished.stdout.encode("utf-8", "replace").decode().split("\n")[:-1]
    return tuple(_of_pages(map(json.loads, lines)))


def _of_pages(pages: Iterable[dict[str, Any]]) -> Iterator[PaperTable]:
    last = ""
    for told in pages:
        page = _page(told)
        tables = list(tables_of(page))
        numbers = {number for number, _ in tables}
        if last and last not in numbers and (above := carried_over(page)):
            tables.insert(0, (last, above))
        for number, rows in tables:
            yield PaperTable(page=told["page"], number=number, rows=tuple(map(tuple, rows)))
        last = open_caption(page)
        last = "" if last in numbers else last


def _page(told: dict[str, Any]) -> Page:
    words = [
        Word(text, left, right, bottom, max(size, 1.0))
        for text, left, right, bottom, size in told["words"]
    ]
    return Page(words, [Rule(*rule) for rule in told["rules"]], told["width"])
