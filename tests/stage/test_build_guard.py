"""The build guard sees a machine in danger; folders stand in for `/proc` and the engine's folder."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tasks.drivers.engine import build_guard
from tasks.drivers.engine.build_guard import MAX_NEW_THREADS, Alarm, Guard


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(build_guard, "PROC", tmp_path)

    def become(threads: int = 200, memory_mb: int = 8000, swap_mb: int = 0) -> None:
        (tmp_path / "loadavg").write_text(f"0.20 0.18 0.12 1/{threads} 11206\n")
        (tmp_path / "meminfo").write_text(
            f"MemTotal: 9000000 kB\nMemAvailable: {memory_mb * 1024} kB\n"
            f"SwapFree: {swap_mb * 1024} kB\nHugePages_Total: 0\n"
        )

    become()
    return become


def guard(root: Path | None, min_free_mb: int = 0) -> Guard:
    return Guard(cast(Any, SimpleNamespace(root=lambda: root)), min_free_mb)


def trouble(alarm: Alarm | None) -> str:
    return alarm.trouble if alarm else ""


def test_a_quiet_machine_gives_no_alarm(machine: Any, tmp_path: Path) -> None:
    watched = guard(tmp_path, 1)
    machine(threads=1200, memory_mb=900)

    assert watched.alarm() is None


def test_a_flood_of_processes_is_an_alarm(machine: Any, tmp_path: Path) -> None:
    watched = guard(tmp_path)
    machine(threads=201 + MAX_NEW_THREADS)

    assert trouble(watched.alarm()) == "threads"


def test_memory_is_the_builds_own_only_where_no_other_build_goes_on(
    machine: Any, tmp_path: Path
) -> None:
    container = "8:memory:/docker/" + "0a" * 32
    step = "8:memory:/docker/buildkit/{}\n1:name=systemd:/docker/buildkit/{}"
    systemd = "0::/system.slice/system.slice:docker:{}\n"
    mine, other = "v4u5p1x6jcqk0wq8r5o1c5mzt", "q0g7ad2v1lm6fl1hqf9mqzd8k"
    for process, cgroup in enumerate((container, step.format(mine, mine), systemd.format(mine))):
        (tmp_path / str(process)).mkdir()
        (tmp_path / str(process) / "cgroup").write_text(cgroup)
    watched = guard(tmp_path)
    machine(memory_mb=500)
    assert trouble(watched.alarm()) == "own memory"

    (tmp_path / "9").mkdir()
    (tmp_path / "9" / "cgroup").write_text(systemd.format(other))
    assert trouble(watched.alarm()) == "memory"


def test_free_swap_is_memory_and_a_small_machine_may_have_less(
    machine: Any, tmp_path: Path
) -> None:
    machine(memory_mb=400)
    small = guard(tmp_path)
    machine(memory_mb=150)
    assert small.alarm() is None

    machine(memory_mb=90, swap_mb=50)
    assert small.alarm() is None


def test_a_disk_below_the_reserve_is_an_alarm_in_space_and_in_files(
    machine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trouble(guard(tmp_path, 10**9).alarm()) == "disk"

    monkeypatch.setattr("tasks.drivers.engine.engine_disk.MIN_FREE_ENTRIES", 10**15)
    found = guard(tmp_path, 1).alarm()
    assert found is not None
    assert "room for" in found.words


def test_an_engine_elsewhere_is_not_looked_after(machine: Any, tmp_path: Path) -> None:
    for watched in (guard(None, 10**9), guard(tmp_path / "of-another-machine", 10**9)):
        machine(threads=10**6, memory_mb=1)
        assert watched.alarm() is None


def test_a_system_without_proc_is_looked_after_by_its_disk_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_guard, "PROC", tmp_path / "none")

    assert guard(tmp_path).alarm() is None
    assert trouble(guard(tmp_path, 10**9).alarm()) == "disk"
