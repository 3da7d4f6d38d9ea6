"""Reads who wrote a repository, and under which licence, from its CITATION.cff.

The file is a stranger's: names are cut and made one line, and identifiers count only in their own form.
https://github.com/citation-file-format/citation-file-format/blob/main/schema-guide.md
"""

import re
from typing import Final

from paper2run.formats import yaml_text
from paper2run.model.value import Value
from paper2run.text_gate import flat

FILE: Final = "CITATION.cff"
ORCID: Final = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
LICENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{1,60}")
"""An identifier of https://spdx.org/licenses/."""
DOI: Final = re.compile(r"(?:https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/[^\s\"<>\\^`{|}]{1,200})")
MAX_AUTHORS: Final = 500
MAX_CHARS: Final = 200
"""Of a name."""


class Author(Value):
    """A person or an organisation."""

    name: str
    is_person: bool = True
    orcid: str = ""
    """`0000-0002-1825-0097`; empty if the file has none."""
    affiliation: str = ""


class Citation(Value):
    """What a repository says of itself."""

    authors: tuple[Author, ...] = ()
    title: str = ""
    licence: str = ""
    """SPDX identifier; empty if the file names none, or several."""
    doi: str = ""


def read_citation(text: str) -> Citation:
    """Return what the file says; an empty citation where it is malformed."""
    try:
        found = yaml_text.parse(text)
    except yaml_text.YamlRefused:
        return Citation()
    if not isinstance(found, dict):
        return Citation()
    listed = found.get("authors")
    people = [_author(one) for one in listed[:MAX_AUTHORS]] if isinstance(listed, list) else []
    licence = LICENCE.fullmatch(_text(found, "license"))
    doi = DOI.fullmatch(_text(found, "doi"))
    return Citation(
        authors=tuple(author for author in people if author is not None),
        title=_text(found, "title"),
        licence=licence[0] if licence else "",
        doi=doi[1] if doi else "",
    )


def _author(entry: object) -> Author | None:
    """Return one entry of `authors`; None if it has no name."""
    if not isinstance(entry, dict):
        return None
    parts = [_text(entry, key) for key in ("given-names", "name-particle", "family-names")]
    person = " ".join(filter(None, parts)) or _text(entry, "alias")
    orcid = ORCID.fullmatch(_text(entry, "orcid"))
    name = person or _text(entry, "name")
    if not name:
        return None
    return Author(
        name=name,
        is_person=bool(person),
        orcid=orcid[1] if orcid else "",
        affiliation=_text(entry, "affiliation"),
    )


def _text(entry: dict[str, object], key: str) -> str:
    value = entry.get(key)
    return flat(value).strip()[:MAX_CHARS] if isinstance(value, str) else ""
