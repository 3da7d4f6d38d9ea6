"""Measures what a run costs beside its work: time, requests, database rows and bytes, server CPU.

    python -m benchmarks.overhead --runs 20 [--database postgresql://…|PATH.db] [--server-pid PID] [--repo REPO]

It runs against the running server of PREFECT_API_URL, one run after the other in this process.
Every stage is a cache hit from the first run, which is not counted. The rest is overhead: Prefect's
bookkeeping, reading cached results, writing the folder.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import resource
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from prefect.settings import PREFECT_API_URL

from flows.reproduce import reproduce
from tasks.running.server import prefect_api

EXAMPLE: Final = Path(__file__).parent.parent / "examples" / "period-doubling"
SETTLE_S: Final = 8
"""The server stores events and logs with a delay."""
TICKS: Final = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run and print one JSON object."""
    asked = arguments()
    with (
        tempfile.TemporaryDirectory() as out,
        requests_counted() as requests,
        prefect_api(print),
    ):
        run(asked.repo, out)
        time.sleep(SETTLE_S)
        requests.clear()
        before, cpu_before = state(asked), own_cpu_s()
        taken = [run(asked.repo, out) for _ in range(asked.runs)]
        cpu_s = own_cpu_s() - cpu_before
        time.sleep(SETTLE_S)
        after = state(asked)
    grown = {name: (after[name] - before[name]) / asked.runs for name in before}
    seconds = [wall for wall, _ in taken]
    print(
        json.dumps(
            {
                "runs": asked.runs,
                "seconds a run": spread(seconds),
                "seconds in stages": spread([stages for _, stages in taken]),
                "our CPU seconds a run": round(cpu_s / asked.runs, 2),
                "requests a run": round(sum(requests.values()) / asked.runs, 1),
                "requests by kind": {
                    kind: round(count / asked.runs, 1) for kind, count in requests.most_common(12)
                },
                "grown a run": {name: round(value, 2) for name, value in grown.items()},
            },
            indent=2,
        )
    )


def arguments() -> argparse.Namespace:
    """Return what was asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--repo", default=str(EXAMPLE))
    parser.add_argument(
        "--database", default="", help="postgresql:// address or SQLite file, to see it grow"
    )
    parser.add_argument("--server-pid", type=int, default=0, help="to see what the server takes")
    return parser.parse_args()


def run(repo: str, out: str) -> tuple[float, float]:
    """Return the seconds of one reproduction, and those of its stages."""
    started = time.monotonic()
    metadata, _ = reproduce(repo=repo, out=out, return_state=True).result()
    assert metadata.status == "success", metadata.reason
    return time.monotonic() - started, sum(timing.seconds for timing in metadata.stages)


@contextlib.contextmanager
def requests_counted() -> Iterator[Counter[str]]:
    """Yield the requests that this process makes of the server, by method and path without ids."""
    seen: Counter[str] = Counter()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            method, url = str(record.args[0]), str(record.args[1]) if record.args else ""
            parts = [part for part in urlsplit(url).path.split("/") if part.count("-") != 4]
            seen[f"{method} {'/'.join(parts)}"] += 1

    logger, handler = logging.getLogger("httpx"), Handler()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield seen
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def state(asked: argparse.Namespace) -> dict[str, float]:
    """Return the rows of the server, its CPU seconds and the kilobytes of its database."""
    found: dict[str, float] = {}
    if asked.server_pid:
        fields = Path(f"/proc/{asked.server_pid}/stat").read_text().rpartition(")")[2].split()
        found["server CPU seconds"] = (int(fields[11]) + int(fields[12])) / TICKS
    if asked.database.startswith("postgresql"):
        found |= asyncio.run(of_postgres(asked.database))
    elif asked.database:
        files = Path(asked.database).parent.glob(Path(asked.database).name + "*")
        found["database kB"] = sum(file.stat().st_size for file in files) / 1000
    with httpx.Client(base_url=PREFECT_API_URL.value() or "", timeout=60) as client:
        for name in ("flow_runs", "task_runs", "artifacts"):
            found[name] = float(client.post(f"/{name}/count", json={}).raise_for_status().text)
    return found


async def of_postgres(url: str) -> dict[str, float]:
    """Return the size of the database and the rows of its largest tables."""
    import asyncpg  # type: ignore[import-untyped]

    connection: Any = await asyncpg.connect(url.replace("+asyncpg", ""))
    size = await connection.fetchval("select pg_database_size(current_database())")
    written = await connection.fetchval("select pg_current_wal_lsn() - '0/0'::pg_lsn")
    rows = {
        table: float(await connection.fetchval(f"select count(*) from {table}"))
        for table in ("log", "events", "event_resources", "flow_run_state", "task_run_state")
    }
    transactions = await connection.fetchval(
        "select xact_commit from pg_stat_database where datname = current_database()"
    )
    await connection.close()
    return {
        "database kB": size / 1000, "written ahead kB": float(written) / 1000,
        "transactions": float(transactions), **rows,
    }  # fmt: skip


def own_cpu_s() -> float:
    """Return the CPU seconds of this process and its children."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def spread(values: list[float]) -> dict[str, float]:
    """Return the least, the middle and the largest value."""
    return {
        "min": round(min(values), 2),
        "median": round(statistics.median(values), 2),
        "max": round(max(values), 2),
    }


if __name__ == "__main__":
    main()
