"""Restricts a model's plan further than every plan (model/plan_text.py).

Deterministic, and blind to what the prompt said: a model that obeys a hostile README is stopped here.
"""

import re
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath
from typing import Final

from paper2run.knowledge.language_endings import ENDINGS
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.facts import (
    BuildFile,
    BuildProduct,
    ContainerRecipe,
    EntryPoint,
    OwnModule,
    Project,
    RepoFacts,
    TestSuite,
)
from paper2run.model.grade import GRADES
from paper2run.model.plan_text import allowed_command, one_line
from paper2run.planners.known import Known
from paper2run.planners.smoke_judgement import judge
from paper2run.redaction import holds_key
from paper2run.smoke.grading import promised

BASE_IMAGES: Final = frozenset(
    {"alpine", "amazoncorretto", "buildpack-deps", "continuumio/miniconda3", "debian", "eclipse-temurin", "gcc",
     "golang", "gradle", "julia", "maven", "mambaorg/micromamba", "node", "nvidia/cuda", "openjdk", "perl", "pypy",
     "python", "pytorch/pytorch", "r-base", "rocker/r-ver", "rocker/rstudio", "rocker/tidyverse", "ruby", "rust",
     "tensorflow/tensorflow", "ubuntu"}
)  # fmt: skip
"""Docker's official images for languages, and the makers' own for the frameworks of research code."""
KEY_VARIABLE: Final = re.compile(r"\$\{?\w*(?:API_?KEY|TOKEN|SECRET|PASSWORD)\w*", re.IGNORECASE)
HOST_PATH: Final = re.compile(
    r"(?<![\w.-])(?:/home/\w|/Users/\w|/mnt/[a-z]/|/host/|[A-Z]:\\|~/\.(?:ssh|aws|config|netrc))"
)
MIN_NAME: Final = 2
"""A shorter name stands in every command by chance."""
COLLECTS: Final = re.compile(r"\s--co(?:llect-only)?\b")
"""pytest only lists its tests."""
SHOWN_NAMES: Final = 6
"""Commands and names that a refusal lists as what would count."""
LITTLE: Final = GRADES.index("imports")
"""A command that promises no more than this proves less than one that does work."""


def objections(
    plan: EnvPlan,
    known: Known,
    rules_plan: PlannedEnvironment | None,
    tried: Iterable[EnvPlan] = (),
) -> tuple[str, ...]:
    """Return what speaks against a model's plan, one sentence each; empty if nothing does.

    `rules_plan` is the plan that it was to improve, or that failed; `tried` are the plans that failed already.
    """
    facts = known.facts
    commands = [*plan.install_steps, plan.smoke_command]
    texts = [*commands, *plan.env.values(), plan.notes]
    found = []
    if not _is_known_base(plan.base_image, _other_bases(facts, rules_plan)):
        found.append(
            f"base_image: {plan.base_image!r} is no official image of a language, nor one of the rules' plan"
        )
    elif known.offered and not _is_offered(plan.base_image, known, rules_plan):
        there = ", ".join(known.offered)
        found.append(f"base_image: {plan.base_image!r} cannot be had here; there are: {there}")
    if any(holds_key(text) for text in texts):
        found.append("a plan must not hold keys")
    if any(KEY_VARIABLE.search(text) for text in [*commands, *plan.env.values()]):
        found.append("commands must not use keys, tokens or passwords of the environment")
    found += [
        f"{text[:120]!r} names a path of the host" for text in texts[:-1] if HOST_PATH.search(text)
    ]
    is_of_the_rules = rules_plan is not None and plan.smoke_command in _own_commands(rules_plan)
    own = _own_names(facts) | _files_in(plan.smoke_command, known.tree.files)
    judgement = "runs" if is_of_the_rules else judge(plan.smoke_command, own)
    if judgement == "hides":
        found.append(
            "smoke_command: it passes whatever happens: its exit status must be the program's own:"
            " plain commands, joined by &&, the repository's own last"
        )
    if judgement == "nothing":
        found.append(
            "smoke_command: it runs nothing of the repository: name a test suite, a script or a module of its own"
            f"; what would count: {', '.join(_countable(facts, rules_plan))}"
        )
    if plan.digest in {other.digest for other in tried}:
        found.append(
            "new_plan: this very plan was tried and failed; change what the log complains about, or stop"
        )
    return tuple(found)


