"""Tells who caused the end of a build: the repository (a value) or this machine (a HostError).

Engines word their ends differently; the messages are from Docker 20.10 to 28 (moby's
`builder/builder-next`, BuildKit's `executor/runcexecutor`, runc 1.0 to 1.3), the classic builder
and Podman 4.3.
"""

import re
from typing import Final

from paper2run.errors import HostError
from paper2run.failures.silent_index import is_index_silent
from paper2run.model.outcome import BuildFailed
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.build_transcript import NOT_A_STEP, Transcript

EXIT_CODE: Final = re.compile(
    r"(?:exit code: |returned a non-zero code: |exit status )(\d+)[^\w\n]*$"
)
"""`executor failed running [...]: exit code: 7` (20.10), `process "..." did not complete successfully: exit
code: 7` (23 and later), `The command '...' returned a non-zero code: 7` (classic), `exit status 7` (Podman 4.3). At the
very end: what stands before may quote the command, which may speak of exit codes itself."""
OUT_OF_MEMORY: Final = re.compile(r"did not complete successfully: cannot allocate memory\W*$")
"""Docker 28 with cgroup v2 says this in place of the exit code where the kernel killed a process of the step. Nothing
may stand between: `fork/exec /usr/bin/runc: cannot allocate memory` is a step that was never begun."""
KILLED_CODE: Final = 137
NEVER_BEGUN: Final = re.compile(
    r'(?:time="[^"\n]*" level=\w+ msg=[^\n]*\n)*'
    r"(?:runc (?:run|create) failed|container_linux\.go:\d+|OCI runtime (?:create|start) failed): (?P<why>.*)",
    re.DOTALL,
)
"""runc could not start the step: its words are all that the step wrote, and BuildKit takes runc's own exit code, 1, for
the step's. A repository that prints these words loses its own verdict, nothing else."""
FAULT_OF_IMAGE: Final = re.compile(
    r'exec: "[^\n]*: (?:no such file or directory|permission denied|not a directory|is a directory'
    r"|executable file not found in \$PATH|exec format error|too many levels of symbolic links)"
    r"|argument list too long|exec format error|chdir to cwd |unable to find (?:user|group) "
    r'|to rootfs at "[^\n]*: (?:not a directory|file exists|too many levels of symbolic links)'
    r"|cannot be mounted because it is inside /proc"
)
"""The image lacks the shell, the user or the folder of the step, its command is too long, or an earlier step put a file
or a link where our mounts go."""
FAULT_OF_PATH: Final = re.compile(
    r"not found|no such file or directory|not a directory|non-directory|is a directory|file exists|forbidden path"
    r"|file name too long|too many levels of symbolic links|no source files were specified"
)
"""Why COPY, ADD and WORKDIR fail by what the context and the image hold; anything else is the engine's disk."""
WORKS_ON_PATHS: Final = re.compile(r"(?:\[[^\]]*\]\s*)?(?:COPY|ADD|WORKDIR)\b", re.IGNORECASE)
RUNS_A_PROGRAM: Final = re.compile(r"(?:\[[^\]]*\]\s*)?RUN\b", re.IGNORECASE)
"""`[3/5] RUN make` of BuildKit, `[build 2/3] RUN make` of a stage with a name, `RUN make` of the classic builder."""
NO_SPACE: Final = re.compile(
    r"no space left on device|ENOSPC|disk quota exceeded|You don't have enough free space in /",
    re.IGNORECASE,
)
"""Words of the kernel, of Node.js, and of apt, which looks before it writes."""
MIRROR_SILENT: Final = re.compile(
    r"[EW]: Failed to fetch \S+ .*(?:Temporary failure resolving|Could not (?:connect|resolve)"
    r"|Unable to connect|[Cc]onnection (?:timed out|failed|refused))"
)
"""apt's messages about Debian's mirror; `apt-get update` only warns, and the next install finds no package."""
DOCKERFILE_FAULT: Final = re.compile(
    r"dockerfile parse error|unknown instruction|failed to parse", re.IGNORECASE
)
STDERR_CHARS: Final = 65_536
"""Of the log's end, which holds the output of the last step."""


def failure(
    transcript: Transcript, context: BuildInput, seconds: float, *, timed_out: bool = False
) -> BuildFailed:
    """Return the failure if the repository or the plan caused it; HostError otherwise."""
    log = transcript.log
    failed = BuildFailed(
        step=transcript.failed_step,
        exit_code=None if timed_out else _exit_code(transcript.error),
        seconds=seconds,
        log=log,
        timed_out=timed_out,
    )
    if timed_out:
        return failed
    if NO_SPACE.search(transcript.error) or NO_SPACE.search(log.stderr[-STDERR_CHARS:]):
        raise HostError(
            f"the engine's disk is full: {transcript.error}",
            hint="free space there: `paper2run clean --cache`, `docker builder prune`; then run it again",
            trouble="disk",
        )
    # Where the network is off on purpose, its silence is nobody's trouble.
    is_online = context.network != "none"
    if is_online and is_index_silent(f"{log.stdout}\n{log.stderr}", context.injection):
        raise HostError(
            "the package index could not be reached from inside the build",
            hint="see what `paper2run doctor` says about the index, then run again",
            transient=True,
            trouble="index",
        )
    is_of_apt = is_online and "apt-get" in failed.step
    if is_of_apt and MIRROR_SILENT.search(log.stderr + log.stdout):
        raise HostError(
            "Debian's mirror could not be reached from inside the build",
            hint="check the network of the engine's machine, then run again",
            transient=True,
            trouble="network",
        )
    if _is_of_the_repository(transcript, failed):
        return failed
    says = _engines_words(transcript)
    raise HostError(
        f"the engine ended the build of {context.tag} without a result: {says or 'no reason given'}",
        hint="see what `paper2run doctor` says about the engine, then run again",
        transient=True,
        trouble="engine",
        says=says,
    )


def _exit_code(error: str) -> int | None:
    if OUT_OF_MEMORY.search(error):
        return KILLED_CODE
    ended = EXIT_CODE.search(error)
    return int(ended[1]) if ended else None


def _is_of_the_repository(transcript: Transcript, failed: BuildFailed) -> bool:
    """Whether a program of the step ended the build, or what the context or the image lacks."""
    if failed.exit_code is not None:
        begun = NEVER_BEGUN.match(transcript.failed_output)
        return begun is None or FAULT_OF_IMAGE.search(begun["why"]) is not None
    if RUNS_A_PROGRAM.match(failed.step):
        # A program ends with its exit code; without one the engine could not start or follow it.
        return FAULT_OF_IMAGE.search(_after_command(transcript.error)) is not None
    if failed.step and not NOT_A_STEP.match(failed.step):
        return bool(WORKS_ON_PATHS.match(failed.step) and FAULT_OF_PATH.search(transcript.error))
    return DOCKERFILE_FAULT.search(transcript.error) is not None


def _after_command(error: str) -> str:
    """Return the error without the command that it quotes, which may contain any text."""
    return re.sub(r"^.*(?:\]: |did not complete successfully: )", "", error, flags=re.DOTALL)


def _engines_words(transcript: Transcript) -> str:
    begun = NEVER_BEGUN.match(transcript.failed_output)
    return begun["why"].strip() if begun else transcript.error
