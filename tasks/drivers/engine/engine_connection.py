"""Finds the container engine: by name, at the address in DOCKER_HOST, else at the usual sockets."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from paper2run.errors import EngineError, UserError
from tasks.drivers.engine.engine import Engine, innermost

CONNECT_TIMEOUT_S: Final = 15
REQUEST_TIMEOUT_S: Final = 120
"""For one answer of a live engine; listing and removing can take a minute on a busy disk."""
GET_ONE: Final = (
    "start Docker Desktop or Podman, or set DOCKER_HOST to an engine's socket;"
    " on Debian and Ubuntu `make engine` installs and starts Docker"
)
_NAMED: Final[ContextVar[str]] = ContextVar("engine of the block", default="")


@contextmanager
def using_engine(name: str) -> Iterator[None]:
    """Let `connect` return this engine during the block; an empty name changes nothing.

    An address, or a context of Docker:
    https://docs.docker.com/engine/manage-resources/contexts/
    """
    token = _NAMED.set(name or _NAMED.get())
    try:
        yield
    finally:
        _NAMED.reset(token)


def connect() -> Engine:
    """Return the engine that block or DOCKER_HOST names, else the first that answers on a usual socket.

    EngineError naming every address that was tried where none answers.
    """
    from docker import DockerClient
    from docker.errors import DockerException
    from docker.utils import kwargs_from_env
    from requests.exceptions import RequestException

    named = _NAMED.get()
    try:
        options: Any = _options_of(named) if named else kwargs_from_env()
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


def _options_of(name: str) -> dict[str, Any]:
    """Return how to reach an engine by its address or its context. UserError if there is no such context.

    Not by docker-py's own reader, which finds contexts only beside a `config.json`.
    """
    from docker.tls import TLSConfig

    if "://" in name:
        return {"base_url": name}
    root = Path(os.environ.get("DOCKER_CONFIG") or Path("~/.docker").expanduser()) / "contexts"
    place = hashlib.sha256(name.encode()).hexdigest()
    try:
        endpoint = json.loads((root / "meta" / place / "meta.json").read_text("utf-8"))[
            "Endpoints"
        ]["docker"]
        options = {"base_url": str(endpoint["Host"])}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError(
            f"there is no context {name} of Docker that can be read: {error}",
            hint="give an address such as unix:///run/second.sock, or a name that `docker context ls` lists",
        ) from error
    keys = root / "tls" / place / "docker"
    if not keys.is_dir():
        return options
    ca, pair = keys / "ca.pem", (str(keys / "cert.pem"), str(keys / "key.pem"))
    tls = TLSConfig(
        client_cert=pair if all(Path(file).is_file() for file in pair) else None,
        ca_cert=str(ca) if ca.is_file() else None,
        verify=not endpoint.get("SkipTLSVerify"),
    )
    return {**options, "tls": tls}


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
