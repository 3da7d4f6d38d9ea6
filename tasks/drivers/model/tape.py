"""Keeps a model's answers and looks in a folder, and plays them back to the same question.

An answer on a tape is hostile input like any other: it passes the same checks. What differs from run to run without
meaning (times, addresses in memory, temporary names, digests) does not make a question another one.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field, ValidationError

from paper2run.errors import UserError
from paper2run.model.usage import Purpose
from paper2run.model.value import Value
from paper2run.planners.looks import Look
from paper2run.planners.message import Message
from paper2run.settings import Settings

T = TypeVar("T")

MAX_BYTES: Final = 2_000_000
"""Of a file on the tape: a question has about 70,000, its answer 8,000."""
MAX_LINES: Final = 5000
"""Of what one look shows; it is cut further before a model reads it."""
RECORD_ANEW: Final = (
    "remove the file, and ask the model again with the folder alone in PAPER2RUN_MODEL_TAPE"
)
SHORT: Final = 16
"""Letters of a digest that name a file; a person who writes an answer needs no more."""
VOLATILE: Final = (
    (re.compile(r"(</?data-[\w]+-)[0-9a-f]{8}>"), r"\1>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,]*(?:Z|[+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"), "TIME"),
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:m?s|seconds?|sec|minutes?)\b"), "DURATION"),
    (re.compile(r"\b\d+(?:\.\d+)? ?[kKMG]i?B/s\b"), "SPEED"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "ADDRESS"),
    (re.compile(r"/tmp/[\w.-]+"), "/tmp/NAME"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "DIGEST"),
)
"""What differs between two runs of the same, and what stands for it in a question's digest."""


class Told(Value):
    """One message of a question."""

    role: Literal["system", "user", "assistant"]
    content: str


class Taped(Value):
    """One answer on a tape."""

    model: str
    purpose: Purpose
    digest: str
    """Of the question, as `digest_of` has it: what the file is named for."""
    text: str
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    question: tuple[Told, ...] = ()
    """For people; where it is there it has to have the digest. Empty in an answer that a person wrote."""


class Seen(Value):
    """What one look showed, into index, Debian's lists or image."""

    digest: str
    """Of the question and the look."""
    lines: Annotated[tuple[str, ...], Field(max_length=MAX_LINES)]


class Window(Value):
    """How much a model reads at once, which decides what it is asked."""

    model: str
    window_tokens: int


