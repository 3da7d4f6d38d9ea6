"""Small runs of each kind of end, and the pages that show them: for tests of pages."""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import get_args

from paper2run.batches.batch_input import read_batch_text
from paper2run.batches.batch_page import as_page
from paper2run.batches.rows import Batch, BatchRow, RowStatus
from paper2run.model.claims import Claim, ClaimLedger, JudgedClaim
from paper2run.model.diagnosis import Blame, Diagnosis, DiagnosisDecision
from paper2run.model.environment import EnvPlan, PlannedEnvironment, Reason
from paper2run.model.facts import Command, RepoFacts
from paper2run.model.needs import Need
from paper2run.model.outcome import (
    BuildFailed,
    Built,
    Log,
    Passed,
    RungResult,
    SmokeFailed,
    Verification,
)
from paper2run.model.repo import Checkout, Paper
from paper2run.model.report import Attempt, Metadata, Versions
from paper2run.model.value import Source
from paper2run.verdicts.report_page import report_page

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINE = Source(kind="readme", path="README.md", line=16)
FORGE = Checkout(
    url="https://forge.test/lab/mesh", name="lab/mesh", commit="1" * 40, committed_at=NOW, mirror="/m"
)  # fmt: skip
RECORD = FORGE.changed(url="10.5281/zenodo.1234567")
FOLDER = FORGE.changed(url="/home/ada/mesh")
PLANNED = PlannedEnvironment(
    plan=EnvPlan(base_image="python:3.11-slim", smoke_command="python train.py"),
    planner="rules",
    reasons=(Reason(topic="smoke", decision="python train.py: a documented command", source=LINE),),
)
PASSED = Attempt(
    number=1,
    planned=PLANNED,
    built=Built(image="paper2run/mesh:1", image_id="x", size_bytes=225_000_000, seconds=7),
    smoke=Passed(alive_at_timeout=False, seconds=3, log=Log(stdout="loss 0.1\n")),
)
CRASHED = PASSED.changed(smoke=SmokeFailed(exit_code=1, seconds=1, log=Log(stderr="KeyError: 'x'")))
STOPPED = Diagnosis(
    decision=DiagnosisDecision(decision="stop", reason="no rule to make it", confidence="high"),
    by="rules", cause="build_error", source=LINE, diff=("- gcc", "+ make"),
)  # fmt: skip
UNBUILT = PASSED.changed(
    diagnosis=STOPPED,
    built=BuildFailed(step="RUN make", exit_code=2, seconds=1, log=Log(stderr="no rule to make")),
    smoke=None,
)
INCOMPLETE = PASSED.changed(
    verification=Verification(
        rungs=(RungResult(rung="imports", passed=False, command="c", detail="not found: data"),)
    )
)


def command(purpose: str, line: str, at: int) -> Command:
    return Command(
        purpose=purpose, line=line, source=Source(kind="readme", path="README.md", line=at)
    )


DOCUMENTED = RepoFacts(
    facts=(command("install", "pip install .", 10), command("run", "python train.py", 16))
)


def ended(status: str, **fields: object) -> Metadata:
    given = {
        "status": status, "repo": FORGE.url, "name": "lab/mesh", "commit": "1" * 40, "started_at": NOW,
        "versions": Versions(paper2run="1.2", rules="0"), "best_attempt": 1, "attempts": 1,
    }  # fmt: skip
    return Metadata.model_validate({**given, **fields})


SUCCESS = ended("success", grade="documented-run", covers="whole")
STOP = ended(
    "stopped-by-rule", cause="needs_gpu", reason="its work needs a GPU", grade="imports",
    notes=("no model was asked",), smallest_change="Run `train.py` on a machine with a GPU.",
    needs=(Need(kind="gpu", what="a GPU", hard=True, source=LINE),),
)  # fmt: skip
FAILURE = ended(
    "smoke-failed", cause="build_error", reason="build failed", best_attempt=1,
    blame=Blame(error="no rule to make", cause="build_error", confidence="low", about="mesh 1.0", why="a requirement"),
)  # fmt: skip
ENDS = {
    "success": (SUCCESS, PASSED),
    "stop": (STOP, INCOMPLETE),
    "failure": (FAILURE, UNBUILT),
}
"""By kind of end: the summary of a run and its attempt."""
OWN = {"paper_id": "17", "title": "<b>Meshes</b>"}


LEDGER = ClaimLedger(
    claims=(
        JudgedClaim(
            claim=Claim(
                form="table", label="11 | R_n", row="11", column="R_n", printed="3.5699456041",
                source=Source(kind="readme", path="results/of_the_paper/tables.md", line=45), command="python train.py",
            ),
            verdict="reproduced", obtained="3.5699456041111112",
            evidence="11 3.5699456041111112 4.669201609102990671 -2.502907875095892822",
        ),
    )
)  # fmt: skip
"""Long numbers in a long line: the widest row of a page."""


def page_of(kind: str) -> str:
    """Return `report.html` of a run that ended in this way, in a batch with columns of its own."""
    metadata, attempt = ENDS[kind]
    return report_page(
        metadata, FORGE, DOCUMENTED, [attempt], PLANNED, Paper(path="", origin="given", title="Meshes"),
        dockerfile="FROM x\n", files=["CITATION.cff", "LICENSE", "README.md"], own=OWN,
        ledger=LEDGER if kind == "success" else None,
    )  # fmt: skip


def batch_page() -> str:
    """Return the page of a batch that has a row of each status, and pauses."""
    statuses = get_args(RowStatus)
    table = "".join(f"https://forge.test/lab/r{n},{n}\n" for n, _ in enumerate(statuses))
    lines = read_batch_text(PurePosixPath("/b/papers.csv"), f"repo,paper_id\n{table}").lines
    rows = [
        BatchRow(
            entry=line.entry, own=line.own, status=status, folder=f"/b/out/runs/{line.line}", grade="imports",
            reason="`python train.py` said `no`", output="one long line " * 40, smallest_change="Publish `x`.",
            cause="missing_data", attempts=1, seconds=5, started_at=NOW, before="success", rung="smoke",
            flow_run_id="1", tokens=9,
        )
        for line, status in zip(lines, statuses, strict=True)
    ]  # fmt: skip
    empty = Batch(
        id="1", name="papers", source="/b/papers.csv", jobs=2, started_at=NOW, updated_at=NOW,
        ui="http://127.0.0.1:4200", paused="the index does not answer",
    )  # fmt: skip
    return as_page(empty.with_rows(tuple(rows), NOW), PurePosixPath("/b/out"))
