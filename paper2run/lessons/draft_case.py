"""Drafts the case folder of a repair rule from a lesson: the log, the plan before and after it.

The form is that of `tests/logs/<rule>/<case>/` (CONTRIBUTING.md). What only a person can say is marked by TODO.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from paper2run.failures.failure_log import failure_lines
from paper2run.failures.first_error import first_error, words_of
from paper2run.lessons.error_kinds import LessonKind, Seen
from paper2run.lessons.solved import changed_fields
from paper2run.model.facts import Fact, RepoFacts
from paper2run.model.lesson import Lesson
from paper2run.model.outcome import BuildFailed, SmokeFailed
from paper2run.model.report import Attempt
from paper2run.text_gate import code, fenced, prose

MAX_CASES: Final = 3
"""Drafted of a kind, each of another repository: they show what the rule must not rest on."""
WINDOWS: Final = ((40, 40), (200, 200), (1000, 1000))
"""Lines kept before and after the first error, the fewest first; more only where that error would not be found."""
MAX_FACTS: Final = 20
WORD: Final = re.compile(r"[\w./-]{3,}")
"""What of a log may be a module, a variable or a file that a fact names."""
SHOWN_SEEN: Final = 20


class DraftCase(NamedTuple):
    """The files of one case folder."""

    case: dict[str, Any]
    """`case.json`"""
    log: str
    """`log.txt`"""
    todo: str
    """`todo.md`: what is left to do, and what the model said."""


def to_draft(kind: LessonKind) -> tuple[Seen, ...]:
    """Return the lessons that get a case, the clearest of each repository; none of a plan: it has no log."""
    if kind.example.phase == "plan":
        return ()
    first: dict[str, Seen] = {}
    for one in kind.seen:
        first.setdefault(one.name, one)
    return tuple(first.values())[:MAX_CASES]


def case_names(chosen: Iterable[Seen]) -> tuple[str, ...]:
    """Return a name for the folder of each case: that of its repository, in letters for any folder."""
    names: list[str] = []
    for one in chosen:
        name = first = re.sub(r"[^a-z0-9]+", "_", one.name.lower()).strip("_") or "repository"
        number = 1
        while name in names:
            number += 1
            name = f"{first}_{number}"
        names.append(name)
    return tuple(names)


def draft_case(kind: LessonKind, one: Seen, failed: Attempt, facts: RepoFacts) -> DraftCase:
    """Return the case folder of a lesson; `failed` is the attempt that the model was asked about."""
    failure, planned, lesson = failed.failure, failed.planned, one.lesson
    assert failure is not None, "a lesson of a repair begins with a failure"
    assert lesson.before is not None, "a repair changes a plan"
    after = lesson.after.model_dump(mode="json")
    log = _log(failure)
    found = {
        "origin": f"TODO: program and version that print this log; seen in {one.name} at {one.commit[:10]}",
        "stage": lesson.phase,
        **_of_failure(failed, failure),
        "plan": _plain(lesson.before),
        "pythons": [*planned.pythons],
        "commit_day": planned.commit_day.isoformat() if planned.commit_day else None,
        "optional": [*planned.optional],
        "resolution": _plain(planned.resolution) if planned.resolution else None,
        "weaker_smokes": [_plain(choice) for choice in planned.weaker_smokes],
        "facts": [_plain(fact) for fact in _facts(lesson, facts, log)],
        "packages": {f"{file.kind} {file.name}": file.package for file in failed.system_files},
        "expected": {
            "by": kind.name,
            "decision": lesson.decision,
            "changes": {name: after[name] for name in changed_fields(lesson)},
        },
    }
    case = {name: value for name, value in found.items() if value not in (None, [], {}, False)}
    return DraftCase(case, log, _todo(kind, one))


def as_text(case: dict[str, Any]) -> str:
    """Return a case as its file has it."""
    return json.dumps(case, indent=2, ensure_ascii=False) + "\n"


def _of_failure(failed: Attempt, failure: BuildFailed | SmokeFailed) -> dict[str, Any]:
    """Return the fields of a case that only a build, or only a smoke run, has."""
    if isinstance(failure, BuildFailed):
        return {"step": failure.step, "timed_out": failure.timed_out}
    return {
        "out_of_memory": failure.out_of_memory,
        "out_of_disk": failure.out_of_disk,
        "limit": failure.limit or None,
        "releases": [_plain(release) for release in failed.releases],
    }


def _log(failure: BuildFailed | SmokeFailed) -> str:
    """Return the lines around the first error, as many as it takes to tell the same error."""
    lines = failure_lines(failure)
    number = first_error(failure, lines)
    words = words_of(failure, lines, number)
    for before, after in WINDOWS:
        kept = lines[max(number - before, 0) : number + after] if number >= 0 else lines[-after:]
        if words_of(failure, kept, first_error(failure, kept)) == words:
            return "\n".join(kept).strip("\n") + "\n"
    return "\n".join(lines).strip("\n") + "\n"


def _facts(lesson: Lesson, facts: RepoFacts, log: str) -> Iterator[Fact]:
    """Yield all facts where there are few, else at most `MAX_FACTS` that speak of what failed.

    These are of the line of code that the error is about, or have a value that the log names.
    """
    if len(facts.facts) <= MAX_FACTS:
        yield from facts.facts
        return
    source = lesson.blame.source if lesson.blame else None
    named, kept = set(WORD.findall(log)), 0
    for fact in facts.facts:
        at_the_line = source is not None and (
            (fact.source.path, fact.source.line) == (source.path, source.line)
        )
        values = fact.model_dump(mode="json", exclude={"kind", "source"}).values()
        is_named = any(isinstance(value, str) and value in named for value in values)
        if kept < MAX_FACTS and (at_the_line or is_named):
            kept += 1
            yield fact


def _todo(kind: LessonKind, one: Seen) -> str:
    lesson = one.lesson
    became = "the smoke command passed" if lesson.progress == "runs" else "the run came further"
    seen = "\n".join(
        f"- {code(other.name)} at {code(other.commit[:10])}, run {code(other.folder.name)}"
        for other in kind.seen[:SHOWN_SEEN]
    )
    more = f"\n- and {len(kind.seen) - SHOWN_SEEN} more" if len(kind.seen) > SHOWN_SEEN else ""
    return f"""# What is left to do

