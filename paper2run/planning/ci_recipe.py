"""The candidate that does what CI does: the steps of the job that tests on Linux.

Its releases are those of the commit's day; unlike the first candidate it takes what the job names and no more, and
projects are built in isolation, as the job builds them.
"""

import shlex
from typing import Final, NamedTuple

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name
from pydantic import TypeAdapter, ValidationError

from paper2run.model.environment import PlannedEnvironment, Reason, SmokeChoice
from paper2run.model.facts import RepoFacts
from paper2run.model.plan_text import ShellCommand
from paper2run.model.value import Source
from paper2run.planning.ci_needs import OTHER_ENVIRONMENT, needs_of
from paper2run.planning.ci_requirements import (
    of_environments,
    project_steps,
    texts_of,
    texts_of_conda,
)
from paper2run.planning.ci_steps import Translated, translate
from paper2run.planning.ci_test_job import ChosenJob, testing_job
from paper2run.planning.interpreters import RELEASED
from paper2run.planning.named_packages import named_packages
from paper2run.rendering.pip_steps import image_python, open_steps, plan_requirements

MACHINE: Final = ("curl", "g++", "gcc", "git", "libc6-dev", "make", "pkg-config", "unzip", "wget")
"""Debian packages: what the services' machines have and a slim image lacks."""
COMMAND: Final[TypeAdapter[str]] = TypeAdapter(ShellCommand)
PROVES: Final = "the tests that its CI runs pass"
RUNNERS: Final = ("coverage", "nose", "pytest")
MAX_STEPS: Final = 40
KEPT_TOPICS: Final = frozenset({"system package", "env", "gpu"})


class _Recipe(NamedTuple):
    requirements: tuple[str, ...]
    steps: tuple[str, ...]
    reasons: tuple[Reason, ...]
    test: Translated | None


def ci_recipe(facts: RepoFacts, planned: PlannedEnvironment) -> PlannedEnvironment | None:
    """Return the plan of the CI job that tests on Linux; None where it says no more than `planned`."""
    chosen = testing_job(facts, planned.pythons)
    own = image_python(planned.unpinned.base_image)
    if chosen is None or not own:
        return None
    first = planned.unpinned
    recipe = _recipe(facts, chosen)
    python = chosen.python if chosen.python in RELEASED else own
    smoke = _smoke(planned, recipe.test)
    wanted = _with_runner(recipe.requirements, smoke.command)
    same = python == own and set(wanted) == set(plan_requirements(first))
    installs = bool(recipe.requirements) or any("pip install" in step for step in recipe.steps)
    if not installs or (same and len(recipe.steps) <= 1):
        return None
    named = {canonicalize_name(Pep508(text).name) for text in wanted}
    packages = tuple(sorted({*first.system_packages, *MACHINE}))
    needs = needs_of(facts, chosen)
    where = f"Python {python}: {chosen.job.name}".replace("\n", " ")
    plan = first.changed(
        base_image=first.base_image.replace(f":{own}", f":{python}", 1),
        system_packages=packages,
        install_steps=(*open_steps(wanted), *recipe.steps),
        smoke_command=smoke.command,
    )
    return planned.changed(
        plan=plan,
        draft=None,
        resolution=None,
        reasons=(
            Reason(topic="python", decision=where, source=chosen.job.source),
            *recipe.reasons,
            *(reason for reason in planned.reasons if reason.topic in KEPT_TOPICS),
            Reason(topic="smoke", decision=f"{smoke.command}: {smoke.proves}", source=smoke.source),
        ),
        pythons=tuple(dict.fromkeys((python, *planned.pythons))),
        named_pythons=tuple(dict.fromkeys((python, *planned.named_pythons))),
        locks=(),
        optional=tuple(name for name in planned.optional if name in named),
        guesses=(),
        conda=None,
        fallback=None,
        named_packages=named_packages(facts, needs, packages),
        smoke_kind=smoke.kind,
        smoke_proves=smoke.proves,
        covers=smoke.covers,
        weaker_smokes=_others(planned, smoke),
    )


def _recipe(facts: RepoFacts, chosen: ChosenJob) -> _Recipe:
    """Return what the job's commands come to; what they leave out is among the reasons."""
    wanted: dict[str, None] = {}
    steps: list[str] = []
    reasons: list[Reason] = []
    test: Translated | None = None
    for found in translate(chosen):
        texts: list[str] = []
        new: list[str] = []
        decision = found.text
        match found.form:
            case "left out":
                decision = f"{found.text} left out: {found.why}"
            case "shell":
                new = [found.text]
            case "install":
                assert found.installed is not None
                texts = list(texts_of(facts, found.installed, found.folder, found.source))
                new = list(project_steps(found.installed, found.folder, found.text))
            case "conda":
                texts = list(texts_of_conda(facts, found.text))
            case "test":
                if test is None and OTHER_ENVIRONMENT.match(found.text):
                    texts, new = of_environments(facts)
                test = test or found
        wanted.update(dict.fromkeys(texts))
        steps += [step for step in new if step not in steps]
        if new or texts or found.form == "left out":
            reasons.append(Reason(topic="install", decision=decision, source=found.source))
    kept = tuple(dict.fromkeys(reasons))
    return _Recipe(tuple(wanted), tuple(steps[:MAX_STEPS]), kept, test)


def _smoke(planned: PlannedEnvironment, test: Translated | None) -> SmokeChoice:
    """Return the user's command, the one that the rules made of CI's tests, or the job's own as it stands."""
    known = _choice_of(planned)
    if planned.smoke_by == "user":
        return known
    for choice in (known, *planned.weaker_smokes):
        if choice.kind == "ci-tests":
            return choice
    if test is None or OTHER_ENVIRONMENT.match(test.text):
        # What tox and nox start stands in their files; the image has neither.
        return next((one for one in planned.weaker_smokes if one.kind == "tests"), known)
    command = f"cd {shlex.quote(test.folder)} && {test.text}" if test.folder else test.text
    try:
        COMMAND.validate_python(command)
    except ValidationError:
        return known
    return SmokeChoice(kind="ci-tests", command=command, proves=PROVES, source=test.source)


def _choice_of(planned: PlannedEnvironment) -> SmokeChoice:
    source = next((one.source for one in planned.reasons if one.topic == "smoke"), None)
    return SmokeChoice(
        kind=planned.smoke_kind,
        command=planned.plan.smoke_command,
        proves=planned.smoke_proves,
        covers=planned.covers,
        source=source or Source(kind="default"),
    )


def _others(planned: PlannedEnvironment, smoke: SmokeChoice) -> tuple[SmokeChoice, ...]:
    every = (_choice_of(planned), *planned.weaker_smokes)
    return tuple(choice for choice in every if choice.command != smoke.command)


def _with_runner(wanted: tuple[str, ...], command: str) -> tuple[str, ...]:
    """Return the requirements with the programs that the tests start and the job had from elsewhere."""
    names = {canonicalize_name(Pep508(text).name) for text in wanted}
    lacking = [name for name in RUNNERS if name in command.split() and name not in names]
    return (*wanted, *lacking)
