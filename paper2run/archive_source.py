"""Tells archives and archived records from other repositories, by the text alone.

DOIs: https://www.doi.org/doi-handbook/HTML/doi-name.html. SWHIDs: ISO/IEC 18670, https://www.swhid.org.
"""

import re
from pathlib import PurePosixPath
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from paper2run.errors import UserError
from paper2run.model.value import Value
from paper2run.redaction import secrets_in

ENDINGS: Final = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar", ".zip")
SCHEME_OR_HOST: Final = re.compile(r"[\w+.-]+://|[\w.+-]+@[\w.-]+:")
URL: Final = re.compile(r"https?://\S+", re.IGNORECASE)
OF_DOI: Final = r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?"
RECORDS: Final = tuple(
    (kind, re.compile(form, re.IGNORECASE))
    for kind, form in (
        (
            "zenodo",
            r"https?://(?:www\.)?zenodo\.org/(?:api/)?(?:records?|doi/10\.5281/zenodo\.)/?(?P<id>\d+)/?(?:[?#]\S*)?",
        ),
        ("zenodo", rf"{OF_DOI}10\.5281/zenodo\.(?P<id>\d+)/?"),
        (
            "figshare",
            r"https?://(?:\w+\.)?figshare\.com/articles/(?:[^\s?#]*/)?(?P<id>\d{4,})(?:/(?P<version>\d+))?/?(?:[?#]\S*)?",
        ),
        (
            "figshare",
            rf"{OF_DOI}10\.\d{{4,9}}/(?:m9\.)?figshare\.(?P<id>\d+)(?:\.v(?P<version>\d+))?/?",
        ),
        ("osf", r"https?://osf\.io/(?!about|login|users)(?P<id>[a-z0-9]{5})/?(?:[?#]\S*)?"),
        ("osf", rf"{OF_DOI}10\.17605/osf\.io/(?P<id>[a-z0-9]{{5}})/?"),
        (
            "software-heritage",
            r"(?:https?://archive\.softwareheritage\.org/)?(?P<id>swh:1:(?:dir|rev|rel):[0-9a-f]{40})\S*",
        ),
        ("doi", rf"{OF_DOI}(?P<id>10\.\d{{4,9}}/\S+)"),
    )
)
"""By archive: what names one of its records; a DOI of another one is followed to where it leads."""
FILE_OF_RECORD: Final = re.compile(
    r"https?://(?:www\.)?zenodo\.org/(?:api/)?records?/\d+/files/\S+"
    r"|https?://(?:ndownloader\.figshare\.com|(?:\w+\.)?figshare\.com/ndownloader)/files/\d+\S*"
    r"|https?://osf\.io/(?:download/[a-z0-9]+|[a-z0-9]+/download)/?(?:\?\S*)?"
    r"|https?://files\.osf\.io/v1/resources/[a-z0-9]+/providers/\w+/\S*",
    re.IGNORECASE,
)
"""The address of one file of a record, which need not end like an archive's."""
REVIEWERS_LINK: Final = re.compile(
    r"https?://(?:\w+\.)?osf\.io/\S*[?&]view(?:_|%5f)only=", re.IGNORECASE
)
"""Opens a project of OSF to whoever has the link: anonymous reviews are held that way."""
PAGE_OF_FORGE: Final = re.compile(r"/(?:blob|tree|src)/")
"""A web page that shows a file: git's repository and ref are meant."""

Archive = Literal["file", "url", "zenodo", "figshare", "osf", "software-heritage", "doi"]


class ArchivedSource(Value):
    """A repository that lies in an archive, not in git."""

    kind: Archive
    given: str
    """The path, address or identifier, as it is shown."""
    id: str = ""
    """Of a record, in its archive."""
    version: str = ""

    @property
    def name(self) -> str:
        """What the repository is called until its own files say more."""
        if self.kind in ("file", "url"):
            path = unquote(urlsplit(self.given).path) if self.kind == "url" else self.given
            return without_ending(PurePosixPath(path.removesuffix("/content")).name) or "archive"
        return f"{self.kind}-{self.id.rpartition(':')[2][:12] or 'record'}".replace("/", "-")


def archived(given: str) -> ArchivedSource | None:
    """Return the archive that `given` names; None for addresses of git, and for folders.

    UserError for the address of an archive with a login or a token in it.
    """
    text = given.strip()
    if REVIEWERS_LINK.match(text):
        raise _holds_token()
    for kind, form in RECORDS:
        if match := form.fullmatch(text):
            version = match.groupdict().get("version") or ""
            found = match["id"] if kind == "doi" else match["id"].lower()
            return ArchivedSource.model_validate(
                {"kind": kind, "given": text, "id": found, "version": version}
            )
    if URL.fullmatch(text):
        return _of_url(text)
    is_file = text.lower().endswith(ENDINGS) and not SCHEME_OR_HOST.match(text)
    return ArchivedSource(kind="file", given=text) if is_file else None


def _of_url(text: str) -> ArchivedSource | None:
    try:
        path = urlsplit(text).path
    except ValueError:
        # Of the address itself `source.parse` says what is wrong.
        return None
    is_archive = path.lower().endswith(ENDINGS) and not PAGE_OF_FORGE.search(path)
    if not is_archive and not FILE_OF_RECORD.fullmatch(text):
        return None
    if any(secrets_in(text)):
        raise _holds_token()
    return ArchivedSource(kind="url", given=text)


def _holds_token() -> UserError:
    return UserError(
        "the address of the archive holds a login or a token, which is not kept for archives",
        hint="download the archive, and give its file",
    )


def without_ending(name: str) -> str:
    """Return an archive's name without the ending that says how it is packed."""
    ending = next((end for end in ENDINGS if name.lower().endswith(end)), "")
    return name[: len(name) - len(ending)]
