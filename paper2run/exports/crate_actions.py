"""The runs of a run folder as actions: what was run with what, when, and how it ended.

Profile: Process Run Crate, https://www.researchobject.org/workflow-run-crate/profiles/0.5/process_run_crate/
A stage that was taken from the results of an earlier run has no times here: nothing ran.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final, NamedTuple

from paper2run.exports.crate_entity import TOOL, Entity, Ref, compact, file_ref, given, moment, ref
from paper2run.exports.run_record import RunRecord
from paper2run.model.outcome import BuildFailed, Built, Passed, RungResult, SmokeFailed
from paper2run.model.report import Attempt, StageTiming, Status
from paper2run.text_gate import flat, visible_lines
from paper2run.verdicts.failure_words import failure_line, shortened
from paper2run.verdicts.headlines import headline

COMPLETED: Final = "http://schema.org/CompletedActionStatus"
FAILED: Final = "http://schema.org/FailedActionStatus"
WITHOUT_VERDICT: Final[tuple[Status, ...]] = ("exception", "interrupted", "preflight-failed")
COMMAND_CHARS: Final = 1000
"""Of a command in a description; `attempt.json` has it whole."""
ERROR_CHARS: Final = 1000
BY_THEMSELVES: Final = ("built", "smoke")
"""Rungs that are the image build and the smoke run, which have actions of their own."""


def actions_of(
    record: RunRecord, repository: Ref, images: dict[str, Ref], files: Iterable[str]
) -> tuple[Entity, ...]:
    """Return the whole run, then what ran in it; `images` by the engine's id, `files` of the crate."""
    kept = frozenset(files)
    found = [_whole_run(record, repository, kept)]
    for attempt in record.attempts:
        found += _Attempted(record, attempt, repository, images, kept).actions()
    return tuple(found)


def _whole_run(record: RunRecord, repository: Ref, files: frozenset[str]) -> Entity:
    metadata = record.metadata
    results = [name for name in ("report.md", "report.html", "metadata.json") if name in files]
    error = metadata.reason or headline(metadata)
    is_failed = metadata.status in WITHOUT_VERDICT
    return Entity(
        "#run",
        ("CreateAction",),
        given(
            name=f"Reproduction of {flat(record.name)}",
            description=f"{flat(headline(metadata))}. Status {metadata.status}, grade {metadata.grade},"
            f" rung {metadata.rung}.",
            instrument=ref(TOOL),
            agent=ref(TOOL),
            object=repository,
            result=compact(map(file_ref, results)),
            startTime=moment(metadata.started_at),
            endTime=moment(metadata.ended_at) if metadata.ended_at else "",
            actionStatus=FAILED if is_failed else COMPLETED,
            error=flat(error)[:ERROR_CHARS] if is_failed else "",
        ),
    )


class _Ran(NamedTuple):
    """What kind of run an action is."""

    kind: str
    """Of the node's id."""
    what: str
    stage: str
    logs: str
    """How the names of its logs begin."""


