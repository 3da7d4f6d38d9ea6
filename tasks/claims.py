"""Stage `claims`: runs the commands that should print what authors state, and compares the numbers.

Each command runs once, in a fresh locked-down container, within a budget for all; what is left without a run says why.
"""

import time
from pathlib import Path
from typing import Final, NamedTuple

from paper2run.claims.answers import read_answer
from paper2run.claims.collecting import stated_claims
from paper2run.claims.matching import judged
from paper2run.digests import digest_of
from paper2run.formats.tree import RepoTree
from paper2run.model.claims import Claim, ClaimLedger, ClaimRun, JudgedClaim
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import Built
from paper2run.model.repo import Checkout, Paper
from paper2run.settings import Settings
from tasks.drivers.engine import containers
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.running.caching import stage
from tasks.running.engine_slot import engine_slot
from tasks.running.log_file import LogFile

TIMEOUT_S: Final = 90_000
MIN_S: Final = 5.0
"""A command that gets less time than this is left out."""
NO_COMMAND: Final = "no document says which command prints it"


@stage(
    "claims",
    timeout_s=TIMEOUT_S,
    key=lambda given: (
        given["checkout"].commit,
        given["built"].image_id,
        given["paper"].digest,
        str(given["settings"].claims_timeout),
        given["settings"].smoke_network,
        str(given["planned"].gpus),
        str(containers.Limits.of(given["settings"])),
    ),
)
def claims(
    checkout: Checkout,
    planned: PlannedEnvironment,
    built: Built,
    facts: RepoFacts,
    paper: Paper,
    root: str,
    log_folder: str,
    run_id: str,
    settings: Settings,
) -> ClaimLedger:
    """Return every number that documents and paper state, with its verdict and its line of evidence."""
    stated = stated_claims(RepoTree.of(Path(root)), facts, paper)
    found: dict[str, list[JudgedClaim]] = {}
    runs = []
    end = time.monotonic() + settings.claims_timeout
    commands = list(dict.fromkeys(claim.command for claim in stated.claims if claim.command))
    for number, command in enumerate(commands, 1):
        of_it = [claim for claim in stated.claims if claim.command == command]
        # An equal share of what is left: a long command takes no time from those behind it.
        left_s = (end - time.monotonic()) / (len(commands) - number + 1)
        if left_s < MIN_S:
            found[command] = _not_run(
                of_it, f"the budget of {settings.claims_timeout} seconds is used up"
            )
            continue
        log = Path(log_folder) / f"claims_{number}.log"
        line = stated.commands[command]
        ran = _ran(connect(), line, left_s, built.image, log, run_id, settings, gpus=planned.gpus)
        runs.append(ran.run.changed(command=command))
        found[command] = [_judged(claim, ran) for claim in of_it]
    found[""] = _not_run([claim for claim in stated.claims if not claim.command], NO_COMMAND)
    by_claim = {one.claim: one for some in found.values() for one in some}
    return ClaimLedger(claims=tuple(by_claim[claim] for claim in stated.claims), runs=tuple(runs))


class _Ran(NamedTuple):
    """A command's run and what it printed."""

    run: ClaimRun
    output: str
    why_not: str
    """Why numbers are missing from the output of a command that failed."""


def _not_run(left: list[Claim], need: str) -> list[JudgedClaim]:
    return [JudgedClaim(claim=claim, verdict="not-run", need=need) for claim in left]


def _judged(claim: Claim, ran: _Ran) -> JudgedClaim:
    """Return the claim's verdict; `not-run` where the command failed before it printed the number."""
    if claim.form in ("example", "cell"):
        one = read_answer(ran.output).get(claim.cell or claim.source.line)
        if one is None or one.error:
            why = f"its {claim.form} failed: {one.error}" if one else ran.why_not
            return JudgedClaim(claim=claim, verdict="not-run", need=why[:300])
        return judged(claim, one.output, ran.run.log_digest)
    found = judged(claim, ran.output, ran.run.log_digest)
    if found.verdict == "not-found" and not ran.run.passed:
        return found.changed(verdict="not-run", need=ran.why_not)
    return found


def _ran(
    engine: Engine,
    command: str,
    limit_s: float,
    image: str,
    log_path: Path,
    run_id: str,
    settings: Settings,
    *,
    gpus: bool,
) -> _Ran:
    secrets = settings.secrets()
    with LogFile(log_path, secrets) as log, engine_slot(engine, settings):
        result = containers.run(
            engine,
            image,
            command,
            limits=containers.Limits.of(settings),
            run_id=run_id,
            home=settings.home,
            timeout_s=limit_s,
            on_line=log.line,
            network=settings.smoke_network,
            gpus=gpus,
            min_free_mb=settings.min_free_mb,
        )
    kept = result.log.redacted(secrets)
    passed = result.exit_code == 0 and not result.alive_at_timeout
    run = ClaimRun(
        command=command,
        passed=passed,
        exit_code=result.exit_code,
        seconds=round(result.seconds, 3),
        log_digest=digest_of(kept),
    )
    ended = (
        "was ended at the limit"
        if result.alive_at_timeout
        else f"ended with status {result.exit_code}"
    )
    return _Ran(
        run,
        f"{kept.stdout}\n{kept.stderr}",
        f"its command {ended}{result.limit and f': {result.limit}'}",
    )
