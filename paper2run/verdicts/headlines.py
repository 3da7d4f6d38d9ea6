"""The verdict of a run in a few words, for titles, tables and states."""

from typing import Final

from paper2run.model.grade import Grade
from paper2run.model.leading import WHOLE
from paper2run.model.outcome import Rung
from paper2run.model.report import Metadata

HEADLINES: Final[dict[str, str]] = {
    "success": "It runs",
    "preflight-failed": "Not tried: no container engine",
    "stopped-by-llm": "The model judged that it cannot run; this is not a proof",
    "stopped-by-rule": "It does not run, and no repair can change that",
    "max-attempts-exhausted": "It does not run yet: attempts used up",
    "smoke-failed": "It does not run, and no repair is left to try",
    "exception": "No verdict: this machine or paper2run failed, or the run was killed",
    "interrupted": "No verdict: the run was interrupted; run it again, finished stages are kept",
    "planned": "Planned only (dry run)",
    "running": "Still running, or killed",
}
LACKED: Final[dict[str, str]] = {
    "stopped-by-rule": "Its work needs something that this run lacked; you still get the image",
    "stopped-by-llm": "The model judged that its work was not shown; you still get the image",
}
"""By status, where something was shown all the same."""
REACHED: Final[dict[Rung, str]] = {
    "none": "nothing",
    "built": "the build (there is an image)",
    "imports": "imports (the modules that the code imports are there)",
    "collected": "collected (pytest finds the tests)",
    "smoke": "smoke run",
    "tests": "tests (the repository's tests pass)",
    "claims": "claims (a number that the authors state came out)",
}
"""By rung, what a run came to."""
SHOWN: Final[dict[Grade, str]] = {
    "none": "It runs",
    "built-only": "It builds; none of its actual work was run",
    "help-only": "It prints its help; none of its actual work was run",
    "imports": "Its packages import; none of its actual work was run",
    "program-starts": "It runs",
    "documented-run": "A documented command runs",
    "tests": "Its tests pass",
    "results": "Its stated results come out",
}
"""The headline of a success, by grade."""


def headline(metadata: Metadata) -> str:
    """Return the verdict of a run in a few words."""
    words = SHOWN[metadata.grade] if metadata.status == "success" else HEADLINES[metadata.status]
    if metadata.status in LACKED and metadata.grade != "none":
        words = LACKED[metadata.status]
    elif metadata.cause == "unknown_toolchain":
        words = "Not run: Paper2Run does not support the tool that its code needs"
    return f"{words}; shown: {part_of(metadata)} only" if part_of(metadata) else words


def part_of(metadata: Metadata) -> str:
    """Return the part that was shown to work; empty for the whole and for nothing."""
    return metadata.covers if metadata.covers != WHOLE else ""
