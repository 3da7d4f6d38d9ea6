"""How builds end: by the repository's doing with an exit code, or by the engine's trouble, which is no verdict."""

from pathlib import Path
from typing import Any, cast

import pytest

from paper2run.errors import HostError
from paper2run.model.outcome import BuildFailed
from tasks.drivers.build_context import BuildInput
from tasks.drivers.build_trace import Vertex
from tasks.drivers.build_transcript import Transcript
from tasks.drivers.buildkit import _Deadline, _failure

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
    "a file that is missing": (
        "[2/4] COPY repo/absent /repo/",
        'failed to compute cache key: "/repo/absent" not found: not found',
        None,
    ),
    "no Dockerfile": ("", "dockerfile parse error line 3: unknown instruction: RUNN", None),
}  # fmt: skip


def ended(step: str, error: str) -> BuildFailed:
    transcript = Transcript(lambda line: None, lambda text: text)
    if step.startswith("["):
        vertex = Vertex(
            **{**dict.fromkeys(Vertex._fields, False), "digest": "a", "name": step, "error": error}
        )
        transcript._vertexes["a"] = vertex
    elif step:
        transcript.add({"stream": f"Step 2/3 : {step}\n"})
    transcript.add({"error": error})
    engine = cast(Any, None)
    context = BuildInput("FROM a\n", Path("/nowhere"), "paper2run/demo:1")
    return _failure(transcript, context, _Deadline(engine, 1.0), 0.1)


@pytest.mark.parametrize("case", TROUBLE)
def test_a_step_without_an_exit_code_is_the_engines_trouble(case: str) -> None:
    with pytest.raises(HostError) as caught:
        ended(*TROUBLE[case])

    assert caught.value.transient
    assert caught.value.next_step


@pytest.mark.parametrize("case", FAILURES)
def test_an_exit_code_and_a_bad_dockerfile_are_the_repositorys(case: str) -> None:
    step, error, code = FAILURES[case]

    found = ended(step, error)

    assert (found.step, found.exit_code) == (step, code)
