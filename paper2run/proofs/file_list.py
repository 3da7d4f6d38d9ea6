"""The list of an image's files: one line a file, sorted, in a form that any program reads.

`PATH KIND MODE OWNER SIZE CONTENT`, tab-separated; the path as a JSON string without its quotes, the mode in octal, the
content a sha256 or what a link names.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

FIELDS: Final = 6


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file, folder or link of an image."""

    path: str
    """Below the root, without a leading slash."""
    kind: str
    """`file`, `folder`, `link`, `hard link`, `device` or `pipe`."""
    mode: int
    owner: str
    """`0:0`: numbers of user and group."""
    size_bytes: int
    content: str
    """sha256 of a regular file, hexadecimal; what a link names; empty for all else, and for byte code."""

    @property
    def line(self) -> str:
        """Its line in the list, without the line end."""
        words = (_escaped(self.path), self.kind, f"{self.mode:o}", self.owner)
        return "\t".join((*words, str(self.size_bytes), _escaped(self.content)))


def packed(entries: Iterable[FileEntry]) -> tuple[bytes, str]:
    """Return the list of the entries by path, gzipped, and the sha256 of its text."""
    ordered = sorted(entries, key=lambda entry: entry.path)
    text = "".join(f"{entry.line}\n" for entry in ordered).encode()
    return gzip.compress(text, mtime=0), hashlib.sha256(text).hexdigest()


def entries_of(text: str) -> Iterator[FileEntry]:
    """Yield the entries of a list's text. ValueError for a line that is none."""
    for line in text.split("\n"):
        if not line:
            continue
        words = line.split("\t")
        if len(words) != FIELDS:
            raise ValueError(f"a line of {len(words)} fields in the list of files")
        path, kind, mode, owner, size, content = words
        yield FileEntry(_plain(path), kind, int(mode, 8), owner, int(size), _plain(content))


def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


def _plain(text: str) -> str:
    return str(json.loads(f'"{text}"'))
