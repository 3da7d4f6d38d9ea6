"""Measures the resolver on kept plans: how long it takes, and what moves under other weights.

`python -m benchmarks.resolver_speed PLANS OUT [--home DIR]`: PLANS holds `PlannedEnvironment` as JSON, one file a plan;
`plan.json` of a run is one. An empty `--home` measures a cold index.

`--weight younger_day=0.25` resolves with another weight, and `--against OUT` counts what moved from kept answers: so a
weight of data/resolution_costs.json is measured. `--beside CHECKOUT` measures this code and another one in turn, warm,
and prints the ratio. The script asks the package index and runs no code of the plans.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from paper2run.model.environment import PlannedEnvironment
from paper2run.settings import Settings
from tasks.resolve import resolve

ROUNDS = 2
"""Of the two states in turn; the first one warms the index and does not count."""


def main() -> int:
    """Resolve each plan, print seconds, interpreter and cost of each and the sums; return 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("plans", type=Path, help="folder of plans")
    parser.add_argument("out", type=Path, help="folder that gets the resolved plans")
    parser.add_argument("--home", type=Path, help="folder whose kept answers of the index are used")
    parser.add_argument(
        "--weight", action="append", default=[], help="NAME=VALUE, in place of the table's"
    )
    parser.add_argument("--against", type=Path, help="folder of resolved plans to compare with")
    parser.add_argument("--beside", type=Path, help="another checkout to measure in turn")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="paper2run-resolver-") as empty:
        home = options.home or Path(empty)
        if options.beside is not None:
            return _in_turn(options.plans, options.out, home, options.beside)
        if options.weight:
            _use(options.weight, Path(empty))
        _resolve_all(options.plans, options.out, home)
    if options.against is not None:
        _print_moves(options.against, options.out)
    return 0


def _resolve_all(plans: Path, out: Path, home: Path) -> None:
    """Resolve the plans and print the sums of seconds in the last line."""
    settings = Settings(home=home)
    wall_s = cpu_s = 0.0
    for path in sorted(plans.glob("*.json")):
        fields = json.loads(path.read_text("utf-8"))
        # An older checkout does not know each field.
        known = {name: fields[name] for name in fields if name in PlannedEnvironment.model_fields}
        planned = PlannedEnvironment.model_validate_json(json.dumps(known))
        started, worked = time.monotonic(), time.process_time()
        found = resolve.fn(planned, (), settings)
        taken_s, used_s = time.monotonic() - started, time.process_time() - worked
        wall_s, cpu_s = wall_s + taken_s, cpu_s + used_s
        (out / path.name).write_text(found.model_dump_json(indent=1), "utf-8")
        pinned = found.resolution
        cost = getattr(pinned, "cost", "unknown")
        words = f"python {pinned.python} cost {cost}" if pinned else "left open"
        print(f"{path.stem:30} {taken_s:6.1f} s, {used_s:5.1f} s of processor, {words}")
    print(f"sum: {wall_s:.1f} s, {cpu_s:.1f} s of processor")


def _in_turn(plans: Path, out: Path, home: Path, other: Path) -> int:
    """Measure this checkout and `other` in turn, print seconds and their ratio; return 0."""
    mine = Path(__file__).parents[1]
    sums = {mine: [0.0, 0.0], other.resolve(): [0.0, 0.0]}
    for number in range(ROUNDS):
        for checkout, spent in sums.items():
            folder = out / ("this" if checkout == mine else "other")
            command = [sys.executable, "-P", __file__, str(plans), str(folder), "--home", str(home)]
            path = {**os.environ, "PYTHONPATH": str(checkout)}
            said = subprocess.run(command, env=path, check=True, capture_output=True, text=True)
            words = said.stdout.splitlines()[-1].split()
            print(f"round {number}, {folder.name}: {' '.join(words)}", flush=True)
            if number:
                spent[0] += float(words[1])
                spent[1] += float(words[3])
    (wall_s, cpu_s), (other_wall_s, other_cpu_s) = sums.values()
    print(
        f"this / other: {wall_s / other_wall_s:.2f} of the time, {cpu_s / other_cpu_s:.2f} of the processor's"
    )
    return 0


def _use(changes: list[str], folder: Path) -> None:
    """Take weights as in `changes` in place of the table's."""
    # Not at the top: an older checkout has no such module.
    release_costs = import_module("paper2run.index.release_costs")
    table = Path(str(release_costs.__file__)).parents[1] / "data" / release_costs.TABLE
    known = json.loads(table.read_text("utf-8"))
    known["weights"] |= {name: json.loads(value) for name, value in (c.split("=") for c in changes)}
    changed = folder / "weights.json"
    changed.write_text(json.dumps(known), "utf-8")
    release_costs.TABLE = str(changed)
    release_costs.weights.cache_clear()


def _print_moves(before: Path, after: Path) -> None:
    """Print how many plans, interpreters, releases and builds differ between two folders."""
    plans = moved = pythons = releases = builds = days = 0
    for path in sorted(after.glob("*.json")):
        if not (before / path.name).exists():
            continue
        one, other = (
            json.loads((folder / path.name).read_text("utf-8"))["resolution"]
            for folder in (before, after)
        )
        plans += 1
        if one is None or other is None:
            moved += one != other
            continue
        old, new = ({pin["name"]: pin for pin in kept["pins"]} for kept in (one, other))
        changed = [name for name in old | new if old.get(name) != new.get(name)]
        moved += bool(changed or one["python"] != other["python"])
        pythons += one["python"] != other["python"]
        releases += len(changed)
        builds += sum(pin["sdist"] for pin in new.values()) - sum(
            pin["sdist"] for pin in old.values()
        )
        days += len(other["exceptions"]) - len(one["exceptions"])
    print(
        f"{moved} of {plans} plans moved: {pythons} interpreters, {releases} releases; "
        f"{builds:+} builds from source, {days:+} releases after the commit"
    )


if __name__ == "__main__":
    raise SystemExit(main())
