"""The case files of tests/logs and tests/repos: every key that they may have, and what it means."""

from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from paper2run.model.diagnosis import Cause, Reach
from paper2run.model.environment import EnvPlan, SmokeChoice
from paper2run.model.facts import Fact
from paper2run.model.outcome import HoldingRelease, Rung
from paper2run.model.resolution import Resolution
from paper2run.model.value import Value

LOGS = Path(__file__).parent / "logs"
REPOS = Path(__file__).parent / "repos"


class Answer(Value):
    """The one answer that is right for a log."""

    by: str
    """Name of the rule, which is that of the folder above the case, too."""
    decision: Literal["stop", "repair"]
    changes: dict[str, Any] = Field(default_factory=dict)
    """For a repair: the fields of the plan that differ afterwards, each with its new value as in `plan.json`."""
    cause: Cause | None = None
    """For a stop; a repair may name it, too. With it the rule must say the smallest change that would help."""
    excludes: Reach | None = None
    """For a stop: the plans that the log excludes."""

    @model_validator(mode="after")
    def _holds_what_is_compared(self) -> Self:
        if self.decision == "repair" and not self.changes:
            raise ValueError("a repair needs `changes`")
        if self.decision == "stop" and (
            self.cause is None or self.excludes is None or self.changes
        ):
            raise ValueError("a stop needs a `cause` and what it `excludes`, and has no `changes`")
        return self


class LogCase(Value):
    """`tests/logs/<rule>/<case>/case.json`: the log in `log.txt` ended an attempt at this plan."""

    origin: str = Field(min_length=1)
    """Program and version that print such a log, or the repository where it was seen; docs/repairs.md shows it."""
    stage: Literal["build", "smoke"]
    plan: EnvPlan
    """The plan that failed."""
    expected: Answer

    step: str = "RUN pip install ."
    """For a build: the instruction of the Dockerfile that failed."""
    timed_out: bool = False
    """For a build: it was ended at its time limit."""
    out_of_memory: bool = False
    """For a smoke run: the engine killed it for its memory."""
    out_of_disk: bool = False
    """For a smoke run: it was ended for what it wrote."""
    limit: str = ""
    """For a smoke run: the limit of the container that it met, in the engine's words."""

    pythons: tuple[str, ...] = ()
    """Interpreters that the evidence allows, best first."""
    commit_day: date | None = None
    optional: tuple[str, ...] = ()
    """Distributions that may be left out."""
    resolution: Resolution | None = None
    """What the plan was pinned to."""
    weaker_smokes: tuple[SmokeChoice, ...] = ()
    """Commands that are left to fall back on."""
    facts: tuple[Fact, ...] = ()
    """What the detectors found in the repository."""
    packages: dict[str, str] = Field(default_factory=dict)
    """What Debian's index answers: kind and name of a wanted file (`header uuid/uuid.h`) to its package."""
    releases: tuple[HoldingRelease, ...] = ()
    """What the search of the package index answers."""

    @model_validator(mode="after")
    def _fits_its_stage(self) -> Self:
        of_the_other = (
            {"out_of_memory", "out_of_disk", "limit", "releases"}
            if self.stage == "build"
            else {"step", "timed_out"}
        )
        if wrong := of_the_other & self.model_fields_set:
            raise ValueError(f"{', '.join(sorted(wrong))}: not of a {self.stage}")
        return self


class Situation(Value):
    """`tests/repos/<situation>/case.yaml`: describes the checkout in `repo/` and its `facts.json`."""

    origin: str = Field(min_length=1)
    """Where the situation was met, or after what it was written."""
    detectors: tuple[str, ...] = Field(min_length=1)
    """Names of the detectors that the situation is about: `facts.json` holds all that they find, in this order."""
    besides: tuple[str, ...] = ()
    """Names of the others that find something here; written by `pytest --write-expected`, read by a person."""

    name: str = ""
    """`owner/name` of the repository for the plan; the folder's name if empty."""
    commit_day: date | None = None
    """The day for which the plan is made."""

    reaches: Rung | None = None
    """The rung that a real build of the plan reaches; cases without it are not built."""
    tests: str = ""
    """With `reaches`: the counts of the repository's own tests."""
    further: tuple[str, str] | None = None
    """With `reaches`: a command that only a right image answers, and a part of its output."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.reaches is None) != (self.further is None) or (self.tests and not self.reaches):
            raise ValueError("`reaches` and `further` go together, and `tests` with them")
        return self


def log_case(folder: Path) -> LogCase:
    """Return the case of a folder of tests/logs."""
    return LogCase.model_validate_json((folder / "case.json").read_text("utf-8"))


def situation(folder: Path) -> Situation:
    """Return the case of a folder of tests/repos."""
    return Situation.model_validate(yaml.safe_load((folder / "case.yaml").read_text("utf-8")))
