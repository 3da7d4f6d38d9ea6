"""Reads the text and the links of a PDF with pypdf, in a child process that can be ended.

A PDF is hostile input: pypdf can loop or unpack gigabytes on one (https://pypdf.readthedocs.io, security notes).
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasks.drivers.host import process

MAX_PAGES: Final = 150
"""Pages read; theses are longer, but state what matters here earlier."""
MAX_FILE_BYTES: Final = 100_000_000
"""A larger file is a scan or a volume of proceedings."""
MAX_OUTPUT_BYTES: Final = 80_000_000
"""More than the child can write for MAX_PAGES pages: its own limits in pdf_pages.py, each character escaped."""
HEAD_BYTES: Final = 1024
"""Where readers look for the mark of a PDF (ISO 32000-1, annex H.3.4.1)."""
TIMEOUT_S: Final = 120.0
"""Seconds for the whole file; a paper of 40 pages takes about 4."""


@dataclass(frozen=True)
class PdfText:
    """What could be read of a PDF."""

    pages: tuple[str, ...]
    """Text of each page read, in order; empty strings for pages without text."""
    total_pages: int
    title: str
    """The title in the file's metadata, which is often missing or nonsense."""
    links: tuple[str, ...]
    """Addresses behind link annotations, in page order, without repetition."""
    notes: tuple[str, ...] = ()
    """What was left out, and why."""


@dataclass(frozen=True)
class PdfUnreadable:
    """Nothing of a PDF could be read."""

    why: str


def why_no_pdf(head: bytes) -> str:
    """Return why the first bytes of a file are not those of a PDF; empty if they are."""
    return "" if b"%PDF-" in head else "not a PDF: it does not begin with %PDF-"


def read_pdf(
    path: Path, *, max_pages: int = MAX_PAGES, timeout_s: float = TIMEOUT_S
) -> PdfText | PdfUnreadable:
    """Return the text of the first pages of the PDF at `path`, or why there is none.

    Pages read before a limit ended the reading are kept. OSError if the file cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    size_bytes = path.stat().st_size
    if size_bytes > MAX_FILE_BYTES:
        limit_mb = MAX_FILE_BYTES // 1_000_000
        return PdfUnreadable(f"{size_bytes // 1_000_000} MB large, over the limit of {limit_mb} MB")
    if head and (why := why_no_pdf(head)):
        return PdfUnreadable(why)
    child = Path(__file__).with_name("pdf_pages.py")
    argv = [sys.executable, "-I", str(child), str(path.absolute()), str(max_pages)]
    finished = process.run(argv, timeout_s=timeout_s, max_bytes=MAX_OUTPUT_BYTES)
    # What follows the last line end is a line that the child could not finish.
    lines = [json.loads(line) for line in finished.stdout.split("\n")[:-1]]
    ending = ""
    if finished.timed_out:
        ending = f"reading took longer than {timeout_s:.0f} s"
    elif finished.exit_code != 0:
        last_words = finished.stderr.strip().rsplit("\n", 1)[-1][:200]
        ending = f"reading was given up: {last_words or 'the reader was killed'}"
    return _assembled(lines, max_pages, ending)


def _assembled(
    lines: list[dict[str, object]], max_pages: int, ending: str
) -> PdfText | PdfUnreadable:
    """Return the child's lines as one value; `ending` says why they may be incomplete."""
    if not lines:
        return PdfUnreadable(ending or "the reader said nothing")
    first, *rest = lines
    if "unreadable" in first:
        return PdfUnreadable(str(first["unreadable"]))
    pages = tuple(_encodable(str(line["text"])) for line in rest)
    links = [link for line in rest for link in _strings(line["links"])]
    total = first["total"] if isinstance(first["total"], int) else 0
    notes = [f"{ending}; {len(pages)} of {total} pages were read"] if ending else []
    if not ending and total > max_pages:
        notes.append(f"only the first {max_pages} of {total} pages were read")
    if not any(page.strip() for page in pages):
        return PdfUnreadable(ending or "without text: it may be a scan")
    title = _encodable(str(first["title"])).strip()
    return PdfText(pages, total, title, tuple(dict.fromkeys(links)), tuple(notes))


def _strings(value: object) -> list[str]:
    return (
        [_encodable(item) for item in value if isinstance(item, str)]
        if isinstance(value, list)
        else []
    )


def _encodable(text: str) -> str:
    """Return `text` with lone surrogates, which no record could be written with, as question marks."""
    return text.encode("utf-8", "replace").decode()
