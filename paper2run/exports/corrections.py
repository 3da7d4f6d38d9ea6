"""What a repository states wrongly of its needs: corrected where that is plain, else told.

Plain are two cases, both of `requirements.txt`: a name that only stands for another distribution, and a module that
the code imports, that nothing declares, and whose distribution was installed. Everything else is for its authors.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from paper2run.exports.run_record import RunRecord
from paper2run.exports.traces import Traces
from paper2run.knowledge.distributions import DEAD_ALIASES, distribution_for
from paper2run.model.facts import (
    CondaPackage,
    Import,
    OldName,
    Project,
    RepoFacts,
    Requirement,
    SystemPackage,
)
from paper2run.model.report import Attempt
from paper2run.model.value import Source
from paper2run.rendering.pip_steps import image_python, plan_requirements
from paper2run.text_gate import flat

REQUIREMENTS: Final = "requirements.txt"
MISSING_MODULE: Final = "missing_module"
"""The repair that adds the distribution of a module."""
LINE: Final = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<bounds>[ \t]*[=<>!~][^#;]*?)?(?P<rest>[ \t]*(?:;[^#]*)?(?:[ \t]#.*)?)"
)
"""A line of a requirements file that names one distribution."""
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
WHY_CHARS: Final = 200
BYTE_ORDER: Final = (b"\xff\xfe", b"\xfe\xff")
"""Beginnings of UTF-16, as PowerShell writes it."""


class Missing(NamedTuple):
    """A distribution that the code needs and nothing declares."""

    name: str
    why: str


class Corrections:
    """What was found, by kind."""

    def __init__(self, record: RunRecord, facts: RepoFacts, best: Attempt, traces: Traces) -> None:
        """Take a run's records, its best attempt, and what must not leave this machine."""
        self._record, self._facts, self._best, self._traces = record, facts, best, traces
        self._planned = best.planned
        resolution = best.planned.resolution
        self._pins = {pin.name: pin for pin in resolution.pins} if resolution else {}
        # A project says what it needs in its own metadata.
        self._has_project = any(one.root == "" for one in facts.of(Project))

    def of_requirements(self, content: bytes | None) -> str | None:
        """Return the corrected text of `requirements.txt`; None where it stays as it is. Line ends stay."""
        if content is None or content.startswith(BYTE_ORDER) or b"\0" in content:
            return None
        before = content.decode("utf-8", "surrogateescape")
        lines = before.split("\n")
        for place, new in self._renamed():
            at = place.line - 1
            if at < len(lines) and (fixed := _renamed_line(lines[at], new)):
                lines[at] = fixed
        after = "\n".join(lines)
        missing = () if self._has_project else self.missing()
        if missing:
            end = "\r\n" if "\r\n" in before else "\n"
            after += end if after and not after.endswith("\n") else ""
            after += "".join(f"{one.name}  # {one.why}{end}" for one in missing)
        return after if after != before else None

    def missing(self) -> tuple[Missing, ...]:
        """Return what the code imports, what nothing declares, and what the image has for it, by name."""
        declared = {fact.name for fact in self._facts.of(Requirement) if fact.group != "limit"}
        declared |= {DEAD_ALIASES.get(name, name) for name in declared}
        declared |= {canonicalize_name(fact.name) for fact in self._facts.of(CondaPackage)}
        found = dict(self._by_repairs()) | dict(self._by_imports())
        return tuple(
            # pip joins a line that ends with a backslash to the next one, a comment too.
            Missing(name, self._traces.out_of(flat(why))[:WHY_CHARS].rstrip("\\ "))
            for name, why in sorted(found.items())
            if name in self._pins and name not in declared and NAME.fullmatch(name)
        )

    def advice(self, *, corrected: bool) -> Iterator[str]:
        """Yield what the authors may want to state, one sentence each.

        `corrected`: `requirements.txt` is, so that its corrections need no word here.
        """
        yield from self._python()
        if not corrected:
            for place, new in self._renamed():
                yield f"{place}: the distribution is called {new}"
        if not corrected or self._has_project:
            for one in self.missing():
                yield f"requirement that nothing declares: {one.name} ({one.why})"
        yield from self._gone()
        for old in self._facts.of(OldName):
            if old.distribution in self._pins:
                bound = f"{old.distribution}<{old.below}"
                yield f"{bound}: {_place(old.source)} uses {old.name}, which {old.below} took away"
        yield from self._system()
        for attempt in self._repaired():
            if attempt.diagnosis and attempt.diagnosis.by != MISSING_MODULE:
                told = attempt.diagnosis
                yield f"repair of attempt {attempt.number}: {told.decision.reason} ({told.evidence})"

    def _renamed(self) -> Iterator[tuple[Source, str]]:
        """Yield the places that name a distribution by a name that installs nothing, and its name."""
        for fact in self._facts.of(Requirement):
            new = DEAD_ALIASES.get(fact.name, "")
            is_line = fact.source.kind == "file" and fact.source.path == REQUIREMENTS
            if new in self._pins and is_line and fact.source.line:
                yield fact.source, new

    def _by_imports(self) -> Iterator[tuple[str, str]]:
        """Yield distributions that the plan took for an import alone, which no other one brings, and why."""
        decided = {
            (reason.source.path, reason.source.line)
            for reason in self._planned.reasons
            if reason.topic == "dependency" and reason.source.kind == "import"
        }
        lacking = set(self._best.verification.missing_modules)
        for fact in self._facts.of(Import):
            place = (fact.source.path, fact.source.line)
            if fact.guarded or fact.where not in {"package", "script"} or place not in decided:
                continue
            guess = distribution_for(fact.module, self._pins.keys())
            pin = self._pins.get(guess.name)
            if pin is None or pin.needed_by or guess.unverified or fact.module in lacking:
                continue
            yield guess.name, f"imported by {_place(fact.source)}"

    def _by_repairs(self) -> Iterator[tuple[str, str]]:
        """Yield distributions that a repair added for a missing module, and why."""
        for attempt in self._repaired():
            found = attempt.diagnosis
            if found is None or found.by != MISSING_MODULE or found.decision.new_plan is None:
                continue
            before = attempt.planned.unpinned
            added = _names(plan_requirements(found.decision.new_plan)) - _names(
                plan_requirements(before)
            )
            place = attempt.blame.source if attempt.blame else None
            for name in sorted(added):
                yield name, " of ".join(filter(None, (found.evidence, _place(place))))

    def _repaired(self) -> Iterator[Attempt]:
        """Yield the failed attempts of the same candidate whose repair led to the best one, in order."""
        for attempt in self._record.attempts:
            is_before = attempt.number < self._best.number
            found = attempt.diagnosis
            same = attempt.planned.candidate == self._planned.candidate
            if is_before and same and found is not None and found.decision.new_plan is not None:
                yield attempt

    def _python(self) -> Iterator[str]:
        resolution = self._planned.resolution
        used = resolution.python if resolution else image_python(self._planned.plan.base_image)
        named = self._planned.named_pythons
        if not used or used in named:
            return
        said = f"the files name {', '.join(named)}" if named else "no file names a version"
        yield f"Python: {said}; it ran with {used}"

    def _gone(self) -> Iterator[str]:
        """Yield what the repository asks for and the index does not have."""
        resolution = self._planned.resolution
        if resolution is None:
            return
        places = {fact.name: fact.source for fact in reversed(self._facts.of(Requirement))}
        for name in resolution.absent:
            if name in places:
                yield f"{name} ({places[name]}): the index has no such project"
        for lock in resolution.broken_locks:
            if lock.gone:
                yield f"{lock.wanted} ({lock.source}) is not on the index; it ran with {lock.chosen}"

    def _system(self) -> Iterator[str]:
        named = {fact.name for fact in self._facts.of(SystemPackage) if not fact.called}
        named |= {fact.name for fact in self._facts.of(CondaPackage)}
        added = sorted(set(self._planned.plan.system_packages) - named)
        if added:
            yield f"packages of Debian that no file names: {', '.join(added)}"


def _renamed_line(line: str, new: str) -> str:
    """Return a line with the other name; empty if it is more than a name with bounds.

    The bounds go: they count the versions of the name that installs nothing.
    """
    body = line.rstrip("\r")
    found = LINE.fullmatch(body)
    if found is None or DEAD_ALIASES.get(canonicalize_name(found["name"])) != new:
        return ""
    why = "" if "#" in found["rest"] else f"  # {found['name']} installs nothing"
    return f"{new}{found['rest'].rstrip()}{why}{line[len(body) :]}"


def _names(requirements: tuple[str, ...]) -> set[str]:
    return {canonicalize_name(Pep508(text).name) for text in requirements}


def _place(source: Source | None) -> str:
    if source is None or not source.path:
        return ""
    return f"{source.path}:{source.line}" if source.line else source.path
