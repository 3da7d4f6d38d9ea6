"""Reads the tables of a PDF with pdfplumber, in a child process as `pdf.py` its text."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from paper2run.model.repo import PaperTable
from paper2run.papers.page_columns import Word
from paper2run.papers.page_tables import Page, Rule, tables_of
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
    return tuple(table for line in lines for table in _of_page(json.loads(line)))


def _of_page(told: dict[str, Any]) -> Iterator[PaperTable]:
    words = [
        Word(text, left, right, bottom, max(size, 1.0))
        for text, left, right, bottom, size in told["words"]
    ]
    page = Page(words, [Rule(*rule) for rule in told["rules"]], told["width"])
    for number, rows in tables_of(page):
        yield PaperTable(page=told["page"], number=number, rows=tuple(map(tuple, rows)))
