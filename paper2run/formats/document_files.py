"""Finds the READMEs and documents of a checkout by their names."""

import re
from typing import Final

from paper2run.formats.tree import RepoTree

MAX_DOCUMENTS: Final = 60
"""Documents read, those nearest to the root first: a manual of a thousand pages repeats itself."""
MAX_DOCUMENT_CHARS: Final = 200_000
"""A longer document is generated; only its beginning is read."""

README: Final = re.compile(
    r"^(?:readme|install|installation|getting[-_]started|quickstart|usage)(?:[._-][\w.-]*)?$", re.I
)
HISTORY: Final = re.compile(r"^(?:change|history|news|release|licen[cs]e|code_of_conduct)", re.I)
"""Pages that speak of other versions than this one, or not of the code at all."""
PAGE: Final = re.compile(r"\.(?:md|rst|markdown|org|adoc|asciidoc)$", re.IGNORECASE)
TEXT: Final = re.compile(
    r"(?:^[^.]+|\.(?:md|rst|markdown|txt|rmd|org|adoc|asciidoc|asc))$", re.IGNORECASE
)
DOC_FOLDERS: Final = frozenset({"doc", "docs", "documentation"})


def documents_in(tree: RepoTree) -> list[str]:
    """Return the paths of READMEs and documents, those nearest to the root first."""

    def wanted(path: str) -> bool:
        folder, _, name = path.rpartition("/")
        if README.match(name):
            return bool(TEXT.search(name))
        in_docs = folder.split("/")[0].lower() in DOC_FOLDERS
        is_page = PAGE.search(name) and not HISTORY.match(name)
        return bool(is_page) and (in_docs or not folder)

    found = [path for path in tree.files if wanted(path)]
    return sorted(found, key=lambda path: (path.count("/"), not is_readme(path), path))[
        :MAX_DOCUMENTS
    ]


def is_readme(path: str) -> bool:
    """Whether a file is a README, or a page on installing or using the repository."""
    return bool(README.match(path.rpartition("/")[2]))
