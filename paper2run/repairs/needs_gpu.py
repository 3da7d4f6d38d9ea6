"""Exchanges a library's CUDA build for its CPU build; else stops where no command does without a GPU.

Reads torch (`No CUDA GPUs are available`, `Torch not compiled with CUDA enabled`, `Found no NVIDIA driver`),
CUDA's compiler (`nvcc: not found`), CMake (`Specify CUDA_TOOLKIT_ROOT_DIR`, `Failed to find nvcc`), CuPy's build
(`Your CUDA environment is invalid`), and CUDA's own libraries, which TensorFlow 1, MXNet and others load
(`libcublas.so.10.0: cannot open shared object file`).
"""

import re
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paper2run.failures.failed_attempt import FailedAttempt, repaired, stopped
from paper2run.failures.failure_log import Hit, code_line, last_error, last_hit
from paper2run.model.diagnosis import Diagnosis, Lack
from paper2run.model.outcome import SmokeFailed
from paper2run.rendering.pip_steps import instead_of, plan_requirements

NAME: Final = "needs_gpu"
TORCH: Final = (
    # torch 1.9 and older begin the error's text on a line of its own; a warning of the same has it in its own line.
    re.compile(
        r"(?:(?:RuntimeError|AssertionError): |^\s*(?:E\s+)?)(?:No CUDA GPUs are available|Found no NVIDIA driver)"
    ),
    re.compile(r"AssertionError: Torch not compiled with CUDA enabled"),
)
"""Words of torch, which also warns where it only looks for a GPU: they count in the error that ended all."""
NVCC: Final = re.compile(
    r"nvcc: (?:command )?not found|nvcc'?: No such file|No such file or directory: '(?:[^']*/)?nvcc'"
)
WITHOUT_NVCC: Final = re.compile(r"fatal error: |cannot find -l")
"""Where a build went on to after it had only looked for nvcc."""
SIGNS: Final = (
    re.compile(r"CUDA_HOME environment variable is not set"),
    # CMake, where a project requires CUDA: of one that only looks for it the words are others.
    re.compile(
        r"Specify CUDA_TOOLKIT_ROOT_DIR|No CMAKE_CUDA_COMPILER could be found|Failed to find nvcc\b"
        r"|Could not find nvcc, please set CUDAToolkit_ROOT|^\s+Could NOT find CUDA(?:Toolkit)?\b"
    ),
    # A Makefile's own check: GNU make's `$(error …)`.
    re.compile(r"^\S+:\d+: \*\*\* .*\b(?:CUDA|nvcc)\b"),
    re.compile(r"CUDA could not be found on your system|Your CUDA environment is invalid"),
    re.compile(r"cudaErrorNoDevice|CUDARuntimeError: cudaErrorInsufficientDriver"),
    re.compile(r"RuntimeError: .*(?:cuda runtime error|CUDA error: no .*device)"),
    # TensorFlow 2 only warns of the same libraries and goes on.
    re.compile(r"(?:ImportError|OSError).*\blib(?:cuda|cudart|cublas\w*|cufft|curand|cusolver|cusparse|cudnn|nvrtc|nccl)\.so"),
)  # fmt: skip
CPU_BUILDS: Final = (
    (re.compile(r"tensorflow-gpu"), "tensorflow"),
    (re.compile(r"tf-nightly-gpu"), "tf-nightly"),
    (re.compile(r"onnxruntime-gpu"), "onnxruntime"),
    (re.compile(r"faiss-gpu(?:-cu\d+)?"), "faiss-cpu"),
    (re.compile(r"paddlepaddle-gpu"), "paddlepaddle"),
    (re.compile(r"mxnet-cu\d+\w*"), "mxnet"),
    (re.compile(r"dgl-cu\d+"), "dgl"),
)
"""Distributions that are built for CUDA, by their normalised names, and the same library for processors."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with CPU builds for CUDA builds; the stop without any."""
    lines, failure = failed.lines, failed.failure
    # What a program said before another error ended it, it did without; builds report on.
    hit = _hit(lines[last_error(lines) :] if isinstance(failure, SmokeFailed) else lines)
    if hit is None:
        return None
    plan, exchanged = failed.plan, []
    for requirement in map(Requirement, plan_requirements(failed.plan)):
        name = canonicalize_name(requirement.name)
        cpu = next((cpu for cuda, cpu in CPU_BUILDS if cuda.fullmatch(name)), "")
        if cpu:
            plan = instead_of(plan, name, f"{cpu}{requirement.specifier}")
            exchanged.append(f"{name} by {cpu}")
    if exchanged:
        return repaired(
            failed,
            NAME,
            {"install_steps": plan.install_steps},
            reason=f"there is no GPU here; replaced: {', '.join(exchanged)}",
            evidence=hit.line,
            cause="needs_gpu",
        )
    return stopped(
        NAME,
        "needs_gpu",
        reason="The code requires a CUDA device and takes no CPU path.",
        evidence=hit.line,
        source=code_line(failed.lines, hit.line),
        excludes=failed.reach_of(hit.line),
        smallest_change="Run on a machine with an NVIDIA GPU and its container toolkit; or add a CPU path to the code.",
        lacks=Lack(kind="gpu"),
    )


def _hit(lines: list[str]) -> Hit | None:
    hit = last_hit(lines[last_error(lines) :], *TORCH) or last_hit(lines, *SIGNS)
    if hit is not None:
        return hit
    last = last_hit(lines, NVCC, WITHOUT_NVCC)
    return last if last is not None and last.match.re is NVCC else None
