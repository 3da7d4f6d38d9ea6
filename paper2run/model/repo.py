"""What was asked for and what was fetched: the source of a repository, its pinned commit, its paper."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from paper2run.model.value import Value

Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class Submodule(Value):
    """One submodule that `.gitmodules` of the commit names."""

    path: str
    url: str
    commit: str = ""
    """40 hex digits of the commit that is pinned; empty for an entry without one."""
    mirror: str = ""
    """Absolute path of the bare repository that holds it; empty if it was not fetched."""
    fetched: bool
    why_not: str = ""
    """git's own message if it could not be fetched."""


class Checkout(Value):
    """A commit that lies in a local bare mirror, ready to be laid out into any folder."""

    url: str
    """What the user asked for, without credentials."""
    name: str
    """`owner/name` where the URL has an owner, else the folder's name."""
    commit: Commit
    ref: str = ""
    """Branch, tag or commit as asked for; empty for the default branch."""
    committed_at: datetime | None = None
    """Committer date, UTC; None for a plain folder, which has no history."""
    tree: str = ""
    """git's id of the commit's files, 40 hex digits; empty in records of earlier versions."""
    made_here: bool = False
    """The commit was made here, of a folder or an archive: no archive of source code has it."""
    mirror: str
    """Absolute path of the bare repository that holds the commit."""
    size_bytes: int = 0
    """Size of the mirror on disk when it was fetched."""
    lfs_pointers: tuple[str, ...] = ()
    """Paths whose content is a Git LFS pointer; their content was not fetched."""
    submodules: tuple[Submodule, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know, such as uncommitted changes that were left out."""

    @property
    def swhid_revision(self) -> str:
        """The SWHID of the commit; empty for a commit that was made here. https://www.swhid.org"""
        is_ours = self.made_here or self.committed_at is None
        return "" if is_ours else f"swh:1:rev:{self.commit}"

    @property
    def swhid_directory(self) -> str:
        """The SWHID of the files, which is git's id of the tree; empty where that is not recorded."""
        return f"swh:1:dir:{self.tree}" if self.tree else ""


class Overview(Value):
    """`repo.json`: what was fetched, and the files that a person would open first."""

    checkout: Checkout
    readmes: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    """Files that declare dependencies or a build, in path order."""
    entrypoints: tuple[str, ...] = ()
    """Console scripts, scripts and notebooks that can be started."""


class Section(Value):
    """A headed part of a paper."""

    heading: str
    page: int = 0
    """1-based page on which it starts; 0 for papers without pages."""
    text: str


class PaperTable(Value):
    """A table of a PDF."""

    page: int
    """1-based."""
    number: str
    """As its caption has it: `2`, `IV`."""
    rows: tuple[tuple[str, ...], ...]
    """Its heads first, the lines of one joined; all with as many cells."""


class Paper(Value):
    """The text of the paper that belongs to the repository."""

    path: str
    """The file that was read: absolute for the user's file, below the repository for its own."""
    origin: str
    """`given`, `repository paper`, `readme`, or `none`."""
    title: str = ""
    pages: int = 0
    sections: tuple[Section, ...] = ()
    repository_urls: tuple[str, ...] = ()
    """URLs of code repositories that the paper names, most likely first."""
    contenders: tuple[str, ...] = ()
    """Those that are too close to call; empty if the first one leads clearly."""
    notes: tuple[str, ...] = ()
    digest: str = ""
    """sha256 of the file, hexadecimal."""
