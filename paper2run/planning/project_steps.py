"""Installs what no index has: requirements by address, then the repository's own Python projects."""

import shlex
from datetime import date

from paper2run.model.environment import Reason
from paper2run.model.facts import Extension, OwnModule, Project, RepoFacts, TestSuite
from paper2run.planning.addressed_steps import addressed_steps
from paper2run.planning.build_backends import build_needs, is_known, version_step
from paper2run.planning.plan_builder import GIVE
from paper2run.python.own_projects import own_projects


def project_steps(facts: RepoFacts, day: date | None) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """Return the installs of what is required by address and of own projects, in order, and why.

    Addresses mean what they led to on `day`.
    """
    asked = addressed_steps(facts, day)
    # Compiled modules must also lie beside the sources, or whoever works in the checkout imports the bare ones.
    beside = bool(facts.of(Extension)) or _tested_inside(facts)
    projects = own_projects(facts)
    installs = [
        (step, project.source)
        for project in projects
        for step in (
            version_step(project, facts),
            _install_step(project, beside=beside),
        )
        if step
    ]
    reasons = [
        Reason(topic="install", decision=f"{step.address}: {step.why}", source=step.source)
        for step in asked
    ]
    reasons += [Reason(topic="install", decision=step, source=source) for step, source in installs]
    return (*(step.command for step in asked), *(step for step, _ in installs)), tuple(reasons)


def _tested_inside(facts: RepoFacts) -> bool:
    """Whether tests lie in a package that is on no path before it is installed.

    pytest refuses a test module of which a copy was imported: https://docs.pytest.org/en/stable/explanation/pythonpath.html
    """
    packages = tuple(
        f"{fact.root}/{fact.module}/"
        for fact in facts.of(OwnModule)
        if fact.installed and fact.root
    )
    return any(f"{suite.path}/".startswith(packages) for suite in facts.of(TestSuite))


def _install_step(project: Project, *, beside: bool) -> str:
    """Return the install of one project, without dependencies.

    The build sees the environment's own tools, except where only the installer can ask which the backend wants.
    """
    needs = build_needs(project)
    beside = beside or bool(needs.packages) or project.leaves_out
    isolation = "--no-build-isolation " if is_known(project) else ""
    place = f"{'-e ' if beside else ''}{shlex.quote(f'./{project.root}' if project.root else '.')}"
    step = f"pip install --no-compile --no-deps {isolation}{place}"
    return f"{step} && {GIVE}" if needs.rebuilds else step
