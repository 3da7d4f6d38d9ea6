"""Reads a foreign git directory as data: its configuration has no effect.

Git starts programs that a repository's configuration names: fsmonitor, filters, and `remote.*.uploadpack` as soon as a
partial clone lacks an object. So git works in a directory of ours, which has the foreign objects as an alternate and
copies of the foreign refs (https://git-scm.com/docs/gitrepository-layout).
"""

import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from paper2run.errors import UserError
from tasks.drivers.git.git_command import git_attempt
from tasks.drivers.git.git_failures import failure
from tasks.drivers.host.process import Finished
from tasks.drivers.host.removal import SCRATCH

MAX_REF_BYTES: Final = 8192
"""Of a loose ref, HEAD or a pointer to another folder; a path takes 4096 bytes at most."""
MAX_TABLE_BYTES: Final = 256 * 1024 * 1024
"""Of `packed-refs`, `shallow` or a table of refs; a million refs take about 100 MB."""
MAX_CONFIG_BYTES: Final = 4 * 1024 * 1024
MAX_REFS: Final = 200_000
"""Loose refs, each a file; a repository with more has packed them."""
ALTERNATES_DEPTH: Final = 6
"""Git follows alternates of alternates five deep."""
KEPT_EXTENSIONS: Final = ("objectformat", "refstorage")
"""Of the foreign configuration, those that say how objects and refs are written; both start nothing."""
FORMAT_NAMES: Final = ("sha1", "sha256", "files", "reftable")
OUR_CONFIG: Final = (
    "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
    # Caches that a stranger may have written; the objects themselves are checked when they arrive.
    "\tcommitGraph = false\n\tmultiPackIndex = false\n"
    "[pack]\n\tuseBitmaps = false\n"
    "[uploadpack]\n\tallowAnySHA1InWant = true\n"
)
THEIR_CONFIG: Final = "their-config"


@dataclass(frozen=True)
class Foreign:
    """A foreign git directory while it is read."""

    name: str
    """The repository's folder, as people know it."""
    path: Path
    """Our git directory, which shows the foreign objects and refs; gone when the reading is over."""
    real: Path
    """The foreign one; for a linked worktree its own, which has HEAD and index."""
    common: Path
    """The foreign one that has objects and refs."""

    def ask(self, args: Sequence[str]) -> str:
        """Return what git prints, empty if it finds nothing. UserError if it cannot read the repository."""
        asked = git_attempt(args, at=self.path)
        # Ends with 1 where there is no such name, with 128 where the repository cannot be read at all.
        if asked.exit_code > 1 or asked.exit_code < 0:
            raise failure(self.in_its_words(asked), self.name, is_local=True)
        return asked.stdout.strip()

    def setting(self, name: str) -> str:
        """Return a value of the foreign configuration, as text; empty if it is not set. Nothing is included."""
        file = self.path / THEIR_CONFIG
        asked = git_attempt(
            ["config", "--file", str(file), "--no-includes", "--get", name], at=self.path
        )
        return asked.stdout.strip()

    def in_its_words(self, finished: Finished) -> Finished:
        """Return how git ended, with the foreign folder's name in place of ours."""
        return replace(finished, stderr=finished.stderr.replace(str(self.path), str(self.real)))


@contextmanager
def as_data(git_dir: Path) -> Iterator[Foreign]:
    """Let git read `git_dir`, or the target of a `.git` file; UserError if it is not a git directory."""
    real, common = _places(git_dir)
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as scratch:
        foreign = Foreign(shown(git_dir), Path(scratch, "git"), real, common)
        try:
            _check_alternates(common / "objects", ALTERNATES_DEPTH)
            _build(foreign)
        except OSError as error:
            raise UserError(
                f"{shown(git_dir)} cannot be read: {error.filename}: {error.strerror}",
                hint="make its files readable, or give another folder",
            ) from error
        yield foreign


def shown(git_dir: Path) -> str:
    """Return the name of the repository whose git directory this is."""
    return str(git_dir).removesuffix("/.git")


