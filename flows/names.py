"""Names of flow runs: which repository, which attempt."""

from pathlib import PurePath
from typing import Final

from prefect.runtime import flow_run

from paper2run.source import shown_name

BAD_REQUEST: Final = "Bad request"
"""The state of a run whose request cannot be served."""


def reproduction() -> str:
    """Return `owner/name`, or what was given where that is no address; `paper NAME` for a paper alone."""
    repo, paper = (str(flow_run.parameters.get(name) or "") for name in ("repo", "paper"))
    return shown_name(repo) if repo or not paper else f"paper {PurePath(paper).name}"


def attempt_number() -> str:
    """Return `owner/name #2`."""
    parameters = flow_run.parameters
    return f"{parameters['checkout'].name} #{parameters['number']}"


def verified_run() -> str:
    """Return `verify NAME` with the name of the run folder."""
    return f"verify {PurePath(str(flow_run.parameters.get('run', ''))).name}"


def bundled_run() -> str:
    """Return `bundle NAME` with the name of the run folder."""
    return f"bundle {PurePath(str(flow_run.parameters.get('run', ''))).name}"


def batch_file() -> str:
    """Return the name of the batch's file, and what is asked beside running it all."""
    parameters = flow_run.parameters
    asked = [word for word in ("resume", "only_failed") if parameters.get(word)]
    return " ".join([PurePath(str(parameters.get("file", "batch"))).stem, *asked])
