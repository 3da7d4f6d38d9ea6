"""Builds a plan for ecosystems whose tools come from Debian; every addition brings its reason."""

from dataclasses import dataclass, field
from typing import Final

from paper2run.knowledge.debian import IMAGE
from paper2run.model.environment import EnvPlan, PlannedEnvironment, Reason, SmokeChoice, SmokeKind
from paper2run.model.facts import GpuNeed
from paper2run.model.image import SOURCE_FOLDER, USER
from paper2run.model.value import DEFAULT, Source
from paper2run.planning.evidence import Evidence

ALWAYS: Final = {"LANG": "C.UTF-8"}
"""Debian's image has no locale: R, Java and sorting tools would reject every letter beyond ASCII."""
GIVE: Final = f"chown -R --from=root {USER} {SOURCE_FOLDER}"
"""Steps run as root and the smoke command does not, so its user must be able to write what they built."""


@dataclass
class PlanBuilder:
    """What is collected for one plan."""

    image: str = IMAGE
    image_why: str = "its packages bring all toolchains but Python's"
    image_source: Source = DEFAULT
    packages: dict[str, None] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=lambda: dict(ALWAYS))
    reasons: list[Reason] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.note("base image", f"{self.image}: {self.image_why}", self.image_source)
        self.install("python3", why="prepares input and reads output", source=DEFAULT)

    def note(self, topic: str, decision: str, source: Source) -> None:
        """Add a reason alone."""
        self.reasons.append(
            Reason.model_validate({"topic": topic, "decision": decision, "source": source})
        )

    def install(self, *packages: str, why: str, source: Source) -> None:
        """Add Debian packages; one that was already added gets no second reason."""
        new = [package for package in packages if package not in self.packages]
        if new:
            self.packages.update(dict.fromkeys(new))
            self.note("system package", f"{', '.join(new)}: {why}", source)

    def step(self, command: str, source: Source, *, writes_source: bool = False) -> None:
        """Add an install step; `writes_source` gives the files it leaves in the checkout to the smoke user."""
        self.steps.append(f"{command} && {GIVE}" if writes_source else command)
        self.note("install", command, source)

    def set(self, name: str, value: str, why: str, source: Source) -> None:
        """Set a variable of the image."""
        self.environment[name] = value
        self.note("env", f"{name}={value}: {why}", source)

    def finish(self, evidence: Evidence, *smokes: SmokeChoice) -> PlannedEnvironment:
        """Return the plan with the first smoke command, or the user's own; the others are fallbacks."""
        if evidence.asked.smoke:
            asked = Source(kind="user", note="--smoke")
            smokes = (choice("user", evidence.asked.smoke, "what the user asked for", asked),)
        gpu = next((need for need in evidence.facts.of(GpuNeed) if need.hard), None)
        if gpu is not None:
            self.note("gpu", "a GPU is needed", gpu.source)
        smoke = smokes[0]
        self.note("smoke", f"{smoke.command}: {smoke.proves}", smoke.source)
        plan = EnvPlan(
            base_image=self.image,
            system_packages=tuple(sorted(self.packages)),
            install_steps=tuple(self.steps),
            env=self.environment,
            smoke_command=smoke.command,
            requires_gpu=gpu is not None,
        )
        return PlannedEnvironment(
            plan=plan,
            planner="rules",
            reasons=tuple(self.reasons),
            commit_day=evidence.asked.commit_day,
            smoke_proves=smoke.proves,
            smoke_kind=smoke.kind,
            smoke_by="user" if evidence.asked.smoke else "rules",
            weaker_smokes=smokes[1:],
        )


def choice(kind: SmokeKind, command: str, proves: str, source: Source) -> SmokeChoice:
    """Return a smoke command with what its exit status 0 shows, and why it was chosen."""
    return SmokeChoice(kind=kind, command=command, proves=proves, source=source)
