"""The process driver against real programs: ends, limits, floods, groups and interrupts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paper2run.errors import HostError
from tasks.drivers.host.process import run

PYTHON = sys.executable
ENOUGH_S = 30


def is_alive(pid: int) -> bool:
    """True while `pid` runs; a zombie that nobody has reaped yet counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends_soon(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


def test_exit_code_and_both_streams_come_back() -> None:
    finished = run(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout_s=ENOUGH_S)
    assert (finished.exit_code, finished.stdout, finished.stderr) == (3, "out\n", "err\n")
    assert not finished.timed_out
    assert not finished.stopped


def test_a_program_over_its_time_is_ended_with_its_children(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    finished = run(["sh", "-c", f"sleep 60 & echo $! > {pid_file}; echo begun; wait"], timeout_s=1)
    assert finished.timed_out
    assert finished.stdout == "begun\n"
    assert finished.seconds < 10
    assert ends_soon(int(pid_file.read_text()))


def test_a_program_that_ignores_the_request_is_killed() -> None:
    finished = run(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], timeout_s=0.5)
    assert finished.timed_out
    assert finished.exit_code == -signal.SIGKILL


def test_a_watch_that_gives_a_reason_ends_the_program() -> None:
    asked = []

    def watch() -> str | None:
        asked.append(1)
        return "too large" if len(asked) > 2 else None

    finished = run(["sleep", "60"], timeout_s=ENOUGH_S, watch=watch)
    assert finished.stopped == "too large"
    assert not finished.timed_out
    assert 0.9 < finished.seconds < 10


def test_a_flood_keeps_its_first_and_last_bytes() -> None:
    flood = "import sys\nfor n in range(300000): print('line', n); print('err', n, file=sys.stderr)"
    finished = run([PYTHON, "-c", flood], timeout_s=ENOUGH_S, max_bytes=1000)
    assert finished.exit_code == 0
    for text, last in ((finished.stdout, "line 299999\n"), (finished.stderr, "err 299999\n")):
        assert len(text) < 1100
        assert text.endswith(last)
        assert "bytes left out" in text
    assert finished.stdout.startswith("line 0\n")


def test_lines_arrive_while_the_program_runs_and_carriage_returns_end_them() -> None:
    arrived: list[tuple[float, str]] = []
    started = time.monotonic()
    script = r"printf 'one\rtwo\n'; sleep 2; printf three"
    run(
        ["sh", "-c", script],
        timeout_s=ENOUGH_S,
        on_line=lambda line: arrived.append((time.monotonic() - started, line)),
    )
    assert [line for _, line in arrived] == ["one", "two", "three"]
    assert arrived[1][0] < 1.5 < arrived[2][0]


def test_an_exception_of_the_listener_ends_the_program(tmp_path: Path) -> None:
    def refuse(line: str) -> None:
        raise ValueError(line)

    pid_file = tmp_path / "pid"
    with pytest.raises(ValueError, match="begun"):
        run(
            ["sh", "-c", f"echo $$ > {pid_file}; echo begun; exec sleep 60"],
            timeout_s=ENOUGH_S,
            on_line=refuse,
        )
    assert ends_soon(int(pid_file.read_text()))


def test_an_interrupt_ends_the_whole_group(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = (
        "from tasks.drivers.host.process import run\n"
        f"run(['sh', '-c', 'sleep 60 & echo $! > {pid_file}; wait'], timeout_s=60)"
    )
    ours = subprocess.Popen([PYTHON, "-c", script], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    ours.send_signal(signal.SIGINT)
    _, stderr = ours.communicate(timeout=20)
    assert b"KeyboardInterrupt" in stderr
    assert ends_soon(int(pid_file.read_text()))


def test_a_process_left_behind_in_the_group_does_not_outlive_the_program() -> None:
    finished = run(["sh", "-c", "sleep 60 & echo $!"], timeout_s=ENOUGH_S)
    assert finished.exit_code == 0
    assert finished.seconds < 10
    assert ends_soon(int(finished.stdout))


def test_a_daemon_that_keeps_the_pipe_open_does_not_hold_us_up() -> None:
    finished = run(["setsid", "sh", "-c", "setsid sleep 8 & echo begun"], timeout_s=ENOUGH_S)
    assert finished.stdout == "begun\n"
    assert finished.seconds < 6


def test_input_is_fed_without_blocking_a_program_that_writes_first() -> None:
    text = "x" * 3_000_000
    finished = run(["cat"], timeout_s=ENOUGH_S, stdin_text=text, max_bytes=10_000_000)
    assert finished.stdout == text


def test_output_that_is_not_utf8_is_replaced_or_kept_exact() -> None:
    argv = ["printf", r"caf\351"]
    assert run(argv, timeout_s=ENOUGH_S).stdout == "caf\ufffd"
    assert os.fsencode(run(argv, timeout_s=ENOUGH_S, errors="surrogateescape").stdout) == b"caf\xe9"


def test_variables_are_laid_over_the_environment_and_none_removes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("REMOVED", "1")
    finished = run(
        ["sh", "-c", "echo $KEPT-$REMOVED-$ADDED"],
        timeout_s=ENOUGH_S,
        env={"REMOVED": None, "ADDED": "2"},
    )
    assert finished.stdout == "1--2\n"


def test_a_missing_program_is_named_with_what_to_install() -> None:
    with pytest.raises(HostError, match="no-such-program is not installed") as caught:
        run(["no-such-program"], timeout_s=ENOUGH_S)
    assert "install no-such-program" in caught.value.hint
