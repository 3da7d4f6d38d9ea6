"""The child process that reads a PDF, page by page, as JSON lines on standard output.

Started by path with `python -I`, so that neither the working folder nor the environment decides what it imports.
It limits its own memory before it looks at the file; the parent limits its time.

Lines: `{"total": N, "title": T}` first, `{"text": T, "links": [...]}` for each page, or `{"unreadable": WHY}`.
"""

import json
import logging
import resource
import sys
from typing import Final

from pypdf import PdfReader
from pypdf.errors import DependencyError, EmptyFileError, PyPdfError

MEMORY_BYTES: Final = 1_500_000_000
"""Address space of this process; pypdf itself takes about 150 MB of it."""
MAX_PAGE_CHARS: Final = 50_000
"""Text kept of one page; a printed page has about 5,000."""
MAX_LINKS: Final = 100
"""Link annotations kept of one page."""
MAX_LINK_CHARS: Final = 300
"""Length kept of one address; a repository's is never longer."""
DAMAGE: Final = (
    PyPdfError, ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, RecursionError,
    TypeError, ValueError,
)  # fmt: skip
"""What pypdf raises on broken files; its errors.py warns that these need not be its own classes."""


def main(path: str, max_pages: int) -> None:
    """Write the lines that the module names for the first `max_pages` pages of the PDF at `path`."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable()
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            return say(unreadable="encrypted: it asks for a password")
        title = reader.metadata.title if reader.metadata else ""
        say(total=len(reader.pages), title=str(title or ""))
    except EmptyFileError:
        return say(unreadable="empty")
    except DependencyError as error:
        return say(unreadable=f"encrypted in a way that needs more software: {error}")
    except DAMAGE as error:
        return say(unreadable=f"damaged or no PDF: {str(error)[:200] or type(error).__name__}")
    for number in range(min(len(reader.pages), max_pages)):
        say(text=page_text(reader, number)[:MAX_PAGE_CHARS], links=page_links(reader, number))
    return None


def page_text(reader: PdfReader, number: int) -> str:
    """Return a page's text; empty if the page is damaged."""
    try:
        return reader.pages[number].extract_text()
    except DAMAGE:
        return ""


def page_links(reader: PdfReader, number: int) -> list[str]:
    """Return the addresses behind a page's link annotations, in order; those before a damaged one."""
    found: list[str] = []
    try:
        for annotation in reader.pages[number].annotations or ():
            action = annotation.get_object().get("/A")
            uri = action.get_object().get("/URI") if action else None
            if isinstance(uri, str) and len(found) < MAX_LINKS:
                found.append(uri[:MAX_LINK_CHARS])
    except DAMAGE:
        return found
    return found


def say(**line: object) -> None:
    """Write one line and hand it over at once: what was read stays read when a later page kills us."""
    # Lone surrogates, which hostile fonts can map to, survive as JSON escapes and as nothing else.
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
