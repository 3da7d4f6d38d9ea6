"""The plan of an environment: the planner's fixed contract `EnvPlan`, and what we keep beside it."""

import hashlib
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from paper2run.model.conda import CondaWish
from paper2run.model.facts import OtherIndex
from paper2run.model.leading import WHOLE, Leading
from paper2run.model.plan_text import (
    IMAGE_REFERENCE,
    DebianPackage,
    InstallStep,
    Line,
    ShellCommand,
    allowed_variable,
)
from paper2run.model.resolution import Lock, Resolution
from paper2run.model.stated_need import StatedNeed
from paper2run.model.value import Source, Value


class EnvPlan(Value):
    """An environment as its planner wants it. The names are a fixed contract."""

    base_image: Annotated[str, StringConstraints(max_length=300, pattern=IMAGE_REFERENCE)]
    system_packages: Annotated[tuple[DebianPackage, ...], Field(max_length=200)] = ()
    """Debian packages, installed before anything else."""
    workdir: Annotated[
        str, StringConstraints(max_length=300, pattern=r"^/[A-Za-z0-9_./ +@-]*$")
    ] = "/repo"
    """Absolute folder in the image in which steps and smoke command run; the checkout lies in /repo."""
    install_steps: Annotated[tuple[InstallStep, ...], Field(max_length=60)] = ()
    """Shell commands, in order."""
    env: Annotated[dict[str, Annotated[Line, Field(max_length=2000)]], Field(max_length=60)] = (
        Field(default_factory=dict)
    )
    smoke_command: ShellCommand
    """Shell command whose exit status 0, or being alive at the timeout, is success."""
    requires_gpu: bool = False
    notes: Annotated[str, StringConstraints(max_length=4000)] = ""

    @field_validator("env")
    @classmethod
    def _names_are_variables(cls, env: dict[str, str]) -> dict[str, str]:
        for name in env:
            allowed_variable(name)
        return dict(sorted(env.items()))

    @field_validator("workdir")
    @classmethod
    def _stays_below(cls, workdir: str) -> str:
        if ".." in workdir.split("/"):
            raise ValueError("must not contain ..")
        return workdir

    @property
    def digest(self) -> str:
        """The plan's identity: first 16 hex digits of the sha256 of its canonical JSON without notes."""
        text = self.changed(notes="").model_dump_json()
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Asked(Value):
    """What a planner is told beside the facts."""

    name: str
    """`owner/name`."""
    commit: str
    commit_day: date | None = None
    smoke: str = ""
    """The user's own smoke command; it wins over every other."""
    notebooks: bool = False
    """Notebooks are to be run for what they keep: what they import is wanted, too."""


LeftOut = Literal["unwanted", "dropped"]
"""unwanted: before any version is looked for; dropped: by the resolver, which finds no set with the name."""


class Reason(Value):
    """One decision of a plan: what was decided, and the evidence."""

    topic: Literal[
        "python",
        "base image",
        "dependency",
        "system package",
        "install",
        "smoke",
        "date",
        "gpu",
        "env",
        "repair",
        "planner",
        "candidate",
    ]
    decision: str
    leaves_out: LeftOut | None = None
    """Set where the decision leaves a name out."""
    source: Source


SmokeKind = Literal[
    "user",
    "model",
    "example",
    "documented",
    "ci-tests",
    "tests",
    "console-script",
    "program",
    "script",
    "side-script",
    "notebook",
    "import",
    "dependencies",
    "compiled",
    "other",
]
"""example: Python of a document; ci-tests, tests: the tests that the CI runs, and a suite that the repository only has;
program: a program starts and says something; script, side-script: a script at the root or named by documents, and any
other; notebook: a notebook runs to its end; import: its own modules load; dependencies: what it needs is there;
compiled: its code compiles, or the build left a product; other: a repair made the command of another."""
SmokeAuthor = Literal["user", "rules", "model"]
CandidateKind = Literal["dated", "ci", "naive"]
"""dated: versions of the commit's day; ci: the steps of the CI job that tests on Linux; naive: what a person would type
first, with today's releases."""


class SmokeChoice(Value):
    """A command that could show that the environment works."""

    kind: SmokeKind
    command: str
    proves: str
    """What exit status 0 shows, in a few words."""
    covers: str = WHOLE
    """`whole` where it runs the leading code, else a part: `bundled liblinear (third_party/liblinear)`."""
    source: Source


