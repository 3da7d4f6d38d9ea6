"""How builds end: by the repository with an exit code, or by a host error, which is not a verdict."""

from pathlib import Path
from typing import Literal

import pytest

from paper2run.errors import HostError, redacted
from paper2run.model.outcome import BuildFailed
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.build_ending import failure
from tasks.drivers.engine.build_trace import Output, Progress, Vertex
from tasks.drivers.engine.build_transcript import Transcript
from tasks.running.host_probe import NO_BRIDGE

RUN = "[3/5] RUN pip install ."
NETWORK = "executor failed running [/bin/sh -c pip install .]: network bridge not found"
TROUBLE = {
    "no bridge (20.10)": (RUN, NETWORK),
    "no bridge (20.10), setting": (
        RUN,
        "executor failed running [/bin/sh -c pip install .]: failed to set networking spec: network bridge not found",
    ),
    "runc (20.10)": (
        RUN,
        "executor failed running [/bin/sh -c pip install .]: runc create failed: unable to start container process: "
        "error during container init: cgroup path: no such file or directory",
    ),
    "no memory for the shim": (
        RUN,
        "failed to create shim task: fork/exec /usr/bin/containerd-shim-runc-v2: cannot allocate memory",
    ),
    "a named stage (28)": (
        "[build 2/3] RUN make",
        'failed to solve: process "/bin/sh -c make" did not complete successfully: network bridge not found',
    ),
    "the classic builder": (
        "RUN make",
        "failed to create endpoint on network bridge: adding interface to bridge docker0 failed",
    ),
    "a disk that does not answer": (
        "[2/4] COPY repo/ /repo/",
        "failed to copy files: write /repo/data.bin: input/output error",
    ),
    "layers that have gone": (
        "[1/4] FROM docker.io/library/python:3.11-slim",
        "failed to get layer: snapshot sha256:0a does not exist: not found",
    ),
    "a runtime without memory": (
        RUN,
        'process "/bin/sh -c make" did not complete successfully: fork/exec /usr/bin/runc: cannot allocate memory',
    ),
    "a command that speaks of Dockerfiles": (
        "[2/2] RUN echo 'unknown instruction'",
        "executor failed running [/bin/sh -c echo 'unknown instruction']: network bridge not found",
    ),
    "a command that speaks of users": (
        "[2/2] RUN echo ']: unable to find user x'",
        "executor failed running [/bin/sh -c echo ']: unable to find user x']: network bridge not found",
    ),
    "a command that speaks of exit codes": (
        "[2/2] RUN echo 'exit code: 5'",
        "executor failed running [/bin/sh -c echo 'exit code: 5']: network bridge not found",
    ),
}
FAILURES = {
    "20.10": (RUN, "executor failed running [/bin/sh -c pip install .]: exit code: 1", 1),
    "28": (
        RUN,
        'process "/bin/sh -c pip install ." did not complete successfully: exit code: 137',
        137,
    ),
    "classic": ("RUN make", "The command '/bin/sh -c make' returned a non-zero code: 2", 2),
    "podman": ("RUN make", 'error building at STEP "RUN make": while running runtime: exit status 2', 2),
    "28, killed by the kernel (cgroup v2)": (
        RUN,
        'process "/bin/sh -c pip install ." did not complete successfully: cannot allocate memory',
        137,
    ),
    "a user whom the image does not know": (
        RUN,
        "executor failed running [/bin/sh -c true]: unable to find user x: no matching entries in passwd file",
        None,
    ),
    "a folder that is a file": (
        "[3/4] WORKDIR /repo/setup.py",
        "mkdir /var/lib/docker/overlay2/2p4/merged/repo/setup.py: not a directory",
        None,
    ),
    "a file that is missing": (
        "[2/4] COPY repo/absent /repo/",
        'failed to compute cache key: "/repo/absent" not found: not found',
        None,
    ),
    "no Dockerfile": ("", "dockerfile parse error line 3: unknown instruction: RUNN", None),
}  # fmt: skip


def ended(
    step: str, error: str, output: str = "", network: Literal["", "none"] = ""
) -> BuildFailed:
    transcript = Transcript(lambda line: None, lambda text: text)
    if step.startswith("["):
        vertex = Vertex("a", step, cached=False, started=True, completed=True, error=error)
        transcript._add_trace(Progress((vertex,), (Output("a", True, output.encode()),)))
    elif step:
        transcript.add({"stream": f"Step 2/3 : {step}\n"})
        transcript.add({"stream": output})
    transcript.add({"error": error})
    context = BuildInput("FROM a\n", Path("/nowhere"), "paper2run/demo:1", network=network)
    return failure(transcript, context, 0.1)


@pytest.mark.parametrize("case", TROUBLE)
def test_a_step_without_an_exit_code_is_the_engines_trouble(case: str) -> None:
    with pytest.raises(HostError) as caught:
        ended(*TROUBLE[case])

    assert caught.value.transient
    assert caught.value.hint


def test_what_the_engine_said_travels_with_the_error_for_rules() -> None:
    with pytest.raises(HostError) as caught:
        ended(*TROUBLE["no bridge (20.10)"])

    assert NO_BRIDGE.search(redacted(caught.value, ()).says)


