"""The input of a repair rule, and the forms of its answer."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import ValidationError

from paper2run.failures.failure_log import failure_lines, is_own_work, last_traceback
from paper2run.failures.gone_names import COMMAND_FRAME, with_typed_import
from paper2run.failures.wanted_files import WantedFile
from paper2run.knowledge.distributions import Guess, third_party_name
from paper2run.model.diagnosis import Cause, Diagnosis, DiagnosisDecision, Lack, Reach
from paper2run.model.environment import EnvPlan, GuessedDistribution, PlannedEnvironment
from paper2run.model.facts import MissingPart, OwnModule, RepoFacts
from paper2run.model.outcome import BuildFailed, HoldingRelease, SmokeFailed, Verification
from paper2run.model.resolution import BrokenLock
from paper2run.model.value import Source
from paper2run.planning.addresses import addressed, distribution_beside
from paper2run.python.notebook_runs import notebook_in
from paper2run.rendering.pip_steps import INSTALLERS
from paper2run.rendering.plan_diff import plan_diff

OWN_FRAME: Final = re.compile(r"\s*File \"/repo/(?!(?:[^\"]*/)?setup\.py\")[^\"]+\.py\", line \d+")
"""A traceback's line for code of the checkout other than its setup.py, which belongs to the build."""
RELATIVE_FRAME: Final = re.compile(
    r"\s*File \"(?![/<])(?!(?:[^\"]*/)?setup\.py\")[^\"]+\.py\", line \d+"
)
INSTALLED_FRAME: Final = re.compile(
    r"(?P<start>\bFile \")/\S+/(?:site|dist)-packages/(?P<path>(?P<top>\w+)(?:/[^\"]+|\.py)\", line \d+)"
)
CYTHON_FRAME: Final = re.compile(
    r"(?P<start>\bFile \")(?P<path>(?:src/)?(?P<top>\w+)(?:/[^\"]+)?\.pyx\", line \d+)"
)
"""A compiled module names its source as it lay where it was compiled, beside its project."""
ANY_FRAME: Final = re.compile(r"\s*File \"")
CELL: Final = re.compile(r"File \"<ipython-input-\d+-\w+>\"|File <ipython-input-\d+-\w+>")
"""The name that IPython gives to the code of a cell."""
OLD_CELL: Final = re.compile(r"^<ipython-input-\d+-\w+>(?= in )")
"""The same in the traceback of IPython 7 and older, which tells no line in it."""

OWN_PROJECT: Final = re.compile(r"(?<!-r)\s['\"]?\.(?=[/\['\"\s]|$)")
"""The checkout, or a folder of it, among the words of an installer."""


class FailedAttempt(NamedTuple):
    """A failed attempt, its plan, and what is known of the repository and the image."""

    failure: BuildFailed | SmokeFailed
    planned: PlannedEnvironment
    facts: RepoFacts
    verification: Verification
    packages: Mapping[WantedFile, str] = MappingProxyType({})
    """Debian packages that bring files the log asks for, as the image's own release has them."""
    releases: tuple[HoldingRelease, ...] = ()
    """Releases of the index that have names which the installed libraries lack."""

    @property
    def plan(self) -> EnvPlan:
        """The plan that repairs change: the one before its packages were pinned."""
        return self.planned.unpinned

    @property
    def own_modules(self) -> tuple[OwnModule, ...]:
        """Modules of the repository that a folder on the path can bring.

        A file inside an installed package is a part of it, however it is named.
        """
        found = self.facts.of(OwnModule)
        packages = tuple(
            f"{fact.root}/{fact.module}/".lstrip("/") for fact in found if fact.installed
        )
        return tuple(fact for fact in found if not f"{fact.root}/".startswith(packages))

    @property
    def left_out(self) -> frozenset[str]:
        """Normalised names of optional distributions of the plan that its exact versions leave out."""
        resolution = self.planned.resolution
        if resolution is None:
            return frozenset()
        pinned = {pin.name for pin in resolution.pins}
        return frozenset(self.planned.optional) - pinned - {*resolution.absent}

    @property
    def is_users_command(self) -> bool:
        """Whether the smoke command is the user's own, which no repair replaces."""
        return self.planned.smoke_by == "user"

    @property
    def ran_own_code(self) -> bool:
        """Whether the repository's own code ran: by the command, or by a setup.py that imports it."""
        if isinstance(self.failure, SmokeFailed):
            return True
        frames = last_traceback(self.lines)
        # pip builds a project in its folder: with Python 2 a frame of the project then has a relative path.
        beside = self.builds_own_code and any(map(RELATIVE_FRAME.match, frames))
        return beside or any(map(OWN_FRAME.match, frames))

    @property
    def builds_own_code(self) -> bool:
        """Whether the step that failed builds the repository itself, and no package of an index beside it."""
        if not isinstance(self.failure, BuildFailed):
            return False
        step = self.failure.step
        installer = INSTALLERS.search(step)
        if installer is None:
            return True
        return OWN_PROJECT.search(step) is not None and "-r " not in step[installer.end() :]

    @property
    def imports_for_the_code(self) -> bool:
        """Whether an import failed that the command makes in the code's place, and not one inside a library."""
        frames = [line for line in last_traceback(self.lines) if ANY_FRAME.match(line)]
        alone = bool(frames) and all(COMMAND_FRAME in line for line in frames)
        return self.planned.smoke_kind == "dependencies" and alone

    def missing_part(self, dotted: str) -> MissingPart | None:
        """Return the part of the repository, missing from it, that a dotted name means; None for any other."""
        ending = f"/{dotted.replace('.', '/')}"
        parts = self.facts.of(MissingPart)
        return next((part for part in parts if f"/{part.path}".endswith(ending)), None)

    def reach_of(self, said: str) -> Reach:
        """Return what an error excludes: every install where the repository's own code wants what is missing."""
        if isinstance(self.failure, SmokeFailed):
            own = self.imports_for_the_code or is_own_work(self.lines, said)
        else:
            own = self.builds_own_code
        return "every-install" if own else "this-plan"

    def distribution_of(self, module: str) -> Guess:
        """Return the distribution that provides a module; absent where the index lacks what a plan asked for."""
        guess = distribution_beside(addressed(self.facts), module)
        resolution = self.planned.resolution
        if resolution is None or guess.name not in resolution.absent:
            return guess
        return replace(guess, certainty="absent", source=f"it has nothing named {guess.name}")

    def gone_release_of(self, module: str) -> BrokenLock | None:
        """Return the release that the plan wants of a module's distribution, where the index lacks it."""
        resolution = self.planned.resolution
        gone = [lock for lock in resolution.broken_locks if lock.gone] if resolution else []
        top = third_party_name(module) or module
        name = distribution_beside(addressed(self.facts), top).name if gone else ""
        named = (lock for lock in gone if canonicalize_name(Requirement(lock.wanted).name) == name)
        return next(named, None)

    @property
    def lines(self) -> list[str]:
        """The log's last lines, both streams.

        Where own packages are installed their frames name the checkout; those of cells name the notebook.
        """
        own = {fact.module.partition(".")[0] for fact in self.facts.of(OwnModule) if fact.installed}
        told = with_typed_import(failure_lines(self.failure), self.plan.smoke_command)
        lines = [_in_checkout(line, own) for line in told]
        notebook = notebook_in(self.plan.smoke_command)
        # A function, since a file's name may hold what a replacement would take for a group.
        named = f'File "/repo/{notebook}"'
        if not notebook:
            return lines
        lines = [OLD_CELL.sub(lambda _: f"{named}, line 1,", line) for line in lines]
        return [CELL.sub(lambda _: named, line) for line in lines]


