"""Plans each entry of a corpus twice from nothing kept and names every difference of the two plans.

`python -m benchmarks.same_plan CORPUS.yaml [--first N] [--only ID …] [--out DIR]`. Nothing is built.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.corpus import command_for
from benchmarks.corpus_entries import Entry, read_corpus
from benchmarks.corpus_run import folder_of, run
from paper2run.errors import UserError
from tasks.drivers.host import process
from tasks.running.records import RunFolder

PLAN: Final = "plan.json"
LIMIT_S: Final = 1800
"""For one plan."""
SHOWN: Final = 200
"""Characters of each side of a difference."""
Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def plan_of(entry: Entry, runs: Path) -> Json:
    """Return the plan of a dry run that takes no kept result; None where none was made.

    UserError if the folder has a run already: its plan could be taken for this one's.
    """
    if runs.exists():
        raise UserError(f"{runs} holds a run already", hint="name another --out")
    command = [*command_for(entry, runs), "--dry-run", "--no-cache"]
    finished = process.run(command, timeout_s=LIMIT_S)
    RunFolder(runs).write("output.log", finished.stdout + finished.stderr)
    found: list[Json] = [json.loads(path.read_text("utf-8")) for path in runs.glob(f"*/{PLAN}")]
    return found[0] if found else None


def differences(first: Json, second: Json, place: str = "") -> Iterator[str]:
    """Yield a line for each value that differs, with its place: `plan.base_image: a → b`."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted({*first, *second}):
            yield from differences(first.get(key), second.get(key), f"{place}.{key}".lstrip("."))
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif first != second:
        yield f"{place}: {json.dumps(first)[:SHOWN]} → {json.dumps(second)[:SHOWN]}"


def main() -> int:
    """Print what differs; return 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path, help="YAML file of entries")
    parser.add_argument("--first", type=int, help="so many entries, in the file's order")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="these entries alone")
    parser.add_argument("--out", type=Path, help="folder of runs (default: a new one)")
    options = parser.parse_args()
    options.resume = False
    out = folder_of(options)
    entries = [e for e in read_corpus(options.corpus) if not options.only or e.id in options.only]
    differing = 0
    planless = 0
    for entry in entries[: options.first]:
        first, second = (plan_of(entry, out / entry.id / side) for side in ("first", "second"))
        found = list(differences(first, second))
        differing += bool(found)
        planless += first is None and second is None
        words = "no plan" if first is None and second is None else "the same plan"
        print(f"{entry.id}: {f'{len(found)} differences' if found else words}", flush=True)
        for line in found:
            print(f"  {line}")
    same = len(entries[: options.first]) - differing - planless
    print(f"{same} the same, {differing} differ, {planless} without a plan")
    return 1 if differing else 0


if __name__ == "__main__":
    run(main)
