"""Groups lessons by what the failure is, in a form that names, versions and paths do not change."""

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Final, NamedTuple

from paper2run.lessons.solved import changed_fields
from paper2run.model.diagnosis import Blame, Cause
from paper2run.model.lesson import Lesson

GAP: Final = "…"
"""What stands for a name, a version, a path or a number."""
MAX_CHARACTERS: Final = 160
MAX_WORDS: Final = 6
"""Words of an error in the name of its kind."""
RAISED: Final = re.compile(
    r"(?:\w+\.)*(?P<name>\w*(?:Error|Exception|Warning|Exit|NotFound))(?=:|$)"
)
"""An exception's own line, with or without its module."""
PARTS: Final = re.compile(
    r"""
    [`‘](?P<odd>[^`‘'’]*)['’]                                  # gcc, ld: `main', ‘struct x’
    | (?<!\w)[bru]{0,2}(?P<quote>['"])(?:(?!(?P=quote)).)*(?P=quote)(?!\w)  # Python, npm: 'numpy'
    | \w+://\S+                                                # an address
    | [\w.+~-]*/[\w.+~/@-]*                                    # a path
    | (?<![\w-])-l[\w.+-]+                                     # ld: -lyaml
    | \w[\w.]*\(\)                                             # a function
    | \w[\w.-]*(?:\[[\w,.-]*\])?(?:,?[<>=!~]{1,3}[\w.*+!-]+)+  # a requirement: jax[cpu]>=0.2,<0.3
    | (?:(?<=symbol:\ class\ )|(?<=locate\ package\ )|(?<=found\ for\ )|(?<=make:\ )|(?<=NOT\ find\ ))
      [\w+-]+(?![\w.+-])                                       # javac, apt, pip, make, CMake: Stock
    | (?<=\(missing:\ )[^)]+                                   # CMake: GSL_LIBRARY
    | [\w+-]+(?:\.[\w+-]+)+                                    # a file, a dotted name, a version
    | \b0x[0-9a-fA-F]+\b
    | \b\w*\d\w*\b                                             # a number, a name with one
    """,
    re.VERBOSE,
)
RUN: Final = re.compile(r"…(?:[\s,;:|]*…)+")
"""Several in a row: a list of versions or of paths is as long as it likes."""
CAPITALS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Seen(NamedTuple):
    """A lesson and where it was learnt."""

    name: str
    """The repository."""
    commit: str
    folder: PurePath
    """The run folder, on this machine."""
    lesson: Lesson


class LessonKind(NamedTuple):
    """Lessons from failures of one kind."""

    name: str
    """An identifier, unique among the kinds: `todo_absent_module_no_module_named`."""
    cause: Cause | None
    """Class of the failure; None where a plan was improved and nothing failed."""
    form: str
    """The error without names, versions, paths and numbers; for plans, the fields that the model changed."""
    seen: tuple[Seen, ...]
    """The clearest first: those after which the repository ran, with the fewest changed lines."""

    @property
    def repositories(self) -> tuple[str, ...]:
        """The repositories, each once, in the order of the lessons."""
        return tuple(dict.fromkeys(one.name for one in self.seen))

    @property
    def example(self) -> Lesson:
        """The clearest lesson."""
        return self.seen[0].lesson


def kinds_of(found: Iterable[Seen]) -> tuple[LessonKind, ...]:
    """Return the kinds, those with most lessons first."""
    groups: dict[tuple[Cause | None, str], list[Seen]] = {}
    for one in found:
        blame = one.lesson.blame
        groups.setdefault((blame.cause if blame else None, form_of(one.lesson)), []).append(one)
    ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0][0] or "", item[0][1]))
    kinds: list[LessonKind] = []
    for (cause, form), seen in ranked:
        name = _name(cause, form, {kind.name for kind in kinds})
        kinds.append(LessonKind(name, cause, form, tuple(sorted(seen, key=_clearness))))
    return tuple(kinds)


def form_of(lesson: Lesson) -> str:
    """Return the form of the failure; for a plan the fields that the model changed."""
    if lesson.phase == "plan":
        return f"plan: {', '.join(changed_fields(lesson))}"
    return error_form(lesson.blame) if lesson.blame else _general(lesson.line)


def error_form(blame: Blame) -> str:
    """Return the error with a gap for everything that differs between two failures of one kind.

    An exception keeps its name; what the error is about (`pymc 2.3.6`, `flex`) is a gap however it is written.
    """
    text = blame.error
    for name in sorted({blame.about, *blame.about.split()[:1]} - {""}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", GAP, text)
    return _general(text)


def _general(text: str) -> str:
    raised = RAISED.match(text)
    head = raised["name"] if raised else ""
    text = PARTS.sub(GAP, text[raised.end() :] if raised else text)
    text = RUN.sub(GAP, text)
    return " ".join(f"{head}{text}".split())[:MAX_CHARACTERS]


def _clearness(one: Seen) -> tuple[bool, int, str, str]:
    lesson = one.lesson
    return lesson.progress == "further", len(lesson.diff), one.name, one.folder.name


def _name(cause: Cause | None, form: str, taken: set[str]) -> str:
    words = re.findall(r"[a-z]{2,}", CAPITALS.sub(" ", form).lower())[:MAX_WORDS]
    name = first = "_".join(["todo", *([cause] if cause else []), *words])
    number = 1
    while name in taken:
        number += 1
        name = f"{first}_{number}"
    return name
