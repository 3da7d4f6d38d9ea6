"""Project pages of a package index, HTML and JSON (PEP 503, 691, 700, 658), read with bounds.

HTML is read by expressions that need linear time: general parsers make a hundred times the page's size out of it.
"""

import html
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from pydantic import AliasChoices, BaseModel, Field, StrictBool

from paper2run.index.releases import IndexFile

MAX_PAGE_BYTES: Final = 50 * 1024 * 1024
"""Larger than the page of any project; 60,000 files take it."""
MAX_FILES: Final = 100_000
JSON: Final = "application/vnd.pypi.simple.v1+json"
HTML: Final = ("application/vnd.pypi.simple.v1+html", "text/html")

CHARSET: Final = re.compile(r"""charset=["']?([\w.-]{1,40})""")
# Possessive, and no name or bare value holds `<`: an open tag costs its own length once.
ATTRIBUTE: Final = re.compile(
    r"""\s++([^\s=<>"'/]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s<>"']++)))?+"""
)
TAG: Final = re.compile(
    r"""<(a|base|meta)((?:\s++[^\s=<>"'/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s<>"']++))?+)*+)[\s/]*+>""",
    re.IGNORECASE,
)
MARKUP: Final = re.compile(r"<[^<>]*>")
SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
MAX_TEXT_CHARS: Final = 300
"""Of a link's text, which is a file name."""


class _Meta(BaseModel):
    version: str = Field(alias="api-version")


class _File(BaseModel):
    """What counts here of a file; `pypi_simple` takes its name and its addresses apart as well."""

    filename: str
    url: str
    hashes: dict[str, str]
    size: int | None = None
    upload: datetime | None = Field(None, alias="upload-time")
    requires_python: str | None = Field(None, alias="requires-python")
    yanked: StrictBool | str = False
    metadata: StrictBool | dict[str, str] | None = Field(
        None, validation_alias=AliasChoices("core-metadata", "dist-info-metadata")
    )


class _Page(BaseModel):
    meta: _Meta
    files: list[_File] = Field(max_length=MAX_FILES)


class NoIndexPageError(Exception):
    """The answer is not a page of a package index; the message says what it is."""


def read_page(content_type: str, body: bytes, url: str) -> tuple[IndexFile, ...]:
    """Return the files that a project's page lists, without those that no HTTP address leads to."""
    kind, _, parameters = (content_type or "text/html").lower().partition(";")
    try:
        if kind.strip() == JSON:
            files = _of_json(body, url)
        elif kind.strip() in HTML:
            files = _of_html(_decoded(body, parameters), url)
        else:
            raise NoIndexPageError(f"with {content_type[:100]}")
        # All files of a project lie on one or two hosts.
        is_reachable = cache(_is_reachable)
        return tuple(file for file in files if is_reachable(_origin(file.url)))
    except (ValueError, RecursionError) as error:
        raise NoIndexPageError(
            f"with a page that cannot be read ({type(error).__name__})"
        ) from error


def _of_json(body: bytes, url: str) -> Iterator[IndexFile]:
    page = _Page.model_validate_json(body)
    if not page.meta.version.startswith("1."):
        raise NoIndexPageError("in a version that is not known")
    for file in page.files:
        yield IndexFile(
            filename=file.filename,
            url=_joined(url, file.url),
            size_bytes=file.size or 0,
            day=file.upload.date() if file.upload else None,
            requires_python=file.requires_python or "",
            yanked=file.yanked is not False,
            has_metadata=bool(file.metadata) or file.metadata == {},
            sha256=_sha256(file.hashes.get("sha256", "")),
        )


def _of_html(text: str, url: str) -> Iterator[IndexFile]:
    first, *others = text.split("<!--")
    text = first + "".join(other.partition("-->")[2] for other in others)
    count = 0
    for tag in TAG.finditer(text):
        attributes = _attributes(tag[2])
        match tag[1].lower():
            case "base" if attributes.get("href"):
                url = _joined(url, attributes["href"])
            case "meta" if attributes.get("name", "").lower() == "pypi:repository-version":
                if not attributes.get("content", "1").startswith("1"):
                    raise NoIndexPageError("in a version that is not known")
            case "a" if "href" in attributes:
                count += 1
                if count > MAX_FILES:
                    raise NoIndexPageError(f"with more than {MAX_FILES} links")
                words = text[tag.end() : tag.end() + MAX_TEXT_CHARS].partition("</")[0]
                yield _linked_file(_joined(url, attributes["href"]), words, attributes)


def _linked_file(url: str, words: str, attributes: dict[str, str]) -> IndexFile:
    metadata = attributes.get("data-core-metadata", "").lower()
    return IndexFile(
        filename=html.unescape(MARKUP.sub("", words)).strip(),
        url=urldefrag(url).url,
        sha256=_sha256(urldefrag(url).fragment.removeprefix("sha256=")),
        requires_python=attributes.get("data-requires-python", ""),
        yanked="data-yanked" in attributes,
        has_metadata=metadata == "true" or re.fullmatch(r"\w+=[0-9a-f]+", metadata) is not None,
    )


def _sha256(text: str) -> str:
    """Return a digest in small letters; empty for any other text."""
    return text.lower() if SHA256.fullmatch(text) else ""


def _attributes(text: str) -> dict[str, str]:
    return {
        found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "")
        for found in ATTRIBUTE.finditer(text)
    }


def _decoded(body: bytes, parameters: str) -> str:
    charset = CHARSET.search(parameters)
    try:
        return body.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _joined(url: str, link: str) -> str:
    """Return where a link leads; empty if it leads nowhere."""
    if link.startswith(("https://", "http://")):
        return link
    try:
        return urljoin(url, link)
    except ValueError:
        return ""


def _origin(url: str) -> str:
    """Return scheme and host of an address, with whatever stands before its first slash."""
    return "/".join(url.split("/", 3)[:3])


def _is_reachable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
