"""Prefect artifacts: what a person opens in the UI. Made in flows, from values, so that cached stages show too."""

import re
from collections.abc import Sequence
from typing import Final

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from paper2run import markdown
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.outcome import BuildContext
from paper2run.model.report import Attempt
from paper2run.verdicts import failure_line

LIMIT_CHARACTERS: Final = 200_000
"""The UI slows down beyond; the folder has all."""


def artifact_key(name: str, what: str) -> str:
    """Return a key of the form Prefect allows (`[a-z0-9-]`): the repository, then what it shows."""
    repository = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "repo"
    return f"{repository}-{what}"


def publish_plan(name: str, planned: PlannedEnvironment) -> None:
    """Show a plan with its reasons."""
    _markdown(artifact_key(name, "plan"), markdown.plan(planned), "Plan with reasons")


def publish_dockerfile(name: str, context: BuildContext) -> None:
    """Show the Dockerfile that people get."""
    text = f"```dockerfile\n{context.dockerfile}```\n"
    _markdown(artifact_key(name, "dockerfile"), text, context.image)


def publish_diagnosis(name: str, attempt: Attempt) -> None:
    """Show why an attempt failed and what was decided."""
    if attempt.diagnosis is not None:
        text = markdown.diagnosis(attempt.diagnosis)
        _markdown(artifact_key(name, "diagnosis"), text, f"Attempt {attempt.number}")


def publish_report(name: str, text: str, attempts: Sequence[Attempt], folder: str) -> None:
    """Show the report, and the attempts as a table."""
    _markdown(artifact_key(name, "report"), f"{text}\nRun folder: `{folder}`\n", "Report")
    if attempts:
        create_table_artifact(
            key=artifact_key(name, "attempts"),
            table=[
                {
                    "attempt": attempt.number,
                    "base image": attempt.planned.plan.base_image,
                    "outcome": "reproduced" if attempt.succeeded else failure_line(attempt),
                    "rung": attempt.verification.reached,
                    "decision": attempt.diagnosis.decision.reason if attempt.diagnosis else "",
                }
                for attempt in attempts
            ],
            description="Attempts",
        )


def _markdown(key: str, text: str, description: str) -> None:
    if len(text) > LIMIT_CHARACTERS:
        text = text[:LIMIT_CHARACTERS] + "\n\n… cut here; the run folder has the whole text.\n"
    create_markdown_artifact(key=key, markdown=text, description=description)
