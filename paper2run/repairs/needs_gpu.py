"""Stops where the code cannot do without a GPU.

Reads torch (`No CUDA GPUs are available`, `Torch not compiled with CUDA enabled`, `Found no NVIDIA driver`),
CUDA's compiler (`nvcc: not found`), CuPy's build (`Your CUDA environment is invalid`), and the missing driver library
of TensorFlow and CuPy.
"""

import re
from typing import Final

from paper2run.broken import Broken, stopped
from paper2run.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis

NAME: Final = "needs_gpu"
SIGNS: Final = (
    re.compile(r"No CUDA GPUs are available|Torch not compiled with CUDA enabled|Found no NVIDIA driver"),
    re.compile(r"nvcc: (?:command )?not found|nvcc'?: No such file|CUDA_HOME environment variable is not set"),
    re.compile(r"CUDA could not be found on your system|Your CUDA environment is invalid"),
    re.compile(r"(?:ImportError|OSError).*libcuda\.so|cudaErrorNoDevice|CUDARuntimeError: cudaErrorInsufficientDriver"),
    re.compile(r"RuntimeError: .*(?:cuda runtime error|CUDA error: no .*device)"),
)  # fmt: skip


def repair(broken: Broken) -> Diagnosis | None:
    """Return the stop."""
    hit = last_hit(broken.lines, *SIGNS)
    if hit is None:
        return None
    return stopped(
        NAME,
        "needs_gpu",
        reason="The code asks for a CUDA device and takes no other way.",
        evidence=hit.line,
        smallest_change="A machine with an NVIDIA GPU and its container toolkit; or a CPU path in the code.",
    )
