import dataclasses
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from paper2run.errors import HostError
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.buildkit import build
from tasks.drivers.engine.changed_files import Wanted
from tasks.drivers.engine.containers import Limits, RunResult, run
from tasks.drivers.engine.engine import RUN_LABEL, Engine
from tasks.drivers.engine.leftovers import sweep

if TYPE_CHECKING:
    from docker.models.containers import Container

pytestmark = pytest.mark.docker
ROOT = Path(__file__).parents[2]
Run = Callable[..., RunResult]


@pytest.fixture
def run_command(
    engine: Engine, base: str, run_id: str, limits: Limits, tmp_path: Path
) -> Iterator[Run]:
    label = f"{run_id}-{uuid.uuid4().hex}"

    def start(command: str | None, **changes: object) -> RunResult:
        options: dict[str, object] = {
            "limits": limits,
            "run_id": label,
            "home": tmp_path,
            "timeout_s": 60.0,
            **changes,
        }
        return run(engine, base, command, **options)  # type: ignore[arg-type]

    yield start
    assert sweep(engine, label) == 0, "a container was left behind"


def test_command_that_exits_0_brings_both_streams(run_command: Run) -> None:
    lines: list[str] = []

    result = run_command("echo out; echo err >&2; printf unfinished", on_line=lines.append)

    assert result.exit_code == 0
    assert result.log.stdout == "out\nunfinished"
    assert result.log.stderr == "err\n"
    assert sorted(lines) == ["err", "out", "unfinished"]
    assert not result.alive_at_timeout
    assert result.limit == ""


def test_the_variables_of_a_login_are_set(run_command: Run) -> None:
    result = run_command("echo $HOME $USER $LOGNAME; test -w $HOME")

    assert (result.exit_code, result.log.stdout) == (0, "/tmp paper2run paper2run\n")


def test_a_container_without_a_network_knows_its_own_host(run_command: Run) -> None:
    result = run_command("getent hosts $(cat /etc/hostname)")

    assert result.exit_code == 0
    assert "localhost" in result.log.stdout


def test_shared_memory_holds_more_than_the_engine_s_64_mb(run_command: Run, limits: Limits) -> None:
    result = run_command("stat -f -c '%b %S' /dev/shm")

    blocks, size = map(int, result.log.stdout.split())
    assert blocks * size == limits.tmp_mb * 1024**2


def test_exit_code_of_the_command_is_kept(run_command: Run) -> None:
    result = run_command("exit 3")

    assert result.exit_code == 3
    assert not result.out_of_memory


def test_container_is_locked_down(run_command: Run) -> None:
    result = run_command(
        "id -u; echo $HOME; touch $HOME/x && echo home; touch /etc/x; grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:'"
        " /proc/self/status; ls /sys/class/net"
    )

    lines = result.log.stdout.split()
    assert lines[:3] == ["1000", "/tmp", "home"]
    assert "Permission denied" in result.log.stderr
    status = dict(zip(lines[3:11:2], lines[4:11:2], strict=True))
    assert int(status["CapEff:"], 16) == int(status["CapBnd:"], 16) == 0
    assert status["NoNewPrivs:"] == "1"
    assert status["Seccomp:"] == "2"
    assert lines[11:] == ["lo"]


SERVES = "import socket; s = socket.create_server(('0.0.0.0', 8123)); print('up', flush=True); "


@pytest.mark.parametrize(
    ("does", "port"),
    [
        ("s.accept()", 8123),
        ("sum(0 for _ in iter(int, 1))", None),
        ("threading.Thread(target=lambda: sum(0 for _ in iter(int, 1))).start(); s.accept()", None),
        ("[(print('.', flush=True), time.sleep(1)) for _ in iter(int, 1)]", None),
    ],
    ids=["waits", "computes", "computes-beside", "writes"],
)
def test_a_server_that_waits_is_ended_before_its_time(
    run_command: Run, monkeypatch: pytest.MonkeyPatch, does: str, port: int | None
) -> None:
    monkeypatch.setattr("tasks.drivers.engine.calm_server.CALM_S", 4)
    monkeypatch.setattr("tasks.drivers.engine.calm_server.LOOK_S", 1)
    command = shlex.join(["python", "-c", f"import threading, time; {SERVES}{does}"])

    result = run_command(command, timeout_s=60 if port else 8, ends_servers=True)

    assert (result.alive_at_timeout, result.listens_on) == (True, port)
    assert result.log.stdout.startswith("up\n")


def test_network_is_given_only_where_it_is_asked_for(run_command: Run) -> None:
    result = run_command("ls /sys/class/net", network="bridge")

    assert "eth0" in result.log.stdout.split()


