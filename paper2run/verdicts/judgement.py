"""Judges a failed attempt by the rules, given the attempts before it; it never gives an answer twice."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.failures.failed_attempt import FailedAttempt
from paper2run.failures.failure_log import failure_lines, telling_line
from paper2run.failures.gone_names import gone_modules
from paper2run.failures.wanted_files import WantedFile
from paper2run.model.diagnosis import Blame, Cause, Diagnosis, DiagnosisDecision
from paper2run.model.environment import SmokeKind
from paper2run.model.facts import Import, RepoFacts
from paper2run.model.grade import GRADES
from paper2run.model.needs import Need
from paper2run.model.outcome import BuildFailed, SmokeFailed
from paper2run.model.report import Attempt, Verdict
from paper2run.model.value import Source
from paper2run.python.own_projects import own_projects
from paper2run.smoke.grading import grade_of
from paper2run.verdicts.experiments import PlannedExperiment, around
from paper2run.verdicts.progress import of_candidate, place_of, same_environment
from paper2run.verdicts.table import holds
from paper2run.verdicts.trials import as_attempt

STARTS: Final[frozenset[SmokeKind]] = frozenset(
    {"import", "console-script", "documented", "program"}
)
"""Commands that load the code itself: where none passes and one of these ends in a stop, the code cannot be used."""


OF_THE_SYSTEM: Final[frozenset[Cause]] = frozenset(
    {"unsupported_platform", "proprietary_toolchain"}
)
"""Causes that no release of a library takes away from code that needs the same itself."""


def judge(done: Attempt, tried: Sequence[Attempt], facts: RepoFacts) -> Diagnosis | None:
    """Return the first rule's answer that was not given before; None if all abstain.

    If the attempt fell behind an earlier one and no rule repairs it, the earlier failure is judged again,
    for the answer after the one that led here. If a model's plan failed, the rules' own plan is the last answer.
    If no rule recognises the last failure, the answer is the stop that a stronger command's failure would have given.
    """
    barred = _plans_of((*tried, done))
    found = _answer(_as_failed(done, facts), barred)
    if _is_repair(found):
        return found
    place = place_of(done)
    tried = of_candidate(tried, done)
    # A command may fail in an image in which a weaker one has passed.
    failed = [attempt for attempt in tried if attempt.failure is not None]
    further = [attempt for attempt in failed if place_of(attempt) > place]
    for earlier in sorted(further, key=place_of, reverse=True):
        other = _answer(_as_failed(earlier, facts), barred)
        if other is not None and _is_repair(other):
            return other.changed(of_attempt=earlier.number)
    # A stop that a model's plan led to says little about the repository.
    return _way_back(done, barred) or found or _earlier_stop(tried, facts, barred)


def _answer(failed: FailedAttempt, barred: Collection[str]) -> Diagnosis | None:
    # A run whose attempts pass needs none of the repairs.
    from paper2run.repairs import diagnose

    return diagnose(failed, barred)


def blamed(done: Attempt, facts: RepoFacts) -> Blame | None:
    """Return the first error of a failed attempt with its evidence chain; None where nothing failed."""
    if done.failure is None:
        return None
    from paper2run.failures.blame import blame

    return blame(_as_failed(done, facts))


def _earlier_stop(
    tried: Sequence[Attempt], facts: RepoFacts, barred: frozenset[str]
) -> Diagnosis | None:
    """Return the latest stop of an earlier failed run whose fallback is used up; None without one."""
    for earlier in reversed(tried):
        if isinstance(earlier.smoke, SmokeFailed):
            other = _answer(_as_failed(earlier, facts), barred)
            if other is not None and not _is_repair(other):
                return other.changed(of_attempt=earlier.number)
    return None


def proven_by(
    needs: Sequence[Need], attempts: Sequence[Attempt], best: Attempt, facts: RepoFacts
) -> Diagnosis | None:
    """Return the stop of a command that failed in the best environment for want of a known need.

    A need alone may be of a side of the work, a failure alone of the environment; together they prove each other. What
    a script wants that no document names is no need of the work. A later attempt, repaired beside the best one, has
    what that one lacked. Where own code needs a system or product, the same failure of a library counts, too.
    """
    causes = {need.cause for need in needs if not need.met and holds(need.cause, facts)}
    alike = [
        attempt
        for attempt in attempts
        if same_environment(attempt, best) or attempt.number > best.number
    ]
    proven = (
        found
        for failed, found in stops_in(alike, facts)
        if (found.excludes != "this-plan" or found.cause in OF_THE_SYSTEM)
        and failed.planned.smoke_kind != "side-script"
    )
    return next((found for found in proven if found.cause in causes), None)


def stopped_import(
    attempts: Sequence[Attempt], best: Attempt, facts: RepoFacts
) -> Diagnosis | None:
    """Return the stop by which the import or start of the code itself ended, where no command passed."""
    alike = [attempt for attempt in attempts if same_environment(attempt, best)]
    return next(
        (
            found
            for failed, found in stops_in(alike, facts)
            if failed.planned.smoke_kind in STARTS and found.excludes != "this-plan"
        ),
        None,
    )


def failed_import(attempts: Sequence[Attempt], best: Attempt, facts: RepoFacts) -> Attempt | None:
    """Return the import of the repository's project that failed where what passed shows less.

    None where an import passed, and for code without a project: its modules may be scripts. What a script that no
    document names imports may be none of the project's code. Without a module of its own to import, any command that
    lacks the project's module. Where only a part of what the code imports passed: the import of all of it, unless few
    files want the rest.
    """
    shown = GRADES.index(grade_of(best)) - GRADES.index("imports")
    kind = best.planned.smoke_kind
    alike = [attempt for attempt in attempts if same_environment(attempt, best)]
    ran = [each for one in alike for each in (one, *(as_attempt(one, t) for t in one.trials))]
    if kind == "dependencies":
        # Less than all that the code imports is there.
        part = _words(best)
        whole = (each for each in ran if each.planned.smoke_kind == kind and part < _words(each))
        lacking = next((each for each in whole if _lacks_a_module(each, facts)), None)
        return lacking and lacking.changed(blame=blamed(lacking, facts))
    if not own_projects(facts) or shown > 0 or (shown == 0 and kind != "side-script"):
        return None
    imports = [each for each in ran if each.planned.smoke_kind == "import"]
    imports = imports or [each for each in ran if _lacks_its_project(each, facts)]
    if not imports or any(each.succeeded for each in imports):
        return None
    return imports[0].changed(blame=blamed(imports[0], facts))


def _words(ran: Attempt) -> frozenset[str]:
    return frozenset(re.findall(r"[\w.]+", ran.planned.plan.smoke_command))


def _lacks_a_module(ran: Attempt, facts: RepoFacts) -> bool:
    """Whether a command failed for want of a module; not of one that few files import beside many others."""
    if not isinstance(ran.smoke, SmokeFailed):
        return False
    files = {fact.module: fact.files for fact in facts.of(Import) if not fact.guarded}
    most = max(files.values(), default=1)
    gone = (one.name.partition(".")[0] for one in gone_modules(failure_lines(ran.smoke)))
    return any(2 * files.get(name, most) >= most for name in gone)


def _lacks_its_project(ran: Attempt, facts: RepoFacts) -> bool:
    """Whether a command failed for want of the module with the project's name: it was left out."""
    if not isinstance(ran.smoke, SmokeFailed):
        return False
    names = {canonicalize_name(project.name) for project in own_projects(facts) if project.name}
    gone = gone_modules(failure_lines(ran.smoke))
    return any(canonicalize_name(one.name.partition(".")[0]) in names for one in gone)


