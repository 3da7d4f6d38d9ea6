"""Checks what a run needs on this machine.

Engine, base images, a RUN step, disk, index, model, Prefect API.
"""

import shutil
from collections.abc import Callable
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from paper2run.errors import EngineError, HostError, ModelError
from paper2run.index.conda_channels import PUBLIC, mirrored, shown
from paper2run.planners.message import Message
from paper2run.settings import Settings
from tasks.drivers.conda import channel_probe
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.model import chat
from tasks.drivers.model.model_endpoint import endpoint
from tasks.running import server
from tasks.running.host_probe import ask_index, try_step
from tasks.running.keep_space import told

MODEL_TIMEOUT_S: Final = 60
"""A model that was asleep takes a while for its first word."""
MODEL_TOKENS: Final = 64
"""Thinking aloud included: what it says does not matter."""


class Finding(NamedTuple):
    """What was found out about one thing."""

    what: str
    works: bool
    found: str
    do: str = ""
    """What to do about it; empty where it works."""
    needed: bool = True
    """Without it nothing can be reproduced."""


def examine(settings: Settings) -> list[Finding]:
    """Return the findings, in the order in which a run meets them."""
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _git, _engine, _base_images, _step, _disk, _index, _conda, _model, _prefect,
    )  # fmt: skip
    return [check(settings) for check in checks]


def print_findings(console: Console, findings: list[Finding]) -> None:
    """Print one row a finding."""
    table = Table("", "what", "found", "what to do", box=None)
    for finding in findings:
        mark = (
            Text("ok", "green")
            if finding.works
            else Text("no", "red" if finding.needed else "yellow")
        )
        table.add_row(mark, finding.what, Text(finding.found), Text(finding.do))
    console.print(table)


def _git(_: Settings) -> Finding:
    path = shutil.which("git")
    return Finding(
        "git", path is not None, path or "not on the PATH", "" if path else "install git"
    )


def _engine(_: Settings) -> Finding:
    try:
        return Finding("container engine", True, connect().name_and_version)
    except EngineError as error:
        return Finding("container engine", False, error.what, error.hint)


def _base_images(settings: Settings) -> Finding:
    try:
        versions = connect().local_python_images(settings.registry_prefix)
    except HostError:
        return Finding("base images", False, "no engine to ask", "see above", needed=False)
    if versions:
        return Finding("base images", True, f"here: Python {', '.join(versions)}", needed=False)
    hint = "none is needed if a registry can be reached; else `make base-image`"
    return Finding("base images", False, "none is here yet", hint, needed=False)


def _step(settings: Settings) -> Finding:
    """Run a step of a build as runs do, network and site access included."""
    what = "RUN step"
    try:
        tried = try_step(connect(), settings)
    except EngineError as error:
        return Finding(what, False, error.what, error.hint or "see above")
    except HostError as error:
        return Finding(what, False, error.what, error.hint)
    if tried:
        return Finding(what, True, "runs, and reaches the package index")
    hint = "`paper2run doctor` tries it when a base image is here"
    return Finding(what, False, "not tried: no base image is here yet", hint, needed=False)


def _disk(settings: Settings) -> Finding:
    try:
        engine = connect()
        free_mb = engine.free_mb()
        found = told(engine, settings)
    except HostError:
        return Finding("engine's disk", False, "no engine to ask", "see above", needed=False)
    if free_mb is None:
        return Finding("engine's disk", True, found, needed=False)
    enough = free_mb >= settings.min_free_mb
    do = "" if enough else "remove images, or lower PAPER2RUN_MIN_FREE_MB"
    return Finding("engine's disk", enough, found, do)


def _index(settings: Settings) -> Finding:
    try:
        return Finding("package index", True, ask_index(settings))
    except HostError as error:
        return Finding("package index", False, error.what, error.hint)


def _conda(settings: Settings) -> Finding:
    asked = (f"{PUBLIC}conda-forge",)
    why = channel_probe.why_not(asked, settings)
    place = shown(mirrored(asked[0], settings.conda_channel_alias))
    do = "none is needed: conda environments are translated; a mirror is PAPER2RUN_CONDA_CHANNEL_ALIAS"
    return Finding("conda channels", not why, why or place, do if why else "", needed=False)


def _model(settings: Settings) -> Finding:
    """Ask the model for one word, if there is one; runs do without it."""
    if not settings.planner_model:
        return Finding("model", True, "none: the rules plan and repair", needed=False)
    try:
        at = endpoint(settings)
        answer = chat.ask(
            [Message("user", "Answer with one word: ready")],
            model=at.model,
            base_url=at.base_url,
            api_key=at.api_key,
            schema=None,
            timeout_s=MODEL_TIMEOUT_S,
            max_tokens=MODEL_TOKENS,
        )
    except ModelError as error:
        return Finding("model", False, error.what, error.hint, needed=False)
    return Finding("model", True, f"{at.model} answered in {answer.latency_s:.1f} s", needed=False)


def _prefect(_: Settings) -> Finding:
    url = server.configured_url() or server.local_url()
    if server.answers(url):
        return Finding("Prefect API", True, url, needed=False)
    do = "none is needed: `paper2run run` starts one"
    return Finding("Prefect API", False, f"{url} does not answer", do, needed=False)
