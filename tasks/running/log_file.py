"""A log that grows while something runs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from paper2run.redaction import redact
from tasks.running.progress_log import PROGRESS


class LogFile:
    """A log on disk that grows line by line and shows its last line as progress; bounded in bytes."""

    LIMIT_BYTES: Final = 50_000_000

    def __init__(self, path: Path, secrets: Iterable[str] = ()) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace")
        self._secrets = tuple(secrets)
        self._written = 0

    def __enter__(self) -> "LogFile":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def line(self, text: str) -> None:
        """Add one line without the secrets; beyond the limit only the terminal shows it."""
        text = redact(text, self._secrets)
        if self._written < self.LIMIT_BYTES:
            self._file.write(text + "\n")
            self._file.flush()
            self._written += len(text) + 1
        PROGRESS.debug(text)
