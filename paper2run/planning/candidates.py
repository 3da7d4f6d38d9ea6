"""Other ways to an environment, for where the first one leads no further."""

import shlex
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePosixPath
from typing import Final

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from paper2run.knowledge.distributions import DEAD_ALIASES
from paper2run.model.environment import CandidateKind, PlannedEnvironment, Reason
from paper2run.model.facts import LockedVersion, OtherIndex, PipInclude, RepoFacts, Requirement
from paper2run.model.value import DEFAULT, Source
from paper2run.planning.coverage import own_facts
from paper2run.python.own_projects import own_projects
from paper2run.rendering.pip_steps import image_python, open_steps, plan_requirements

WAYS: Final[Mapping[CandidateKind, str]] = {
    "dated": "versions of the commit's day",
    "ci": "as in its CI job",
    "naive": "plain install of today's releases",
}
"""Each kind of candidate in words, in the order in which they are tried."""
TOOLS: Final = ("g++", "gcc", "git", "libc6-dev", "make")
"""Debian packages: what a person's machine has and a slim image lacks."""
TEST_RUNNERS: Final = frozenset({"pytest", "nose", "nose2"})
KEPT_TOPICS: Final = frozenset({"system package", "env", "smoke", "gpu"})
"""Decisions of the first candidate that hold for every other one."""

Way = Callable[[PlannedEnvironment, RepoFacts], PlannedEnvironment | None]


def next_candidate(
    first: PlannedEnvironment,
    tried: Collection[CandidateKind],
    facts: RepoFacts,
    offered_pythons: Collection[str],
    why_left: str,
) -> PlannedEnvironment | None:
    """Return the next candidate, unpinned; None where every way was tried or says the same as another.

    `first` is the first candidate with all that repairs have taught it; `why_left` says why the last one was left.
    `offered_pythons` are those for which there is an image; empty for no limit.
    """
    # A run whose first candidate works reads no CI job.
    from paper2run.planning.ci_recipe import ci_recipe

    facts = own_facts(facts)
    ways: dict[CandidateKind, Way] = {
        "ci": lambda planned, facts: ci_recipe(facts, planned),
        "naive": lambda planned, facts: naive(planned, facts, offered_pythons),
    }
    for kind, way in ways.items():
        found = way(first, facts) if kind not in tried else None
        if found is not None:
            reason = Reason(topic="candidate", decision=f"{WAYS[kind]}: {why_left}", source=DEFAULT)
            return found.changed(candidate=kind, reasons=(reason, *found.reasons))
    return None


def naive(
    first: PlannedEnvironment, facts: RepoFacts, offered_pythons: Collection[str]
) -> PlannedEnvironment | None:
    """Return the plan of a person: `pip install -r requirements.txt .`, with today's releases.

    The installer chooses the versions and builds in isolation. None for plans without a Python image of their own,
    and where there is nothing to install.
    """
    plan = first.unpinned
    own = image_python(plan.base_image)
    if not own:
        return None
    python = next((v for v in first.pythons if not offered_pythons or v in offered_pythons), own)
    files, projects = _requirements_files(facts), own_projects(facts)
    wanted = _wanted(first, declared=bool(files or projects))
    words = [word for path, _ in files for word in _listed(facts, path)]
    words += [f"./{project.root}" if project.root else "." for project in projects]
    steps = open_steps(wanted)
    if words:
        steps = (f"pip install --no-compile {shlex.join([*words, *wanted])}",)
    if not steps:
        return None
    sources = [*(source for _, source in files), *(project.source for project in projects)]
    reasons = [
        Reason(topic="install", decision=step, source=sources[0] if sources else DEFAULT)
        for step in steps
    ]
    decision = f"Python {python}: the first that its evidence allows"
    return first.changed(
        plan=plan.changed(
            base_image=plan.base_image.replace(f":{own}", f":{python}", 1),
            system_packages=tuple(sorted({*plan.system_packages, *TOOLS})),
            install_steps=steps,
        ),
        draft=None,
        resolution=None,
        reasons=(
            Reason(topic="python", decision=decision, source=DEFAULT),
            *reasons,
            *(reason for reason in first.reasons if reason.topic in KEPT_TOPICS),
        ),
        # Without a day and a choice the resolver takes today's releases for this image, or leaves them to pip.
        pythons=(),
        commit_day=None,
        locks=(),
        optional=(),
        guesses=(),
        conda=None,
        fallback=None,
    )


def _requirements_files(facts: RepoFacts) -> list[tuple[str, Source]]:
    """Return the highest requirements file for running, if any, with its first line that says something.

    None where a file names another index, by itself or for one that includes it: pip would ask that index.
    """
    if facts.of(OtherIndex):
        return []
    listed: list[Requirement | LockedVersion | PipInclude] = [
        *facts.of(Requirement),
        *facts.of(LockedVersion),
        *facts.of(PipInclude),
    ]
    found: dict[str, Source] = {}
    for fact in listed:
        path = fact.source.path
        if fact.group == "runtime" and path.endswith(".txt"):
            found.setdefault(path, fact.source)

    def place(path: str) -> tuple[int, bool, str]:
        return path.count("/"), PurePosixPath(path).name != "requirements.txt", path

    return [(path, found[path]) for path in sorted(found, key=place)[:1]]


def _listed(facts: RepoFacts, path: str) -> tuple[str, ...]:
    """Return the installer's words for a file: its name, or what it lists where that holds a dead one.

    `sklearn` installs nothing any more and ends an installation; what it stands for is there under its own name.
    """
    named = [fact for fact in facts.of(Requirement) if fact.source.path == path]
    locked = [fact for fact in facts.of(LockedVersion) if fact.source.path == path]
    if DEAD_ALIASES.keys().isdisjoint([f.name for f in named] + [f.name for f in locked]):
        return ("-r", path)
    # The versions of an alias are its own.
    texts = [DEAD_ALIASES.get(fact.name, fact.text) for fact in named]
    texts += [DEAD_ALIASES.get(fact.name, f"{fact.name}=={fact.version}") for fact in locked]
    # The meaning stands beside its alias in many files, with a limit that holds.
    limited = {name for text in texts if (name := canonicalize_name(Pep508(text).name)) != text}
    texts = [text for text in texts if text not in limited]
    addresses = (fact.text for fact in facts.of(PipInclude) if fact.source.path == path)
    return tuple(dict.fromkeys((*texts, *addresses)))


def _wanted(first: PlannedEnvironment, *, declared: bool) -> tuple[str, ...]:
    """Return the names to install beside what files declare: a test runner, else all that the code needs."""
    optional = {canonicalize_name(name) for name in first.optional}
    texts = plan_requirements(first.unpinned)
    if declared:
        return tuple(t for t in texts if canonicalize_name(Pep508(t).name) in TEST_RUNNERS)
    return tuple(t for t in texts if canonicalize_name(Pep508(t).name) not in optional)