def unprobed(command: str) -> str:
    """Return why a model's command may not be run in an image to look into it; empty if it may."""
    try:
        allowed_command(one_line(command))
    except ValueError as error:
        return str(error)
    if not command.strip():
        return "there is no command"
    if holds_key(command) or KEY_VARIABLE.search(command):
        return "commands must not use keys, tokens or passwords of the environment"
    return "it names a path of the host" if HOST_PATH.search(command) else ""


def weakens(plan: EnvPlan, failed: PlannedEnvironment) -> tuple[str, ...]:
    """Return the objection to a repair whose smoke command would prove less than the one that failed."""
    if plan.smoke_command == failed.plan.smoke_command:
        return ()
    before = GRADES.index(promised(failed.smoke_kind, failed.plan.smoke_command))
    after = GRADES.index(promised("model", plan.smoke_command))
    if COLLECTS.search(plan.smoke_command):
        after = min(after, LITTLE)
    had_tests = GRADES[before] == "tests"
    if after >= before or (after > LITTLE and not had_tests):
        return ()
    return (
        f"smoke_command: it would show no more than {GRADES[after]}, and the one that failed {GRADES[before]}:"
        f" keep {failed.plan.smoke_command[:200]!r}, or stop",
    )


def _is_offered(image: str, known: Known, rules_plan: PlannedEnvironment | None) -> bool:
    """Whether an image lies here; the rules' own may be exchanged for one that does."""
    if rules_plan is not None and image == rules_plan.plan.base_image:
        return True
    return image.removeprefix("docker.io/").removeprefix("library/") in known.offered


def _files_in(command: str, paths: Iterable[str]) -> set[str]:
    """Return the names of source files of the checkout that stand in the command."""
    found = (PurePosixPath(path) for path in paths)
    return {file.name for file in found if file.suffix.lower() in ENDINGS and file.name in command}


def _countable(facts: RepoFacts, rules_plan: PlannedEnvironment | None) -> list[str]:
    """Return commands and names of the repository that a smoke command may use."""
    commands = sorted(_own_commands(rules_plan)) if rules_plan else []
    names = [*(suite.path for suite in facts.of(TestSuite)), *sorted(_own_names(facts))]
    return list(dict.fromkeys([*commands, *names]))[:SHOWN_NAMES] or ["nothing that was found"]


def _other_bases(facts: RepoFacts, rules_plan: PlannedEnvironment | None) -> frozenset[str]:
    named = {recipe.base_image for recipe in facts.of(ContainerRecipe)}
    return frozenset(named | ({rules_plan.plan.base_image} if rules_plan else set()))


def _own_commands(rules_plan: PlannedEnvironment) -> set[str]:
    """Return the commands that the rules or the user would choose."""
    return {rules_plan.plan.smoke_command, *(choice.command for choice in rules_plan.weaker_smokes)}


def _own_names(facts: RepoFacts) -> set[str]:
    """Return modules, projects, programs and files of the repository."""
    names = {module.module for module in facts.of(OwnModule)}
    names |= {project.name for project in facts.of(Project)}
    names |= {PurePosixPath(entry.name).name for entry in facts.of(EntryPoint)}
    names |= {product.name for product in facts.of(BuildProduct)}
    names |= {suite.path for suite in facts.of(TestSuite)}
    names |= {build.name for build in facts.of(BuildFile)}
    names |= {PurePosixPath(fact.source.path).name for fact in facts.facts if fact.source.path}
    return {name for name in names if len(name) >= MIN_NAME}


def repository_of_image(image: str) -> str:
    """Return an image's name without registry of Docker Hub, tag and digest."""
    name = image.split("@")[0]
    name = name.rsplit(":", 1)[0] if ":" in name.rsplit("/", 1)[-1] else name
    return name.removeprefix("docker.io/").removeprefix("library/")


def _is_known_base(image: str, other_bases: Collection[str]) -> bool:
    return image in other_bases or repository_of_image(image) in BASE_IMAGES
