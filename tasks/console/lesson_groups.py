"""Gathers the lessons of run folders by kind, prints them, and writes draft cases of repair rules."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from paper2run.errors import UserError
from paper2run.formats.plurals import counted
from paper2run.lessons.draft_case import DraftCase, as_text, case_names, draft_case, to_draft
from paper2run.lessons.error_kinds import LessonKind, Seen, kinds_of
from paper2run.settings import Settings
from paper2run.text_gate import visible
from tasks.console.run_exports import read_run, refuse_existing, traces_in
from tasks.console.run_list import RECORD
from tasks.console.tables import print_table
from tasks.drivers.host.removal import remove_tree
from tasks.lesson_record import read_lessons
from tasks.running.records import WRITING, RunFolder, read_facts_of, write_whole

PLACES: Final = (f"*/{RECORD}", f"runs/*/{RECORD}", f"*/runs/*/{RECORD}")
"""Of the runs below a folder of runs, a batch, and a folder of runs with batches in it."""
SHOWN_REPOSITORIES: Final = 4
SHOWN_CHANGES: Final = 4
SHOWN_CHARACTERS: Final = 160


class Gathered(NamedTuple):
    """The lessons of some run folders."""

    kinds: tuple[LessonKind, ...]
    runs: int
    """Run folders that were looked at."""
    unread: tuple[str, ...]
    """Why lessons could not be read, of runs that a batch or a folder of runs holds."""


def gather_lessons(folders: Sequence[Path]) -> Gathered:
    """Return the lessons of run folders, batch folders and folders of runs, each run once.

    UserError if one is none of these, or if the lessons of a run that was named itself cannot be read.
    """
    runs: dict[Path, bool] = {}
    for folder in folders:
        for run, is_named in _runs_of(folder):
            runs[run] = runs.get(run, False) or is_named
    seen: list[Seen] = []
    unread: list[str] = []
    for run, is_named in runs.items():
        try:
            record = read_lessons(run)
        except UserError as error:
            if is_named:
                raise
            unread.append(error.what)
            continue
        if record is not None:
            seen += [Seen(record.name, record.commit, run, lesson) for lesson in record.lessons]
    return Gathered(kinds_of(seen), len(runs), tuple(unread))


def _runs_of(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Yield the run folders in a folder, or itself, and whether it was named itself. UserError if none."""
    if not folder.is_dir():
        raise UserError(
            f"{folder} is not a folder",
            hint="name run folders, batch folders, or a folder of runs; `paper2run list` shows runs",
        )
    if (folder / RECORD).is_file():
        yield folder.resolve(), True
        return
    found = sorted({path.parent.resolve() for place in PLACES for path in folder.glob(place)})
    if not found:
        raise UserError(
            f"no run is in {folder}",
            hint="name run folders, batch folders, or a folder of runs; `paper2run list` shows runs",
        )
    yield from ((run, False) for run in found)


def write_drafts(
    kinds: Sequence[LessonKind], out: Path, settings: Settings
) -> dict[str, tuple[Path, ...]]:
    """Return the case folders that were written below `out`, by kind; kinds of plans have none.

    Each kind appears whole or not at all. UserError if something is there already, before anything is written.
    """
    wanted = {kind.name: kind for kind in kinds if to_draft(kind)}
    for name in wanted:
        refuse_existing(out / name)
    drafts = {name: _draft_cases(kind, settings) for name, kind in wanted.items()}
    return {name: _write(out, name, cases) for name, cases in drafts.items()}


def _draft_cases(kind: LessonKind, settings: Settings) -> dict[str, DraftCase]:
    """Return the cases of a kind by the name of their folder, without traces of this machine."""
    chosen = to_draft(kind)
    return {
        name: _draft_case(kind, one, settings)
        for name, one in zip(case_names(chosen), chosen, strict=True)
    }


def _draft_case(kind: LessonKind, one: Seen, settings: Settings) -> DraftCase:
    folder = Path(one.folder)
    record = read_run(folder)
    failed = next((each for each in record.attempts if each.number == one.lesson.attempt), None)
    if failed is None or failed.failure is None:
        raise UserError(
            f"{folder} does not have the failed attempt {one.lesson.attempt} of its lesson",
            hint="leave this folder out, or run the repository again",
        )
    try:
        made = draft_case(kind, one, failed, read_facts_of(RunFolder(folder)))
    except (OSError, ValidationError):
        raise UserError(
            f"{folder} has no repo_facts.json of this version", hint="run the repository again"
        ) from None
    traces = traces_in(record, folder, settings)
    case: Any = traces.out_of_value(made.case)
    return DraftCase(case, traces.out_of(made.log), traces.out_of(made.todo))


def _write(out: Path, name: str, cases: Mapping[str, DraftCase]) -> tuple[Path, ...]:
    out.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=WRITING, dir=out))
    try:
        for case, made in cases.items():
            write_whole(part / case / "case.json", as_text(made.case))
            write_whole(part / case / "log.txt", made.log)
            write_whole(part / case / "todo.md", made.todo)
        part.chmod(0o755)
        part.rename(out / name)
    finally:
        if part.exists():
            remove_tree(part)
    return tuple(out / name / case for case in cases)


def as_record(kind: LessonKind, cases: Sequence[Path]) -> dict[str, Any]:
    """Return a kind for programs: its lessons with their run folders, and the cases that were written."""
    return {
        "kind": kind.name,
        "cause": kind.cause,
        "form": kind.form,
        "count": len(kind.seen),
        "repositories": list(kind.repositories),
        "lessons": [
            {"repository": one.name, "commit": one.commit, "folder": str(one.folder)}
            | one.lesson.model_dump(mode="json")
            for one in kind.seen
        ],
        "cases": list(map(str, cases)),
    }


def print_lessons(console: Console, found: Gathered) -> None:
    """Print a table of the kinds, those with most lessons first."""
    table = Table(box=None, pad_edge=False)
    for heading in ("kind", "count", "repositories", "error", "what solved it"):
        table.add_column(heading, overflow="fold")
    for kind in found.kinds:
        cells = (kind.name, str(len(kind.seen)), *_cells(kind))
        table.add_row(*(Text("\n".join(map(visible, cell.split("\n")))) for cell in cells))
    if found.kinds:
        print_table(console, table)
    lessons, runs = sum(len(kind.seen) for kind in found.kinds), counted(found.runs, "run")
    told = f"{counted(lessons, 'lesson')} of {counted(len(found.kinds), 'kind')} in {runs}"
    if not lessons:
        told = f"no lesson in {runs}: no answer of a model moved one on"
    console.print(told, soft_wrap=True, markup=False)


def _cells(kind: LessonKind) -> tuple[str, str, str]:
    """Return the repositories, the example's error, and what solved it, each shortened."""
    lesson, names = kind.example, kind.repositories
    shown = [*names[:SHOWN_REPOSITORIES], *_more(len(names) - SHOWN_REPOSITORIES)]
    error = lesson.blame.error if lesson.blame else lesson.line or kind.form
    changes = [change[:SHOWN_CHARACTERS] for change in lesson.diff[:SHOWN_CHANGES]]
    changes += _more(len(lesson.diff) - SHOWN_CHANGES)
    return (
        "\n".join(shown),
        error[:SHOWN_CHARACTERS],
        "\n".join(changes) or "a plan where the rules had none",
    )


def _more(number: int) -> list[str]:
    return [f"and {number} more"] if number > 0 else []