def test_command_alive_at_its_timeout_is_told_and_killed(run_command: Run) -> None:
    result = run_command("echo serving; sleep 600", timeout_s=2)

    assert result.alive_at_timeout
    assert result.log.stdout == "serving\n"
    assert result.seconds < 20
    assert not result.out_of_memory
    assert result.limit == ""


def test_too_much_memory_is_told_as_such(run_command: Run, limits: Limits) -> None:
    result = run_command('python -c "x = bytearray(10**9)"')

    assert result.exit_code == 137
    assert result.out_of_memory
    assert not result.out_of_disk
    assert result.limit == f"memory {limits.memory_mb} MB"


def test_kill_that_is_no_memory_limit_is_not_told_as_one(run_command: Run) -> None:
    result = run_command("kill -9 $$")

    assert result.exit_code == 137
    assert not result.out_of_memory
    assert result.limit == ""


def test_processes_are_limited(run_command: Run, limits: Limits) -> None:
    result = run_command("i=0; while [ $i -lt 200 ]; do sleep 5 & i=$((i + 1)); done; echo all")

    assert "all" not in result.log.stdout
    assert "fork" in result.log.stderr.lower()


def test_too_much_on_disk_ends_the_container(run_command: Run, limits: Limits) -> None:
    result = run_command("head -c 200M /dev/zero > /var/tmp/big; sleep 600", limits=limits)

    assert result.out_of_disk
    assert result.limit == f"disk {limits.disk_mb} MB"
    assert not result.alive_at_timeout
    assert result.seconds < 30


def test_sparse_files_count_as_what_they_take(run_command: Run, limits: Limits) -> None:
    result = run_command("truncate -s 1T /var/tmp/sparse && sleep 4 && echo done", limits=limits)

    assert (result.exit_code, result.limit) == (0, "")
    assert "done" in result.log.stdout


