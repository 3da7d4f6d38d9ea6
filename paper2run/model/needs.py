"""What the work of a repository needs from outside: a GPU, data, services, licences, parts left out."""

from typing import Final, Literal

from paper2run.model.diagnosis import Cause
from paper2run.model.value import Source, Value

NeedKind = Literal[
    "gpu",
    "data",
    "network",
    "service",
    "web",
    "licence",
    "platform",
    "memory",
    "time",
    "part",
    "script",
]
CAUSE_OF: Final[dict[NeedKind, Cause]] = {
    "gpu": "needs_gpu",
    "data": "missing_data",
    "network": "missing_data",
    "service": "external_service",
    "web": "external_service",
    "licence": "proprietary_toolchain",
    "platform": "unsupported_platform",
    "memory": "out_of_memory",
    "time": "timeout",
    "part": "absent_module",
    "script": "missing_entrypoint",
}
"""The cause of a stop for each kind of need that is unmet."""


class Site(Value):
    """What this site gives to the containers of a run, against which needs are met or not."""

    has_gpu: bool = False
    has_network: bool = False
    memory_mb: int = 0
    seconds: float = 0.0
    """How long a smoke command may run."""


class Need(Value):
    """One thing outside the repository that its work needs, and whether the run had it."""

    kind: NeedKind
    what: str
    """In a few words: `an NVIDIA GPU`, `weights/model.pth`, `a licence of MATLAB`."""
    hard: bool
    """The leading code cannot do its documented work without it."""
    met: bool = False
    source: Source

    @property
    def cause(self) -> Cause:
        """The cause of a stop where this need is unmet."""
        return CAUSE_OF[self.kind]
