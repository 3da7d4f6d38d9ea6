"""Names a failure after what no plan brings, where other versions get past the first error.

A package that does not build and a script of another Python are a matter of the plan: a person would mend them, and
then meet what the work lacks. A class proves nothing either way.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from paper2run.model.diagnosis import Cause
from paper2run.model.environment import SmokeKind
from paper2run.model.facts import RepoFacts, TestSuite
from paper2run.model.needs import Need, NeedKind
from paper2run.model.report import Attempt, Status, Verdict
from paper2run.python.own_projects import own_projects
from paper2run.verdicts.failure_words import failure_line
from paper2run.verdicts.judgement import blamed
from paper2run.verdicts.progress import same_environment
from paper2run.verdicts.trials import as_attempt

UNPROVEN: Final[frozenset[Status]] = frozenset({"smoke-failed", "max-attempts-exhausted"})
OF_THE_PLAN: Final[frozenset[Cause]] = frozenset(
    {"build_error", "dead_dependency", "unresolvable", "unsupported_python"}
)
"""Classes of failures that other versions, or a person, get past."""
UNREAD: Final = re.compile(r"(?:Syntax|Tab|Indentation)Error: ")
"""Of a source that the chosen Python cannot read."""
OUTSIDE: Final[frozenset[Cause]] = frozenset(
    {"missing_data", "external_service", "needs_gpu", "proprietary_toolchain", "unsupported_platform"}
)  # fmt: skip
"""Classes of failures that no plan gets past."""
WORK: Final[frozenset[SmokeKind]] = frozenset({"documented", "program", "script", "notebook"})
KINDS: Final[tuple[NeedKind, ...]] = ("data", "service")
"""Needs that code shows; a GPU, a product or another system is often one way of several, or of a part."""


def with_deeper_cause(
    verdict: Verdict,
    attempts: Sequence[Attempt],
    best: Attempt,
    needs: Sequence[Need],
    facts: RepoFacts,
) -> Verdict:
    """Return the verdict with the class that lies behind its own; the verdict itself where none does.

    Another command of the work that failed in the best environment tells first, then a need that the code shows. A
    project that gets installed, and code with tests, may do without what some of its code wants.
    """  # fmt: skip
    if verdict.status not in UNPROVEN or not _is_of_the_plan(verdict, best, facts):
        return verdict
    for failed in _commands(attempts, best):
        found = blamed(failed, facts)
        if found is not None and found.cause in OUTSIDE:
            reason = f"{verdict.reason}; behind that: {failure_line(failed.changed(blame=found))}"
            return verdict.changed(cause=found.cause, reason=reason)
    if facts.of(TestSuite) or own_projects(facts):
        return verdict
    shown = [need for need in needs if not need.met and _is_of_the_code(need)]
    need = min(shown, key=lambda need: KINDS.index(need.kind), default=None)
    if need is None:
        return verdict
    reason = f"{verdict.reason}; behind that, its work needs {need.what} ({need.source})"
    return verdict.changed(cause=need.cause, reason=reason)


def _is_of_the_plan(verdict: Verdict, best: Attempt, facts: RepoFacts) -> bool:
    found = blamed(best, facts)
    unread = found is not None and UNREAD.match(found.error) is not None
    return verdict.cause in OF_THE_PLAN or (verdict.cause == "code_error" and unread)


def _is_of_the_code(need: Need) -> bool:
    """Whether a line of code shows the need; that a document names an address or a product says less."""
    return need.kind in KINDS and need.source.kind in {"file", "import"}


def _commands(attempts: Sequence[Attempt], best: Attempt) -> Iterator[Attempt]:
    """Yield the commands of the work that failed in the best attempt's environment."""
    for attempt in attempts:
        if not same_environment(attempt, best):
            continue
        for ran in (attempt, *(as_attempt(attempt, trial) for trial in attempt.trials)):
            if ran.failure is not None and ran.planned.smoke_kind in WORK:
                yield ran
