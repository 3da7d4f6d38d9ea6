"""Adds to INSTRUCTIONS.md what a run has shown: the commands that it executed, or how it failed."""

from collections.abc import Sequence

from paper2run.model.inventory import Inventory
from paper2run.model.outcome import Passed, RungResult, SmokeFailed
from paper2run.model.report import Attempt, Metadata
from paper2run.rendering.debian_snapshot import LIVE, SNAPSHOT_FILE
from paper2run.text_gate import code, fenced, prose
from paper2run.verdicts.headlines import headline
from tasks.running.records import RunFolder


def write_executed(run: RunFolder, attempt: Attempt) -> None:
    """Add the commands that were really executed to INSTRUCTIONS.md."""
    if not isinstance(attempt.smoke, Passed):
        return
    others = [rung for rung in attempt.verification.rungs if rung.rung not in ("built", "smoke")]
    lines = [
        "",
        "## Run",
        "",
        f"The smoke run as it was executed, limits and all ({attempt.smoke.seconds:.1f} s):",
        "",
        fenced(attempt.smoke.docker_command, "sh"),
        "",
        *_live_packages(run),
        *(
            ["The other checks ran in the same way, each in a fresh container:", ""]
            if others
            else []
        ),
        *(
            line
            for rung in others
            for line in (
                f"{rung.rung} ({_told(rung)}):",
                "",
                fenced(rung.docker_command, "sh")
                if rung.docker_command
                else fenced(rung.command, "text"),
                "",
            )
        ),
    ]
    _add_to_instructions(run, lines)


def _told(rung: RungResult) -> str:
    detail = prose(rung.detail)
    if rung.passed:
        return detail or "exit code"
    return f"failed: {detail}" if detail else f"failed with exit code {rung.exit_code}"


def _live_packages(run: RunFolder) -> list[str]:
    """Return that this image has the live archive's Debian packages, where those of one time were asked."""
    kept = run.path / "inventory.json"
    if not kept.is_file():
        return []
    listed = Inventory.model_validate_json(kept.read_text("utf-8"))
    if listed.debian_snapshot != LIVE:
        return []
    return [
        "No snapshot served its Debian packages: they are those of the live archive at the time of the build"
        f" (`inventory.json` has their versions, {code(SNAPSHOT_FILE)} in the image says {code(LIVE)}).",
        "",
    ]


def write_failed(run: RunFolder, metadata: Metadata, attempt: Attempt) -> None:
    """Add to INSTRUCTIONS.md that they lead to a failure, to which, and how to see it."""
    why = [
        prose(headline(metadata)),
        prose(metadata.reason),
        "`report.md` says what was tried.",
    ]
    lines = ["", "## What comes of it", "", "\n\n".join(why)]
    if isinstance(attempt.smoke, SmokeFailed) and _builds(run, attempt):
        lines += ["", "The image builds. Its smoke run, as it was executed, fails:", ""]
        lines += [fenced(attempt.smoke.docker_command, "sh")]
    _add_to_instructions(run, lines)


def _add_to_instructions(run: RunFolder, lines: Sequence[str]) -> None:
    text = (run.path / "INSTRUCTIONS.md").read_text(encoding="utf-8")
    run.write("INSTRUCTIONS.md", text + "\n".join(lines) + "\n")


def _builds(run: RunFolder, attempt: Attempt) -> bool:
    """Whether the folder's Dockerfile is that of the attempt, and not of a later one."""
    own = run.path / f"attempts/{attempt.number:02d}/Dockerfile"
    return own.is_file() and own.read_bytes() == (run.path / "Dockerfile").read_bytes()
