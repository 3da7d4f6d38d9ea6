"""Solves an environment against conda's channels as of the commit's date, in a separate program.

The result is a list of exact packages.
"""

import json
import signal
import sys
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from paper2run.errors import HostError
from paper2run.index.conda_channels import SUBDIR, authorization, mirrors
from paper2run.index.time_ladder import ladder
from paper2run.model.conda import CondaArchive, CondaSolved, CondaWish
from paper2run.settings import Settings
from tasks.drivers.host import process

TIMEOUT_S: Final = 900
"""A channel's list of packages is downloaded once (conda-forge: tens of megabytes) and kept."""
CHECK_CHANNELS: Final = "check the network, or name a mirror with PAPER2RUN_CONDA_CHANNEL_ALIAS"


def solve(
    wish: CondaWish, commit_day: date | None, settings: Settings, cache_dir: Path
) -> CondaSolved | str:
    """Return the whole set, each package by public address and digest, or why there is no solution.

    What the channels list is kept below `cache_dir`. HostError if the solver fails or the channels break off.
    """
    if wish.archives:
        return CondaSolved(archives=wish.archives, date_step="lock")
    cache_dir.mkdir(parents=True, exist_ok=True)
    ended = process.run(
        [sys.executable, "-P", "-m", "tasks.drivers.conda.conda_search"],
        cwd=cache_dir,
        timeout_s=TIMEOUT_S,
        env=_environment(settings),
        stdin_text=json.dumps(_question(wish, commit_day, settings, cache_dir)),
    )
    if ended.timed_out:
        raise HostError(
            f"no answer from conda's channels within {TIMEOUT_S} s",
            hint=CHECK_CHANNELS,
            transient=True,
            trouble="network",
        )
    try:
        found: dict[str, Any] = json.loads(ended.stdout)
    except ValueError:
        raise _broke_off(ended) from None
    if "broken" in found:
        raise HostError(
            f"conda's channels answered and then broke off: {found['broken']}",
            hint=CHECK_CHANNELS,
            transient=True,
            trouble="network",
        )
    if "archives" not in found:
        return str(found["why"])
    try:
        archives = tuple(CondaArchive(url=url, digest=digest) for url, digest in found["archives"])
    except ValidationError as error:
        return f"the channels name a package that is not one: {error.errors()[0]['input']!r}"[:300]
    return CondaSolved(
        archives=archives,
        date_step=found["date_step"],
        cutoff=found["cutoff"],
        left_out=tuple(found["left_out"]),
        notes=tuple(found["notes"]),
    )


def _broke_off(ended: process.Finished) -> HostError:
    """Return the error for a solver without an answer; one that a signal ended may be started again."""
    by_signal = ended.exit_code < 0
    how = signal.Signals(-ended.exit_code).name if by_signal else f"exit code {ended.exit_code}"
    words = " ".join(ended.stderr.split())[-500:] or "it said nothing"
    return HostError(
        f"conda's solver broke off ({how}): {words}",
        hint="see that this machine has memory and disk to spare, then run it again",
        transient=by_signal,
        trouble="machine" if by_signal else "",
    )


def _question(
    wish: CondaWish, commit_day: date | None, settings: Settings, cache_dir: Path
) -> dict[str, object]:
    alias = settings.conda_channel_alias
    return {
        "channels": wish.channels,
        "specs": wish.specs,
        "subdir": SUBDIR,
        "date_steps": [
            [step.name, step.cutoff and str(step.cutoff)] for step in ladder(commit_day)
        ],
        "mirrors": mirrors(alias),
        "login": authorization(alias),
        "login_hosts": [urlsplit(place).hostname for place in mirrors(alias).values()],
        "cache_dir": str(cache_dir),
    }


def _environment(settings: Settings) -> dict[str, str | None]:
    """Return the certificates and proxies of the site, as rattler reads them."""
    values = {
        "SSL_CERT_FILE": str(settings.ca_bundle) if settings.ca_bundle else "",
        "HTTP_PROXY": settings.http_proxy,
        "HTTPS_PROXY": settings.https_proxy,
        "NO_PROXY": settings.no_proxy,
    }
    return {name: value for name, value in values.items() if value}
