"""Fetches a paper from its address, once: later runs find the file."""

import os
import tempfile
from pathlib import Path
from typing import Final

from paper2run.digests import digest_of
from paper2run.errors import UserError
from paper2run.papers.paper_address import pdf_named_by
from paper2run.settings import Settings
from tasks.drivers.host.pdf import MAX_FILE_BYTES
from tasks.drivers.index.index_connection import (
    Answer,
    BadAddressError,
    IndexConnection,
    TooLargeError,
)
from tasks.drivers.index.site_proxies import SiteProxies

FOLDER: Final = "papers"
"""Below PAPER2RUN_HOME."""
MARK: Final = b"%PDF-"
HEAD_BYTES: Final = 1024
"""Readers look for the mark there (ISO 32000-1, annex H.3.4.1)."""
TEXTS: Final = ("text/markdown", "text/x-markdown", "text/plain")
HINT: Final = "download the paper, and give its file: .pdf, .md or .markdown"


def fetched_paper(address: str, settings: Settings) -> Path:
    """Return the file with the paper of an address: a PDF, a text, or the PDF that a web page names.

    UserError if there is no paper; HostError if the host does not answer.
    """
    folder = settings.home / FOLDER
    name = digest_of(address)[:32]
    kept = next(
        (folder / f"{name}{end}" for end in (".pdf", ".md") if (folder / f"{name}{end}").is_file()),
        None,
    )
    if kept is not None:
        return kept
    answer = _answer(address, settings)
    if _is_page(answer):
        inside = pdf_named_by(answer.body.decode("utf-8", "replace"), answer.url)
        if not inside:
            raise UserError(f"{address} is a web page that names no PDF", hint=HINT)
        answer = _answer(inside, settings)
    ending = ".pdf" if MARK in answer.body[:HEAD_BYTES] else ".md" if _kind(answer) in TEXTS else ""
    if not ending:
        raise UserError(f"what {address} leads to is neither a PDF nor a text", hint=HINT)
    folder.mkdir(parents=True, exist_ok=True)
    # Runs of one batch may fetch the same paper at once.
    descriptor, part = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "wb") as file:
        file.write(answer.body)
    return Path(part).replace(folder / f"{name}{ending}")


def _answer(address: str, settings: Settings) -> Answer:
    connection = IndexConnection(
        address,
        settings.ca_bundle,
        connections=1,
        proxies=SiteProxies.of(settings),
        called=f"the host of the paper {address}",
    )
    try:
        answer = connection.ask(address, limit_bytes=MAX_FILE_BYTES)
    except (TooLargeError, BadAddressError) as error:
        raise UserError(f"the paper {address} cannot be taken: {error}", hint=HINT) from error
    finally:
        connection.close()
    if answer is None:
        raise UserError(f"there is no paper at {address}", hint="check the address or the number")
    return answer


def _kind(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _is_page(answer: Answer) -> bool:
    return MARK not in answer.body[:HEAD_BYTES] and _kind(answer) in (
        "text/html",
        "application/xhtml+xml",
    )
