"""Solves a conda environment on metadata alone: reads a question on stdin, prints an answer.

It is a separate program because rattler reads certificates and proxies from its environment only,
and because a search that hangs or runs out of memory must not take the run with it. It installs and
executes nothing.
https://conda.github.io/rattler/py-rattler/
"""

import asyncio
import json
import os
import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import rattler
from rattler.exceptions import (
    FetchRepoDataError,
    GatewayError,
    InvalidMatchSpecError,
    SolverError,
)
from rattler.networking import AddHeadersMiddleware, MirrorMiddleware, RetryMiddleware

GLIBC: Final = "2.36"
"""Of Debian bookworm."""
SEARCH_LIMIT_S: Final = 60
REQUEST_LIMIT_S: Final = 300
RETRIES: Final = 2
MAX_WORDS: Final = 300
BUILD: Final = re.compile(r"^([^\s=<>!~]+={1,2}[^\s=,|]+)=[^\s=,|]+$")
"""`numpy=1.16.2=py37h7e9f1db_0`, as `conda env export` writes it."""
PLATFORM_PACKAGES: Final = ("__glibc", "__linux", "__unix", "__archspec")


async def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Return the solved archives, or `why` there is no solution.

    A solution has `archives` (address, digest), `date_step`, `cutoff`, `left_out` and `notes`.
    """
    search = _Search(question)
    specs, left_out = await search.known(question["specs"])
    if not specs:
        return {"why": "none of the packages is on the channels"}
    loose = [BUILD.sub(r"\1", spec) for spec in specs]
    tried: list[str] = []
    for wanted in (specs, loose) if loose != specs else (specs,):
        for step, cutoff in question["date_steps"]:
            try:
                records = await search.solve(wanted, cutoff)
            except SolverError as error:
                tried.append(f"{step}: {' '.join(str(error).split())[:MAX_WORDS]}")
                continue
            found: dict[str, Any] = {"date_step": step, "cutoff": cutoff, "left_out": left_out}
            builds = "builds left out of the versions: they are not to be had together"
            found["notes"] = [builds] if wanted is loose else []
            found["archives"] = [
                [record.url, (record.sha256 or record.md5 or b"").hex()] for record in records
            ]
            return found
    return {"why": tried[0]}


class _Search:
    """The channels of one question."""

    def __init__(self, question: dict[str, Any]) -> None:
        hosts, login = set(question["login_hosts"]), question["login"]

        def headers(host: str, _path: str) -> dict[str, str] | None:
            return {"Authorization": login} if login and host in hosts else None

        client = rattler.Client(
            [
                MirrorMiddleware({root: [place] for root, place in question["mirrors"].items()}),
                AddHeadersMiddleware(headers),
                RetryMiddleware(RETRIES),
            ],
            timeout=REQUEST_LIMIT_S,
        )
        self._gateway = rattler.Gateway(cache_dir=Path(question["cache_dir"]), client=client)
        self._channels = [rattler.Channel(address) for address in question["channels"]]
        self._platforms = [question["subdir"], "noarch"]

    async def known(self, specs: list[str]) -> tuple[list[str], list[str]]:
        """Return the specifications whose package is on a channel at all, and why each other one is left out."""
        names: dict[str, str] = {}
        left_out = []
        for spec in specs:
            try:
                name = rattler.MatchSpec(spec).name
            except InvalidMatchSpecError:
                name = None
            if name is None:
                left_out.append(f"{spec} left out: not a package specification")
            else:
                names[spec] = str(getattr(name, "normalized", name))
        found = await self._gateway.query(
            self._channels, self._platforms, list(dict.fromkeys(names.values())), recursive=False
        )
        there = {record.name.normalized for records in found for record in records}
        left_out += [
            f"{spec} left out: not on the channels for Linux"
            for spec, name in names.items()
            if name not in there
        ]
        return [spec for spec, name in names.items() if name in there], left_out

    async def solve(self, specs: list[str], cutoff: str | None) -> list[Any]:
        """Return the records of a whole environment, by name; SolverError if there is none."""
        end = datetime.combine(date.fromisoformat(cutoff), time.max, UTC) if cutoff else None
        records = await rattler.solve(
            self._channels,
            # Text would be parsed strictly, which refuses `python==3.7.*` and builds.
            [rattler.MatchSpec(spec) for spec in specs],
            gateway=self._gateway,
            platforms=self._platforms,
            virtual_packages=_virtual_packages(),
            timeout=timedelta(seconds=SEARCH_LIMIT_S),
            # conda's own default of the time was to look into every channel for a version that fits.
            channel_priority=rattler.ChannelPriority.Disabled,
            exclude_newer=end,
            # Packages without a time are from before 2017, when channels began to tell it.
            timestamp_policy="allow-missing",
        )
        return sorted(records, key=lambda record: record.name.normalized)


def _virtual_packages() -> list[Any]:
    return [
        rattler.GenericVirtualPackage(
            rattler.PackageName(name),
            rattler.Version(GLIBC if name == "__glibc" else "1"),
            rattler.BuildString("x86_64" if name == "__archspec" else "0"),
        )
        for name in PLATFORM_PACKAGES
    ]


def main() -> None:
    """Read the question, print the answer as one line of JSON, end the process."""
    question = json.load(sys.stdin)
    try:
        found = asyncio.run(answer(question))
    except (GatewayError, FetchRepoDataError) as error:
        words = " ".join(str(error).split())[:MAX_WORDS]
        # A channel that lacks one of its two folders will not change; any other failure may be transient.
        found = {"why" if "could not find subdir" in words else "broken": words}
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    # Without the interpreter's finalizers: rattler's threads still let go of Python objects then, and 5 of 400
    # searches on a busy machine ended with SIGSEGV or SIGABRT there (py-rattler 0.28), also before the answer was out.
    # https://github.com/PyO3/pyo3-async-runtimes/issues/40
    os._exit(0)


if __name__ == "__main__":
    main()
