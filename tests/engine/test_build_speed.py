"""The benchmark of builds holds what it says: cold is cold, and only ours keeps layers and downloads."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.build_speed import Bench, build_by_hand, build_our_way, plan, report
from paper2run.settings import Settings
from tasks.drivers.engine.engine import RUN_LABEL, Engine

pytestmark = [pytest.mark.docker, pytest.mark.index, pytest.mark.alone]


@pytest.fixture
def bench(engine: Engine, run_id: str, tmp_path: Path) -> Iterator[Bench]:
    label = f"{run_id}-speed"
    yield Bench(engine, Settings(home=tmp_path / "home"), label)
    assert not engine.client.images.list(filters={"label": f"{RUN_LABEL}={label}"})


def test_both_ways_are_built_cold_changed_and_anew(bench: Bench, base: str, repo: Path) -> None:
    (repo / "requirements.txt").write_text("six\n")
    (repo / "hello.py").write_text("import six\n\nprint(six.__version__)\n")
    (repo / ".python-version").write_text(base.removeprefix("python:").removesuffix("-slim"))

    planned, planning = plan(repo, bench.settings)
    ours = build_our_way(repo, planned, bench)
    theirs = build_by_hand(repo, planned.plan.base_image, bench)

    assert planned.plan.base_image == base
    assert "# " not in (repo / "hello.py").read_text(), "the measured folder itself was changed"
    # Half is far off: without the kept layer a change costs as much as a cold build.
    assert ours.source_change_s < ours.cold_s / 2
    assert ours.source_change_s < theirs.source_change_s
    assert "cold" in report("hello", planning, ours, theirs)
