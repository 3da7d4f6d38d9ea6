"""The step of the GitHub Action: runs `paper2run run`, then writes outputs and summary for the job.

The variables are those of action.yml and of
https://docs.github.com/en/actions/reference/workflows-and-actions/variables.
"""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

MAX_SUMMARY_BYTES = 1_000_000
"""GitHub refuses a step's summary of more than 1 MiB."""
OUTPUTS = {
    "verdict": "status",
    "grade": "grade",
    "cause": "cause",
    "image": "image",
    "folder": "folder",
}
"""By output of the action: the field of the record."""
REASONED = 1
"""The exit status of a repository that does not run: no trouble of this machine or request."""


def main() -> int:
    """Return the exit status of the step."""
    place = Path(os.environ["RUNNER_TEMP"]) / "paper2run"
    ref = ["--ref", os.environ["REF"]] if os.environ.get("REF") else []
    further = shlex.split(os.environ.get("ARGUMENTS", ""))
    command = [
        "paper2run",
        "run",
        os.environ["REPO"],
        *ref,
        "--out",
        str(place),
        *further,
        "--json",
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout.strip():
        return done.returncode or 1
    record = json.loads(done.stdout)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        for name, field in OUTPUTS.items():
            outputs.write(f"{name}={' '.join(str(record[field] or '').split())}\n")
    report = (Path(record["folder"]) / "report.md").read_text("utf-8", errors="replace")
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as summary:
        summary.write(report.encode()[:MAX_SUMMARY_BYTES].decode(errors="ignore") + "\n")
    return status_of(done.returncode, os.environ.get("FAIL", "true"))


def status_of(run: int, fail: str) -> int:
    """Return the step's exit status for a run's: a repository that does not run fails it only on request."""
    return 0 if run == REASONED and fail == "false" else run


if __name__ == "__main__":
    sys.exit(main())
