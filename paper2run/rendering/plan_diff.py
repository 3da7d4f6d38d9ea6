"""Shows the changes between two plans in lines for people."""

from difflib import ndiff

from paper2run.model.environment import EnvPlan
from paper2run.rendering.pip_steps import requirements_of


def plan_diff(before: EnvPlan, after: EnvPlan) -> tuple[str, ...]:
    """Return the removed and the added lines, `- …` and `+ …`; one package per line."""
    lines = ndiff(_plan_lines(before), _plan_lines(after))
    return tuple(line for line in lines if line.startswith(("- ", "+ ")))


def _plan_lines(environment: EnvPlan) -> list[str]:
    return [
        f"FROM {environment.base_image}",
        *(f"apt {package}" for package in sorted(environment.system_packages)),
        *(f"env {name}={value}" for name, value in environment.env.items()),
        *(line for step in environment.install_steps for line in _step_lines(step)),
        f"smoke {environment.smoke_command}",
    ]


def _step_lines(step: str) -> list[str]:
    """Return a step that installs distributions with one per line; any other step unchanged."""
    wanted = requirements_of(step)
    return [step] if wanted is None else [f"pip {text}" for text in sorted(wanted)]