def _places(git_dir: Path) -> tuple[Path, Path]:
    real = git_dir
    if not git_dir.is_dir():
        pointer = _text(git_dir, MAX_REF_BYTES)
        if not pointer.startswith("gitdir:"):
            raise _no_repository(git_dir)
        real = git_dir.parent / pointer.removeprefix("gitdir:").strip()
    common = real / _text(real / "commondir", MAX_REF_BYTES).strip()
    # A link that leads nowhere is how old versions of git wrote the HEAD of an empty repository.
    has_head = (real / "HEAD").is_file() or (real / "HEAD").is_symlink()
    if not has_head or not (common / "objects").is_dir():
        raise _no_repository(git_dir)
    return real, common


def _build(foreign: Foreign) -> None:
    ours, real, common = foreign.path, foreign.real, foreign.common
    (ours / "objects/info").mkdir(parents=True)
    (ours / "refs").mkdir()
    # By a link beside it, because a path in this file would have to be quoted.
    (ours / "theirs").symlink_to((common / "objects").absolute())
    (ours / "objects/info/alternates").write_text("../theirs\n")
    (ours / "config").write_text(OUR_CONFIG)
    (ours / THEIR_CONFIG).write_bytes(_bytes(common / "config", MAX_CONFIG_BYTES))
    (ours / "HEAD").write_bytes(_head(real / "HEAD"))
    _copy_tree(common / "refs", ours / "refs", MAX_REF_BYTES)
    if (real / "reftable").is_dir():
        _copy_tree(real / "reftable", ours / "reftable", MAX_TABLE_BYTES)
    # After the loose refs: git packs a ref before it removes the loose one.
    for name in ("packed-refs", "shallow"):
        if content := _bytes(common / name, MAX_TABLE_BYTES):
            (ours / name).write_bytes(content)
    extensions = {name: foreign.setting(f"extensions.{name}") for name in KEPT_EXTENSIONS}
    lines = [f"\t{name} = {value}\n" for name, value in extensions.items() if value in FORMAT_NAMES]
    (ours / "config").write_text("".join([OUR_CONFIG, "[extensions]\n", *lines]))


def _head(path: Path) -> bytes:
    # Old versions of git wrote it as a link.
    target = str(path.readlink()) if path.is_symlink() else ""
    points_to_ref = target.startswith("refs/")
    return f"ref: {target}\n".encode() if points_to_ref else _bytes(path, MAX_REF_BYTES)


def _copy_tree(theirs: Path, ours: Path, max_bytes: int) -> None:
    """Copy the regular files below a folder; links to folders are not followed."""
    waiting, copied = [(theirs, ours)], 0
    while waiting:
        source, target = waiting.pop()
        target.mkdir(exist_ok=True)
        for entry in os.scandir(source) if source.is_dir() else ():
            if entry.is_dir(follow_symlinks=False):
                waiting.append((Path(entry.path), target / entry.name))
                continue
            copied += 1
            if copied > MAX_REFS:
                raise UserError(
                    f"{theirs} holds more than {MAX_REFS} files",
                    hint="pack them: git pack-refs --all",
                )
            if content := _bytes(Path(entry.path), max_bytes):
                (target / entry.name).write_bytes(content)


def _check_alternates(objects: Path, depth: int) -> None:
    """UserError if the list of alternates is a device or endless."""
    listed = objects / "info/alternates"
    if depth == 0 or not os.path.lexists(listed):
        return
    for line in _text(listed, MAX_CONFIG_BYTES, must_be_file=True).split("\n"):
        if line.strip() and not line.startswith("#"):
            _check_alternates(objects / line.strip(), depth - 1)


def _text(path: Path, max_bytes: int, *, must_be_file: bool = False) -> str:
    return os.fsdecode(_bytes(path, max_bytes, must_be_file=must_be_file))


def _bytes(path: Path, max_bytes: int, *, must_be_file: bool = False) -> bytes:
    """Return the content of a regular file; empty if it is absent or not a regular file.

    UserError if it is larger than `max_bytes`, or if `must_be_file` and it is not a regular file.
    """
    try:
        # Without waiting: opening a pipe without a writer would hang.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            if must_be_file:
                raise UserError(
                    f"{path} is no file",
                    hint="give a complete clone as --repo, or plain files without a .git",
                )
            return b""
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise UserError(
            f"{path} is larger than {max_bytes} bytes",
            hint="give a complete clone as --repo, or plain files without a .git",
        )
    return content


def _no_repository(git_dir: Path) -> UserError:
    return UserError(
        f"{shown(git_dir)} is not a git repository: its .git is damaged",
        hint="give a repository that git can read, or plain files without a .git",
    )
