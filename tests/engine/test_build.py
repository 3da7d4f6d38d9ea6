import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from paper2run.errors import HostError
from paper2run.model.outcome import BuildFailed, Built
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings
from tasks.drivers.engine import build_guard
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.buildkit import build
from tasks.drivers.engine.engine import RUN_LABEL, Engine
from tasks.drivers.engine.engine_connection import connect
from tests.engine.conftest import Build
from tests.engine.relay import Relay
from tests.processes import ends, starts, unique_duration

pytestmark = pytest.mark.docker
ROOT = Path(__file__).parents[2]


def test_built_image_is_there_with_label_base_and_log(
    engine: Engine, build_image: Build, repo: Path, run_id: str, base: str
) -> None:
    (repo / "main.py").write_text("print('hello')\n")
    lines: list[str] = []

    built = build_image(
        f"COPY repo/ /repo/\nRUN python /repo/main.py && echo {uuid.uuid4()} && echo oh >&2",
        on_line=lines.append,
    )

    assert isinstance(built, Built)
    image = engine.image(built.image_id)
    assert image is not None
    assert image.labels[RUN_LABEL] == run_id
    base_image = engine.image(base)
    assert base_image is not None
    assert built.base_image_id == base_image.id
    assert "hello" in built.log.stdout.splitlines()
    assert "oh" in built.log.stderr.splitlines()
    assert "hello" in lines
    assert any("RUN python /repo/main.py" in line for line in lines)
    assert not any("--mount" in line for line in lines)


def test_second_build_takes_its_steps_from_the_cache(build_image: Build) -> None:
    step = f"RUN echo {uuid.uuid4()}"

    first = build_image(step)
    second = build_image(step)

    assert isinstance(first, Built)
    assert isinstance(second, Built)
    assert second.cached_steps > first.cached_steps


def test_failing_step_is_named_with_its_exit_code(build_image: Build) -> None:
    failed = build_image(
        "RUN echo before\nRUN echo 'exit code: 9' && echo why >&2 && exit 7\nRUN echo after"
    )

    assert isinstance(failed, BuildFailed)
    assert failed.exit_code == 7
    assert "RUN echo 'exit code: 9'" in failed.step
    assert "--mount" not in failed.step
    assert "why" in failed.log.stderr.splitlines()
    assert not failed.timed_out


def test_step_that_names_a_missing_file_fails_without_an_exit_code(build_image: Build) -> None:
    failed = build_image("COPY repo/missing.txt /x")

    assert isinstance(failed, BuildFailed)
    assert failed.exit_code is None
    assert "missing.txt" in failed.log.stderr


def test_dockerfile_that_cannot_be_parsed_is_a_failure_of_the_plan(build_image: Build) -> None:
    assert isinstance(build_image("NONSENSE x"), BuildFailed)


def test_download_cache_lives_on_between_builds_of_one_repository_and_not_in_the_image(
    engine: Engine, build_image: Build, run_id: str
) -> None:
    mark = uuid.uuid4().hex
    ours = Injection(cache_owner=mark)

    first = build_image(f"RUN echo kept > $(pip cache dir)/{mark}", injection=ours)
    second = build_image(
        f"RUN cat /root/.cache/pip/{mark} && echo {mark} && pip --version", injection=ours
    )
    # Whoever can write to a cache shared by all could put its own wheel there for the next one.
    other = build_image(
        f"RUN pip --version && ! ls /root/.cache/pip/{mark}",
        injection=Injection(cache_owner=uuid.uuid4().hex),
    )

    assert isinstance(first, Built)
    assert isinstance(second, Built)
    assert isinstance(other, Built)
    assert "kept" in second.log.stdout.splitlines()
    output = engine.client.containers.run(
        first.image,
        ["sh", "-c", "ls -A /root/.cache/pip 2>/dev/null || true"],
        labels={RUN_LABEL: run_id},
        network_mode="none",
        remove=True,
    )
    assert output == b""


@pytest.mark.index
def test_pip_takes_from_the_cache_what_an_earlier_build_of_the_repository_compiled(
    build_image: Build,
) -> None:
    ours = Injection.of(Settings(), uuid.uuid4().hex)
    # Made from source, for whether an answer of the index may be kept is the index's to say.
    steps = "ARG PIP_NO_CACHE_DIR=1\nENV MARK={mark}\nRUN pip install --no-binary sgmllib3k sgmllib3k==1.0.0"

    first, second = (
        build_image(steps.format(mark=uuid.uuid4().hex), injection=ours) for _ in range(2)
    )

    assert isinstance(first, Built)
    assert isinstance(second, Built)
    assert "Using cached" not in first.log.stdout
    assert "Using cached sgmllib3k-1.0.0-py3" in second.log.stdout


