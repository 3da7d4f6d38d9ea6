"""Plans Python repositories: interpreter, dependencies, the project's own install, smoke command."""

import re
from typing import Final

from paper2run.knowledge import debian
from paper2run.knowledge.conda_translation import translated
from paper2run.knowledge.version_variables import DYNAMIC_VERSIONS
from paper2run.model.environment import (
    EnvPlan,
    GuessedDistribution,
    PlannedEnvironment,
    Reason,
    SmokeChoice,
)
from paper2run.model.facts import (
    CondaPackage,
    EnvironmentValue,
    Extension,
    GpuNeed,
    LanguageShare,
    LockedVersion,
    OwnModule,
    Project,
    RepoFacts,
    Requirement,
    SystemPackage,
)
from paper2run.model.value import DEFAULT, Source
from paper2run.planning.addressed_steps import addressed_steps
from paper2run.planning.build_backends import build_needs
from paper2run.planning.ci_needs import CiNeeds, needs_of
from paper2run.planning.ci_test_job import testing_job
from paper2run.planning.conda_wish import wish_of
from paper2run.planning.evidence import Evidence
from paper2run.planning.former_modules import former_modules
from paper2run.planning.interpreters import choose
from paper2run.planning.leading_signs import own_bytes
from paper2run.planning.named_packages import BY_CI, named_packages
from paper2run.planning.project_steps import project_steps
from paper2run.planning.wanted import gather
from paper2run.python.own_projects import home_of, is_aside, is_fixture, own_projects
from paper2run.rendering.pip_steps import open_steps
from paper2run.smoke.import_smoke import import_smokes
from paper2run.smoke.notebook_smoke import notebook_smokes
from paper2run.smoke.programs_beside import programs_beside
from paper2run.smoke.smoke_choices import choices

NAME: Final = "python"

COMPILERS: Final = {
    "c": ("gcc", "libc6-dev"),
    "cython": ("gcc", "g++", "libc6-dev"),
    "c++": ("g++", "libc6-dev"),
    # The system's copy serves meson and CMake, which otherwise download their own in the middle of the build.
    "pybind11": ("g++", "libc6-dev", "pkg-config", "pybind11-dev"),
    "fortran": ("gcc", "gfortran", "libc6-dev"),
    "rust": ("cargo", "gcc", "libc6-dev"),
}
"""Debian packages that compile each kind of extension; slim images bring no compiler."""
BUILDERS: Final = frozenset({"cmake", "make", "meson", "ninja-build"})
TOOLS: Final = BUILDERS | {name for names in COMPILERS.values() for name in names}
ALWAYS: Final = {
    "PYTHONUNBUFFERED": "1",  # the log of a run that is ended at the timeout must be complete
    "MPLBACKEND": "Agg",  # containers have no display
}
KEYS: Final = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
"""Variables of which a sample's value is none: work that wants them must fail for want of them."""
MAX_WEAKER: Final = 10
"""Each costs a run, and no build."""


