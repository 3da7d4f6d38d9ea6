"""The results of a build, a smoke run and the ladder. Logs are bounded to head and tail."""

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import Field

from paper2run.model.environment import PlannedEnvironment, SmokeChoice
from paper2run.model.value import Value
from paper2run.redaction import redact

Rung = Literal["none", "built", "imports", "collected", "smoke", "tests", "claims"]
RUNGS: tuple[Rung, ...] = ("none", "built", "imports", "collected", "smoke", "tests", "claims")


class Log(Value):
    """Bounded text of both streams of something that ran."""

    stdout: str = ""
    stderr: str = ""

    def redacted(self, secrets: Collection[str]) -> Self:
        """Return the log with both streams redacted."""
        return self.changed(
            stdout=redact(self.stdout, secrets), stderr=redact(self.stderr, secrets)
        )


class Built(Value):
    """The engine holds the image."""

    kind: Literal["built"] = "built"
    image: str
    """Tag, `paper2run/<name>:<commit and plan>`."""
    image_id: str
    """`sha256:…`, the engine's id."""
    size_bytes: int
    base_image_id: str = ""
    """Id of the local image that FROM meant at that time."""
    seconds: float
    cached_steps: int = 0
    """Steps that the engine took from its layer cache."""
    log: Log = Log()


class BuildFailed(Value):
    """A step of the Dockerfile failed for a reason that lies in the repository or the plan."""

    kind: Literal["build-failed"] = "build-failed"
    step: str
    """The instruction that failed, as the engine names it; empty if it names none."""
    exit_code: int | None
    seconds: float
    log: Log = Log()
    timed_out: bool = False


class Passed(Value):
    """The smoke command exited with status 0 or was still running at the timeout."""

    kind: Literal["passed"] = "passed"
    alive_at_timeout: bool
    listens_on: int | None = None
    """The port of a server that waited for work, and was ended before the timeout for that."""
    seconds: float
    log: Log = Log()
    left_nothing: bool = False
    """It printed nothing and left no file: what it did, if anything, is not to be seen."""
    docker_command: str = ""
    """The `docker run` line that repeats this run by hand, limits and all."""


class SmokeFailed(Value):
    """The smoke command exited with another status or was ended by a limit."""

    kind: Literal["smoke-failed"] = "smoke-failed"
    exit_code: int
    seconds: float
    log: Log = Log()
    out_of_memory: bool = False
    out_of_disk: bool = False
    """It wrote more than the limit on disk allows."""
    limit: str = ""
    """Which of our limits ended it (`memory 4096 MB`, `disk …`); empty if none did."""
    docker_command: str = ""


SmokeOutcome = Annotated[Passed | SmokeFailed, Field(discriminator="kind")]
Failure = Annotated[BuildFailed | SmokeFailed, Field(discriminator="kind")]


class Trial(Value):
    """Another smoke command that was run in the image, and how it ended."""

    choice: SmokeChoice
    outcome: SmokeOutcome


class RungResult(Value):
    """One rung of the ladder, tried."""

    rung: Rung
    passed: bool
    command: str
    exit_code: int | None = None
    detail: str = ""
    """What a person wants to know: the modules not found, the counts of the tests."""
    missing: tuple[str, ...] = ()
    """Modules that the imports rung did not find."""
    failed_imports: tuple[str, ...] = ()
    """Imports of found modules that fail all the same, each with its error: a name that is not in it."""
    log_digest: str = ""
    """sha256 of the command's full output, first 16 hex digits."""
    seconds: float = 0.0
    docker_command: str = ""
    """The `docker run` line that repeats a check by hand, limits and all."""


class SystemFile(Value):
    """A missing system file, and the Debian package of the image's release that brings it."""

    kind: Literal["library", "header", "program", "pkgconfig", "link", "opened", "cmake"]
    name: str
    """`libGL.so.1`, `yaml.h`, `flex`, `BoostConfig.cmake`; for pkgconfig, link and opened without `.pc`, `-l`, `lib`
    and `.so`."""
    package: str
    """Empty: no package of the release brings it."""


class HoldingRelease(Value):
    """The release of a distribution that has a name which the installed one lacks."""

    name: str
    """Dotted: `nibabel.minc`, `celery.task.task`."""
    distribution: str
    """Normalised distribution name."""
    version: str


class MissingLibrary(Value):
    """A shared library that a file in the image is linked against and that the image lacks."""

    name: str
    """`libGL.so.1`"""
    needed_by: str
    """The first file that needs it."""


class Verification(Value):
    """How far up the ladder an image got."""

    rungs: tuple[RungResult, ...] = ()
    missing_libraries: tuple[MissingLibrary, ...] = ()
    """Searched only after a failed smoke run: a library that a wheel links but never loads is harmless."""
    uncollected: SmokeFailed | None = None
    """How collecting the tests ended where it failed; None where there is nothing to collect."""

    @property
    def missing_modules(self) -> tuple[str, ...]:
        """The modules that the imports rung did not find; empty if it passed or was not tried."""
        return tuple(name for result in self.rungs for name in result.missing)

    @property
    def reached(self) -> Rung:
        """The highest rung that passed, whatever failed below it; `none` without any."""
        passed = [result.rung for result in self.rungs if result.passed]
        return max(passed, key=RUNGS.index, default="none")


class BuildContext(Value):
    """What the engine builds: the Dockerfile for people, and the files that stand beside it."""

    dockerfile: str
    """Rebuilds with plain `docker build` in the run folder."""
    instructions: str
    """Text of INSTRUCTIONS.md."""
    dockerignore: str
    lock: str = ""
    """Text of `requirements.lock` beside the Dockerfile; empty if that reads none."""
    image: str
    """Tag that the image gets."""
    planned: PlannedEnvironment
