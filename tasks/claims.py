"""Stage `claims`: runs the commands that should print or write stated numbers, and compares these.

Each command runs in a fresh locked-down container, within a budget for all; what is left without a run says why. One
that writes files of the checkout runs again without them, and one that gives another number than is stated up to RUNS
times.
"""

import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from paper2run.claims.answers import read_answer
from paper2run.claims.collecting import OF_PAPERS, Stated, stated_claims
from paper2run.claims.matching import judged
from paper2run.claims.result_files import file_claims, lines_of, result_files
from paper2run.claims.spread import with_spread
from paper2run.digests import digest_of
from paper2run.formats.tree import RepoTree
from paper2run.model.claims import Claim, ClaimLedger, ClaimRun, JudgedClaim
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.outcome import Built
from paper2run.model.repo import Checkout, Paper, PaperTable
from paper2run.redaction import redact
from paper2run.settings import Settings
from tasks.drivers.engine import containers
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.host.pdf_tables import read_tables
from tasks.running.caching import stage
from tasks.running.engine_slot import engine_slot
from tasks.running.log_file import LogFile

TIMEOUT_S: Final = 90_000
MIN_S: Final = 5.0
"""A command that gets less time than this is left out."""
RUNS: Final = 3
"""Of a command that gives another number than is stated: the number may differ from run to run."""
SLOWER: Final = 1.5
"""A further run may take so much longer than the first; without that time there is none."""
MAX_OF_FILES: Final = 400
"""Numbers of the files that one command writes."""
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
    tree = RepoTree.of(Path(root))
    stated = stated_claims(tree, facts, paper, _tables(paper, Path(root)))
    image = _Image(
        connect(), built.image, run_id, settings, planned.gpus, frozenset(result_files(tree))
    )
    found: dict[str, list[JudgedClaim]] = {}
    runs: list[ClaimRun] = []
    end = time.monotonic() + settings.claims_timeout
    printing = list(dict.fromkeys(claim.command for claim in stated.claims if claim.command))
    writing = [one for one in stated.documented if one not in printing] if image.files else []
    for number, command in enumerate((*printing, *writing), 1):
        of_it = [claim for claim in stated.claims if claim.command == command]
        # An equal share of what is left: a long command takes no time from those behind it. Those that state nothing
        # themselves have what the others leave.
        waiting = len(printing) - number + 1
        left_s = (end - time.monotonic()) / (waiting if waiting > 0 else len(writing) + waiting)
        if left_s < MIN_S:
            found[command] = _not_run(
                of_it, f"the budget of {settings.claims_timeout} seconds is used up"
            )
            continue
        log = Path(log_folder) / f"claims_{number}.log"
        ledger = _compared(image, tree, stated, command, of_it, left_s, log)
        found[command] = list(ledger.claims)
        runs += ledger.runs
    found[""] = _not_run([claim for claim in stated.claims if not claim.command], NO_COMMAND)
    by_claim = {one.claim: one for some in found.values() for one in some}
    # What files keep comes behind what documents and paper state.
    in_order = dict.fromkeys((*stated.claims, *by_claim))
    return ClaimLedger(claims=tuple(by_claim[claim] for claim in in_order), runs=tuple(runs))


def _tables(paper: Paper, root: Path) -> tuple[PaperTable, ...]:
    """Return the tables of the paper's PDF; none where the paper is no PDF, or its file is gone."""
    is_pdf = paper.origin in OF_PAPERS and paper.path.lower().endswith(".pdf")
    # A file of the user's has an absolute path, one of the repository's a path below it.
    return read_tables(root / paper.path) if is_pdf else ()


class _Ran(NamedTuple):
    """A command's run, and what it printed and wrote."""

    run: ClaimRun
    output: str
    files: dict[str, str]
    """Text of the files of the checkout that it changed, by path."""
    why_not: str
    """Why numbers are missing from the output of a command that failed."""