A draft of a case for a new repair rule (CONTRIBUTING.md, "Add a detector, a provider or a repair"). It was written from
what a model answered, which is no proof: check each point.

- [ ] **Name.** Rename the folder above and `expected.by`, both {code(kind.name)}, to the rule's name.
  Rename this folder to its situation.
- [ ] **Origin.** Write the program and its version that print the log into `origin`.
- [ ] **Log.** Trim `log.txt` to the lines that the rule reads and their surroundings. Remove what is private.
- [ ] **Plan.** `plan` is the plan that failed. Remove what the failure has nothing to do with; the same for `facts`,
  `resolution` and `packages`. Add facts of `repo_facts.json` that the rule reads.
- [ ] **Changes.** `expected.changes` is what the model changed. Reduce it to the least that helps, in the form in which
  a rule would write it; if no plan can help, make it a stop.
- [ ] **Rule.** Write `paper2run/repairs/NAME.py`, enter it in `REPAIRS`, and move the folder to `tests/logs/`.
- [ ] Delete this file.

## What the model answered

{lesson.model}, confidence {lesson.confidence}: {prose(lesson.reason)}

{fenced(chr(10).join(lesson.diff), "diff")}

After it {became} (attempt {lesson.solved_in}).

## Where this failure was seen

{code(kind.form)}

{seen}{more}
"""


def _plain(value: Any) -> dict[str, Any]:
    """Return a value as a person would write it into a case: without its defaults, but with its kind."""
    found: dict[str, Any] = value.model_dump(mode="json", exclude_defaults=True)
    return {"kind": value.kind, **found} if "kind" in type(value).model_fields else found
