"""Stage `report`: writes the run folder's summary, also of an interrupted run; never cached."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from paper2run.model.claims import ClaimLedger
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import Built, Rung
from paper2run.model.repo import Checkout, Overview
from paper2run.model.report import Attempt, Metadata, Verdict
from paper2run.model.usage import total
from paper2run.planning.leading_language import leading
from paper2run.rendering.image_names import pushed_reference
from paper2run.settings import Settings
from paper2run.verdicts import markdown
from paper2run.verdicts.attempts_page import last_words
from paper2run.verdicts.badge import badge
from paper2run.verdicts.claims_page import claims_section, shown_pictures
from paper2run.verdicts.letter import letter
from paper2run.verdicts.needs import needs_of, site_of
from paper2run.verdicts.opinions import with_stated
from paper2run.verdicts.report_page import NO_COLUMNS, report_page
from tasks.folder_record import keep_changed
from tasks.lesson_record import keep_lessons
from tasks.run_instructions import write_executed, write_failed
from tasks.running.caching import stage
from tasks.running.keep_space import are_removed
from tasks.running.recording import versions
from tasks.running.records import (
    RunFolder,
    read_attempts_of,
    read_claims_of,
    read_facts_of,
    read_paper_of,
)

TIMEOUT_S: Final = 300


@stage("report", timeout_s=TIMEOUT_S)
def report(
    folder: str,
    opened: Metadata,
    verdict: Verdict,
    checkout: Checkout,
    facts: RepoFacts,
    planned: PlannedEnvironment | None,
    attempts: Sequence[Attempt],
    engine: str,
    settings: Settings,
    *,
    remove_images: bool = False,
) -> tuple[Metadata, str]:
    """Write `metadata.json`, the reports, `image.txt`, INSTRUCTIONS.md; return metadata and `report.md`.

    What a model solved goes to `logs/lesson.json`.
    With `remove_images` the run's images are removed after the verdict is written, and both say so.
    """
    run = RunFolder.at(folder)
    metadata = _summary(run, opened, verdict, checkout, facts, planned, attempts, engine, settings)
    text = _write_reports(run, metadata, checkout, facts, planned, attempts)
    if verdict.grade != "none":
        run.write("image.txt", metadata.image + "\n")
        write_executed(run, attempts[verdict.best_attempt - 1])
    elif attempts:
        best = verdict.best_attempt
        write_failed(run, metadata, attempts[best - 1 if best else -1])
    run.write("metadata.json", metadata)
    keep_lessons(run, checkout, attempts, settings)
    if remove_images and metadata.image and are_removed(metadata, settings):
        metadata = metadata.changed(image_removed=True)
        text = _write_reports(run, metadata, checkout, facts, planned, attempts)
        run.write("metadata.json", metadata)
    return metadata, text


def _write_reports(
    run: RunFolder,
    metadata: Metadata,
    checkout: Checkout,
    facts: RepoFacts,
    planned: PlannedEnvironment | None,
    attempts: Sequence[Attempt],
) -> str:
    """Write `report.md`, `report.html`, the badge and the letter to the authors; return the first."""
    ledger = read_claims_of(run)
    claims = claims_section(ledger) if ledger else ""
    text = markdown.report(metadata, checkout, facts, attempts, read_paper_of(run), claims)
    run.write("report.md", text)
    run.write("report.html", _page(run, metadata, checkout, facts, planned, attempts))
    run.write("badge.svg", badge(metadata))
    if to_authors := letter(metadata, checkout):
        run.write("letter.txt", to_authors)
    return text


def show_own_columns(folder: Path, own: Mapping[str, str]) -> None:
    """Write `report.html` of an ended run anew, with the cells of the user's own columns in its batch.

    Nothing is written where the folder has no report, or its `repo/` was removed, which the report tells of.
    ValidationError if another version wrote the records; OSError or IndexError where one is missing.
    """
    run = RunFolder(folder)
    if not (folder / "report.html").is_file() or not (folder / "repo").is_dir():
        return
    metadata = Metadata.model_validate_json((folder / "metadata.json").read_text("utf-8"))
    fetched = Overview.model_validate_json((folder / "repo.json").read_text("utf-8"))
    plan = folder / "plan.json"
    planned = (
        PlannedEnvironment.model_validate_json(plan.read_text("utf-8")) if plan.is_file() else None
    )
    facts, attempts = read_facts_of(run), read_attempts_of(run)
    run.write("report.html", _page(run, metadata, fetched.checkout, facts, planned, attempts, own))
    keep_changed(run, "report.html")


def _page(
    run: RunFolder,
    metadata: Metadata,
    checkout: Checkout,
    facts: RepoFacts,
    planned: PlannedEnvironment | None,
    attempts: Sequence[Attempt],
    own: Mapping[str, str] = NO_COLUMNS,
) -> str:
    dockerfile, root = run.path / "Dockerfile", run.path / "repo"
    ledger = read_claims_of(run)
    return report_page(
        metadata,
        checkout,
        facts,
        attempts,
        attempts[metadata.best_attempt - 1].planned if metadata.best_attempt else planned,
        read_paper_of(run),
        dockerfile=dockerfile.read_text("utf-8", errors="replace") if dockerfile.is_file() else "",
        files=sorted(path.name for path in root.iterdir()) if root.is_dir() else (),
        own=own,
        ledger=ledger,
        strips=_strips(run, ledger) if ledger else NO_COLUMNS,
    )


def _reached(best: Attempt | None, ledger: ClaimLedger | None) -> Rung:
    """Return the highest rung: a number that came out is above the tests."""
    if ledger is not None and ledger.has_result:
        return "claims"
    return best.verification.reached if best else "none"


def _strips(run: RunFolder, ledger: ClaimLedger) -> dict[str, str]:
    """Return the pictures that the page shows, base64, by their paths in the folder."""
    paths = [one.shown for one in shown_pictures(ledger) if one.shown]
    return {
        path: base64.b64encode((run.path / path).read_bytes()).decode()
        for path in paths
        if (run.path / path).is_file()
    }


def _summary(
    run: RunFolder,
    opened: Metadata,
    verdict: Verdict,
    checkout: Checkout,
    facts: RepoFacts,
    planned: PlannedEnvironment | None,
    attempts: Sequence[Attempt],
    engine: str,
    settings: Settings,
) -> Metadata:
    timings, calls, ledger = run.timings(), run.model_calls(), read_claims_of(run)
    usage = total(calls)
    ended = datetime.now(UTC)
    best = attempts[verdict.best_attempt - 1] if attempts else None
    built = best.built if best and isinstance(best.built, Built) else None
    kept = best.planned if best else planned
    resolution = kept.resolution if kept else None
    return opened.changed(
        status=verdict.status,
        cause=verdict.cause,
        reason=verdict.reason,
        smallest_change=verdict.smallest_change,
        experiment=verdict.experiment,
        blame=verdict.blame,
        grade=verdict.grade,
        claims=ledger.counts if ledger is not None else None,
        covers=verdict.covers,
        opinion=verdict.opinion,
        needs=with_stated(needs_of(facts, site_of(kept, settings)), verdict.needs),
        tried=verdict.tried,
        best_attempt=verdict.best_attempt,
        commit=checkout.commit,
        swhid_revision=checkout.swhid_revision,
        swhid_directory=checkout.swhid_directory,
        output=last_words(best) if best else "",
        image=built.image if built else "",
        image_id=built.image_id if built else "",
        image_size_bytes=built.size_bytes if built else 0,
        image_pushed=pushed_reference(built, settings.registry)
        if built and settings.registry
        else "",
        attempts=len(attempts),
        candidate=kept.candidate if kept else "dated",
        rung=_reached(best, ledger),
        planner=kept.planner if kept else "rules",
        model=settings.planner_model if usage.calls else "",
        tokens=usage.tokens,
        cost_usd=usage.cost_usd,
        model_calls=calls,
        notes=run.notes(),
        language="python" if kept and kept.pythons else leading(facts),
        python=resolution.python if resolution else "",
        cutoff=resolution.cutoff.isoformat() if resolution and resolution.cutoff else "",
        stages=timings,
        cache_hits=sum(timing.cached for timing in timings),
        seconds=round((ended - opened.started_at).total_seconds(), 3),
        ended_at=ended,
        versions=versions(engine),
    )