def _in_checkout(line: str, own: Collection[str]) -> str:
    match = INSTALLED_FRAME.search(line) or CYTHON_FRAME.search(line)
    return match.expand(r"\g<start>/repo/\g<path>") if match and match["top"] in own else line


def repaired(
    failed: FailedAttempt,
    name: str,
    changes: Mapping[str, Any],
    *,
    reason: str,
    evidence: str,
    cause: Cause = "build_error",
    confidence: Literal["low", "medium", "high"] = "high",
    pythons: tuple[str, ...] = (),
    guesses: tuple[GuessedDistribution, ...] = (),
    required: tuple[str, ...] = (),
) -> Diagnosis | None:
    """Return a repair that overrides fields of the plan with `changes`.

    None if the plan does not change or becomes invalid.
    """
    try:
        plan = EnvPlan.model_validate({**failed.plan.model_dump(), **changes})
    except ValidationError:
        return None
    if plan.digest == failed.plan.digest:
        return None
    return Diagnosis(
        decision=DiagnosisDecision(
            decision="repair", reason=reason, confidence=confidence, new_plan=plan
        ),
        by=name,
        cause=cause,
        evidence=evidence[:500],
        source=Source(kind="log", note=evidence[:200]),
        pythons=pythons,
        guesses=guesses,
        required=required,
        diff=plan_diff(failed.plan, plan),
    )


def stopped(
    name: str,
    cause: Cause,
    *,
    reason: str,
    evidence: str,
    smallest_change: str,
    excludes: Reach,
    source: Source | None = None,
    lacks: Lack | None = None,
) -> Diagnosis:
    """Return a stop with its proof and the smallest change that would make the repository work.

    `excludes` has no default: each rule says which plans its evidence excludes.
    """
    return Diagnosis(
        decision=DiagnosisDecision(decision="stop", reason=reason, confidence="high"),
        by=name,
        cause=cause,
        evidence=evidence[:500],
        source=source or Source(kind="log", note=evidence[:200]),
        excludes=excludes,
        smallest_change=smallest_change,
        lacks=lacks,
    )


def with_packages(plan: EnvPlan, *packages: str) -> dict[str, Any]:
    """Return the change that adds Debian packages."""
    return {"system_packages": tuple(sorted({*plan.system_packages, *packages}))}


def with_requirements(plan: EnvPlan, *requirements: str) -> dict[str, Any]:
    """Return the change that adds requirements of the index, before every other step."""
    quoted = " ".join(f"'{text}'" for text in requirements)
    step = f"pip install --no-compile {quoted}"
    return {"install_steps": (step, *plan.install_steps)}


def with_env(plan: EnvPlan, **variables: str) -> dict[str, Any]:
    """Return the change that sets or replaces environment variables."""
    return {"env": {**plan.env, **variables}}
