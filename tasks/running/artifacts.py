"""Publishes the Prefect artifacts that a person opens in the UI.

Flows make them from values, so that cached stages show too.
"""

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

from paper2run.model.environment import PlannedEnvironment
from paper2run.model.outcome import BuildContext, BuildFailed
from paper2run.model.report import Attempt, Metadata
from paper2run.proofs.history import Checked, history_page, in_words
from paper2run.text_gate import code, fenced, flat, prose
from paper2run.verdicts import attempts_page
from paper2run.verdicts.state_names import state_name
from tasks.running.patience import patiently

LIMIT_CHARACTERS: Final = 200_000
"""More rows slow the UI down; the folder has all."""


def artifact_key(name: str, what: str) -> str:
    """Return a key of the form Prefect allows (`[a-z0-9-]`): the repository, then what it shows."""
    repository = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "repo"
    return f"{repository}-{what}"


def publish_plan(name: str, planned: PlannedEnvironment, attempt: int = 1) -> None:
    """Show a plan with its reasons."""
    words = f"Attempt {attempt}: plan with reasons"
    _markdown(artifact_key(name, "plan"), attempts_page.plan(planned), words)


def publish_dockerfile(name: str, context: BuildContext, attempt: int) -> None:
    """Show the Dockerfile that people get."""
    text = fenced(context.dockerfile.rstrip("\n"), "dockerfile") + "\n"
    words = f"Attempt {attempt}: Dockerfile of {context.image}"
    _markdown(artifact_key(name, "dockerfile"), text, words)


def publish_failure(name: str, attempt: Attempt) -> None:
    """Show why an attempt failed, the decision, and the change to the next plan; skip a passed attempt."""
    if not attempt.succeeded:
        words = f"Attempt {attempt.number}: failure and diagnosis"
        _markdown(artifact_key(name, "diagnosis"), attempts_page.failure(attempt), words)


def publish_report(
    name: str, metadata: Metadata, text: str, attempts: Sequence[Attempt], folder: str
) -> None:
    """Show the report, its page, and a table of the attempts.

    The table's heading gives the verdict and the smallest change that would help.
    """
    page = PurePath(folder) / "report.html"
    if page.is_absolute():
        # Browsers follow no link from a web page to a file: the address is what a person copies.
        patiently(
            lambda: create_link_artifact(
                key=artifact_key(name, "page"),
                link=page.as_uri(),
                description=f"report.html of {prose(name)}, a file of the machine that ran it: copy its address",
            )
        )
    _markdown(
        artifact_key(name, "report"),
        f"{text}\nRun folder: {code(folder)}\n",
        f"Report of {prose(name)}",
    )
    if attempts:
        table = [
            {
                "attempt": attempt.number,
                "result": _result(attempt),
                "reached": attempt.verification.reached,
                "base image": attempt.planned.plan.base_image,
                "first error": flat(str(attempt.blame or "")),
                "decision": flat(attempt.diagnosis.decision.reason) if attempt.diagnosis else "",
            }
            for attempt in attempts
        ]
        words = (f"{prose(name)}: {prose(state_name(metadata))}", prose(metadata.smallest_change))
        patiently(
            lambda: create_table_artifact(
                key=artifact_key(name, "attempts"),
                table=table,
                description=". ".join(filter(None, words)),
            )
        )


def publish_history(rows: Sequence[Checked]) -> None:
    """Show the checks of many runs over time, in one artifact whose versions are the checks."""
    _markdown("paper2run-decay", history_page(rows), in_words(rows))


def _result(attempt: Attempt) -> str:
    """Return how the attempt ended in two or three words: the cells after it are seen without scrolling."""
    if isinstance(attempt.built, BuildFailed):
        return "build failed"
    return "runs" if attempt.succeeded else "smoke run failed"


def _markdown(key: str, text: str, description: str) -> None:
    if len(text) > LIMIT_CHARACTERS:
        # At a line's end: half a code span is not code, so its content would act as markup.
        text = (
            text[:LIMIT_CHARACTERS].rpartition("\n")[0]
            + "\n\n… cut here; the run folder has the whole text.\n"
        )
    patiently(lambda: create_markdown_artifact(key=key, markdown=text, description=description))