@pytest.mark.index
def test_a_wheel_that_one_repository_poisoned_reaches_no_other(build_image: Build) -> None:
    mine, theirs = (Injection.of(Settings(), uuid.uuid4().hex) for _ in range(2))
    install = "pip install --no-binary sgmllib3k sgmllib3k==1.0.0"
    poison = (
        "cd $(find /root/.cache/pip/wheels -name 'sgmllib3k*.whl' -printf '%h') && mkdir /tmp/w && cd /tmp/w"
        " && python -m zipfile -e $OLDPWD/*.whl . && echo 'print(\"poisoned\")' >> sgmllib.py"
        " && sed -i '/^sgmllib.py/s/,.*/,,/' *.dist-info/RECORD && python -m zipfile -c $OLDPWD/*.whl *"
    )
    look = "python -c 'import sgmllib'"

    first = build_image(f"ENV A={uuid.uuid4()}\nRUN {install} && {poison}", injection=mine)
    again, other = (
        build_image(f"ENV A={uuid.uuid4()}\nRUN {install} && {look}", injection=owner)
        for owner in (mine, theirs)
    )

    assert isinstance(first, Built), first
    assert isinstance(again, Built)
    assert isinstance(other, Built)
    # Otherwise the poison would be none, and the test prove nothing.
    assert "poisoned" in again.log.stdout
    assert "poisoned" not in other.log.stdout


def test_odd_file_names_and_links_reach_the_image_as_they_are(
    build_image: Build, repo: Path
) -> None:
    odd = (b"with space", b"new\nline", b"not-utf8-\xff\xfe", "ümlaut".encode(), b"x" * 180)
    for name in odd:
        (repo / os.fsdecode(name)).write_bytes(name)
    deep = repo.joinpath(*["deep" * 10] * 6)
    deep.mkdir(parents=True)
    (deep / "file").write_text("found")
    (repo / "tool").write_text("#!/bin/sh\n")
    (repo / "tool").chmod(0o4700)
    (repo / "outside").symlink_to("/etc/hostname")
    (repo / "dangling").symlink_to("nowhere")
    (repo / ".git").mkdir()
    (repo / ".git" / "config").write_text("secret")
    os.mkfifo(repo / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    (repo / "root").symlink_to("/")
    here = Path.cwd()
    os.chdir(repo)
    try:
        listener.bind("socket")
    finally:
        os.chdir(here)
        listener.close()
    check = (
        "import os; r = b'/repo/'; names = sorted(os.listdir(r));"
        " odd = [n for n in names if os.path.isfile(r + n) and not os.path.islink(r + n) and n != b'tool'];"
        " print(all(open(r + n, 'rb').read() == n for n in odd), len(odd));"
        " print(os.readlink('/repo/outside'), os.readlink('/repo/dangling'), os.readlink('/repo/root'));"
        " print(oct(os.stat('/repo/tool').st_mode), [n for n in names if n in (b'.git', b'pipe', b'socket')]);"
        f" print(open('/repo/' + '{'deep' * 10}/' * 6 + 'file').read())"
    )

    built = build_image(f'ENV MARK={uuid.uuid4()}\nCOPY repo/ /repo/\nRUN python -c "{check}"')

    assert isinstance(built, Built)
    lines = built.log.stdout.splitlines()
    assert f"True {len(odd)}" in lines
    assert "/etc/hostname nowhere /" in lines
    assert "0o100755 []" in lines
    assert "found" in lines


def test_missing_base_image_is_host_trouble_where_its_registry_is_silent(
    engine: Engine, repo: Path, run_id: str
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        reference = f"127.0.0.1:{probe.getsockname()[1]}/gone:1"
        with pytest.raises(HostError, match="registry cannot be reached") as caught:
            build(
                engine,
                BuildInput(f"FROM {reference}\n", repo, "paper2run-tests/none:1"),
                run_id=run_id,
                timeout_s=60,
            )

    assert reference in caught.value.what
    assert "make base-image" in caught.value.hint


def test_build_over_its_time_is_cancelled_and_leaves_nothing_running(build_image: Build) -> None:
    duration = unique_duration()
    seen = threading.Event()

    def look(line: str) -> None:
        if line == "started" and starts(duration):
            seen.set()

    started = time.monotonic()
    failed = build_image(f"RUN echo started && sleep {duration}", timeout_s=8, on_line=look)

    assert seen.is_set(), "the step never ran"
    assert isinstance(failed, BuildFailed)
    assert failed.timed_out
    assert failed.exit_code is None
    assert "sleep" in failed.step
    assert time.monotonic() - started < 30
    assert ends(duration)


def test_interrupted_build_is_cancelled(tmp_path: Path, repo: Path, base: str, run_id: str) -> None:
    duration = unique_duration()
    script = tmp_path / "interrupted.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\n"
        "from tasks.drivers.engine.build_context import BuildInput\n"
        "from tasks.drivers.engine.buildkit import build\nfrom tasks.drivers.engine.engine_connection import connect\n"
        "base, repo, run_id, duration = sys.argv[1:]\n"
        "text = f'FROM {base}\\nRUN sleep {duration}\\n'\n"
        "context = BuildInput(text, Path(repo), 'paper2run-tests/interrupted:1')\n"
        "build(connect(), context, run_id=run_id, timeout_s=300)\n"
    )
    process = subprocess.Popen(
        [sys.executable, script, base, repo, run_id, duration], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

    assert starts(f"sleep {duration}")
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)

    assert "KeyboardInterrupt" in stderr
    assert ends(f"sleep {duration}")


@pytest.fixture
def fragile_engine(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Engine, Relay]]:
    """The engine behind connections that can be cut."""
    address = engine.client.api.get_adapter("http+docker://").socket_path

    def to_engine() -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address)
        return connection

    with Relay("127.0.0.1", to_engine) as relay:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{relay.port}")
        yield connect(), relay


