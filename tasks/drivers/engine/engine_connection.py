"""Finds the container engine: at the address in DOCKER_HOST, else at the usual sockets."""

import os
from pathlib import Path
from typing import Any, Final

from paper2run.errors import EngineError
from tasks.drivers.engine.engine import Engine, innermost

CONNECT_TIMEOUT_S: Final = 15
REQUEST_TIMEOUT_S: Final = 120
"""For one answer of a live engine; listing and removing can take a minute on a busy disk."""
GET_ONE: Final = (
    "start Docker Desktop or Podman, or set DOCKER_HOST to an engine's socket;"
    " on Debian and Ubuntu `make engine` installs and starts Docker"
)


def connect() -> Engine:
    """Return the engine that DOCKER_HOST names, else the first one that answers on a usual socket.

    EngineError naming every address that was tried where none answers.
    """
    from docker import DockerClient
    from docker.errors import DockerException
    from docker.utils import kwargs_from_env
    from requests.exceptions import RequestException

    try:
        options: Any = kwargs_from_env()
    except DockerException as error:
        raise EngineError(f"DOCKER_HOST cannot be used: {error}", hint=GET_ONE) from error
    addresses = [options["base_url"]] if "base_url" in options else _usual_addresses()
    refusals = []
    for address in addresses:
        try:
            client = DockerClient(
                **{**options, "base_url": address}, version="auto", timeout=CONNECT_TIMEOUT_S
            )
        except (DockerException, RequestException) as error:
            refusals.append(f"{address} ({innermost(error)})")
        else:
            client.api.timeout = REQUEST_TIMEOUT_S
            return Engine(client)
    raise EngineError(f"no container engine answers: tried {', '.join(refusals)}", hint=GET_ONE)


def _usual_addresses() -> list[str]:
    """Return where engines listen by default: Docker, Docker Desktop, Podman of root and of the user."""
    try:
        home = Path.home() / ".docker"
    except RuntimeError:
        # A user without a home folder has no engine there.
        home = Path("/var/run/docker")
    sockets = [
        Path("/var/run/docker.sock"),
        home / "run/docker.sock",
        home / "desktop/docker.sock",
        Path(f"/run/user/{os.getuid()}/docker.sock"),
        Path(f"/run/user/{os.getuid()}/podman/podman.sock"),
        Path("/run/podman/podman.sock"),
    ]
    there = [path for path in sockets if path.is_socket()]
    return [f"unix://{path}" for path in there or sockets[:1]]
