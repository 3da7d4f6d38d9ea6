"""A bounded, read-only view of a checkout: the only way in which rules see files.

Nothing outside the root is ever read: symbolic links that lead out of it are not followed, and neither
are links to folders, so that no loop is walked.
"""

import codecs
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

from paper2run.model.facts import Unreadable, UnreadableCause
from paper2run.model.value import Source
from paper2run.text_gate import UNPLANNED, visible

MAX_FILES: Final = 100_000
"""Files listed; a larger tree is cut and says so."""
MAX_WALKED: Final = 10 * MAX_FILES
"""Files looked at, of which pictures and sounds are listed up to half of the limit only."""
MEDIA: Final = (
    ".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".svg", ".webp", ".wav", ".flac", ".mp3",
    ".ogg", ".mp4", ".avi", ".npy", ".npz", ".dcm", ".nii", ".nii.gz", ".obj", ".off", ".ply", ".pcd",
)  # fmt: skip
"""Endings of which a data set has a file for each of its items."""
MAX_DEPTH: Final = 100
"""Folders one in the other; people's repositories stay below 25."""
MAX_REPORTED: Final = 50
"""Folders named as not looked at; of more there is no end in a tree that somebody made to hurt."""
MAX_TEXT_BYTES: Final = 2_000_000
"""A larger file is no manifest or source that people write; it is reported, not read."""
SKIPPED_FOLDERS: Final = frozenset(
    {".git", ".hg", ".svn", "__pycache__", "node_modules", ".tox", ".venv", "site-packages"}
)
"""Folders that hold no evidence of the author's own."""
OF_AN_ENVIRONMENT: Final = frozenset(
    {"Include", "Lib", "Scripts", "bin", "include", "lib", "lib64"}
)
"""Folders of a virtual environment; where the checkout itself is one, the code lies beside them."""