def test_the_container_is_asked_where_the_engines_folders_cannot_be_read(
    run_command: Run, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As for a user who may use the engine's socket and is not root.
    monkeypatch.setattr("tasks.drivers.engine.written._folders", lambda container: [])
    monkeypatch.setattr("tasks.drivers.engine.containers.sees_layers", lambda engine: False)

    sparse = run_command("truncate -s 1T /var/tmp/sparse && sleep 6 && echo done", limits=limits)
    full = run_command("head -c 200M /dev/zero > /var/tmp/big; sleep 600", limits=limits)

    assert (sparse.exit_code, sparse.limit) == (0, "")
    assert full.limit == f"disk {limits.disk_mb} MB"


def test_a_container_that_ends_while_it_is_asked_is_not_over_its_limit(
    run_command: Run, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.drivers.engine.written._folders", lambda container: [])
    monkeypatch.setattr("tasks.drivers.engine.containers.sees_layers", lambda engine: False)

    def is_killed_by_the_end(engine: Engine, container: "Container", limit_mb: int) -> int:
        container.wait()
        return 137

    monkeypatch.setattr("tasks.drivers.engine.written._answer", is_killed_by_the_end)
    result = run_command("truncate -s 1T /var/tmp/sparse && sleep 6 && echo done", limits=limits)

    assert (result.exit_code, result.limit) == (0, "")


def test_a_container_that_does_not_answer_is_ended_by_the_engines_figure(
    engine: Engine,
    base: str,
    limits: Limits,
    tmp_path: Path,
    run_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tasks.drivers.engine.written._folders", lambda container: [])
    monkeypatch.setattr("tasks.drivers.engine.written.ANSWER_S", 2)
    tag = f"paper2run-tests/{uuid.uuid4().hex}:1"
    # Root code of a build put its own `find` into the image: it floods its output and never ends.
    liar = "printf '#!/bin/sh\\nwhile :; do echo 0000000000000000; done\\n' > /usr/bin/find"
    text = f"FROM {base}\nRUN {liar} && chmod 755 /usr/bin/find && find | head -n 1\n"
    build(engine, BuildInput(text, tmp_path, tag), run_id=run_id, timeout_s=60)

    result = run(
        engine, tag, "head -c 200M /dev/zero > /var/tmp/big; sleep 600",
        limits=limits, run_id=run_id, home=tmp_path, timeout_s=100,
    )  # fmt: skip
    engine.remove_image(tag)

    assert result.limit == f"disk {limits.disk_mb} MB"
    assert not result.alive_at_timeout


def test_whatever_a_container_says_the_engines_disk_keeps_its_reserve(run_command: Run) -> None:
    # More than any disk has.
    with pytest.raises(HostError) as caught:
        run_command("sleep 600", min_free_mb=10**10)

    assert caught.value.trouble == "disk"


def test_a_link_that_takes_the_place_of_a_folder_is_not_followed_out_of_the_layer(
    run_command: Run, limits: Limits
) -> None:
    result = run_command("ln -s / /var/tmp/root; ln -s /proc /var/tmp/proc; sleep 4", limits=limits)

    assert (result.exit_code, result.limit) == (0, "")


def test_files_without_content_are_limited_too(
    run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.drivers.engine.written.MAX_ENTRIES", 1_000)
    monkeypatch.setattr("tasks.drivers.engine.container_watch.MAX_ENTRIES", 1_000)

    result = run_command("mkdir /var/tmp/m; cd /var/tmp/m; seq 5000 | xargs touch; sleep 600")

    assert result.limit == "disk 1000 files"


def test_what_is_written_to_a_volume_of_the_image_counts(
    engine: Engine, run_command: Run, base: str, limits: Limits, tmp_path: Path, run_id: str
) -> None:
    tag = f"paper2run-tests/{uuid.uuid4().hex}:1"
    text = f"FROM {base}\nRUN mkdir -m 777 /vol && echo kept > /vol/data\nVOLUME /vol\n"
    build(engine, BuildInput(text, tmp_path, tag), run_id=run_id, timeout_s=60)

    result = run(
        engine, tag, "cat /vol/data; head -c 200M /dev/zero > /vol/big; sleep 600",
        limits=limits, run_id=run_id, home=tmp_path, timeout_s=60,
    )  # fmt: skip
    engine.remove_image(tag)

    assert "kept" in result.log.stdout
    assert result.limit == f"disk {limits.disk_mb} MB"


def test_a_volume_is_bounded_memory_where_it_cannot_be_counted(
    engine: Engine,
    base: str,
    limits: Limits,
    tmp_path: Path,
    run_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tasks.drivers.engine.containers.sees_layers", lambda engine: False)
    tag = f"paper2run-tests/{uuid.uuid4().hex}:1"
    text = f"FROM {base}\nRUN mkdir -m 777 /vol\nVOLUME /vol\nVOLUME /tmp\n"
    build(engine, BuildInput(text, tmp_path, tag), run_id=run_id, timeout_s=60)

    result = run(
        engine, tag, "grep ' /vol ' /proc/mounts; head -c 300M /dev/zero > /vol/big && echo all",
        limits=limits, run_id=run_id, home=tmp_path, timeout_s=60,
    )  # fmt: skip
    engine.remove_image(tag)

    assert result.log.stdout.startswith("tmpfs /vol tmpfs")
    assert "all" not in result.log.stdout
    assert "--tmpfs=/vol:" in result.docker_command


def test_a_container_ends_by_itself_when_nobody_is_left_to_end_it(
    engine: Engine, base: str, run_id: str
) -> None:
    label = f"{run_id}-orphan"
    code = (
        "import sys, tasks.drivers.engine.containers as c\nfrom paper2run.settings import Settings\n"
        "from tasks.drivers.engine.engine_connection import connect\n"
        "c.OWN_LIMIT_MARGIN_S = 1\n"
        "c.run(connect(), sys.argv[1], 'trap : TERM; while :; do sleep 1; done', run_id=sys.argv[2],"
        " timeout_s=3, limits=c.Limits(256, 1, 64, 50), on_line=None, home=Settings().home)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, base, label])
    wait_until(lambda: states(engine, label) == ["running"], 60)
    process.kill()
    process.wait()

    wait_until(lambda: states(engine, label) == ["exited"], 60)
    assert sweep(engine, label) == 1


def states(engine: Engine, label: str) -> list[str]:
    return [found["State"] for found in engine.labelled(f"{RUN_LABEL}={label}")]


def wait_until(condition: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def test_flood_of_output_takes_neither_memory_nor_time(run_command: Run, engine: Engine) -> None:
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    result = run_command(
        "echo first; head -c 1G /dev/zero | tr '\\0' x | fold -w 4000; echo; echo last",
        timeout_s=120,
    )

    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    assert grown_kb < 200_000
    assert len(result.log.stdout) < 3_000_000
    assert result.log.stdout.startswith("first\n")
    if not result.alive_at_timeout:
        assert result.log.stdout.endswith("last\n")
    # The daemon is not wedged.
    assert run_command("true").exit_code == 0


def test_program_that_is_not_in_the_image_is_exit_code_127(run_command: Run) -> None:
    assert run_command("no-such-program").exit_code == 127


def test_image_without_a_shell_is_exit_code_127(
    engine: Engine, run_id: str, repo: Path, limits: Limits
) -> None:
    (repo / "file").write_text("")
    context = BuildInput("FROM scratch\nCOPY repo/ /\n", repo, "paper2run-tests/no-shell:1")
    build(engine, context, run_id=run_id, timeout_s=60)

    result = run(engine, context.tag, "true", limits=limits, run_id=run_id, home=repo, timeout_s=60)

    assert result.exit_code == 127
    assert "/bin/sh" in result.log.stderr


def test_more_processors_than_the_machine_has_are_no_error(
    run_command: Run, limits: Limits
) -> None:
    assert run_command("true", limits=dataclasses.replace(limits, cpus=1024)).exit_code == 0


def test_docker_command_repeats_the_run_by_hand(
    run_command: Run, engine: Engine, run_id: str
) -> None:
    result = run_command(
        'echo "$GREETING, it\'s $(id -u) in $(pwd)"; exit 5',
        env={"GREETING": "a b"},
        workdir="/var/tmp",
    )
    words = shlex.split(result.docker_command)

    assert result.log.stdout == "a b, it's 1000 in /var/tmp\n"
    assert words[:3] == ["docker", "run", "--rm"]
    again = subprocess.run(
        ["docker", "run", f"--label={RUN_LABEL}={run_id}", *words[2:]],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (again.returncode, again.stdout) == (result.exit_code, result.log.stdout)


def test_interrupt_removes_the_container(
    engine: Engine, base: str, run_id: str, tmp_path: Path
) -> None:
    label = f"{run_id}-interrupted"
    script = tmp_path / "interrupted.py"
    script.write_text(
        "import sys\nfrom paper2run.settings import Settings\n"
        "from tasks.drivers.engine.containers import Limits, run\n"
        "from tasks.drivers.engine.engine_connection import connect\n"
        "run(connect(), sys.argv[1], 'sleep 600', limits=Limits(128, 1, 64, 100), run_id=sys.argv[2],"
        " timeout_s=600, home=Settings().home)\n"
    )
    process = subprocess.Popen(
        [sys.executable, script, base, label], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    query = {"filters": {"label": f"{RUN_LABEL}={label}", "status": "running"}, "sparse": True}
    deadline = time.monotonic() + 30
    while not engine.client.containers.list(**query):  # type: ignore[arg-type]
        assert time.monotonic() < deadline, "the container never ran"
        time.sleep(0.1)

    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)

    assert "KeyboardInterrupt" in stderr
    assert sweep(engine, label) == 0


def test_files_that_a_command_changes_come_back_where_they_are_asked_for(run_command: Run) -> None:
    asked = ("/srv/new", "/srv/old", "/srv/large", "/srv/link", "/srv/folder", "/etc/hostname")
    command = (
        "cd /srv && printf 1.5 >new && printf 2 >other && ln -s /etc/passwd link && mkdir folder"
        " && dd if=/dev/zero of=large bs=1M count=2 2>/dev/null && rm -f old"
    )

    result = run_command(command, user="root", returns=Wanted(asked))

    assert result.exit_code == 0, result.log.stderr
    assert result.files == {"/srv/new": b"1.5"}
    assert run_command("true", returns=Wanted(asked)).files == {}


def test_new_files_with_a_wanted_ending_come_back_behind_those_that_are_asked_for(
    run_command: Run,
) -> None:
    command = (
        "cd /srv && printf 1 >b.csv && printf 2 >a.csv && printf 3 >c.bin && printf 4 >/etc/d.csv"
    )

    result = run_command(
        command, user="root", returns=Wanted(["/srv/b.csv"], "/srv", (".csv", ".json"))
    )

    assert list(result.files.items()) == [("/srv/b.csv", b"1"), ("/srv/a.csv", b"2")]


@pytest.mark.parametrize(
    ("command", "nothing"),
    [
        ("true", True),
        ("mkdir -p /srv/__pycache__ && printf 1 >/srv/__pycache__/a.pyc", True),
        ("printf 1 >/tmp/kept_in_memory", True),
        ("rm -f /etc/motd", True),
        ("printf 1 >/srv/picture.png", False),
        ("printf 1 >>/etc/issue", False),
        ("echo done", False),
        ("echo done >&2", False),
        ("false", False),
    ],
)
def test_a_command_without_output_and_files_has_left_nothing(
    run_command: Run, command: str, nothing: bool
) -> None:
    assert run_command(command, user="root").left_nothing is nothing


def test_a_link_that_a_command_leaves_leads_to_no_file_of_the_host(
    run_command: Run, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of the host")

    result = run_command(
        f"rm -f /srv/out; ln -s {secret} /srv/out", user="root", returns=Wanted(["/srv/out"])
    )

    assert result.files == {}