def propose(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan, unpinned, if the repository holds Python code; None otherwise."""
    facts = evidence.facts
    if not _is_python(evidence):
        return None
    choice = choose(facts, evidence.asked.commit_day)
    tested = needs_of(facts, testing_job(facts, choice.pythons))
    wanted = gather(facts, tested, notebooks=evidence.asked.notebooks)
    told = choices(facts, evidence.paths, evidence.asked)
    smokes = told + _of_what_it_imports(evidence, told, wanted.guesses)
    if not smokes:
        return None
    packages, package_reasons = _system_packages(facts, tested)
    steps, step_reasons = _further_steps(evidence)
    programs = programs_beside(evidence)
    if programs is not None:
        packages = tuple(sorted({*packages, *programs.packages}))
        package_reasons = (*package_reasons, *programs.reasons)
        steps = (programs.step, *steps)
        if programs.smoke is not None and not evidence.asked.smoke:
            smokes = [programs.smoke, *told]
    smoke = smokes[0]
    steps = (*open_steps(wanted.requirements), *steps)
    environment, env_reasons = _environment(evidence, tested)
    gpu_reasons = _gpu_reasons(facts)
    plan = EnvPlan(
        base_image=f"python:{choice.pythons[0]}-slim",
        system_packages=packages,
        install_steps=steps,
        env=environment,
        smoke_command=smoke.command,
        requires_gpu=bool(gpu_reasons),
    )
    said = f"{smoke.command}: {smoke.proves}"
    return PlannedEnvironment(
        plan=plan,
        planner="rules",
        reasons=(
            *choice.reasons,
            *package_reasons,
            *wanted.reasons,
            *step_reasons,
            *env_reasons,
            Reason(topic="smoke", decision=said, source=smoke.source),
            *gpu_reasons,
        ),
        pythons=choice.pythons,
        named_pythons=choice.named,
        commit_day=evidence.asked.commit_day,
        optional=wanted.optional,
        guesses=wanted.guesses,
        locks=wanted.locks,
        other_indexes=wanted.indexes,
        conda=wish_of(facts, choice.pythons),
        named_packages=named_packages(facts, tested, packages),
        smoke_proves=smoke.proves,
        smoke_kind=smoke.kind,
        smoke_by="user" if evidence.asked.smoke else "rules",
        weaker_smokes=_weaker(smokes),
    )


def _of_what_it_imports(
    evidence: Evidence, told: list[SmokeChoice], guesses: tuple[GuessedDistribution, ...]
) -> list[SmokeChoice]:
    """Return its notebooks, and where nothing else starts the import of all that the code imports."""
    if evidence.asked.smoke:
        return []
    notebooks = notebook_smokes(evidence.facts)
    return notebooks if told else [*notebooks, *import_smokes(evidence.facts, guesses)]


def _further_steps(evidence: Evidence) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """Return what is installed behind the packages of the index, with reasons."""
    aliases, whys = former_modules(evidence.facts)
    steps, reasons = project_steps(evidence.facts, evidence.asked.commit_day)
    return (*aliases, *steps), (*whys, *reasons)


def _gpu_reasons(facts: RepoFacts) -> tuple[Reason, ...]:
    """Return why a GPU is needed; nothing where the code can do without one."""
    gpu = next((need for need in facts.of(GpuNeed) if need.hard), None)
    return (Reason(topic="gpu", decision="a GPU is needed", source=gpu.source),) if gpu else ()


def _is_python(evidence: Evidence) -> bool:
    """Whether Python is what is to be run: a project, requirements, or a fair share of the code."""
    facts = evidence.facts
    if any(isinstance(fact, Requirement | LockedVersion) for fact in facts.facts):
        return True
    if any(not is_aside(project.root) for project in facts.of(Project)):
        return True
    own = own_bytes(facts)
    python = own.get("python", 0) + own.get("notebook", 0)
    return python > 0 and python * 2 >= max(own.values())


def _weaker(smokes: list[SmokeChoice]) -> tuple[SmokeChoice, ...]:
    """Return the commands to fall back on if the smoke command itself is wrong.

    They are the next ones that run code of the repository itself.
    """
    others = smokes[1:]
    # Tests show the most of all that comes late, and a folder may hold any number of scripts.
    tests = [choice for choice in others if choice.kind == "tests"]
    scripts = [choice for choice in others if choice.kind != "tests"]
    return (*scripts[: MAX_WEAKER - len(tests)], *tests)


def _environment(evidence: Evidence, tested: CiNeeds) -> tuple[dict[str, str], tuple[Reason, ...]]:
    environment = dict(ALWAYS)
    reasons: list[Reason] = []
    projects = own_projects(evidence.facts)
    versioned = next((fact for fact in projects if fact.dynamic_version), None)
    if versioned is not None:
        environment |= DYNAMIC_VERSIONS
        reasons.append(
            _env_reason(
                "placeholder version: the build reads it from git history, which is not in the image",
                versioned.source,
            )
        )
    facts = evidence.facts
    own = [fact for fact in facts.of(OwnModule) if not is_fixture(home_of(facts, fact.root))]
    if own and not projects:
        roots = sorted({fact.root for fact in own})[:5]
        environment["PYTHONPATH"] = ":".join(f"/repo/{root}".rstrip("/") for root in roots)
        reasons.append(
            _env_reason("nothing to install: its folders are on the path", own[0].source)
        )
    for variable in tested.variables:
        if variable.name not in environment:
            environment[variable.name] = variable.value
            decision = f"{variable.name}={variable.value}: the tests of its CI get it"
            reasons.append(_env_reason(decision, variable.source))
    for fact in facts.of(EnvironmentValue):
        if (
            fact.at_import
            and fact.value
            and not KEYS.search(fact.name)
            and fact.name not in environment
        ):
            environment[fact.name] = fact.value
            decision = f"{fact.name}={fact.value}: the code cannot be imported without; no service of it is here"
            reasons.append(_env_reason(decision, fact.source))
    return environment, tuple(reasons)


def _system_packages(
    facts: RepoFacts, tested: CiNeeds
) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """Return the Debian packages that the build and the code need, with reasons.

    Compilers for extensions, libraries that CI or documents install, and called programs.
    """
    packages: set[str] = set()
    reasons = []
    for extension in facts.of(Extension):
        needed = COMPILERS.get(extension.language, ())
        if set(needed) - packages:
            packages.update(needed)
            decision = f"{', '.join(needed)}: to compile {extension.language}"
            reasons.append(
                Reason(topic="system package", decision=decision, source=extension.source)
            )
    for project in own_projects(facts):
        needed = build_needs(project).packages
        if set(needed) - packages:
            packages.update(needed)
            decision = f"{', '.join(needed)}: for the build with {project.backend}"
            reasons.append(Reason(topic="system package", decision=decision, source=project.source))
    libraries = debian.known_development_packages()
    for named in facts.of(SystemPackage):
        if named.name not in packages and (named.called or named.name in libraries):
            packages.add(named.name)
            why = f"the code calls {named.called}" if named.called else "the repository installs it"
            decision = f"{named.name}: {why}"
            reasons.append(Reason(topic="system package", decision=decision, source=named.source))
    for name, source in tested.packages:
        if name not in packages and name in libraries | TOOLS:
            packages.add(name)
            reasons.append(
                Reason(topic="system package", decision=f"{name}: {BY_CI}", source=source)
            )
    for conda in facts.of(CondaPackage):
        in_debian = set() if conda.locked else {*translated(conda.name).debian} - packages
        if in_debian:
            packages |= in_debian
            decision = f"{', '.join(sorted(in_debian))}: {conda.name} of the conda environment"
            reasons.append(Reason(topic="system package", decision=decision, source=conda.source))
    for step in addressed_steps(facts, None)[:1]:
        packages.add("git")
        why = "git: fetches what is required by address"
        reasons.append(Reason(topic="system package", decision=why, source=step.source))
    reasons += _for_builders(facts, packages)
    return tuple(sorted(packages)), tuple(reasons)


def _for_builders(facts: RepoFacts, packages: set[str]) -> list[Reason]:
    """Add what the build tools among the packages cannot do without, and return the reasons."""
    reasons = []
    if "cmake" in packages and not packages & {"make", "ninja-build"}:
        packages.add("make")
        why = "make: cmake builds with it, and Debian's cmake does not bring it"
        reasons.append(Reason(topic="system package", decision=why, source=DEFAULT))
    if packages & BUILDERS:
        # Code that builds at its first run brings the sources along.
        for share in facts.of(LanguageShare):
            needed = COMPILERS.get(share.language, ())
            if set(needed) - packages:
                packages.update((*needed, "make"))
                decision = f"{', '.join(needed)}, make: the code builds {share.language} itself"
                reasons.append(
                    Reason(topic="system package", decision=decision, source=share.source)
                )
    return reasons


def _env_reason(decision: str, source: Source) -> Reason:
    return Reason(topic="env", decision=decision, source=source)
