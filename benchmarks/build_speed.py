"""Compares planning and building one repository with a hand-written Dockerfile, in the same run.

`python benchmarks/build_speed.py [FOLDER …]`: without a folder, the bundled example and a generated
repository that wants numpy, pandas, scikit-learn and matplotlib. Both ways have the same base
image, engine and index; the hand-written file byte-compiles and keeps no downloads, as `pip
install` in `docker build` does. Ratios are ours to theirs, below 1 is faster: load stretches
seconds for both ways alike. facts_speed.py measures the planning of large trees. The engine's own
garbage collection removes the fresh download caches of cold builds; this program removes the
images.
"""

import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.corpus_run import run
from benchmarks.facts_speed import seconds_to_read
from paper2run.detectors import read_facts
from paper2run.errors import UserError
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import Asked, PlannedEnvironment
from paper2run.model.outcome import BuildFailed, Built
from paper2run.model.repo import Checkout
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence
from paper2run.rendering.dockerfile import dockerfile
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings
from tasks.drivers.engine import buildkit
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.resolve import resolve

EXAMPLE: Final = Path(__file__).parents[1] / "examples" / "period-doubling"
NO_COMMIT: Final = "0" * 40
BUILD_LIMIT_S: Final = 1800
SCIENCE: Final = {
    "requirements.txt": "numpy\npandas\nscikit-learn\nmatplotlib\n",
    "README.md": "# Clusters\n\n```sh\npython clusters.py\n```\n",
    "clusters.py": "import matplotlib.pyplot\nimport numpy\nimport pandas\nfrom sklearn.cluster import KMeans\n\n"
    "print(KMeans(2).fit(pandas.DataFrame(numpy.eye(4))).labels_)\n",
}
"""A repository with the libraries that most research code in Python starts from."""
BY_HAND: Final = """\
FROM {base}
COPY repo/ /app/
WORKDIR /app
RUN pip install -r requirements.txt
"""


class Planning(NamedTuple):
    """Seconds of the steps before a build."""

    read_s: float
    facts_and_plan_s: float
    resolve_s: float
    """With the resolver's cache filled."""


class Building(NamedTuple):
    """Seconds of one way to build."""

    cold_s: float
    """No layer and no download is there."""
    source_change_s: float
    """The same again with one source file changed."""
    new_plan_s: float
    """No layer is there, but the downloads that this way keeps of the repository's earlier builds."""


@dataclass(frozen=True)
class Bench:
    """What all builds are given."""

    engine: Engine
    settings: Settings
    run_id: str


def plan(folder: Path, settings: Settings) -> tuple[PlannedEnvironment, Planning]:
    """Return the pinned plan of the code in a folder, and how long its parts took.

    UserError if the folder has no plan.
    """
    read_s = seconds_to_read(folder)
    started = time.process_time()
    tree = RepoTree.of(folder)
    evidence = Evidence(read_facts(tree), frozenset(tree.files), Asked(name="", commit=NO_COMMIT))
    planned = rules.plan(evidence)
    planned_s = time.process_time() - started
    if not isinstance(planned, PlannedEnvironment):
        raise UserError(
            f"{folder} has no plan: {planned.decision.reason}",
            hint="name a repository that the rules can plan",
        )
    pinned = resolve.fn(planned, (), settings)
    started = time.monotonic()
    resolve.fn(planned, (), settings)
    return pinned, Planning(read_s, planned_s, time.monotonic() - started)


def build_our_way(folder: Path, planned: PlannedEnvironment, bench: Bench) -> Building:
    """Return the times of the tool's own Dockerfile. UserError if it does not build."""
    checkout = Checkout(url=str(folder), name=folder.name, commit=NO_COMMIT, mirror="")
    # An address that was never built: its download caches are empty.
    access = Injection.of(bench.settings, uuid.uuid4().hex)
    return _build(dockerfile(checkout, planned), folder, access, bench)


def build_by_hand(folder: Path, base: str, bench: Bench) -> Building:
    """Return the times of the hand-written Dockerfile on the same base image; UserError if it fails."""
    return _build(BY_HAND.format(base=base), folder, Injection.of(bench.settings), bench)


def report(name: str, planning: Planning, ours: Building, theirs: Building) -> str:
    """Return the seconds and ratios of one repository as text."""
    lines = [
        f"{name}: facts and plan {planning.facts_and_plan_s:.3f} s (listing and reading alone "
        f"{planning.read_s:.3f} s), resolver {planning.resolve_s:.2f} s with its cache filled",
        f"{'':34} {'ours':>7} {'by hand':>8} {'ratio':>6}",
    ]
    pairs = {
        "cold": (ours.cold_s, theirs.cold_s),
        "one source file changed": (ours.source_change_s, theirs.source_change_s),
        "a new plan for the same packages": (ours.new_plan_s, theirs.new_plan_s),
    }
    lines += [
        f"{label:34} {our:6.1f}s {their:7.1f}s {our / their:6.2f}"
        for label, (our, their) in pairs.items()
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure the folders named on the command line, or our own two; return 0."""
    settings = Settings()
    bench = Bench(connect(), settings, f"build-speed-{uuid.uuid4().hex}")
    with tempfile.TemporaryDirectory(prefix="paper2run-speed-") as space:
        for folder in [Path(name) for name in sys.argv[1:]] or [EXAMPLE, _science(Path(space))]:
            planned, planning = plan(folder, settings)
            ours = build_our_way(folder, planned, bench)
            theirs = build_by_hand(folder, planned.plan.base_image, bench)
            print(report(folder.name, planning, ours, theirs), flush=True)
    return 0


def _build(text: str, folder: Path, access: Injection, bench: Bench) -> Building:
    with _copy(folder) as repo:
        build = partial(_built, repo=repo, access=access, bench=bench)
        first = _uncached(text)
        cold = build(first)
        _change_a_source(repo)
        changed = build(first)
        anew = build(_uncached(text))
    return Building(cold.seconds, changed.seconds, anew.seconds)


def _uncached(text: str) -> str:
    """Return the Dockerfile with a variable that no layer of an earlier build was made with."""
    start, line, rest = text.partition("FROM ")
    base, _, steps = rest.partition("\n")
    return f"{start}{line}{base}\nENV PAPER2RUN_SPEED={uuid.uuid4().hex}\n{steps}"


def _built(text: str, *, repo: Path, access: Injection, bench: Bench) -> Built:
    tag = f"paper2run-speed/{uuid.uuid4().hex}:1"
    given = BuildInput(text, repo, tag, access)
    built = buildkit.build(bench.engine, given, run_id=bench.run_id, timeout_s=BUILD_LIMIT_S)
    if isinstance(built, BuildFailed):
        raise UserError(
            f"{built.step} failed: {built.log.stderr[-1000:]}",
            hint="name a repository whose first plan builds",
        )
    # Untagging leaves the layers to the next build; only the image goes.
    bench.engine.remove_image(tag)
    return built


@contextmanager
def _copy(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="paper2run-speed-") as space:
        yield Path(shutil.copytree(folder, Path(space) / "repo", symlinks=True))


def _change_a_source(repo: Path) -> None:
    source = next(iter(sorted(repo.rglob("*.py"))), None)
    if source is None:
        raise UserError(
            f"{repo} holds no Python file to change", hint="name a repository with Python code"
        )
    with source.open("a") as file:
        file.write(f"# {uuid.uuid4()}\n")


def _science(space: Path) -> Path:
    folder = space / "clusters"
    folder.mkdir()
    for name, text in SCIENCE.items():
        (folder / name).write_text(text)
    return folder


if __name__ == "__main__":
    run(main)
