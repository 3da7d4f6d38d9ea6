"""Tells which address a paper is fetched from, by what a user has: a URL, arXiv number or DOI.

arXiv numbers: https://info.arxiv.org/help/arxiv_identifier.html. Web pages of papers name their PDF in a tag that
Google Scholar asks publishers for: https://scholar.google.com/intl/en/scholar/inclusion.html#indexing.
"""

import re
from html import unescape
from typing import Final
from urllib.parse import urljoin

NUMBER: Final = r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?"
ARXIV: Final = re.compile(
    rf"(?:https?://(?:www\.)?arxiv\.org/(?:abs|pdf|html)/|arxiv:\s*|(?:doi:|https?://(?:dx\.)?doi\.org/)?10\.48550/arxiv\.)?"
    rf"(?P<number>{NUMBER})(?:\.pdf)?/?",
    re.IGNORECASE,
)
DOI: Final = re.compile(
    r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?(?P<doi>10\.\d{4,9}/\S+)", re.IGNORECASE
)
URL: Final = re.compile(r"https?://\S+", re.IGNORECASE)
PDF_TAG: Final = re.compile(r"<meta\b[^>]*\bname=[\"']?citation_pdf_url\b[^>]*>", re.IGNORECASE)
CONTENT: Final = re.compile(r"\bcontent=[\"']([^\"']+)[\"']", re.IGNORECASE)


def paper_address(given: str) -> str:
    """Return the address that a paper is fetched from; empty for the path of a file."""
    text = given.strip()
    if match := ARXIV.fullmatch(text):
        return f"https://arxiv.org/pdf/{match['number']}"
    if match := DOI.fullmatch(text):
        return f"https://doi.org/{match['doi']}"
    return text if URL.fullmatch(text) else ""


def pdf_named_by(page: str, address: str) -> str:
    """Return the address of the PDF that a paper's web page names; empty without one."""
    tag = PDF_TAG.search(page)
    content = CONTENT.search(tag[0]) if tag else None
    found = urljoin(address, unescape(content[1])) if content else ""
    return found if URL.fullmatch(found) else ""
