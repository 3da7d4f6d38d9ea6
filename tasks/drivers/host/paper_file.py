"""Judges the file that a user gives as the paper by its name and its first bytes."""

from pathlib import Path
from typing import Final

from paper2run.errors import UserError
from tasks.drivers.host.pdf import HEAD_BYTES, why_no_pdf

SUFFIXES: Final = (".pdf", ".md", ".markdown")
DOWNLOAD: Final = (
    "download the paper and name its file, or leave --paper out to use the repository's own"
)
HINT: Final = "give the paper as a .pdf, .md or .markdown file, or leave --paper out to use the repository's own"


def need_paper_file(path: Path) -> None:
    """UserError for a file that is seen at once to be no paper; its text may still turn out unusable."""
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(
            f"{path.name}: a paper is a file that ends in .pdf, .md or .markdown", hint=DOWNLOAD
        )
    if not path.is_file():
        why = "is a folder or a device" if path.exists() else "does not exist"
        raise UserError(f"the paper {path} {why}", hint=HINT)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise unreadable_paper(path, error.strerror or type(error).__name__) from error
    why = "" if head else "empty"
    if path.suffix.lower() == ".pdf":
        why = why or why_no_pdf(head)
    if why:
        raise unreadable_paper(path, why)


def unreadable_paper(path: Path, why: str) -> UserError:
    """Return the error of a file from which no paper can be read."""
    return UserError(f"the paper {path} cannot be read: {why}", hint=HINT)
