"""Finds and reads the paper: the user's file, else the repository's own paper, else its README.

An unreadable file of the user's is an error; an unreadable one of the repository's is a note, and the next is tried.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from paper2run.formats.tree import RepoTree
from paper2run.model.repo import Paper, Section
from paper2run.papers.paper_address import paper_address
from paper2run.papers.paper_links import contenders, rank_repositories
from paper2run.papers.paper_text import (
    sections_of_markdown,
    sections_of_pages,
    sections_of_plain_text,
    title_of_pages,
)
from paper2run.request import Request
from paper2run.settings import Settings
from tasks.drivers.host.paper_file import SUFFIXES, need_paper_file, unreadable_paper
from tasks.drivers.host.pdf import PdfText, PdfUnreadable, read_pdf
from tasks.drivers.index.paper_download import fetched_paper
from tasks.running.caching import stage

MAX_TEXT_BYTES: Final = 5_000_000
"""A larger Markdown file is no paper."""
MAX_TOTAL_CHARS: Final = 600_000
"""Text kept of all sections: about 150 dense pages."""
OWN_NAMES: Final = ("paper", "manuscript", "article", "preprint")
"""File names, without suffix, under which repositories keep their paper; JOSS asks for the first."""
OWN_FOLDERS: Final = frozenset(
    {"", "paper", "joss", "joss_paper", "joss-paper", "doc", "docs", "manuscript"}
)
"""Folders in which such a file is the repository's paper and not some example's or test's data."""
READMES: Final = ("readme.md", "readme.markdown", "readme.rst", "readme.txt", "readme")
"""Names at the repository's root, best first; case does not matter."""
TIMEOUT_S: Final = 600


def with_paper_file(request: Request, settings: Settings) -> Request:
    """Return the request with the file of its paper, fetched where an address was given.

    UserError if the address has no paper; HostError if its host does not answer.
    """
    if request.paper and Path(request.paper).expanduser().exists():
        return request
    address = paper_address(request.paper)
    return request.changed(paper=str(fetched_paper(address, settings))) if address else request


def _key(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the digest of the user's file, else the commit whose own paper is read."""
    given = Path(inputs["given"]).expanduser()
    if not inputs["given"]:
        return ("", inputs["commit"])
    try:
        with given.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        # The stage itself says in words what is wrong with the file.
        digest = "unreadable"
    return (given.suffix, digest, str(given.absolute()))


@stage("read paper", timeout_s=TIMEOUT_S, key=_key)
def read_paper(given: str, checkout_root: str, commit: str = "") -> Paper:
    """Return the paper's title, sections and the repositories it names, most likely first.

    `given` is the user's file, empty for none; `checkout_root` is the repository's folder, empty if there is none
    yet. Without a readable paper the result has origin `none`. UserError if the user's file cannot be used.
    """
    if given:
        return _read_given(Path(given).expanduser().absolute())
    if not checkout_root:
        return Paper(path="", origin="none")
    tree = RepoTree.of(Path(checkout_root))
    notes: list[str] = []
    for path in _own_papers(tree):
        paper = _read_file(tree.root / path, path, "repository paper")
        if isinstance(paper, Paper):
            return paper.changed(notes=(*notes, *paper.notes))
        notes.append(f"{path} could not be used: {paper}")
    for path in _readmes(tree):
        paper = _read_file(tree.root / path, path, "readme")
        if isinstance(paper, Paper):
            return paper.changed(notes=(*notes, *paper.notes))
        notes.append(f"{path} could not be used: {paper}")
    return Paper(path="", origin="none", notes=tuple(notes))


def _read_given(path: Path) -> Paper:
    need_paper_file(path)
    paper = _read_file(path, str(path), "given")
    if isinstance(paper, str):
        raise unreadable_paper(path, paper)
    return paper


def _read_file(path: Path, shown: str, origin: str) -> Paper | str:
    """Return the paper in one file, or why the file holds no paper."""
    try:
        if path.suffix.lower() == ".pdf":
            return _from_pdf(read_pdf(path), path, shown, origin)
        return _from_text(path, shown, origin)
    except OSError as error:
        return error.strerror or type(error).__name__


def _from_pdf(pdf: PdfText | PdfUnreadable, path: Path, shown: str, origin: str) -> Paper | str:
    if isinstance(pdf, PdfUnreadable):
        return pdf.why
    # Word processors leave file names in the metadata; a title of one word is not a title.
    title = pdf.title if " " in pdf.title else title_of_pages(pdf.pages)
    paper = _assembled(title, sections_of_pages(pdf.pages), pdf.links, path, shown, origin)
    return paper.changed(pages=pdf.total_pages, notes=(*pdf.notes, *paper.notes))


def _from_text(path: Path, shown: str, origin: str) -> Paper | str:
    size_bytes = path.stat().st_size
    if size_bytes > MAX_TEXT_BYTES:
        return f"{size_bytes} bytes, over the limit of {MAX_TEXT_BYTES}"
    content = path.read_bytes()
    if b"\0" in content:
        return "not text: it holds zero bytes"
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return "empty"
    is_markdown = path.suffix.lower() in {".md", ".markdown"}
    title, sections = sections_of_markdown(text) if is_markdown else sections_of_plain_text(text)
    return _assembled(title, sections, (), path, shown, origin)


def _assembled(
    title: str,
    sections: tuple[Section, ...],
    links: tuple[str, ...],
    path: Path,
    shown: str,
    origin: str,
) -> Paper:
    """Return the paper, with its text bounded and the digest of its file."""
    ranked = rank_repositories(sections, links, title)
    kept, is_cut = _bounded(sections)
    equals = contenders(ranked) if origin != "readme" else ()
    doubts = f"several repositories are named alike: {', '.join(equals)}" if equals else ""
    cut = f"only the first {MAX_TOTAL_CHARS} characters were kept" if is_cut else ""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Paper(
        path=shown,
        origin=origin,
        title=title,
        sections=kept,
        repository_urls=tuple(link.url for link in ranked),
        contenders=equals,
        notes=tuple(filter(None, (doubts, cut))),
        digest=digest,
    )


def _bounded(sections: tuple[Section, ...]) -> tuple[tuple[Section, ...], bool]:
    room = MAX_TOTAL_CHARS
    kept: list[Section] = []
    for section in sections:
        kept.append(section.changed(text=section.text[:room]))
        room -= len(kept[-1].text)
    return tuple(kept), any(a.text != b.text for a, b in zip(sections, kept, strict=True))


def _own_papers(tree: RepoTree) -> list[str]:
    """Return the repository's own papers: text before PDF, shallow before deep, then in OWN_NAMES' order."""
    found: list[tuple[int, int, int, str]] = []
    for path in tree.files:
        pure = PurePosixPath(path.lower())
        folder = "" if str(pure.parent) == "." else str(pure.parent)
        if pure.suffix in SUFFIXES and pure.stem in OWN_NAMES and folder in OWN_FOLDERS:
            depth = len(pure.parts)
            found.append((pure.suffix == ".pdf", depth, OWN_NAMES.index(pure.stem), path))
    return [path for *_, path in sorted(found)]


def _readmes(tree: RepoTree) -> list[str]:
    at_root = {path.lower(): path for path in tree.files if "/" not in path}
    return [at_root[name] for name in READMES if name in at_root]
