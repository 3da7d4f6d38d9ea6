"""Stage `claims`: runs the commands that should print or write stated numbers, and compares these.

Each command runs in a fresh locked-down container, within a budget for all; what is left without a run says why. One
that writes files of the checkout runs again without them, and one that gives another number than is stated up to RUNS
times.
"""

import base64
import time
from pathlib import Path
from typing import Final, NamedTuple

from paper2run.claims import pictures
from paper2run.claims.choosing import Outputs
from paper2run.claims.collecting import OF_PAPERS, Stated, stated_claims
from paper2run.claims.matching import judged_anywhere, judged_elsewhere
from paper2run.claims.neighbours import by_neighbours
from paper2run.claims.result_files import result_files
from paper2run.claims.said_again import by_cells
from paper2run.formats.tree import RepoTree
from paper2run.model.claims import (
    Claim,
    ClaimFindings,
    ClaimLedger,
    ClaimRun,
    JudgedClaim,
    JudgedPicture,
)
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import Built
from paper2run.model.repo import Checkout, Paper, PaperTable
from paper2run.settings import Settings
from tasks.claim_image import ClaimImage
from tasks.claim_runs import MIN_S, Command
from tasks.drivers.engine import containers
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.host.pdf_tables import read_tables
from tasks.drivers.host.pictures import Pair, compare
from tasks.running.caching import stage

TIMEOUT_S: Final = 90_000


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
) -> ClaimFindings:
    """Return every number that documents and paper state, with its verdict and its line of evidence."""
    tree = RepoTree.of(Path(root))
    stated = stated_claims(tree, facts, paper, _tables(paper, Path(root)))
    files = frozenset({*result_files(tree), *pictures.kept_pictures(tree)})
    image = ClaimImage(connect(), built.image, run_id, settings, planned.gpus, tree, files)
    heard = _hear(image, stated, Path(log_folder))
    by_claim = {one.claim: one for one in heard.claims}
    # What files keep comes behind what documents and paper state.
    in_order = dict.fromkeys((*stated.claims, *by_claim))
    outputs = Outputs(heard.printed, stated.told)
    digests = {run.command: run.log_digest for run in heard.runs}
    shown, strips = _compared(heard.drawn)
    judged = [
        judged_elsewhere(by_claim[claim], outputs, digests)
        if claim in by_claim
        else judged_anywhere(claim, outputs, digests)
        for claim in in_order
    ]
    ledger = ClaimLedger(
        claims=by_cells(by_neighbours(judged, outputs, digests)),
        pictures=shown,
        runs=tuple(heard.runs),
    )
    return ClaimFindings(ledger=ledger, strips=strips)


class Heard(NamedTuple):
    """What all commands say."""

    claims: list[JudgedClaim]
    """Those that documents tie to a command, and those of files."""
    drawn: list[tuple[JudgedPicture, Pair | None]]
    runs: list[ClaimRun]
    printed: dict[str, str]
    """By documented command that passed: what it printed and wrote."""


def _hear(image: ClaimImage, stated: Stated, log_folder: Path) -> Heard:
    """Run the commands within the time for all, and return what they say."""
    heard = Heard([], [], [], {})
    budget_s = image.settings.claims_timeout
    end = time.monotonic() + budget_s
    telling = _telling(stated)
    # What no document ties to a command may be printed by any.
    is_sought = bool(image.files) or not all(claim.command for claim in stated.claims)
    others = [one for one in stated.documented if one not in telling] if is_sought else []
    for number, command in enumerate((*telling, *others), 1):
        of_it = [claim for claim in stated.claims if claim.command == command]
        # An equal share of what is left: a long command takes no time from those behind it. Those that state nothing
        # themselves have what the others leave.
        waiting = len(telling) - number + 1
        left_s = (end - time.monotonic()) / (waiting if waiting > 0 else len(others) + waiting)
        if left_s < MIN_S:
            used_up = f"the budget of {budget_s} seconds is used up"
            heard.claims.extend(_not_run(of_it, used_up))
            continue
        log = log_folder / f"claims_{number}.log"
        told = Command(image, stated, command, left_s, log).told(of_it)
        heard.claims.extend(told.claims)
        heard.drawn.extend(told.pictures)
        heard.runs.append(told.run)
        if told.printed and command in stated.documented:
            heard.printed[command] = told.printed
    return heard


def _telling(stated: Stated) -> list[str]:
    """Return the commands that should print or draw what authors state, in the order of the claims."""
    named = [claim.command for claim in stated.claims if claim.command]
    return list(dict.fromkeys((*named, *(name for name, kept in stated.figures.items() if kept))))


def _tables(paper: Paper, root: Path) -> tuple[PaperTable, ...]:
    """Return the tables of the paper's PDF; none where the paper is no PDF, or its file is gone."""
    is_pdf = paper.origin in OF_PAPERS and paper.path.lower().endswith(".pdf")
    # A file of the user's has an absolute path, one of the repository's a path below it.
    return read_tables(root / paper.path) if is_pdf else ()


def _not_run(left: list[Claim], need: str) -> list[JudgedClaim]:
    return [JudgedClaim(claim=claim, verdict="not-run", need=need) for claim in left]


def _compared(
    drawn: list[tuple[JudgedPicture, Pair | None]],
) -> tuple[tuple[JudgedPicture, ...], dict[str, str]]:
    """Return the pictures with their verdicts, and what shows them, by path in the run folder."""
    compared = iter(compare([pair for _, pair in drawn if pair is not None]))
    found, strips = [], {}
    for number, (picture, pair) in enumerate(drawn, 1):
        if pair is not None:
            told = next(compared)
            shown = f"pictures/{number:03}.png" if told.strip else ""
            if shown:
                strips[shown] = base64.b64encode(told.strip).decode()
            picture = picture.changed(
                verdict=pictures.verdict_of(told.distance),
                distance=told.distance,
                shown=shown,
                need=told.why_not,
            )
        found.append(picture)
    return tuple(found), strips
