"""Finds or starts the Prefect API that a command uses.

The configured one, else a server that runs here already, else one is started in the background once; the
ephemeral API, which takes 12 to 24 seconds for each command, is left as a last resort.
"""

import os
import secrets
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import httpx
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_KEY,
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_HOME,
    PREFECT_SERVER_API_AUTH_STRING,
    PREFECT_SERVER_API_PORT,
    PREFECT_SERVER_CORS_ALLOWED_ORIGINS,
    PREFECT_SERVER_DATABASE_CONNECTION_URL,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    temporary_settings,
)

from paper2run.errors import HostError
from tasks.drivers.host import daemon
from tasks.drivers.host.python_children import SAFE_CHILDREN
from tasks.running.patience import CLIENT_RETRIES

HEALTH_TIMEOUT_S: Final = 3.0
START_TIMEOUT_S: Final = 120
"""A first start migrates the database: 20 s on a slow machine."""
EPHEMERAL_START_S: Final = 120
POLL_S: Final = 0.3
SQLITE_RUNS: Final = 2
"""With more, "database is locked" slows all runs down and loses some (measured on Prefect 3.8 and 3.9)."""
SERVER_SETTINGS: Final = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}
"""Our servers send no telemetry. Task runs are stored once a second, not one by one: that is a third
less work for the server, and no two inserts collide (Prefect 3.8; docs/scale.md)."""

Say = Callable[[str], None]


class Api(NamedTuple):
    """The API in use."""

    url: str
    """`http://127.0.0.1:4200/api`; empty for the ephemeral one."""
    origin: Literal["configured", "running", "started", "ephemeral"]

    @property
    def ui(self) -> str:
        """The UI's address; empty if there is none."""
        return self.url.removesuffix("/api")

    @property
    def shown(self) -> str:
        """The UI's address and the place of its login, for a person."""
        return self.ui + (f" (login: {login_file()})" if is_ours(self.url) else "")


@contextmanager
def prefect_api(say: Say) -> Iterator[Api]:
    """Let the block run against the API that was found or started; `say` gets what a person should know."""
    api = find_or_start(say)
    if api.url:
        # A command needs no heartbeats, and Prefect 3.8 waits up to a second for their end.
        with temporary_settings(
            {
                **access(api.url),
                PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
                PREFECT_CLIENT_MAX_RETRIES: CLIENT_RETRIES,
            }
        ):
            yield api
    else:
        with temporary_settings(
            {
                PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: EPHEMERAL_START_S,
                # It listens on loopback like any server of ours.
                PREFECT_SERVER_API_AUTH_STRING: login(),
                PREFECT_API_AUTH_STRING: login(),
                PREFECT_SERVER_CORS_ALLOWED_ORIGINS: origins(),
            }
        ):
            yield api


def access(url: str) -> dict[Any, str]:
    """Return Prefect's settings for a client of the API at `url`, with the login for a server of ours."""
    return {PREFECT_API_URL: url} | ({PREFECT_API_AUTH_STRING: login()} if is_ours(url) else {})


def is_ours(url: str) -> bool:
    """Whether the local server that we started in the background answers at `url`."""
    return url == local_url() and daemon.running(_pid_file()) is not None


def shell_exports() -> str:
    """Return the line by which a shell's `prefect` commands use the local server: address and login."""
    values = {"PREFECT_API_URL": local_url(), "PREFECT_API_AUTH_STRING": login()}
    return "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in values.items())


def login() -> str:
    """Return `USER:PASSWORD` of the servers that we start: the configured one, else one we create.

    We keep ours below PREFECT_HOME in a file that only the user can read. HostError if it cannot be
    written.
    """
    for configured in (PREFECT_SERVER_API_AUTH_STRING.value(), PREFECT_API_AUTH_STRING.value()):
        if configured:
            return str(configured)
    path = login_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            made = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
            descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"paper2run:{secrets.token_urlsafe(32)}\n")
            # The first of several that start at once wins.
            try:
                os.link(made, path)
            except FileExistsError:
                made.unlink()
                return path.read_text().strip()
            made.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise HostError(
            f"cannot keep the login of the Prefect server in {path}: {error.strerror}",
            hint="set PREFECT_HOME to a folder that you may write to",
        ) from error


def origins() -> str:
    """Return the web origins that may call our server: its own UI, under both names of this machine."""
    port = PREFECT_SERVER_API_PORT.value()
    return f"http://127.0.0.1:{port},http://localhost:{port}"