class GuessedDistribution(Value):
    """A distribution that is assumed to provide a module only because of its name."""

    name: str
    """Normalised distribution name."""
    module: str
    below: tuple[str, ...] = ()
    """Names below the module that the code imports as modules: what the distribution must hold too."""


class NamedPackage(Value):
    """A Debian package that the repository names; the image's release may lack it."""

    name: DebianPackage
    why: str
    source: Source


class PlannedEnvironment(Value):
    """A plan with its reasons, and what the resolver needs to know beside it."""

    plan: EnvPlan
    draft: EnvPlan | None = None
    """The plan before its packages were pinned; repairs change this one. None if nothing was pinned."""
    planner: str
    """`rules`, or `model:<name>`."""
    candidate: CandidateKind = "dated"
    """Which way to an environment this is; each is taken where the one before leads no further."""
    reasons: tuple[Reason, ...] = ()
    pythons: tuple[str, ...] = ()
    """Interpreters that the evidence allows, best first, e.g. `("3.9", "3.8")`; empty if the image is fixed."""
    named_pythons: tuple[str, ...] = ()
    """Those of `pythons` that the authors name, test or use; empty where the commit's day chose."""
    commit_day: date | None = None
    """The commit's day, as of which releases are taken; None if it is not known."""
    optional: tuple[str, ...] = ()
    """Normalised names of distributions that may be dropped when they stand in the way."""
    guesses: tuple[GuessedDistribution, ...] = ()
    """Names chosen for modules only because they look alike; kept only if the index's files show the module."""
    locks: tuple[Lock, ...] = ()
    """Versions that win over what the date would choose, for names that the set holds anyway."""
    other_indexes: tuple[OtherIndex, ...] = ()
    """Other indexes that the repository's installer asks; they may have what our index lacks."""
    named_packages: tuple[NamedPackage, ...] = ()
    """Debian packages to be installed where the image's release has them; stage `debian packages` settles it."""
    conda: CondaWish | None = None
    """What to ask conda's channels for; None if the repository does not rest on conda."""
    resolution: Resolution | None = None
    gpus: bool = False
    """The engine offers GPUs and the code shows signs that it uses one: its containers get them."""
    smoke_proves: str = ""
    """What exit status 0 of the smoke command shows, in a few words."""
    smoke_kind: SmokeKind = "other"
    smoke_by: SmokeAuthor = "rules"
    """Who chose the smoke command; a user's stays the user's whatever repairs put around it."""
    covers: str = WHOLE
    """What the smoke command runs: `whole`, or a part beside which other code leads."""
    leading: Leading | None = None
    """The leading code; None where nothing tells which code leads."""
    needs: tuple[StatedNeed, ...] = ()
    """What a model that planned says that the work needs."""
    weaker_smokes: tuple[SmokeChoice, ...] = ()
    """Other commands that may show something where the smoke command shows little or fails, best first."""
    fallback: "PlannedEnvironment | None" = None
    """The rules' own plan, unpinned: the fallback if a model's plan fails; None for a plan by rules."""

    @property
    def unpinned(self) -> EnvPlan:
        """The plan before its packages were pinned: the draft, or the plan itself if nothing was pinned."""
        return self.draft or self.plan

    @property
    def uncovered(self) -> Leading | None:
        """The leading code, where the smoke command runs only a part beside it; None where it is covered."""
        return self.leading if self.covers != WHOLE else None


class EngineReady(Value):
    """A container engine answers."""

    kind: Literal["ready"] = "ready"
    engine: str
    """Name and version as the engine says it, with its builder and store."""
    offered_pythons: tuple[str, ...] = ()
    """Versions with a local base image if no registry is reachable; empty if any image is available."""
    has_debian: bool = False
    """Debian's image, the base of conda's environments, is available."""
    architecture: str = "amd64"
    """What its images are for, as the engine says it."""
    has_gpu: bool = False
    """It can hand NVIDIA GPUs to containers."""


class EngineMissing(Value):
    """No container engine answers."""

    kind: Literal["missing"] = "missing"
    reason: str
    hint: str


Engine = Annotated[EngineReady | EngineMissing, Field(discriminator="kind")]
