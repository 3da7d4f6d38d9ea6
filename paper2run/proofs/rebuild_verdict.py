"""What the behaviour of a rebuilt image says beside the one before, and the outcome in one line."""

from paper2run.formats.plurals import counted
from paper2run.model.claims import ClaimLedger
from paper2run.model.grade import GRADES, Grade
from paper2run.model.rebuild import Drift, Rebuild
from paper2run.model.report import Attempt
from paper2run.smoke.grading import grade_of
from paper2run.verdicts.failure_words import failure_line

SHOWN = 3
"""Drifts that the line names."""


def behaviour(before: Attempt, after: Attempt, handed: Grade) -> tuple[Grade, tuple[Drift, ...]]:
    """Return the grade now, and what no longer passes: the smoke command first, then each rung.

    `handed` is the grade that was handed over; it holds again where nothing less was shown.
    """
    then, now = grade_of(before.changed(trials=())), grade_of(after)
    lost = []
    if before.succeeded and not after.succeeded:
        words = failure_line(after)
        lost.append(Drift(cause="code", item="smoke command", before="passed", after=words[:200]))
    passed = {rung.rung: rung for rung in after.verification.rungs if rung.passed}
    for rung in before.verification.rungs:
        if rung.passed and rung.rung not in passed and rung.rung != "smoke":
            now_says = [each.detail for each in after.verification.rungs if each.rung == rung.rung]
            told = "".join(now_says)[:200] or "failed"
            lost.append(
                Drift(cause="code", item=rung.rung, before=rung.detail or "passed", after=told)
            )
    holds = GRADES.index(now) >= GRADES.index(then)
    return (handed if holds else now), tuple(lost)


def lost_claims(before: ClaimLedger, after: ClaimLedger) -> tuple[Drift, ...]:
    """Return the numbers that came out and do not any more."""
    again = {one.claim: one for one in after.claims}
    return tuple(
        Drift(
            cause="code",
            item=f"{one.claim.label} = {one.claim.printed} ({one.claim.source})",
            before="reproduced",
            after=again[one.claim].verdict if one.claim in again else "not-found",
        )
        for one in before.claims
        if one.verdict == "reproduced"
        # The tables of a PDF outside the folder cannot be read again.
        and not (one.claim.form == "table" and one.claim.source.kind == "paper")
        and (one.claim not in again or again[one.claim].verdict != "reproduced")
    )


def reason_of(found: Rebuild) -> str:
    """Return the outcome in one line."""
    match found.outcome:
        case "tampered" if found.statement:
            return f"the signed statement is not about this folder: {_some(found.statement)}"
        case "tampered":
            number = counted(len(found.tampered), "file")
            return f"{number} of the folder changed since the run: {_some(found.tampered)}"
        case "broken" if not found.image_id:
            (drift,) = found.drifts
            return f"it no longer builds ({drift.cause}: {drift.item})"
        case "broken":
            return f"it builds, and no longer runs: {found.drifts[0].after}"
        case "drifted":
            items = [f"{drift.cause}: {_told(drift)}" for drift in found.drifts]
            return f"{counted(len(items), 'thing')} changed: {_some(items)}"
        case "verified":
            same = (
                f", {found.files_same} of {counted(found.files, 'file')} equal"
                if found.files
                else ""
            )
            return f"the folder rebuilds to what was handed over{same}"


def _told(drift: Drift) -> str:
    if drift.before and drift.after:
        return f"{drift.item} {drift.before} -> {drift.after}"
    return f"{drift.item} {'is new' if drift.after else 'is gone'}"


def _some(items: tuple[str, ...] | list[str]) -> str:
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f", {more} more" if more > 0 else "")
