"""Tells which address a paper is fetched from, by what a user has: a URL, arXiv number or DOI.

arXiv numbers: https://info.arxiv.org/help/arxiv_identifier.html. Web pages of papers name their PDF in a tag that
Google Scholar asks publishers for: https://scholar.google.com/intl/en/scholar/inclusion.html#indexing.
"""

import re
from html import unescape
from typing import Final
from urllib.parse import urljoin

from paper2run.errors import UserError
from paper2run.redaction import secrets_in

FIELDS: Final = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga"
    "|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph"
    "|q-alg|q-bio|quant-ph|solv-int|supr-con"
)
"""Archives in numbers of before April 2007."""
NUMBER: Final = (
    rf"(?P<number>(?:\d{{4}}\.\d{{4,5}}|(?:{FIELDS})(?:\.[A-Z]{{2}})?/\d{{7}})(?:v\d+)?)"
)
ARXIV: Final = (
    re.compile(
        rf"https?://(?:www\.)?arxiv\.org/(?:abs|pdf|html)/{NUMBER}(?:\.pdf)?/?", re.IGNORECASE
    ),
    re.compile(rf"(?:arxiv:\s*)?{NUMBER}", re.IGNORECASE),
    re.compile(
        rf"(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?10\.48550/arxiv\.{NUMBER}", re.IGNORECASE
    ),
)
DOI: Final = re.compile(
    r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?(?P<doi>10\.\d{4,9}/\S+)", re.IGNORECASE
)
URL: Final = re.compile(r"https?://\S+", re.IGNORECASE)
PDF_TAG: Final = re.compile(r"<meta\b[^>]*\bname=[\"']?citation_pdf_url\b[^>]*>", re.IGNORECASE)
CONTENT: Final = re.compile(r"\bcontent=[\"']([^\"']+)[\"']", re.IGNORECASE)


def paper_address(given: str) -> str:
    """Return the address that a paper is fetched from; empty for the path of a file.

    A file of that name is meant where there is one: whoever knows the disk asks first. UserError for an address with
    a login or a token in it.
    """
    text = given.strip()
    if any(secrets_in(text)):
        raise UserError(
            "the address of the paper holds a login or a token, which is not kept for papers",
            hint="download the paper, and give its file",
        )
    if match := next(filter(None, (form.fullmatch(text) for form in ARXIV)), None):
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