SURROGATE: Final = re.compile(
    r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\U0000[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""Escapes of Python, JSON and YAML for half a character, which no text that we keep can hold."""
GLOB: Final = re.compile(r"[*?\[]")

T = TypeVar("T")


@dataclass(frozen=True)
class RepoTree:
    """The files of one checkout, in path order."""

    root: Path
    files: tuple[str, ...]
    """Paths of regular files below the root, `/`-separated, sorted."""
    truncated: bool
    odd_names: tuple[str, ...]
    """Names that are not UTF-8 or that no command may hold, odd parts escaped; such files are listed here only."""
    not_walked: tuple[Unreadable, ...] = ()
    """Folders that were not looked at, and why, in path order."""
    _texts: dict[str, str | Unreadable] = field(default_factory=dict, repr=False, compare=False)
    _derived: dict[Callable[["RepoTree"], Any], Any] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def of(cls, root: Path, *, max_files: int = MAX_FILES) -> "RepoTree":
        """Return the view of the folder `root`; what cannot be looked at is named in `not_walked`."""
        files: list[str] = []
        odd: list[str] = []
        not_walked: list[Unreadable] = []
        truncated = False
        media = 0
        for walked, path in enumerate(_walk(root, not_walked)):
            if len(files) >= max_files or walked >= MAX_WALKED:
                truncated = True
                break
            if path.lower().endswith(MEDIA):
                # A folder of pictures must not take the place of the sources that come after it.
                media += 1
                if media > max_files // 2:
                    truncated = True
                    continue
            if _is_nameable(path):
                files.append(path)
            else:
                odd.append(visible(os.fsencode(path).decode("utf-8", "backslashreplace")))
        not_walked.sort(key=lambda unread: unread.path)
        truncated = truncated or len(not_walked) > MAX_REPORTED
        return cls(
            root,
            tuple(sorted(files)),
            truncated,
            tuple(sorted(odd)),
            tuple(not_walked[:MAX_REPORTED]),
        )

    def has(self, path: str) -> bool:
        """Whether a regular file stands at exactly this path."""
        return path in self._index

    def matching(self, *patterns: str) -> tuple[str, ...]:
        """Return the paths whose file name matches one of the glob patterns, in path order, any depth."""
        by_name, globs = self._by_name, [pattern for pattern in patterns if GLOB.search(pattern)]
        found = {path for pattern in patterns for path in by_name.get(pattern, ())}
        if globs:
            wanted = re.compile("|".join(map(translate, globs))).match
            found.update(path for name in by_name if wanted(name) for path in by_name[name])
        return tuple(sorted(found))

    def below(self, folder: str) -> tuple[str, ...]:
        """Return the paths below a folder (empty for the root), in path order."""
        prefix = f"{folder}/" if folder else ""
        return tuple(path for path in self.files if path.startswith(prefix))

    def size_bytes(self, path: str) -> int:
        """Return a listed file's size; 0 if it is gone."""
        try:
            return (self.root / path).lstat().st_size
        except OSError:
            return 0

    def begin(self, path: str, size_bytes: int) -> bytes:
        """Return how a listed file begins, also a binary one; nothing where it cannot be opened."""
        try:
            with (self.root / path).open("rb") as opened:
                return opened.read(size_bytes) if self.has(path) else b""
        except OSError:
            return b""

    def read(self, path: str, *, limit_bytes: int = MAX_TEXT_BYTES) -> str | Unreadable:
        """Return a listed file's text, or why it cannot be read.

        The text is UTF-8, UTF-16 with its mark, else Latin-1; line ends become line feeds. A file that is absent,
        leads out of the tree, is binary or too large is `Unreadable`; the first call's limit holds for a file. What
        is larger than usual (notebooks) is read anew by each call, and not kept.
        """
        if limit_bytes > MAX_TEXT_BYTES:
            return self._read(path, limit_bytes)
        if path not in self._texts:
            self._texts[path] = self._read(path, limit_bytes)
        return self._texts[path]

    def text(self, path: str) -> str:
        """Return the text as `read` does, and nothing (`""`) where that is `Unreadable`."""
        content = self.read(path)
        return "" if isinstance(content, Unreadable) else content

    def once(self, derive: Callable[["RepoTree"], T]) -> T:
        """Return `derive(self)`, computed at the first call only: what several detectors need of all files."""
        if derive not in self._derived:
            self._derived[derive] = derive(self)
        derived: T = self._derived[derive]
        return derived

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """Paths by file name: most detectors ask for a few fixed names."""
        found: dict[str, list[str]] = {}
        for path in self.files:
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    @property
    def _index(self) -> frozenset[str]:
        if "_files_index" not in self.__dict__:
            object.__setattr__(self, "_files_index", frozenset(self.files))
        index: frozenset[str] = self.__dict__["_files_index"]
        return index

    def _read(self, path: str, limit_bytes: int) -> str | Unreadable:
        where = Source(kind="file", path=path)
        if not self.has(path):
            return Unreadable(path=path, cause="absent", why="not there", source=where)
        size = self.size_bytes(path)
        if size > limit_bytes:
            why = f"{size} bytes, over the limit of {limit_bytes}"
            return Unreadable(path=path, cause="too-large", why=why, source=where)
        try:
            content = (self.root / path).read_bytes()
        except OSError as error:
            why = error.strerror or "not readable"
            return Unreadable(path=path, cause="unopened", why=why, source=where)
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            # PowerShell's `pip freeze > requirements.txt` writes UTF-16, and pip reads it.
            content = content.decode("utf-16", "replace").encode()
        if b"\0" in content[:8192]:
            return Unreadable(path=path, cause="binary", why="binary", source=where)
        return _decoded(content).replace("\r\n", "\n").replace("\r", "\n")


def _walk(root: Path, not_walked: list[Unreadable]) -> Iterator[str]:
    """Yield paths of regular files and of links to regular files inside the root.

    A folder's files come before its folders. Folders that are too deep or cannot be read are added to `not_walked`.
    """
    inside = os.path.realpath(root)
    # A stack of our own: `os.walk` calls itself for each level, and a tree may be deeper than Python can call.
    waiting = [("", 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(root / folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            why = error.strerror or "not readable"
            not_walked.append(_not_walked(folder, "unopened", why))
            continue
        environment = _is_environment(root / folder, {entry.name for entry in entries})
        if environment and folder:
            continue
        prefix = f"{folder}/" if folder else ""
        yield from (prefix + entry.name for entry in entries if _is_inside(entry, inside))
        skipped = SKIPPED_FOLDERS | OF_AN_ENVIRONMENT if environment else SKIPPED_FOLDERS
        folders = (entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        below = [prefix + name for name in folders if name not in skipped]
        if depth < MAX_DEPTH:
            waiting += [(path, depth + 1) for path in reversed(below)]
        else:
            why = f"deeper than {MAX_DEPTH} folders"
            not_walked += [_not_walked(path, "limit", why) for path in below]


def _is_environment(folder: Path, names: set[str]) -> bool:
    """Whether a folder is a virtual environment of Python or of conda, committed by mistake (PEP 405)."""
    if not names.isdisjoint({"pyvenv.cfg", "conda-meta"}):
        return True
    programs = (name for name in ("bin", "Scripts") if name in names)
    return any((folder / name / "activate").is_file() for name in programs)


def _is_inside(entry: os.DirEntry[str], inside: str) -> bool:
    """Whether an entry is a regular file, or a link to one below the folder `inside`."""
    if not entry.is_symlink():
        return entry.is_file(follow_symlinks=False)
    target = os.path.realpath(entry.path)
    return target.startswith(inside + os.sep) and os.path.isfile(target)  # noqa: PTH113


def _not_walked(folder: str, cause: UnreadableCause, why: str) -> Unreadable:
    path = visible(os.fsencode(folder).decode("utf-8", "backslashreplace"))
    return Unreadable(path=path or ".", cause=cause, why=why, source=Source(kind="file"))


def _is_nameable(path: str) -> bool:
    if UNPLANNED.search(path):
        return False
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return SURROGATE.sub(r"\\ufffd", text)
