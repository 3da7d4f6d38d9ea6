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
from paper2run.formats.plurals import counted
from paper2run.index.conda_channels import PUBLIC, mirrored, shown
from paper2run.planners.message import Message
from paper2run.settings import Settings
from tasks.console.tables import print_table
from tasks.drivers.conda import channel_probe
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.host.room import low_disk
from tasks.drivers.model import chat
from tasks.drivers.model.model_endpoint import endpoint
from tasks.drivers.model.model_need import INSTALL, is_installed
from tasks.running import server
from tasks.running.host_probe import ask_index, try_step
from tasks.running.keep_space import told

MODEL_TIMEOUT_S: Final = 60
"""A model that must be loaded first takes a while to answer."""
MODEL_TOKENS: Final = 64
"""Reasoning included; the content of the answer does not matter."""


class Finding(NamedTuple):
    """The result of one check."""

    what: str
    works: bool
    found: str
    do: str = ""
    """What to do about it; empty if it works."""
    needed: bool = True
    """Without it nothing can be reproduced."""


def examine(settings: Settings) -> list[Finding]:
    """Return the findings, in the order in which a run meets them."""
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _git, _engine, _machine, _base_images, _step, _disk, _own_disk, _index, _conda, _model, _prefect,
    )  # fmt: skip
    return [check(settings) for check in checks]


def mark_of(finding: Finding) -> Text:
    """Return `ok`, `no` for what nothing works without, `-` for what is optional and absent."""
    if finding.works:
        return Text("ok", "green")
    return Text("no", "red") if finding.needed else Text("-", "yellow")


def print_findings(console: Console, findings: list[Finding]) -> None:
    """Print one row per finding, what is optional last; no name or address is cut."""
    table = Table(box=None)
    for heading in ("", "what", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for finding in sorted(findings, key=lambda finding: not finding.needed):
        table.add_row(mark_of(finding), finding.what, Text(finding.found), Text(finding.do))
    print_table(console, table)
    console.print("ok: works · no: needed and missing · -: optional")


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


def _machine(settings: Settings) -> Finding:
    """Tell what the engine's machine has, and whether a smoke container gets its memory there."""
    what = "engine's machine"
    try:
        engine = connect()
        has, arch, gpu = engine.capacity, engine.architecture, engine.gpu_offer
    except HostError:
        return Finding(what, False, "no engine", "see above", needed=False)
    found = (
        f"{arch}, {counted(has.cpus, 'processor')}, {has.memory_mb} MB of memory, "
        f"{'NVIDIA GPUs' if gpu else 'no NVIDIA GPU for containers'}"
    )
    enough = has.memory_mb >= settings.memory_mb
    do = (
        "" if enough else f"a smoke run may take {settings.memory_mb} MB: lower PAPER2RUN_MEMORY_MB"
    )
    return Finding(what, enough, found, do, needed=False)


def _base_images(settings: Settings) -> Finding:
    try:
        versions = connect().local_python_images(settings.registry_prefix)
    except HostError:
        return Finding("base images", False, "no engine", "see above", needed=False)
    if versions:
        return Finding("base images", True, f"here: Python {', '.join(versions)}", needed=False)
    hint = "optional if a registry is reachable; else `make base-image`"
    return Finding("base images", False, "no base image yet", hint, needed=False)


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
    hint = "get a base image, then run `paper2run doctor` again"
    return Finding(what, False, "not tried: no base image yet", hint, needed=False)


def _disk(settings: Settings) -> Finding:
    try:
        engine = connect()
        free_mb = engine.free_mb()
        found = told(engine, settings)
    except HostError:
        return Finding("engine's disk", False, "no engine", "see above", needed=False)
    if free_mb is None:
        return Finding("engine's disk", True, found, needed=False)
    enough = free_mb >= settings.min_free_mb
    do = (
        ""
        if enough
        else "`paper2run clean --cache`, `docker image prune`; or lower PAPER2RUN_MIN_FREE_MB"
    )
    return Finding("engine's disk", enough, found, do)


def _own_disk(settings: Settings) -> Finding:
    """Judge the disks of run folders and of what is kept between runs."""
    words = [low for place in (settings.out, settings.home) if (low := low_disk(place))]
    do = "free space there, or set PAPER2RUN_OUT and PAPER2RUN_HOME to folders on a larger disk"
    found = "; ".join(words) or f"room below {settings.out} and {settings.home}"
    return Finding("disk of run folders", not words, found, do if words else "")


def _index(settings: Settings) -> Finding:
    try:
        return Finding("package index", True, ask_index(settings))
    except HostError as error:
        return Finding("package index", False, error.what, error.hint)


def _conda(settings: Settings) -> Finding:
    asked = (f"{PUBLIC}conda-forge",)
    why = channel_probe.why_not(asked, settings)
    place = shown(mirrored(asked[0], settings.conda_channel_alias))
    do = "optional: else conda environments are translated; PAPER2RUN_CONDA_CHANNEL_ALIAS sets a mirror"
    return Finding("conda channels", not why, why or place, do if why else "", needed=False)


def _model(settings: Settings) -> Finding:
    """Ask the model for one word, if one is set; runs work without a model."""
    if not settings.planner_model:
        there = "" if is_installed() else "; LiteLLM is not installed"
        return Finding(
            "model",
            True,
            f"not set: the rules plan and repair{there}",
            f"optional: {INSTALL}" if there else "",
            needed=False,
        )
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
    do = "optional: `paper2run run` starts one"
    return Finding("Prefect API", False, f"{url} does not answer", do, needed=False)
