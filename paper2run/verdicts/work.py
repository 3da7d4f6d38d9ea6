"""Judges what ran of the work beside the command that passed: documented commands, else scripts."""

import re
from collections.abc import Sequence
from typing import Final

from paper2run.model.diagnosis import Blame, Diagnosis
from paper2run.model.environment import SmokeKind
from paper2run.model.facts import RepoFacts
from paper2run.model.grade import Grade
from paper2run.model.needs import Need
from paper2run.model.report import Attempt
from paper2run.python.own_projects import own_projects
from paper2run.smoke.grading import grade_of, passed_tests, ran_some_tests
from paper2run.verdicts.judgement import blamed, proven_by, stopped_import, stops_in
from paper2run.verdicts.progress import same_environment
from paper2run.verdicts.table import WORKS
from paper2run.verdicts.trials import as_attempt

SCRIPTS: Final[frozenset[SmokeKind]] = frozenset({"script", "program", "notebook", "side-script"})
"""Commands that start what no document names."""
BROKEN: Final = re.compile(
    r"(?:NameError|UnboundLocalError|ImportError|ModuleNotFoundError|SyntaxError|IndentationError|TabError): "
    r"|AttributeError: (?!'NoneType')|TypeError: .*(?:unexpected keyword argument|positional argument)"
)
"""Errors of code that does not fit itself or its libraries, whatever input it gets."""


def failed_work(attempts: Sequence[Attempt], best: Attempt, facts: RepoFacts) -> Attempt | None:
    """Return the command of the work that a wrong environment or a fault of the code ended.

    None unless all documented commands, or without any all scripts, failed where what passed loads the code or prints
    its help; and for a project that gets installed, whose documents show one use of many. A command that wants
    arguments, or input that it names itself, tells nothing: most have to fail from something else.
    """
    if grade_of(best) in WORKS or own_projects(facts):
        return None
    ran = _commands_in(attempts, best)
    documented = [each for each in ran if each.planned.smoke_kind == "documented"]
    work = documented or [each for each in ran if each.planned.smoke_kind in SCRIPTS]
    if any(each.succeeded for each in work):
        return None
    blames = [each.changed(blame=blamed(each, facts)) for each in work]
    telling = [one for one in blames if one.blame and _tells(one, one.blame)]
    broken = [one for one in telling if one.blame and BROKEN.match(one.blame.error)]
    if broken and documented:
        return broken[0]
    return next(iter(broken or telling)) if 2 * len(telling) > len(work) else None


def _tells(failed: Attempt, found: Blame) -> bool:
    """Whether a failure is of the work, not of its call: for want of arguments, or of a file in them.

    A script that no document names may be a side of the work, and lack what that lacks.
    """
    if failed.planned.smoke_kind == "side-script":
        return BROKEN.match(found.error) is not None
    if found.cause == "missing_data":
        return found.about.rpartition("/")[2] not in failed.planned.plan.smoke_command
    return found.cause != "missing_entrypoint"


def proven_beside(
    grade: Grade,
    needs: Sequence[Need],
    attempts: Sequence[Attempt],
    best: Attempt,
    facts: RepoFacts,
) -> Diagnosis | None:
    """Return the stop that a command beside the best one's proves; `grade` is what the best one shows."""
    # Tests that pass as a rung show more than the command of the same attempt.
    if best.succeeded and grade != "tests" and (found := documented_stop(attempts, best, facts)):
        return found
    if grade not in WORKS and (found := proven_by(needs, attempts, best, facts)):
        return found
    unjudged = grade == "none" and attempts[-1].diagnosis is None
    return stopped_import(attempts, best, facts) if unjudged else None


def documented_stop(
    attempts: Sequence[Attempt], best: Attempt, facts: RepoFacts
) -> Diagnosis | None:
    """Return the stop of documented work that failed whole, where only another script passed.

    None for a project that gets installed, whose documents show one use of many.
    """
    if best.planned.smoke_kind not in SCRIPTS or own_projects(facts):
        return None
    alike = [attempt for attempt in attempts if same_environment(attempt, best)]
    ran = _commands_in(attempts, best)
    if any(each.succeeded and each.planned.smoke_kind == "documented" for each in ran):
        return None
    return next(
        (
            found
            for failed, found in stops_in(alike, facts)
            if failed.planned.smoke_kind == "documented" and found.excludes != "this-plan"
        ),
        None,
    )


def stop_in(failed: Attempt, facts: RepoFacts) -> Diagnosis | None:
    """Return the stop by which a command ended, if it excludes more than the plan."""
    found = (found for _, found in stops_in([failed], facts) if found.excludes != "this-plan")
    return next(found, None)


def passed_beside(attempts: Sequence[Attempt], best: Attempt) -> int:
    """Return how many tests passed, before others failed, in the best attempt's environment."""
    alike = [attempt for attempt in attempts if same_environment(attempt, best)]
    ran = [(a.planned.plan.smoke_command, a.smoke) for a in alike if a.smoke is not None]
    ran += [(trial.choice.command, trial.outcome) for a in alike for trial in a.trials]
    return max(
        (passed_tests(outcome.log) for command, outcome in ran if ran_some_tests(command, outcome)),
        default=0,
    )


def _commands_in(attempts: Sequence[Attempt], best: Attempt) -> list[Attempt]:
    """Return all commands that ran in the best attempt's environment, each as an attempt of its own."""
    alike = [attempt for attempt in attempts if same_environment(attempt, best)]
    return [each for one in alike for each in (one, *(as_attempt(one, t) for t in one.trials))]