def _compared(
    image: "_Image",
    tree: RepoTree,
    stated: Stated,
    command: str,
    of_it: list[Claim],
    left_s: float,
    log: Path,
) -> ClaimLedger:
    """Return the verdicts on what one command prints and writes, and its run."""
    end = time.monotonic() + left_s
    line = stated.commands[command]
    runs = [image.run(line, left_s, log)]
    other, limit_s = stated.otherwise.get(command), end - time.monotonic()
    if not runs[0].run.passed and other is not None and limit_s > MIN_S:
        second = image.run(other, limit_s, log.with_name(f"{log.stem}_as_stored.log"))
        if _reached(second) > _reached(runs[0]):
            line, runs = other, [second]
    missing: Iterable[str] = ()

    def run_again() -> bool:
        limit_s = end - time.monotonic()
        if not runs[0].run.passed or limit_s < max(runs[0].run.seconds * SLOWER, MIN_S):
            return False
        place = log.with_name(f"{log.stem}_{len(runs) + 1}.log")
        runs.append(image.run(_without(missing, line), limit_s, place))
        return True

    # A file that exists already may be one that the command reads and completes: of its results are those that it
    # writes where they are missing.
    missing = runs[0].files
    while missing and run_again() and not runs[-1].run.passed and len(runs) < RUNS:
        missing = runs[-1].files
    found = [_judged(claim, runs[0]) for claim in of_it]
    ended_well = len(runs) > 1 and runs[-1].run.passed
    wrote = [path for path in runs[-1].files if path in missing] if ended_well else []
    kept = _of_files(tree, stated, command, wrote)
    found += [_judged(claim, runs[-1]) for claim in islice(kept, MAX_OF_FILES)]
    if any(one.verdict == "differs" for one in found):
        while len(runs) < RUNS and run_again():
            continue
        found = [with_spread(one, _in_all(one.claim, runs)) for one in found]
    run = runs[0].run.changed(
        command=command, as_stored=line == other, times=len(runs), wrote=tuple(wrote)
    )
    return ClaimLedger(claims=tuple(found), runs=(run,))


def _reached(ran: _Ran) -> tuple[bool, int]:
    """Return whether a notebook's run passed, and how many of its cells it reached."""
    return ran.run.passed, len(read_answer(ran.output))


def _without(files: Iterable[str], line: str) -> str:
    """Return a line of shell that runs `line` where the files are missing."""
    paths = [str(PurePosixPath(SOURCE_FOLDER) / path) for path in files]
    if not paths:
        return line
    return f"{shlex.join(['rm', '-f', '--', *paths])} && {{ {line}\n}}"


def _of_files(
    tree: RepoTree, stated: Stated, command: str, paths: Iterable[str]
) -> Iterator[Claim]:
    for path in paths:
        yield from map(stated.marked, file_claims(path, tree.text(path), command))


def _in_all(claim: Claim, runs: Sequence[_Ran]) -> list[JudgedClaim]:
    """Return what the runs that passed say of a claim; of a file's those in which it was missing before."""
    told = runs if claim.form != "file" else runs[1:]
    return [
        _judged(claim, one)
        for one in told
        if one.run.passed and (claim.form != "file" or claim.source.path in one.files)
    ]


def _not_run(left: list[Claim], need: str) -> list[JudgedClaim]:
    return [JudgedClaim(claim=claim, verdict="not-run", need=need) for claim in left]


def _judged(claim: Claim, ran: _Ran) -> JudgedClaim:
    """Return the claim's verdict; `not-run` where the command failed before it printed the number."""
    if claim.form == "file":
        text = ran.files[claim.source.path]
        return judged(claim, lines_of(claim.source.path, text), digest_of(text))
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


@dataclass(frozen=True)
class _Image:
    """The image in which commands run, and what they may use."""

    engine: Engine
    name: str
    run_id: str
    settings: Settings
    gpus: bool
    files: frozenset[str]
    """Files of the checkout that are of interest where a command writes them."""

    def run(self, command: str, limit_s: float, log_path: Path) -> _Ran:
        """Run a line of shell in a fresh container."""
        settings, secrets = self.settings, self.settings.secrets()
        places = {str(PurePosixPath(SOURCE_FOLDER) / path): path for path in self.files}
        with LogFile(log_path, secrets) as log, engine_slot(self.engine, settings):
            result = containers.run(
                self.engine,
                self.name,
                command,
                limits=containers.Limits.of(settings),
                run_id=self.run_id,
                home=settings.home,
                timeout_s=limit_s,
                on_line=log.line,
                network=settings.smoke_network,
                gpus=self.gpus,
                min_free_mb=settings.min_free_mb,
                returns=places,
            )
        kept = result.log.redacted(secrets)
        run = ClaimRun(
            command=command,
            passed=result.exit_code == 0 and not result.alive_at_timeout,
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
            {
                places[place]: redact(content.decode("utf-8", "replace"), secrets)
                for place, content in result.files.items()
            },
            f"its command {ended}{result.limit and f': {result.limit}'}",
        )
