"""Probes what every run needs: a RUN step with network, the package index, free disk space.

An engine's ping proves little: without its bridge it answers and lists images, but every RUN step fails.
"""

import re
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx

from paper2run.batches.breakdown import rest_s
from paper2run.errors import EngineError, HostError, Trouble
from paper2run.model.outcome import BuildFailed
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings
from tasks.drivers.engine import buildkit
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.host.room import low_disk
from tasks.drivers.index.site_proxies import SiteProxies

PROJECT: Final = "pip"
"""A project that every index has."""
REQUEST_TIMEOUT_S: Final = 10
STEP_TIMEOUT_S: Final = 120
"""A step that takes 3 s on an idle machine; builds of other runs share it."""
ASK: Final = (
    f"python -m pip download --disable-pip-version-check --no-deps --retries 1 --timeout {REQUEST_TIMEOUT_S}"
    f" --dest /tmp/probe {PROJECT}"
)
"""pip itself, so that the site's index, proxy and authorities are asked in the way that builds ask them."""
NO_BRIDGE: Final = re.compile(r"network \S+ not found|failed to set networking spec")
"""Docker 20.10's words for a step whose network the engine has lost."""
MEND_BRIDGE: Final = (
    "the engine has lost the network of its containers: restart it (`systemctl restart docker`), which makes its"
    " bridge anew. Without a restart: `ip link add docker0 type bridge`, `ip addr add 172.17.0.1/16 dev docker0`,"
    " `ip link set docker0 up`."
)


def try_step(engine: Engine, settings: Settings) -> bool:
    """Build a RUN step that asks the index; False if this machine has no base image to try it on.

    HostError with a hint if the engine cannot run the step, or if the step cannot reach the index.
    """
    versions = engine.local_python_images(settings.registry_prefix)
    if not versions:
        return False
    prefix = f"{settings.registry_prefix.rstrip('/')}/" if settings.registry_prefix else ""
    name = uuid.uuid4().hex
    tag = f"paper2run/probe:{name}"
    # The variable prevents a cache hit, which would prove nothing.
    dockerfile = f"FROM {prefix}python:{versions[-1]}-slim\nENV PROBE={name}\nRUN {ASK}\n"
    with tempfile.TemporaryDirectory() as folder:
        given = BuildInput(dockerfile, Path(folder), tag, Injection.of(settings))
        try:
            done = buildkit.build(engine, given, run_id=f"probe-{name}", timeout_s=STEP_TIMEOUT_S)
        except HostError as error:
            if not NO_BRIDGE.search(error.says):
                raise
            raise HostError(
                error.what, hint=MEND_BRIDGE, transient=error.transient, trouble=error.trouble
            ) from error
        finally:
            engine.remove_image(tag)
    if isinstance(done, BuildFailed) and done.timed_out:
        raise HostError(
            f"a RUN step of the engine has not ended within {STEP_TIMEOUT_S} s",
            hint="see what the engine is busy with (`docker ps`, its log), or restart it",
            transient=True,
            trouble="engine",
        )
    return True


def ask_index(settings: Settings) -> str:
    """Return the address of the index after it answered; HostError with a hint otherwise."""
    # Runs import this module for its look at the disk.
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    url = settings.index_url or PYPI_SIMPLE_ENDPOINT
    shown = httpx.URL(url).copy_with(username=None, password=None)
    verify = str(settings.ca_bundle) if settings.ca_bundle else True
    try:
        response = httpx.get(
            f"{url.rstrip('/')}/{PROJECT}/",
            timeout=REQUEST_TIMEOUT_S,
            verify=verify,
            proxy=SiteProxies.of(settings).proxy_for(url) or None,
            follow_redirects=True,
        )
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise HostError(
            f"{shown}: {error}",
            hint="set PAPER2RUN_INDEX_URL, and PAPER2RUN_CA_BUNDLE where TLS goes through a company's own CA",
            transient=True,
            trouble="index",
        ) from error
    return str(shown)


def why_broken(trouble: Trouble, settings: Settings) -> str:
    """Return what is still wrong with this part of the machine; empty if a probe finds nothing."""
    try:
        match trouble:
            case "engine":
                try_step(connect(), settings)
            case "index":
                ask_index(settings)
                _ask_index_from_a_build(settings)
            case "disk":
                _need_space(settings)
            case "" | "network" | "server" | "machine":
                # No batch pauses for these.
                return ""
    except HostError as error:
        # Any other failure of the step has its own probe.
        return error.what if error.trouble == trouble else ""
    return ""


def probes(
    trouble: Trouble, settings: Settings, *, here: bool, earlier: int
) -> Iterator[tuple[str, float]]:
    """Yield what is still wrong and the seconds to wait before the next probe, until nothing is wrong.

    The machines of workers cannot be probed from here: one wait, longer after `earlier` ones, replaces the probe.
    """
    if not here:
        yield f"runs on workers were ended by trouble with the {trouble}", rest_s(earlier)
        return
    number = 0
    while why := why_broken(trouble, settings):
        yield f"trouble with the {trouble}: {why}", rest_s(number)
        number += 1


def _ask_index_from_a_build(settings: Settings) -> None:
    try:
        engine = connect()
    except EngineError:
        # Without an engine, no build can ask the index.
        return
    try_step(engine, settings)


def _need_space(settings: Settings) -> None:
    if words := low_disk(settings.home):
        raise HostError(
            words,
            hint="free space there, or set PAPER2RUN_HOME to a folder on a larger disk",
            trouble="disk",
        )
    try:
        engine_mb = connect().free_mb()
    except EngineError:
        return
    if engine_mb is not None and engine_mb < settings.min_free_mb:
        raise HostError(
            f"{engine_mb} MB are free on the engine's disk",
            hint="remove images (`docker image prune`), or lower PAPER2RUN_MIN_FREE_MB",
            trouble="disk",
        )