def stops_in(attempts: Sequence[Attempt], facts: RepoFacts) -> Iterator[tuple[Attempt, Diagnosis]]:
    """Yield each command that failed, as an attempt of its own, with the stop that its failure means."""
    for attempt in attempts:
        tried = [as_attempt(attempt, trial) for trial in attempt.trials]
        for failed in (attempt, *tried):
            if not isinstance(failed.smoke, SmokeFailed):
                continue
            if failed.diagnosis is not None and not _is_repair(failed.diagnosis):
                yield failed, failed.diagnosis
                continue
            # Failed tests get no stop while other commands can be tried; by now all were.
            last = failed.changed(planned=failed.planned.changed(weaker_smokes=()))
            found = _stop_of(_as_failed(last, facts))
            if found is not None:
                yield failed, found


def planned_of(
    verdict: Verdict, attempts: Sequence[Attempt], facts: RepoFacts
) -> PlannedExperiment | None:
    """Return the experiment for what a failure lacks; None where a stand-in can replace nothing of it."""
    if verdict.status == "success":
        return None
    for attempt, found in stops_in(attempts, facts):
        if found.lacks is not None and found.cause == verdict.cause:
            change, command = around(attempt.planned.plan.smoke_command, found.lacks)
            return PlannedExperiment(attempt=attempt, change=change, command=command)
    return None


def _stop_of(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop that is left where every repair is passed over; None without one."""
    barred: set[str] = set()
    while (found := _answer(failed, barred)) is not None and found.decision.new_plan is not None:
        barred.add(found.decision.new_plan.digest)
    return found


def _way_back(done: Attempt, barred: frozenset[str]) -> Diagnosis | None:
    """Return the repair that returns to the rules' plan after a model's plan failed; None without one."""
    own = done.planned.fallback
    if own is None or done.failure is None or own.plan.digest in barred:
        return None
    hit = telling_line(done.failure)
    return Diagnosis(
        decision=DiagnosisDecision(
            decision="repair",
            reason="the model's plan failed; next: the rules' own",
            confidence="low",
            new_plan=own.plan,
        ),
        by="rules",
        cause="build_error" if isinstance(done.failure, BuildFailed) else "code_error",
        evidence=hit,
        source=Source(kind="log", note=hit[:200]),
    )


def _as_failed(attempt: Attempt, facts: RepoFacts) -> FailedAttempt:
    assert attempt.failure is not None, "an attempt that passed is not judged"
    packages = {WantedFile(file.kind, file.name): file.package for file in attempt.system_files}
    return FailedAttempt(
        attempt.failure, attempt.planned, facts, attempt.verification, packages, attempt.releases
    )


def _is_repair(found: Diagnosis | None) -> bool:
    return found is not None and found.decision.new_plan is not None


def _plans_of(attempts: Sequence[Attempt]) -> frozenset[str]:
    """Return the digests of the plans that were tried (before pinning) and of those that repairs proposed."""
    tried = {attempt.planned.unpinned.digest for attempt in attempts}
    asked = {
        attempt.diagnosis.decision.new_plan.digest
        for attempt in attempts
        if attempt.diagnosis and attempt.diagnosis.decision.new_plan
    }
    return frozenset(tried | asked)
