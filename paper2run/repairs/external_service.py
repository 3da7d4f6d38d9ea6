"""Stops where a run wants a service that is not there: a database, a server beside it, a key to one.

Reads the drivers' own words (psycopg2 `could not connect to server`, PyMySQL `Can't connect to MySQL server`, pymongo
`ServerSelectionTimeoutError`, redis-py, pika), CPython's `ConnectionRefusedError` (`[Errno 99]` where a container has
no IPv6), an environment variable that code demands (`KeyError: 'OPENAI_API_KEY'` out of `os.environ`), API clients
that are given no key, and what else the client of an outside service raises. A host of the internet that a container
does not reach is another rule's.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import (
    ENVIRONMENT,
    Hit,
    code_line,
    last_error,
    last_hit,
    last_traceback,
)
from paper2run.knowledge.service_clients import ALL_CLIENTS, REFUSED
from paper2run.model.diagnosis import Diagnosis, Lack
from paper2run.model.value import Source

NAME: Final = "external_service"
SERVER: Final = re.compile(
    r"psycopg2?\.OperationalError|could not connect to server|connection to server at \S+.* failed"
    r"|Can't connect to (?:local )?MySQL|ServerSelectionTimeoutError|redis\.exceptions\.ConnectionError"
    r"|AMQPConnectionError|Cannot connect to the Docker daemon|Unable to register with master node"
    r"|ConnectionRefusedError: |[Ee]rror: .*\bConnection refused|(?:OSError|error): \[Errno 99\]"
)
KEY: Final = re.compile(
    r"api_key client option must be set|AuthenticationError: |NoCredentialsError|Unable to locate credentials"
    r"|(?:No|Missing|Invalid) API key|api[_ ]key (?:is )?(?:required|missing|not (?:set|found|provided))",
    re.IGNORECASE,
)
VARIABLE: Final = re.compile(r"KeyError: '(?P<name>[A-Z][A-Z0-9_]+)'$")
PORTS: Final = {
    "3306": "MySQL", "5432": "PostgreSQL", "5672": "RabbitMQ", "6379": "Redis", "7687": "Neo4j",
    "9200": "Elasticsearch", "11311": "a ROS master", "27017": "MongoDB",
}  # fmt: skip
"""Registered or customary (https://www.iana.org/assignments/service-names-port-numbers)."""
PORT: Final = re.compile(r"(?:\bport[ =]+|:)(?P<port>\d{4,5})\b")
NAMES: Final = {
    "psycopg": "PostgreSQL", "MySQL": "MySQL", "ServerSelection": "MongoDB", "redis": "Redis", "AMQP": "RabbitMQ",
    "Docker": "a Docker daemon", "master node": "a ROS master",
}  # fmt: skip


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop with the service or the variable; None for other errors, and where no own code ran."""
    if not failed.ran_own_code:
        return None
    ended = failed.lines[last_error(failed.lines) :]
    hit = last_hit(ended, SERVER, KEY, REFUSED) or _variable(failed.lines, ended)
    if hit is None:
        return None
    place = code_line(failed.lines, hit.line)
    wanted = _wanted(hit, place)
    return stopped(
        NAME,
        "external_service",
        reason=f"The command needs {wanted}, which this run did not have.",
        evidence=hit.line,
        source=place,
        excludes=failed.reach_of(hit.line),
        smallest_change=f"Give the container {wanted}, or use --smoke to name a command that works without it.",
        lacks=Lack(kind="variable", name=hit.match["name"]) if hit.match.re is VARIABLE else None,
    )


def _variable(lines: list[str], ended: list[str]) -> Hit | None:
    """Return the error of a variable that is not set; any other key may be of a mere dictionary."""
    hit = last_hit(ended, VARIABLE)
    asked = any(map(ENVIRONMENT.search, last_traceback(lines)))
    return hit if asked else None


def _wanted(hit: Hit, place: Source | None) -> str:
    if hit.match.re is VARIABLE:
        return f"the environment variable {hit.match['name']}"
    if hit.match.re is KEY:
        return "a key to an outside service"
    if hit.match.re is REFUSED:
        return f"an account of {ALL_CLIENTS[hit.match['client']]}"
    port = PORT.search(hit.line)
    if port and port["port"] in PORTS:
        return f"the service {PORTS[port['port']]} (port {port['port']})"
    named = next((service for sign, service in NAMES.items() if sign in hit.line), "")
    if named:
        return f"the service {named}"
    return (
        f"the server that {place.path}:{place.line} connects to"
        if place
        else "a server that it connects to"
    )
