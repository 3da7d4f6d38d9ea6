"""Judges the attempts of kept runs again by today's rules, and prints which verdicts move.

`python -m benchmarks.rejudge OUT [--only ID …]`: OUT is the folder of results of `corpus` or `negatives`. Nothing is
built or run, and it takes about a second for a run. It shows what a change of facts, repairs and verdicts does to runs
that are over; an attempt that today's repairs would have added is not there, so it replaces no measurement.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from benchmarks.corpus_results import Result
from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.report import Attempt, Verdict
from paper2run.settings import Settings
from paper2run.verdicts.judgement import blamed, judge
from paper2run.verdicts.verdicts import after_attempts

RESULTS: Final = "results.jsonl"


def judged_again(folder: Path, max_attempts: int) -> Verdict | None:
    """Return what the rules say now of the run in `folder`; None for a run without attempts.

    ValueError if an attempt was recorded in another form.
    """
    facts = read_facts(RepoTree.of(folder / "repo"))
    attempts: list[Attempt] = []
    for record in sorted(folder.glob("attempts/*/attempt.json")):
        fields = json.loads(record.read_text("utf-8"))
        done = Attempt.model_validate({**fields, "diagnosis": None, "blame": None})
        found = judge(done, attempts, facts) if done.failure is not None else None
        attempts.append(done.changed(diagnosis=found, blame=blamed(done, facts)))
    return after_attempts(attempts, max_attempts, facts) if attempts else None


def main() -> int:
    """Print a line for each run whose verdict moves, and the sums; return 1 if a record cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help="folder of results")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="these entries alone")
    options = parser.parse_args()
    lines = (options.out / RESULTS).read_text("utf-8").splitlines()
    moved = same = unread = 0
    for before in map(Result.model_validate_json, lines):
        folders = sorted((options.out / "runs" / before.id).glob("*/metadata.json"))
        if (options.only and before.id not in options.only) or not folders:
            continue
        try:
            now = judged_again(folders[-1].parent, Settings().max_attempts)
        except ValueError as error:
            unread += 1
            print(f"{before.id}: cannot be read: {error}", file=sys.stderr)
            continue
        if now is None:
            continue
        was, is_now = (
            (before.verdict, before.cause, before.grade),
            (now.status, now.cause or "", now.grade),
        )
        if was == is_now:
            same += 1
            continue
        moved += 1
        print(f"{before.id} ({before.expected.words}): {_shown(*was)} → ", end="")
        print(f"{_shown(*is_now)}: {now.reason}", flush=True)
    print(f"{moved} moved, {same} the same, {unread} cannot be read")
    return 1 if unread else 0


def _shown(status: str, cause: str, grade: str) -> str:
    return " ".join(word for word in (status, cause, grade) if word)


if __name__ == "__main__":
    sys.exit(main())