@pytest.mark.parametrize("case", FAILURES)
def test_an_exit_code_and_a_bad_dockerfile_are_the_repositorys(case: str) -> None:
    step, error, code = FAILURES[case]

    found = ended(step, error)

    assert (found.step, found.exit_code) == (step, code)


FAILED_WITH_1 = "executor failed running [/bin/sh -c make]: exit code: 1"
NEVER_BEGUN = {
    "1.1": "runc run failed: unable to start container process: unable to apply cgroup configuration: "
    "failed to write 1234: write /sys/fs/cgroup/pids/cgroup.procs: no such device\n",
    "1.1, without memory": "runc run failed: unable to start container process: error during container init: "
    "read init-p: cannot allocate memory\n",
    "1.1, without processes": 'time="2026-11-28T04:00:00Z" level=warning msg="lstat /x: no such file"\n'
    "runc run failed: unable to start container process: can't get final child's PID from pipe: EOF\n",
    "1.0": "container_linux.go:380: starting container process caused: process_linux.go:545: container init caused: "
    "process_linux.go:508: setting cgroup config for procHooks process caused: failed to write 64 to pids.max\n",
}
CANNOT_BEGIN = {
    "a file in the place of a cache": "runc run failed: unable to start container process: error during container "
    'init: error mounting "/var/lib/docker/overlay2/qdx/diff" to rootfs at "/root/.cache/pip": open o_path procfd: '
    "open /var/lib/docker/buildkit/executor/jaa/rootfs/root/.cache/pip: not a directory\n",
    "no shell": 'runc run failed: unable to start container process: exec: "/bin/sh": stat /bin/sh: no such file or '
    "directory\n",
    "not executable": 'runc run failed: unable to start container process: exec: "/a": permission denied\n',
    "a command without end": 'container_linux.go:380: starting container process caused: exec: "/bin/sh": argument '
    "list too long\n",
}


@pytest.mark.parametrize("case", NEVER_BEGUN)
def test_a_step_that_the_runtime_could_not_start_is_the_engines_trouble_whatever_its_code(
    case: str,
) -> None:
    with pytest.raises(HostError) as caught:
        ended(RUN, FAILED_WITH_1, NEVER_BEGUN[case])

    assert (caught.value.transient, caught.value.trouble) == (True, "engine")


@pytest.mark.parametrize("case", CANNOT_BEGIN)
def test_a_step_that_the_image_cannot_run_is_a_failure(case: str) -> None:
    assert ended(RUN, FAILED_WITH_1, CANNOT_BEGIN[case]).exit_code == 1


def test_a_step_that_only_prints_a_runtimes_words_among_others_failed_by_itself() -> None:
    output = f"testing my container tool\n{NEVER_BEGUN['1.1']}"

    assert ended(RUN, FAILED_WITH_1, output).exit_code == 1


FULL = {
    "the engine, copying (20.10)": (
        "[2/4] COPY repo/ /repo/",
        "failed to copy files: copy file range failed: no space left on device",
    ),
    "the engine, exporting (28)": (
        "",
        "failed to solve: write /var/lib/docker/overlay2/2p4/diff/usr/lib/libx.so: no space left on device",
    ),
    "pip": (
        RUN,
        "executor failed running [/bin/sh -c pip install .]: exit code: 1",
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
    ),
    "apt": (
        "[2/3] RUN apt-get install -y bc",
        "executor failed running [/bin/sh -c apt-get install -y bc]: exit code: 100",
        "E: You don't have enough free space in /var/cache/apt/archives/.\n",
    ),
    "dpkg": (
        "[2/3] RUN apt-get install -y bc",
        'process "/bin/sh -c apt-get install -y bc" did not complete successfully: exit code: 100',
        "dpkg: error processing archive /x.deb (--unpack):\n cannot copy extracted data for './usr/bin/bc' to"
        " '/usr/bin/bc.dpkg-new': failed to write (No space left on device)\n",
    ),
    "npm": (
        "[2/3] RUN npm ci",
        'process "/bin/sh -c npm ci" did not complete successfully: exit code: 228',
        "npm error code ENOSPC\nnpm error nospc ENOSPC: no space left on device, write\n",
    ),
}


@pytest.mark.parametrize("case", FULL)
def test_a_build_that_finds_the_disk_full_is_no_verdict_and_says_what_to_free(case: str) -> None:
    with pytest.raises(HostError, match="the engine's disk is full") as caught:
        ended(*FULL[case])

    assert caught.value.trouble == "disk"
    assert "paper2run clean --cache" in caught.value.hint


SILENT = {
    "apt": (
        "[2/3] RUN apt-get install -y bc",
        "executor failed running [/bin/sh -c apt-get install -y bc]: exit code: 100",
        "E: Failed to fetch http://mirror.example.org/x.deb  Could not connect to 127.0.0.1:18377\n",
    ),
    "pip": (
        RUN,
        "executor failed running [/bin/sh -c pip install .]: exit code: 1",
        "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'ProxyError('no')':"
        " /simple/tide/\nERROR: No matching distribution found for tide\n",
    ),
}


@pytest.mark.parametrize("case", SILENT)
def test_a_network_that_is_off_on_purpose_is_nobodys_trouble(case: str) -> None:
    step, error, output = SILENT[case]
    with pytest.raises(HostError):
        ended(step, error, output)

    assert ended(step, error, output, network="none").exit_code in (1, 100)
