"""Cleans up at the start of a run after killed runs: marks their flow runs and folders as such."""

from pathlib import Path

from tasks.running.flow_runs import crash_abandoned
from tasks.running.recording import mark_killed


def sweep_runs(home: Path) -> int:
    """Set the runs of `home` whose process is dead to `Crashed` and their folders too; return how many."""
    folders = crash_abandoned(home)
    for folder in folders:
        mark_killed(folder)
    return len(folders)
