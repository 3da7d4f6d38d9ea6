"""Caches answers of the package index on disk: one JSON file per answer, written atomically.

A file that is damaged or has another version's form is discarded.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class IndexCache(Generic[T]):
    """Answers of one type below one folder, shared by all runs on a host."""

    def __init__(self, folder: Path, kind: TypeAdapter[T]) -> None:
        self._folder = folder
        self._kind = kind

    def get(self, key: str, *, newer_than: float = 0.0) -> T | None:
        """Return what is kept for `key` if it was kept after `newer_than` (seconds since 1970), else None."""
        path = self._path(key)
        try:
            if path.stat().st_mtime <= newer_than:
                return None
            return self._kind.validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            # Written by another version or damaged: asking again costs less than a wrong answer.
            return None

    def put(self, key: str, value: T) -> None:
        """Keep `value` for `key`; a reader sees the old answer or the new one, never a part."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self._kind.dump_json(value))
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _path(self, key: str) -> Path:
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self._folder / digest[:2] / f"{digest[2:34]}.json"