def test_engine_that_dies_in_the_middle_is_transient_host_trouble(
    build_image: Build, fragile_engine: tuple[Engine, Relay]
) -> None:
    engine, relay = fragile_engine
    duration = unique_duration()

    with pytest.raises(HostError) as caught:
        build_image(
            f"RUN echo started && sleep {duration}",
            on=engine,
            on_line=lambda line: relay.cut() if line == "started" else None,
        )

    assert caught.value.transient
    # The real engine behind it notices the broken connection and ends the build itself.
    assert ends(duration, within_s=20)


def test_a_silent_mirror_of_debian_is_the_hosts_trouble(build_image: Build) -> None:
    sources = "echo 'deb http://127.0.0.1:9/debian bookworm main' > /etc/apt/sources.list"
    silent = f"rm -f /etc/apt/sources.list.d/* && {sources}"

    with pytest.raises(HostError, match="Debian's mirror") as caught:
        build_image(f"RUN {silent} && apt-get update && apt-get install -y flex")

    assert caught.value.transient


def test_a_build_is_cancelled_before_the_engines_disk_is_full(build_image: Build) -> None:
    duration = unique_duration()

    # More than any disk has: the first look finds too little.
    with pytest.raises(HostError) as caught:
        build_image(f"RUN sleep {duration}", min_free_mb=10**9)

    assert caught.value.trouble == "disk"
    assert "was cancelled" in caught.value.what
    assert ends(duration)


def test_a_build_that_floods_the_machine_with_processes_is_cancelled(
    build_image: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    duration = unique_duration()
    monkeypatch.setattr("tasks.drivers.engine.build_guard.MAX_NEW_THREADS", 120)
    flood = f"i=0; while [ $i -lt 250 ]; do sleep {duration} & i=$((i + 1)); done; wait"

    with pytest.raises(HostError) as caught:
        build_image(f"RUN {flood}")

    assert (caught.value.transient, caught.value.trouble) == (True, "machine")
    assert "processes" in caught.value.what
    assert ends(duration)


@pytest.mark.alone
def test_a_build_that_takes_the_machines_memory_has_run_out_of_memory(
    build_image: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_mb = build_guard._machine().memory_mb  # type: ignore[union-attr]
    monkeypatch.setattr("tasks.drivers.engine.build_guard.FLOOR_SHARE", 1.0)
    monkeypatch.setattr("tasks.drivers.engine.build_guard.MIN_MEMORY_MB", left_mb - 1500)

    failed = build_image("RUN python -c 'x = bytearray(3 * 10**9); import time; time.sleep(99)'")

    assert isinstance(failed, BuildFailed)
    assert failed.exit_code == 137
    assert "Killed" in failed.log.stderr.splitlines()
    assert "bytearray" in failed.step


def test_a_step_that_its_image_cannot_run_is_no_trouble_of_the_engine(build_image: Build) -> None:
    failed = build_image("RUN rm /bin/sh\nRUN true")

    assert isinstance(failed, BuildFailed)
    assert "/bin/sh" in failed.log.stderr
