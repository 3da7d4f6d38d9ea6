"""Inspects a folder that the user gave: is it a git repository, its origin, uncommitted changes.

The folder's own git configuration can name programs (fsmonitor, filters), so it is read as data
(`git_foreign`), and our mirror's git directory compares its files, with a copy of its index.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from paper2run.errors import UserError
from paper2run.source import LocalSource, meant_address
from tasks.drivers.git.git_command import Transfer, git_attempt
from tasks.drivers.git.git_foreign import Foreign
from tasks.drivers.host.removal import SCRATCH

MAX_INDEX_BYTES: Final = 256 * 1024 * 1024
"""Two million files; a hostile archive could fill the disk with a larger one."""
LOOK_TIMEOUT_S: Final = 120.0
"""Enough for a note. A pipe named `.gitignore` would block git for ever."""
FEW: Final = 3
"""So many changed paths are named."""


def existing_folder(source: LocalSource) -> Path:
    """Return the absolute path of the folder; UserError if there is none."""
    folder = Path(source.path).expanduser().resolve()
    if folder.is_dir():
        return folder
    problem = "is a file, not a folder" if folder.exists() else "does not exist"
    address = meant_address(source.path, Path.cwd(), lambda path: Path(path).exists())
    hint = (
        f"did you mean {address}?"
        if address
        else "give an existing folder, an address or owner/name"
    )
    raise UserError(f"{source.path} {problem}", hint=hint)


def existing_archive(given: str) -> Path:
    """Return the path of the archive, which may be a folder of such a name; UserError if there is neither."""
    path = Path(given)
    if path.exists():
        return path
    raise UserError(f"{given} does not exist", hint="give an existing archive or folder")


def git_directory(folder: Path) -> Path | None:
    """Return the git directory (or the file that points to it) of a repository; None for a plain folder."""
    if (folder / ".git").exists():
        return folder / ".git"
    is_bare = (folder / "HEAD").is_file() and all(
        (folder / name).is_dir() for name in ("objects", "refs")
    )
    return folder if is_bare else None


def origin(folder: Path, foreign: Foreign) -> str:
    """Return the address from which a local repository was cloned; its own path if it has none."""
    return foreign.setting("remote.origin.url") or str(folder)


def uncommitted(folder: Path, commit: str, mirror: Path, foreign: Foreign) -> str:
    """Return a note that names changed and untracked files; empty if there are none.

    Empty too if `commit` is not checked out.
    """
    index, exclude = foreign.real / "index", foreign.common / "info/exclude"
    is_bare = folder == foreign.real
    if is_bare or foreign.ask(["rev-parse", "HEAD"]) != commit or not _is_file(index):
        return ""
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as scratch:
        # With its time, which git compares with the files' times to find unnoticed changes.
        copy = shutil.copy2(index, Path(scratch, "index"))
        env = {"GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(copy)}
        own = [f"--exclude-from={exclude}"] if _is_file(exclude) else []
        refresh = ["update-index", "-q", "--refresh"]
        changed = ["diff-index", "--name-only", "--ignore-submodules", "-z", commit]
        new = ["ls-files", "-z", "--others", "--exclude-standard", "--directory", *own]
        listed = ""
        for args in (refresh, changed, new):
            looked = git_attempt(
                ["-C", str(folder), *args], at=mirror, env=env, transfer=Transfer(LOOK_TIMEOUT_S)
            )
            if looked.timed_out:
                return "uncommitted changes are left out; git could not tell which in time"
            listed += "" if args is refresh else looked.stdout
    paths = sorted(set(filter(None, listed.split("\0"))))
    more = f" and {len(paths) - FEW} more" if len(paths) > FEW else ""
    named = ", ".join(paths[:FEW]) + more
    return f"uncommitted changes are left out: {named}" if paths else ""


def _is_file(path: Path) -> bool:
    """True for a regular file, also behind a link, of a size that is worth reading."""
    return path.is_file() and path.stat().st_size <= MAX_INDEX_BYTES
