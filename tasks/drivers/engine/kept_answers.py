"""Answers of the network on disk, by what was asked.

Runs inside build steps, as download_server.py says.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any, NamedTuple


class Asked(NamedTuple):
    """What a client asks for."""

    method: str
    url: str
    """Without a login."""
    accept: str
    """Kinds of content, as the header `Accept` names them."""
    part: str
    """The header `Range`; empty for the whole."""
    body: bytes

    def key(self, *, of_any_kind: bool = False) -> str:
        """Return the name under which the answer is kept; or the one for content of any kind."""
        accept = None if of_any_kind else self.accept
        said = [self.method, self.url, self.part, hashlib.sha256(self.body).hexdigest(), accept]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


class Store:
    """Answers by what was asked, below a folder: `exchanges/<key>.json` and `bodies/<sha256>`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self) -> None:
        """Make the folders."""
        for name in ("exchanges", "bodies", "hosts"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def find(self, asked: Asked) -> dict[str, Any] | None:
        """Return the answer to this question, else to the one for another kind of content; None without any."""
        for key in (asked.key(), asked.key(of_any_kind=True)):
            path = self.folder / "exchanges" / f"{key}.json"
            if path.is_file():
                found: dict[str, Any] = json.loads(path.read_text("utf-8"))
                return found
        return None

    def part(self) -> Path:
        """Return a new file's path for a body that is being written."""
        return self.folder / "bodies" / f".part-{secrets.token_hex(8)}"

    def keep(self, asked: Asked, answer: dict[str, Any], part: Path, sha256: str) -> None:
        """Keep an answer whose body was written to `part`."""
        part.replace(self.folder / "bodies" / sha256)
        said = {"method": asked.method, "url": asked.url, "body": sha256, **answer}
        text = json.dumps(said, sort_keys=True)
        for key in (asked.key(), asked.key(of_any_kind=True)):
            new = self.folder / "exchanges" / f".part-{secrets.token_hex(8)}"
            new.write_text(text, "utf-8")
            new.replace(self.folder / "exchanges" / f"{key}.json")
