"""Looks at a folder that the user gave: whether it is a git repository, where it came from, what is uncommitted.

The folder's own git configuration can name programs (fsmonitor, filters), so its files are compared by our
mirror's git directory with a copy of its index.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from paper2run.errors import UserError
from paper2run.source import LocalSource
from tasks.drivers.git_command import LOCAL_TIMEOUT_S, Transfer, git_attempt, git_remote
from tasks.drivers.leftovers import SCRATCH

FEW: Final = 3
"""So many changed paths are named."""


def existing_folder(source: LocalSource) -> Path:
    """Return the absolute path of the folder; UserError if there is none."""
    folder = Path(source.path).expanduser().resolve()
    if folder.is_dir():
        return folder
    problem = "is a file, not a folder" if folder.exists() else "does not exist"
    raise UserError(
        f"{source.path} {problem}",
        next_step="Give a folder; an address of the web needs its https://.",
    )


def git_directory(folder: Path) -> Path | None:
    """Return the git directory (or the file that points to it) of a repository; None for a plain folder."""
    if (folder / ".git").exists():
        return folder / ".git"
    is_bare = (folder / "HEAD").is_file() and all(
        (folder / name).is_dir() for name in ("objects", "refs")
    )
    return folder if is_bare else None


def origin(folder: Path) -> str:
    """Return the address from which a local repository was cloned; its own path if it has none."""
    git_dir = git_directory(folder)
    asked = git_remote(
        ["config", "--get", "remote.origin.url"], Transfer(LOCAL_TIMEOUT_S), at=git_dir
    )
    return asked.stdout.strip() or str(folder)


def uncommitted(folder: Path, commit: str, mirror: Path) -> str:
    """Return a note that names changed and untracked files; empty if there are none or `commit` is not checked out."""
    git_dir = git_directory(folder)
    if git_dir is None or git_dir == folder:
        return ""
    ask = ["rev-parse", "HEAD", "--absolute-git-dir"]
    head, _, real = git_remote(ask, Transfer(LOCAL_TIMEOUT_S), at=git_dir).stdout.partition("\n")
    index = Path(real.strip(), "index")
    if head != commit or not index.is_file():
        return ""
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as scratch:
        # With its time: git compares that with the files' times to see which may have changed unnoticed.
        copy = shutil.copy2(index, Path(scratch, "index"))
        env = {"GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(copy)}
        exclude = Path(real.strip(), "info", "exclude")
        own = [f"--exclude-from={exclude}"] if exclude.is_file() else []
        here = ["-C", str(folder)]
        git_attempt([*here, "update-index", "-q", "--refresh"], at=mirror, env=env)
        changed = [*here, "diff-index", "--name-only", "--ignore-submodules", "-z", commit]
        new = [*here, "ls-files", "-z", "--others", "--exclude-standard", "--directory", *own]
        listed = [git_attempt(args, at=mirror, env=env).stdout for args in (changed, new)]
    paths = sorted(set(filter(None, "".join(listed).split("\0"))))
    more = f" and {len(paths) - FEW} more" if len(paths) > FEW else ""
    named = ", ".join(paths[:FEW]) + more
    return f"uncommitted changes are left out: {named}" if paths else ""
