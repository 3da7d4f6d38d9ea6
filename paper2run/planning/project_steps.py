"""Installs what no index has: requirements by address, then the repository's own Python projects."""

import shlex
from datetime import date

from paper2run.model.environment import Reason
from paper2run.model.facts import Extension, Project, RepoFacts
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
    compiled = bool(facts.of(Extension))
    projects = own_projects(facts)
    installs = [
        (step, project.source)
        for project in projects
        for step in (
            version_step(project, facts),
            _install_step(project, compiled=compiled),
        )
        if step
    ]
    reasons = [
        Reason(topic="install", decision=f"{step.address}: {step.why}", source=step.source)
        for step in asked
    ]
    reasons += [Reason(topic="install", decision=step, source=source) for step, source in installs]
    return (*(step.command for step in asked), *(step for step, _ in installs)), tuple(reasons)


def _install_step(project: Project, *, compiled: bool) -> str:
    """Return the install of one project, without dependencies.

    The build sees the environment's own tools, except where only the installer can ask which the backend wants.
    """
    needs = build_needs(project)
    beside = compiled or bool(needs.packages) or project.leaves_out
    isolation = "--no-build-isolation " if is_known(project) else ""
    place = f"{'-e ' if beside else ''}{shlex.quote(f'./{project.root}' if project.root else '.')}"
    step = f"pip install --no-compile --no-deps {isolation}{place}"
    return f"{step} && {GIVE}" if needs.rebuilds else step
