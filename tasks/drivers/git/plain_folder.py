"""Makes a commit of a folder without history: the same content always gives the same commit.

It honours the folder's own `.gitignore` files, leaves out every `.git` inside it and writes nothing
into it.
"""

import os
import stat
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from paper2run.errors import UserError
from tasks.drivers.git.git_command import git_attempt, git_local
from tasks.drivers.git.git_failures import failure
from tasks.drivers.git.mirror import BYTES_PER_MB, Mirror, too_large
from tasks.drivers.host.removal import SCRATCH

IDENTITY: Final = {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (
        ("NAME", "paper2run"),
        ("EMAIL", "paper2run@localhost"),
    )
}
"""Part of the commit, so it never changes."""
UNDATED_S: Final = 946_684_800
"""2000-01-01, seconds since 1970: the day of a commit whose day is not known."""
UNDATED: Final = f"{UNDATED_S} +0000"
MESSAGE: Final = "Content of a plain folder\n"
READ_BY_GIT: Final = (".gitignore", ".gitattributes")
"""As pipes they would hold git for ever."""
FEW: Final = 3
"""So many paths are named in an error."""
MAX_SHOWN_CHARS: Final = 300
"""Of such a path."""


class FolderCommit(NamedTuple):
    """The commit of a folder, and what a person should know of it."""

    commit: str
    notes: tuple[str, ...]


def holds_nothing(folder: Path) -> UserError:
    """Return the error of a folder without files."""
    return UserError(f"{folder} holds no files", hint="give the folder that holds the code")


def commit_folder(
    folder: Path,
    mirror: Mirror,
    max_mb: int,
    *,
    written: datetime | None = None,
    packed: bool = False,
) -> FolderCommit:
    """Return the commit, kept in the mirror, of what `folder` holds now; its day is that of `written`.

    What was `packed` by its authors is taken whole, whatever its `.gitignore` files say.

    UserError if there is no file in it, if one cannot be read, or if all together exceed `max_mb`.
    """
    found, special = _files(folder)
    for path in special:
        if Path(path).name in READ_BY_GIT:
            raise UserError(f"{folder / path} is no file", hint="remove it, or give another folder")
    kept = sorted(set(found) - (set() if packed else _ignored(folder, found, mirror)))
    if not kept:
        raise holds_nothing(folder)
    if sum((folder / path).lstat().st_size for path in kept) > max_mb * BYTES_PER_MB:
        raise too_large(str(folder), max_mb)
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as scratch:
        place = {"GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(Path(scratch, "index"))}
        listing = "".join(f"{path}\0" for path in kept)
        added = git_attempt(
            ["-C", str(folder), "update-index", "--add", "-z", "--stdin"],
            at=mirror.path,
            env=place,
            stdin_text=listing,
        )
        if added.exit_code != 0:
            raise UserError(
                f"{folder} cannot be read whole (git: {added.stderr.strip()})",
                hint="make its files readable, or exclude them by a .gitignore",
            )
        tree = git_local(["write-tree"], at=mirror.path, env=place).strip()
    dated = f"{int(written.timestamp())} +0000" if written else UNDATED
    env = {**IDENTITY, "GIT_AUTHOR_DATE": dated, "GIT_COMMITTER_DATE": dated}
    made = git_local(["commit-tree", tree], at=mirror.path, env=env, stdin_text=MESSAGE)
    mirror.keep(made.strip())
    named = os.fsencode(", ".join(special[:FEW])).decode(errors="replace")
    note = f"left out, neither files nor links: {named}"
    return FolderCommit(made.strip(), (note,) if special else ())


def _files(folder: Path) -> tuple[list[str], list[str]]:
    """Return the paths of all files and links below `folder`, and of other entries, in order."""
    kept: list[str] = []
    special: list[str] = []
    # A stack of our own: `os.walk` calls itself for each level, and a folder may be deeper than Python can call.
    waiting = [folder]
    while waiting:
        parent = waiting.pop()
        try:
            entries = [(path, path.lstat().st_mode) for path in sorted(parent.iterdir())]
        except OSError as error:
            raise _refused(error) from error
        below = []
        for path, mode in entries:
            if path.name == ".git":
                continue
            if stat.S_ISDIR(mode):
                below.append(path)
                continue
            wanted = stat.S_ISREG(mode) or stat.S_ISLNK(mode)
            (kept if wanted else special).append(str(path.relative_to(folder)))
        waiting += reversed(below)
    return kept, special


def _ignored(folder: Path, paths: list[str], mirror: Mirror) -> set[str]:
    # check-ignore instead of ls-files: that one stops at every folder that is a repository itself.
    answer = git_attempt(
        ["-C", str(folder), "check-ignore", "--no-index", "-z", "--stdin"],
        at=mirror.path,
        env={"GIT_WORK_TREE": str(folder)},
        stdin_text="".join(f"{path}\0" for path in paths),
        errors="surrogateescape",
    )
    if answer.exit_code > 1:
        raise failure(answer, str(folder), is_local=True)
    return set(filter(None, answer.stdout.split("\0")))


def _refused(error: OSError) -> UserError:
    return UserError(
        f"{str(error.filename)[:MAX_SHOWN_CHARS]} cannot be read: {error.strerror}",
        hint="make the folder readable, or give another one",
    )
