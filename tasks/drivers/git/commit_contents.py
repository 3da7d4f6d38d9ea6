"""Asks git what a commit in a mirror holds, without a checkout.

It reads files, sizes, gaps, LFS pointers and the date.
"""

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from paper2run.errors import UserError
from tasks.drivers.git.git_command import MAX_LISTING_BYTES, Transfer, git_attempt, git_local
from tasks.drivers.git.git_failures import failure, quote

LFS_VERSION_LINE: Final = "version https://git-lfs.github.com/spec/v1"
"""First line of a pointer, https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"""
LFS_POINTER_BYTES: Final = 200
"""Pointers take about 130 bytes; larger blobs are not looked into."""
MAX_CANDIDATES: Final = 50_000
"""Small blobs that are read; 10 MB of output."""
GITLINK: Final = "160000"
FOLDER: Final = "040000"
MAX_ENTRIES: Final = 2_000_000
"""Files and folders of a commit. The largest repositories of code have some hundred thousand."""
LISTING_TIMEOUT_S: Final = 300.0
"""git lists a million files in some seconds; a slow disk may take a minute."""
FEW: Final = 5
"""So many missing files are named."""
HOSTILE: Final = re.compile(r"(?:in tree entry|too-short tree|maximum allowed tree depth)")
"""Messages of git about malformed trees, which lack no content: they were made so."""
_BLOB_HEADER: Final = re.compile(r"[0-9a-f]{40} blob \d+")


class Entry(NamedTuple):
    """One path of a commit."""

    mode: str
    """Octal, `100644`, `120000` for a symbolic link, `160000` for a submodule."""
    object_id: str
    path: str
    """Bytes that are not UTF-8 are replaced."""


class Contents(NamedTuple):
    """What a commit holds."""

    listed: tuple[Entry, ...]
    sizes: dict[str, int]
    """Bytes of each blob by its object id."""
    missing: tuple[str, ...]
    """Paths whose content the repository lacks, in git's order."""

    @property
    def total_bytes(self) -> int:
        """What a checkout takes."""
        return sum(self.sizes.get(entry.object_id, 0) for entry in self.listed)


def has_commit(git_dir: Path, commit: str) -> bool:
    """True if the repository has the commit, with or without its content."""
    return git_attempt(["cat-file", "-e", f"{commit}^{{commit}}"], at=git_dir).exit_code == 0


def sizes(git_dir: Path, listed: Collection[Entry]) -> dict[str, int]:
    """Return the bytes of each blob by its object id, without missing blobs."""
    wanted = sorted({entry.object_id for entry in listed if entry.mode != GITLINK})
    answer = git_local(
        ["cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer"],
        at=git_dir,
        stdin_text="".join(f"{object_id}\n" for object_id in wanted),
    )
    pairs = (line.split(" ") for line in answer.splitlines())
    return {object_id: int(size) for object_id, size in pairs if size.isdigit()}


def read_contents(git_dir: Path, commit: str) -> Contents:
    """Return the files of the commit, their sizes, and which of them the repository lacks.

    UserError if there are more files and folders than MAX_ENTRIES, or if git cannot get through them.
    """
    # With the folders (-t), so that an endless tree of folders without files is noticed too.
    asked = git_attempt(
        ["ls-tree", "-r", "-t", "-z", "--full-tree", commit],
        at=git_dir,
        transfer=Transfer(LISTING_TIMEOUT_S, listing_bytes=MAX_LISTING_BYTES),
    )
    if asked.timed_out or asked.stopped or asked.stdout.count("\0") > MAX_ENTRIES:
        raise UserError(
            f"the commit {commit} holds more files than {MAX_ENTRIES:,}, or more than can be listed",
            hint="use another commit with --ref; a few small objects can stand for billions of files",
        )
    if asked.exit_code < 0 or HOSTILE.search(asked.stderr):
        raise failure(asked, f"the commit {commit}", is_local=True)
    if asked.exit_code != 0:
        return Contents((), {}, (f"a folder (git: {quote(asked.stderr)})",))
    listed = tuple(_entries(asked.stdout))
    known = sizes(git_dir, listed)
    gaps = [e.path for e in listed if e.mode != GITLINK and e.object_id not in known]
    return Contents(listed, known, tuple(gaps))


def _entries(listing: str) -> Iterator[Entry]:
    """Yield all paths in git's order, submodules included, folders not."""
    for line in filter(None, listing.split("\0")):
        fields, _, path = line.partition("\t")
        mode, _, object_id = fields.split(" ")
        if mode != FOLDER:
            yield Entry(mode, object_id, path)


def damage(where: str, gaps: Collection[str]) -> UserError:
    """Return the error that names the first files whose content is missing."""
    named = ", ".join(list(gaps)[:FEW])
    more = f" and {len(gaps) - FEW} more" if len(gaps) > FEW else ""
    return UserError(
        f"{where} is damaged: the content of {named}{more} is missing",
        hint="use another commit with --ref, or a complete clone as --repo, not a partial clone",
    )


def lfs_pointers(
    git_dir: Path, listed: Collection[Entry], known: dict[str, int]
) -> tuple[str, ...]:
    """Return the paths whose content is a Git LFS pointer, in git's order; `known` are the sizes."""
    small = {
        entry.object_id
        for entry in listed
        if len(LFS_VERSION_LINE) < known.get(entry.object_id, 0) < LFS_POINTER_BYTES
    }
    answer = git_local(
        ["cat-file", "--batch", "--buffer"],
        at=git_dir,
        stdin_text="".join(f"{object_id}\n" for object_id in sorted(small)[:MAX_CANDIDATES]),
    )
    pointers, header = set(), ""
    for line in answer.split("\n"):
        if line == LFS_VERSION_LINE and header:
            pointers.add(header)
        header = line[:40] if _BLOB_HEADER.fullmatch(line) else ""
    return tuple(entry.path for entry in listed if entry.object_id in pointers)


def tree_of(git_dir: Path, commit: str) -> str:
    """Return git's id of the commit's files: it is the hash of their SWHID, https://www.swhid.org."""
    return git_local(["rev-parse", f"{commit}^{{tree}}"], at=git_dir).strip()


def committed_at(git_dir: Path, commit: str) -> datetime | None:
    """Return the committer's date in UTC; None if no calendar has it."""
    # Imported late: GitPython cannot be imported where git is not installed, which is ours to say in words.
    from git import Repo

    with Repo(git_dir) as repository:
        seconds = repository.commit(commit).committed_date
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
