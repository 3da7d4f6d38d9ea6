"""Turns the leading test suite into a smoke command; suites of others and of examples wait."""

import shlex
from typing import Final

from paper2run.knowledge.side_folders import vendored_place
from paper2run.model.environment import SmokeChoice
from paper2run.model.facts import RepoFacts, TestSuite
from paper2run.python.own_projects import home_of, is_aside, own_projects
from paper2run.python.python_modules import TEST_FOLDERS

RUNNERS: Final = frozenset({"pytest", "unittest", "nose"})
"""Suites that pytest collects and runs."""


def leading_suite(facts: RepoFacts) -> list[SmokeChoice]:
    """Return the command that runs the leading suite of Python tests; empty without one."""
    suites = [fact for fact in facts.of(TestSuite) if fact.runner in RUNNERS]
    if not suites:
        return []
    first = min(suites, key=lambda suite: _distance(facts, suite))
    command = shlex.join(["python", "-m", "pytest", "-q", first.path or "."])
    return [
        SmokeChoice(kind="tests", command=command, proves="its tests pass", source=first.source)
    ]


def _distance(facts: RepoFacts, suite: TestSuite) -> tuple[bool, bool, int, bool, int, str]:
    """Return how far a suite is from the code that gets installed; the nearest is the smallest."""
    folder, _, name = suite.path.rpartition("/")
    homes = {project.root for project in own_projects(facts)}
    elsewhere = bool(homes) and home_of(facts, suite.path) not in homes
    aside = is_aside(folder) or bool(vendored_place(f"{suite.path}/")[0])
    usual = name.lower() in TEST_FOLDERS
    return elsewhere, aside, suite.path.count("/"), not usual, -suite.files, suite.path