class _Attempted:
    """The actions of one attempt."""

    def __init__(
        self,
        record: RunRecord,
        attempt: Attempt,
        repository: Ref,
        images: dict[str, Ref],
        files: frozenset[str],
    ) -> None:
        self._attempt = attempt
        self._repository = repository
        self._files = files
        self._times = {(one.stage, one.attempt): one for one in record.metadata.stages}
        self._image = (
            images.get(attempt.built.image_id) if isinstance(attempt.built, Built) else None
        )

    def actions(self) -> Iterator[Entity]:
        """Yield the build, the smoke run, the other rungs, and the other commands, in order."""
        attempt = self._attempt
        yield self._build()
        if attempt.smoke is not None:
            how, error = _ended(attempt.planned.plan.smoke_command, attempt.smoke)
            yield self._in_image(
                _Ran("smoke", "Smoke run", "smoke", "smoke_"),
                attempt.planned.plan.smoke_command,
                how,
                failure_line(attempt) if error else "",
            )
        for rung in attempt.verification.rungs:
            if rung.rung not in BY_THEMSELVES:
                ran = _Ran(rung.rung, f"Rung {rung.rung}", "verify", f"verify_{rung.rung}.")
                yield self._in_image(ran, rung.command, _how(rung), _why(rung))
        for number, trial in enumerate(attempt.trials, start=1):
            how, error = _ended(trial.choice.command, trial.outcome)
            ran = _Ran(f"command-{number}", f"Other command {number}", "gather", f"trial_{number}.")
            yield self._in_image(ran, trial.choice.command, how, error)

    def _build(self) -> Entity:
        attempt, dockerfile = self._attempt, self._path("Dockerfile")
        results = [*self._logs("build_"), *([self._image] if self._image else [])]
        read = [*([file_ref(dockerfile)] if dockerfile in self._files else []), self._repository]
        return self._action(
            _Ran("build", "Image build", "build", "build_"),
            "The engine builds the Dockerfile over the repository's files.",
            failure_line(attempt) if isinstance(attempt.built, BuildFailed) else "",
            instrument=ref(TOOL),
            object=compact(read),
            result=compact(results or self._record()),
        )

    def _in_image(self, ran: _Ran, command: str, how: str, error: str) -> Entity:
        """Return an action that ran the repository's code in the image."""
        return self._action(
            ran,
            f"`{visible_lines(command)[:COMMAND_CHARS]}`. {flat(how)}".strip(),
            error,
            instrument=self._repository,
            object=self._repository,
            result=compact(self._logs(ran.logs) or self._record()),
            containerImage=self._image,
        )

    def _action(self, ran: _Ran, described: str, error: str, **more: Any) -> Entity:
        number = self._attempt.number
        timing = self._times.get((ran.stage, number))
        return Entity(
            f"#{ran.kind}-{number:02d}",
            ("CreateAction",),
            given(
                name=f"{ran.what} of attempt {number}",
                description=described + _when(timing),
                agent=ref(TOOL),
                actionStatus=FAILED if error else COMPLETED,
                error=flat(error)[:ERROR_CHARS],
                **_span(timing),
                **more,
            ),
        )

    def _path(self, name: str) -> str:
        return f"attempts/{self._attempt.number:02d}/{name}"

    def _logs(self, beginning: str) -> list[Ref]:
        start = self._path(beginning)
        return [
            file_ref(path)
            for path in sorted(self._files)
            if path.startswith(start) and path.endswith(".log")
        ]

    def _record(self) -> list[Ref]:
        path = self._path("attempt.json")
        return [file_ref(path)] if path in self._files else []


def _ended(command: str, outcome: Passed | SmokeFailed) -> tuple[str, str]:
    """Return how a command ended, and its error; the error is empty if it passed."""
    if isinstance(outcome, SmokeFailed):
        limit = f" Ended by a limit: {outcome.limit}." if outcome.limit else ""
        error = f"{shortened(command)} exited with {outcome.exit_code}"
        return f"Exit status {outcome.exit_code}.{limit}", error
    if outcome.alive_at_timeout:
        return "It was still running at the timeout, which counts as passed.", ""
    return "Exit status 0.", ""


def _how(rung: RungResult) -> str:
    code = "" if rung.exit_code is None else f"Exit status {rung.exit_code}."
    return " ".join(filter(None, (code, f"{rung.detail}." if rung.detail else "")))


def _why(rung: RungResult) -> str:
    """Return the error of a rung; empty if it was reached."""
    return "" if rung.passed else rung.detail or f"the rung {rung.rung} was not reached"


def _when(timing: StageTiming | None) -> str:
    """Return what a person should know of the action's times."""
    if timing is not None and timing.cached:
        return " Taken from the kept results of an earlier run."
    if timing is not None and timing.stage in ("verify", "gather"):
        return f" The times are those of the stage {timing.stage}, in which it ran."
    return ""


def _span(timing: StageTiming | None) -> dict[str, str]:
    if timing is None or timing.cached or timing.ended_at is None:
        return {}
    started = timing.ended_at - timedelta(seconds=timing.seconds)
    return {"startTime": moment(started), "endTime": moment(timing.ended_at)}
