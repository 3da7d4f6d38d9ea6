"""Exchanges a library's CUDA build for its CPU build; stops where the code cannot do without a GPU.

Reads torch (`No CUDA GPUs are available`, `Torch not compiled with CUDA enabled`, `Found no NVIDIA driver`),
CUDA's compiler (`nvcc: not found`), CuPy's build (`Your CUDA environment is invalid`), and CUDA's own libraries, which
TensorFlow 1, MXNet and others load (`libcublas.so.10.0: cannot open shared object file`).
"""

import re
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paper2run.broken import Broken, repaired, stopped
from paper2run.failure_log import code_line, last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.pip_steps import instead_of, plan_requirements

NAME: Final = "needs_gpu"
SIGNS: Final = (
    re.compile(r"No CUDA GPUs are available|Torch not compiled with CUDA enabled|Found no NVIDIA driver"),
    re.compile(r"nvcc: (?:command )?not found|nvcc'?: No such file|CUDA_HOME environment variable is not set"),
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


def repair(broken: Broken) -> Diagnosis | None:
    """Return the plan with CPU builds in the place of CUDA builds; the stop where it names none."""
    hit = last_hit(broken.lines, *SIGNS)
    if hit is None:
        return None
    plan, exchanged = broken.plan, []
    for requirement in map(Requirement, plan_requirements(broken.plan)):
        name = canonicalize_name(requirement.name)
        cpu = next((cpu for cuda, cpu in CPU_BUILDS if cuda.fullmatch(name)), "")
        if cpu:
            plan = instead_of(plan, name, f"{cpu}{requirement.specifier}")
            exchanged.append(f"{name} by {cpu}")
    if exchanged:
        return repaired(
            broken,
            NAME,
            {"install_steps": plan.install_steps},
            reason=f"there is no GPU here; replaced: {', '.join(exchanged)}",
            evidence=hit.line,
            cause="needs_gpu",
        )
    return stopped(
        NAME,
        "needs_gpu",
        reason="The code asks for a CUDA device and takes no other way.",
        evidence=hit.line,
        source=code_line(broken.lines, hit.line),
        smallest_change="A machine with an NVIDIA GPU and its container toolkit; or a CPU path in the code.",
    )
