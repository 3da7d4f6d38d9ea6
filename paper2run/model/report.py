"""The records of a run for people and programs: `metadata.json` and the history of attempts."""

from datetime import datetime
from typing import Literal

from paper2run.model.claims import ClaimCounts
from paper2run.model.diagnosis import Blame, Cause, Diagnosis, Reach
from paper2run.model.environment import CandidateKind, PlannedEnvironment
from paper2run.model.grade import Grade
from paper2run.model.needs import Need
from paper2run.model.opinion import Opinion
from paper2run.model.outcome import (
    BuildFailed,
    Built,
    HoldingRelease,
    Passed,
    Rung,
    SmokeFailed,
    SystemFile,
    Trial,
    Verification,
)
from paper2run.model.usage import ModelCall
from paper2run.model.value import Value

Status = Literal[
    "success",
    "preflight-failed",
    "stopped-by-llm",
    "stopped-by-rule",
    "max-attempts-exhausted",
    "smoke-failed",
    "exception",
    "interrupted",
    "planned",
    "running",
]
"""`interrupted` means ended from outside, `planned` ends a dry run; `running` stands in the metadata until the end."""


class Attempt(Value):
    """One pass through render, build, smoke, verify, diagnose."""

    number: int
    """1-based."""
    planned: PlannedEnvironment
    built: Built | BuildFailed
    smoke: Passed | SmokeFailed | None = None
    """None if the build failed."""
    verification: Verification = Verification()
    trials: tuple[Trial, ...] = ()
    """Other smoke commands that were run in the image, since the smoke command failed or shows little."""
    diagnosis: Diagnosis | None = None
    """None on success, or if no rule or model recognised the failure."""
    blame: Blame | None = None
    """The first error of a failure and who wanted what it is about; None on success."""
    system_files: tuple[SystemFile, ...] = ()
    """What the failure misses in the image, and the Debian package that brings it."""
    releases: tuple[HoldingRelease, ...] = ()
    """For names that the installed libraries lack: the nearest releases on the index that have them."""
    docker_build: str = ""

    @property
    def failure(self) -> BuildFailed | SmokeFailed | None:
        """What failed; None if it passed."""
        if isinstance(self.built, BuildFailed):
            return self.built
        return self.smoke if isinstance(self.smoke, SmokeFailed) else None

    @property
    def succeeded(self) -> bool:
        """True if the smoke run passed."""
        return isinstance(self.smoke, Passed)


class Versions(Value):
    """What the run was made with."""

    paper2run: str
    rules: str
    """Version of detectors, providers, repairs and rendering; part of every cache key."""
    prefect: str = ""
    python: str = ""
    engine: str = ""
    """Name and version as the engine says it, with its builder and store; empty if none answered."""


class StageTiming(Value):
    """One stage of the run: its duration and whether it was a cache hit."""

    stage: str
    attempt: int = 0
    """0 for stages before the attempts."""
    seconds: float
    cached: bool
    ended_at: datetime | None = None
    """UTC; None in records of earlier versions."""


class Experiment(Value):
    """The smallest change that a stop names, tried in the image with a stand-in."""

    change: str
    """`an empty file at data/train.csv`"""
    command: str
    gets_past: bool
    """The command no longer fails from what the stop names."""
    then: str = ""
    """What it fails from with the stand-in; empty if it passes."""


class Verdict(Value):
    """How a run ended, and why."""

    status: Status
    cause: Cause | None = None
    reason: str = ""
    blame: Blame | None = None
    """The first error of the attempt that the verdict is about; None where no attempt failed."""
    excludes: Reach = "this-plan"
    """For a stop: the plans that its evidence excludes."""
    smallest_change: str = ""
    experiment: Experiment | None = None
    """That change tried with a stand-in; None for a success, and where it could not be tried."""
    grade: Grade = "none"
    """How much was shown, also beside a stop; none where no command passed."""
    opinion: Opinion | None = None
    """What a model says of it; None where none was asked, or none answered."""
    covers: str = ""
    """What was shown to work: `whole`, or the part that is; empty where nothing was."""
    needs: tuple[Need, ...] = ()
    """Needs that a model states beside those that the rules read, each met here or not."""
    tried: tuple[str, ...] = ()
    """One line a repair: what failed, what was changed, and what became of it."""
    best_attempt: int = 0
    """Number of the attempt that came furthest; 0 without attempts."""


class RunLimits(Value):
    """What the commands of a run could use, as far as it decides about their end."""

    timeout_s: int
    claims_timeout_s: int
    smoke_network: Literal["none", "bridge"]
    memory_mb: int


class Metadata(Value):
    """`metadata.json`: the machine-readable summary of a run."""

    status: Status
    cause: Cause | None = None
    reason: str = ""
    blame: Blame | None = None
    """The first error of the attempt that the verdict is about; None where no attempt failed."""
    smallest_change: str = ""
    experiment: Experiment | None = None
    """That change tried with a stand-in; None for a success, and where it could not be tried."""
    grade: Grade = "none"
    """How much was shown, also beside a stop; none where no command passed."""
    claims: ClaimCounts | None = None
    """How many numbers that authors state came out; None where none were compared."""
    opinion: Opinion | None = None
    """What a model says of the verdict; None where none was asked, or none answered."""
    covers: str = ""
    """What was shown to work: `whole`, or the part that is; empty where nothing was."""
    needs: tuple[Need, ...] = ()
    """What the work needs from outside, each met here or not; hard ones first."""
    tried: tuple[str, ...] = ()
    """One line a repair: what failed, what was changed, and what became of it."""
    best_attempt: int = 0
    """The attempt whose plan, Dockerfile and image stand at the top of the run folder; 0 without attempts."""
    repo: str
    name: str = ""
    commit: str = ""
    swhid_revision: str = ""
    """`swh:1:rev:…`, the commit; empty for one that was made here, of a folder or an archive."""
    swhid_directory: str = ""
    """`swh:1:dir:…`, the files of the commit; empty before the code was fetched."""
    ref: str = ""
    output: str = ""
    """The last lines that the best attempt's command printed, or that end the log of what failed."""
    image: str = ""
    image_id: str = ""
    image_size_bytes: int = 0
    image_pushed: str = ""
    """Name in the registry of PAPER2RUN_REGISTRY; empty without one."""
    image_removed: bool = False
    """True if the run removed the image after writing the verdict, as requested."""
    attempts: int = 0
    candidate: CandidateKind = "dated"
    """The way to an environment that came furthest."""
    rung: Rung = "none"
    planner: str = ""
    model: str = ""
    tokens: int = 0
    cost_usd: float | None = None
    """None if no price is known; 0 where no model was asked."""
    model_calls: tuple[ModelCall, ...] = ()
    """Each request that left for a model, in order."""
    notes: tuple[str, ...] = ()
    """What a person should know beside the verdict, such as a model that gave no help."""
    language: str = ""
    """The one that was planned for, else the one with most source; empty if there is none."""
    python: str = ""
    cutoff: str = ""
    stages: tuple[StageTiming, ...] = ()
    cache_hits: int = 0
    seconds: float = 0.0
    started_at: datetime
    ended_at: datetime | None = None
    flow_run_id: str = ""
    limits: RunLimits | None = None
    """What the run's commands could use; None for runs of earlier versions."""
    versions: Versions
