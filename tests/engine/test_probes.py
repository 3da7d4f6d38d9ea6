"""A model's command in the image: locked down, bounded, kept."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from paper2run.model.outcome import Built
from paper2run.planners.looks import MAX_PROBES, Look
from paper2run.settings import Settings
from tasks import beyond
from tasks.beyond import MAX_PROBE_CHARS, Looking
from tasks.drivers.engine.engine import Engine
from tasks.running.records import RunFolder

pytestmark = pytest.mark.docker
Probe = Callable[[str], Sequence[str]]


@pytest.fixture
def looking(engine: Engine, base: str, run_id: str, tmp_path: Path, monkeypatch) -> Looking:
    info = engine.image(base)
    assert info is not None
    monkeypatch.setattr(beyond, "run_id_of", lambda _: run_id)
    # Slots are Prefect's, and here is no server.
    monkeypatch.setattr(beyond, "engine_slot", lambda *_: nullcontext())
    built = Built(image=base, image_id=info.id, seconds=1.0, size_bytes=1)
    settings = Settings(_env_file=None, home=tmp_path / "home")
    return Looking(RunFolder(tmp_path), settings, None, built)


@pytest.fixture
def probe(looking: Looking) -> Probe:
    return lambda command: looking(Look(kind="probe", text=command))


def test_what_a_command_prints_is_shown_after_its_exit_code(probe: Probe) -> None:
    assert list(probe("echo out; echo err >&2; exit 3")) == ["exit code 3", "out", "err"]


def test_it_writes_to_tmp_alone(probe: Probe) -> None:
    how, *printed = probe("echo x > /tmp/a && cat /tmp/a; echo x > /opt/a || echo refused; id -u")
    assert how == "exit code 0"
    assert {"x", "refused", "1000"} <= set(printed)


def test_it_has_no_network_and_little_room(probe: Probe) -> None:
    printed = "\n".join(
        probe("cat /proc/net/dev; cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max; env")
    )
    assert "eth0" not in printed
    assert "128" in printed
    assert "PYTHONFAULTHANDLER=1" in printed


def test_a_flood_is_cut_to_its_end(probe: Probe) -> None:
    printed = probe("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done")
    assert sum(map(len, printed)) <= MAX_PROBE_CHARS + 100
    assert printed[-1] == "line 4999"


def test_there_are_three_and_what_was_run_is_kept(looking: Looking, probe: Probe) -> None:
    first = [probe(f"echo {n}; date +%N") for n in range(MAX_PROBES)]
    assert probe("echo 9") == [f"not run: {MAX_PROBES} probes are all there are"]
    looking._probes = 0
    assert [probe(f"echo {n}; date +%N") for n in range(MAX_PROBES)] == first


def test_one_that_does_not_end_is_ended(probe: Probe, monkeypatch) -> None:
    monkeypatch.setattr(beyond, "PROBE_S", 2)
    assert probe("sleep 60")[0] == "still running after 2 seconds"