@dataclass(frozen=True)
class Tape:
    """A folder with one file for each answer."""

    folder: Path
    model: str
    is_played_only: bool

    @classmethod
    def of(cls, settings: Settings) -> "Tape | None":
        """Return the tape that the settings name; UserError if one that is only played is not there."""
        folder = settings.tape_folder
        if folder is None:
            return None
        if settings.is_tape_played_only and not folder.is_dir():
            raise UserError(
                f"there is no tape {folder}", hint="name a folder in PAPER2RUN_MODEL_TAPE"
            )
        return cls(folder, settings.planner_model, settings.is_tape_played_only)

    def played(self, purpose: Purpose, messages: Sequence[Message]) -> Taped | None:
        """Return the answer to the question; None if there is none and the model may be asked.

        UserError for a file that is no answer to this question, and on a tape that is only played for want of one.
        """
        digest = digest_of(self.model, purpose, messages)
        path = self._path(purpose, digest)
        if not path.exists() and not path.is_symlink():
            if self.is_played_only:
                raise UserError(
                    f"the tape {self.folder} has no answer of {self.model} to this question: {path.name}",
                    hint="its rules, prompt or log have changed since: record it anew, with PAPER2RUN_MODEL_TAPE"
                    f"={self.folder}",
                )
            return None
        found = _read(path, Taped.model_validate_json)
        asked = [Message(told.role, told.content) for told in found.question]
        meant = digest_of(found.model, found.purpose, asked) if asked else found.digest
        if {found.digest[:SHORT], meant[:SHORT]} != {digest[:SHORT]}:
            raise UserError(f"{path} answers another question", hint=RECORD_ANEW)
        return found

    def keep(
        self,
        purpose: Purpose,
        messages: Sequence[Message],
        clean: Callable[[str], str],
        **answer: object,
    ) -> None:
        """Write an answer with its question, without our secrets, which `clean` removes."""
        digest = digest_of(self.model, purpose, messages)
        record = {
            "model": self.model,
            "purpose": purpose,
            "digest": digest,
            **answer,
            "question": [asdict(message) for message in messages],
        }
        self._write(
            self._path(purpose, digest), clean(json.dumps(record, indent=1, ensure_ascii=False))
        )

    def seen(
        self, purpose: Purpose, messages: Sequence[Message], look: Look
    ) -> tuple[str, ...] | None:
        """Return what a look showed when the tape was made; None if it was not taken then.

        UserError for a file that is no such record.
        """
        digest = self._digest_of_look(purpose, messages, look)
        path = self._look_path(digest)
        if not path.exists() and not path.is_symlink():
            return None
        found = _read(path, Seen.model_validate_json)
        if found.digest != digest:
            raise UserError(f"{path} is of another look", hint=RECORD_ANEW)
        return found.lines

    def keep_seen(
        self, purpose: Purpose, messages: Sequence[Message], look: Look, lines: Sequence[str]
    ) -> None:
        """Write what a look showed, for a world that has moved on; a tape that is only played stays as it is."""
        if self.is_played_only:
            return
        digest = self._digest_of_look(purpose, messages, look)
        seen = Seen(digest=digest, lines=tuple(lines[:MAX_LINES]))
        self._write(self._look_path(digest), seen.model_dump_json(indent=1))

    def window_tokens(self) -> int | None:
        """Return what the model read at once when the tape was made; None on a new one."""
        path = self._window_path()
        return _read(path, Window.model_validate_json).window_tokens if path.exists() else None

    def keep_window(self, window_tokens: int) -> None:
        """Note how much the model reads at once."""
        window = Window(model=self.model, window_tokens=window_tokens)
        self._write(self._window_path(), window.model_dump_json(indent=1))

    def _path(self, purpose: Purpose, digest: str) -> Path:
        return self.folder / f"{purpose}-{digest[:SHORT]}.json"

    def _digest_of_look(self, purpose: Purpose, messages: Sequence[Message], look: Look) -> str:
        asked = Message("assistant", look.model_dump_json())
        return digest_of(self.model, purpose, [*messages, asked])

    def _look_path(self, digest: str) -> Path:
        return self.folder / f"look-{digest[:SHORT]}.json"

    def _window_path(self) -> Path:
        return self.folder / f"window-{hashlib.sha256(self.model.encode()).hexdigest()[:16]}.json"

    def _write(self, path: Path, text: str) -> None:
        """Write a file of the tape atomically. UserError if the folder cannot be written to."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", errors="replace", dir=self.folder, delete=False
            ) as file:
                file.write(text)
            Path(file.name).replace(path)
        except OSError as error:
            raise UserError(
                f"cannot write to the tape {self.folder}: {error.strerror}",
                hint="name another folder in PAPER2RUN_MODEL_TAPE",
            ) from error


def digest_of(model: str, purpose: Purpose, messages: Sequence[Message]) -> str:
    """Return the digest of a question without what differs from run to run."""
    text = json.dumps(
        [model, purpose, *([one.role, one.content] for one in messages)], ensure_ascii=False
    )
    for pattern, name in VOLATILE:
        text = pattern.sub(name, text)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def tape_state(settings: Settings) -> str:
    """Return what tells one state of the settings' tape from another, for cache keys; empty without one."""
    folder = settings.tape_folder
    if folder is None or not settings.planner_model:
        return ""
    rows = sorted(
        f"{path.name} {stat.st_size} {stat.st_mtime_ns}"
        for path in folder.glob("*.json")
        for stat in (os.lstat(path),)
    )
    return hashlib.sha256("\n".join(rows).encode("utf-8", "replace")).hexdigest()[:16]


def _read(path: Path, parse: Callable[[bytes], T]) -> T:
    """Return what a file of the tape holds. UserError if it is none."""
    try:
        if path.is_symlink() or not path.is_file():
            raise UserError(f"{path} is no plain file", hint=RECORD_ANEW)
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise UserError(f"{path} is larger than {MAX_BYTES} bytes", hint=RECORD_ANEW)
        return parse(content)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", hint=RECORD_ANEW) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "its text"
        raise UserError(
            f"{path} is no answer of a tape: {where}: {first['msg']}", hint=RECORD_ANEW
        ) from error
