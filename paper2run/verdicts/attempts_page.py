"""Words for attempts: a plan with its reasons, why one failed, the table of all. Pure text.

Text from a repository, an index or a model passes paper2run/text_gate.py, so that it never acts as markup.
"""

from collections.abc import Sequence
from typing import Final

from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.outcome import BuildFailed, Passed, SmokeFailed
from paper2run.model.report import Attempt
from paper2run.planning.candidates import WAYS
from paper2run.rendering.plan_diff import plan_diff
from paper2run.text_gate import cell, code, fenced, prose
from paper2run.verdicts.failure_words import failure_line

LOG_TAIL_LINES: Final = 30
"""Lines of a failing log that the report shows."""
KEPT_LINES: Final = 20
KEPT_CHARACTERS: Final = 200
"""Of a line that goes into a record; with the lines, what a page of thousands of rows can hold."""
PRINTED_LINES: Final = 40
"""Lines of a program's own output that the report shows."""


def plan(planned: PlannedEnvironment) -> str:
    """Return the plan as Markdown, every decision with its source."""
    environment = planned.plan
    rows = [f"| {r.topic} | {cell(r.decision)} | {cell(str(r.source))} |" for r in planned.reasons]
    return "\n".join(
        [
            f"**Base image** {code(environment.base_image)} · **planner** {prose(planned.planner)}",
            "",
            f"**Debian packages** {', '.join(environment.system_packages) or 'none'}",
            "",
            fenced(
                "\n".join([*environment.install_steps, f"# smoke: {environment.smoke_command}"]),
                "sh",
            ),
            "",
            "| topic | decision | evidence |",
            "|---|---|---|",
            *rows,
        ]
    )


def failure(attempt: Attempt) -> str:
    """Return why an attempt failed: the log's end, the decision with its evidence, and the plan's changes."""
    lines = [f"**Failed:** {prose(failure_line(attempt))}", "", fenced(log_tail(attempt), "text")]
    if (found := attempt.diagnosis) is None:
        return "\n".join([*lines, "", "No rule recognises this failure."])
    diff = ["", "The next plan:", "", fenced("\n".join(found.diff), "diff")] if found.diff else []
    return "\n".join([*lines, "", _decision(found), *diff])


def attempts_table(attempts: Sequence[Attempt]) -> str:
    """Return one row per attempt; empty without attempts."""
    if not attempts:
        return ""
    rows = [
        "## Attempts",
        "",
        "| # | way | base image | build | smoke | reached | decision |",
        "|---|---|---|---|---|---|---|",
    ]
    for attempt in attempts:
        decision = attempt.diagnosis.decision.reason if attempt.diagnosis else ""
        cells = (
            str(attempt.number),
            WAYS[attempt.planned.candidate],
            attempt.planned.plan.base_image,
            build_words(attempt),
            smoke_words(attempt),
            attempt.verification.reached,
            cell(decision),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def attempt_section(attempt: Attempt, before: Attempt | None) -> str:
    """Return one attempt: the first with its whole plan, later ones with what changed."""
    lines = [f"## Attempt {attempt.number}", ""]
    lines.append(plan(attempt.planned) if before is None else _changes(before, attempt))
    if attempt.verification.rungs:
        lines += ["", "| check | passed | detail | seconds |", "|---|---|---|---|"]
        lines += [
            f"| {rung.rung} | {'yes' if rung.passed else 'no'} | {cell(rung.detail)} | {rung.seconds:.1f} |"
            for rung in attempt.verification.rungs
        ]
    if not attempt.succeeded:
        failed = prose(failure_line(attempt))
        lines += ["", f"**Failed:** {failed}", "", fenced(log_tail(attempt), "text")]
    if attempt.diagnosis:
        lines += ["", _decision(attempt.diagnosis)]
    return "\n".join(lines)


def _changes(before: Attempt, after: Attempt) -> str:
    known = set(before.planned.reasons)
    reasons = [
        f"- {reason.topic}: {cell(reason.decision)} [{prose(str(reason.source))}]"
        for reason in after.planned.reasons
        if reason not in known
    ]
    diff = "\n".join(plan_diff(before.planned.plan, after.planned.plan))
    return "\n".join([*reasons, "", fenced(diff, "diff")])


def _decision(found: Diagnosis) -> str:
    paragraphs = [
        f"**{found.decision.decision}** by {code(found.by)} (cause `{found.cause}`): "
        + prose(found.decision.reason),
        f"Evidence: {code(found.evidence)}{_place(found)}" if found.evidence else "",
        f"Smallest change: {prose(found.smallest_change)}" if found.smallest_change else "",
    ]
    return "\n\n".join(filter(None, paragraphs))


def _place(found: Diagnosis) -> str:
    """Return the repository's line behind the evidence, if known."""
    return (
        f", from {prose(f'{found.source.path}:{found.source.line}')}" if found.source.line else ""
    )


def build_words(attempt: Attempt) -> str:
    """Return how the build ended, in a word or two."""
    if isinstance(attempt.built, BuildFailed):
        return "timed out" if attempt.built.timed_out else f"failed ({attempt.built.exit_code})"
    return f"{attempt.built.seconds:.0f} s"


def smoke_words(attempt: Attempt) -> str:
    """Return how the smoke run ended, in a few words; empty without one."""
    match attempt.smoke:
        case None:
            return ""
        case Passed():
            if attempt.smoke.listens_on:
                return f"listens on {attempt.smoke.listens_on}"
            return "running at timeout" if attempt.smoke.alive_at_timeout else "exit 0"
        case SmokeFailed():
            return cell(attempt.smoke.limit) or f"exit {attempt.smoke.exit_code}"


def printed(attempt: Attempt) -> str:
    """Return the last lines that the smoke command printed; empty where it failed or printed nothing."""
    if not isinstance(attempt.smoke, Passed):
        return ""
    log = attempt.smoke.log
    return "\n".join((log.stdout.strip() or log.stderr.strip()).splitlines()[-PRINTED_LINES:])


def last_words(attempt: Attempt) -> str:
    """Return the last lines of the command that passed or of the log of what failed, for a record."""
    lines = (printed(attempt) or log_tail(attempt)).splitlines()[-KEPT_LINES:]
    return "\n".join(line[:KEPT_CHARACTERS] for line in lines)


def log_tail(attempt: Attempt) -> str:
    """Return the last lines of the log of what failed."""
    failed = attempt.built if isinstance(attempt.built, BuildFailed) else attempt.smoke
    if failed is None:
        return ""
    text = f"{failed.log.stdout.rstrip()}\n{failed.log.stderr.rstrip()}"
    return "\n".join(text.strip().splitlines()[-LOG_TAIL_LINES:])