def find_or_start(say: Say) -> Api:
    """Return the API; HostError if a configured one does not answer, or one refuses our login."""
    configured = configured_url()
    if configured:
        if not answers(configured):
            raise HostError(
                f"the Prefect API at {configured} does not answer",
                hint="start it, or unset PREFECT_API_URL to use a local server",
            )
        _hold_login(configured)
        return Api(configured, "configured")
    url = local_url()
    if answers(url):
        _hold_login(url)
        return Api(url, "running")
    say("starting a Prefect server in the background (once; end it with `paper2run server stop`)")
    if start(url):
        return Api(url, "started")
    say(f"the server did not start (see {log_file()}); using Prefect's ephemeral API")
    return Api("", "ephemeral")


def _hold_login(url: str) -> None:
    """HostError if the API at `url` refuses the login that we would use: it is not ours."""
    if PREFECT_API_KEY.value() is not None:
        return
    known = access(url).get(PREFECT_API_AUTH_STRING) or PREFECT_API_AUTH_STRING.value() or ""
    user, _, password = str(known).partition(":")
    try:
        response = httpx.get(
            f"{url}/admin/version",
            auth=(user, password) if known else None,
            timeout=HEALTH_TIMEOUT_S,
            verify=_is_tls(url),
        )
    except httpx.HTTPError:
        # It has just answered: Prefect's own client is more patient.
        return
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise HostError(
            f"the Prefect server at {url} refuses the login that is known here",
            hint="another user or another PREFECT_HOME started it: set PREFECT_API_AUTH_STRING to its login, or"
            " PREFECT_SERVER_API_PORT to a free port for a server of your own",
        )


def carried(api: Api, jobs: int, say: Say) -> int:
    """Return how many runs at a time the API's database supports, at most `jobs`.

    `say` is told why it is fewer.
    """
    if jobs <= SQLITE_RUNS:
        return jobs
    advice = "more need a server on Postgres: set PREFECT_API_URL to it"
    database = PREFECT_SERVER_DATABASE_CONNECTION_URL.value()
    known = database.get_secret_value() if database is not None else ""
    if api.origin == "configured" or known.startswith("postgresql"):
        if api.origin == "configured":
            say(
                f"{jobs} runs at a time: the server at {api.url} must be on Postgres, not on SQLite"
            )
        return jobs
    say(f"{SQLITE_RUNS} runs at a time instead of {jobs}: the local server uses SQLite; {advice}")
    return SQLITE_RUNS


def start(url: str) -> bool:
    """Start our local server unless it runs; return whether it answers in time."""
    pid_file = _pid_file()
    if daemon.running(pid_file) is None:
        port = str(PREFECT_SERVER_API_PORT.value())
        # The UI reads its port from the setting, not from --port.
        env = {
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": origins(),
            "PREFECT_SERVER_API_AUTH_STRING": login(),
            **SERVER_SETTINGS,
            **os.environ,
            **SAFE_CHILDREN,
            "PREFECT_SERVER_API_PORT": port,
        }
        # -P and the folder: neither modules nor settings of the folder in which we were started.
        argv = [sys.executable, "-P", "-m", "prefect", "server", "start"]
        pid_file.parent.mkdir(parents=True, exist_ok=True)
        daemon.start(argv, cwd=pid_file.parent, log=log_file(), pid_file=pid_file, env=env)
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end:
        if answers(url):
            return True
        if daemon.running(pid_file) is None:
            break
        time.sleep(POLL_S)
    daemon.stop(pid_file)
    return False


def stop() -> bool:
    """End the server that was started in the background; return whether there was one."""
    return daemon.stop(_pid_file())


def answers(url: str) -> bool:
    """Whether a Prefect API answers at `url`."""
    try:
        response = httpx.get(f"{url}/health", timeout=HEALTH_TIMEOUT_S, verify=_is_tls(url))
    except httpx.HTTPError:
        return False
    return response.status_code == httpx.codes.OK and response.text.strip() == "true"


def _is_tls(url: str) -> bool:
    """Whether the address needs certificates: reading them takes 30 ms, and loopback speaks plain HTTP."""
    return not url.startswith("http://")


def configured_url() -> str:
    """Return the address of the API that PREFECT_API_URL or the profile names; empty for none."""
    return PREFECT_API_URL.value() or ""


def local_url() -> str:
    """Return the address of the local server's API."""
    return f"http://127.0.0.1:{PREFECT_SERVER_API_PORT.value()}/api"


def log_file() -> Path:
    """Return where the background server writes."""
    return Path(PREFECT_HOME.value()) / "paper2run-server.log"


def login_file() -> Path:
    """Return where the login of our servers is kept, readable by the user alone."""
    return Path(PREFECT_HOME.value()) / "paper2run-server.login"


def _pid_file() -> Path:
    return Path(PREFECT_HOME.value()) / "paper2run-server.pid"
