"""What came of each entry of a corpus, whichever way it went. Runs nothing."""

from typing import Final, Literal

from benchmarks.corpus_entries import Entry, Expectation, Level, Measured
from paper2run.model.value import Value

Outcome = Literal["pass", "FAIL", "timeout", "no image", "no tests", "no pytest", "ran"]
"""no tests: pytest collects and finds none; ran: a program waits, or ends from something that is not an import."""
HOLDS: Final = ("pass", "no tests", "ran")
"""Outcomes in which the environment is right by the measure of the list."""
HANDED_OVER: Final = ("success", "built")
"""Verdicts with which a way says: here is your image."""
STOPPED: Final = ("stopped-by-rule", "stopped-by-llm")
FAILED_TO_MEASURE: Final = "benchmark-error"
"""The benchmark itself failed: nothing is said about the way, and `--resume` measures again."""


class Counts(Value):
    """What pytest counted; skipped tests are not valid ones."""

    passed: int
    failed: int
    errors: int
    """A file that cannot be collected is one."""

    @property
    def valid(self) -> int:
        """Tests that could have passed."""
        return self.passed + self.failed + self.errors


class LevelResult(Value):
    """How one oracle command ended."""

    level: Level
    outcome: Outcome
    exit_code: int | None = None
    """None if it did not end by itself."""
    seconds: float = 0.0
    measured: Measured = "command"
    tests: Counts | None = None
    """None if the command runs no tests, or printed no counts."""
    tail: str = ""
    """The last lines of both its output streams."""


class Duration(Value):
    """What a kind of stage took in all attempts of a run."""

    seconds: float
    cached: bool = False
    """True if every stage of the kind took its kept result: the seconds then say nothing about the work."""

    def __str__(self) -> str:
        """Return it as the table has it."""
        return "cached" if self.cached else f"{self.seconds:.1f}"


class Result(Value):
    """What came of one entry: one line of `results.jsonl`."""

    id: str
    commit: str
    from_list: str = ""
    expected: Expectation
    counted: bool = True
    """False for heavy entries and those with missing blobs: they are shown and stay out of the totals."""
    proven: tuple[Level, ...] = ()
    """Levels that somebody passed by hand before."""
    verdict: str
    """Status of the run's metadata, `built` or `build-failed` of the naive way, or what the benchmark says itself."""
    cause: str = ""
    reason: str = ""
    blame: str = ""
    """The first error, what it is about, and who wanted that."""
    smallest_change: str = ""
    gets_past: bool | None = None
    """Whether that change, tried with a stand-in, gets past the failure; None if it was not tried."""
    grade: str = "none"
    rung: str = "none"
    python: str = ""
    planner: str = ""
    attempts: int = 0
    candidate: str = ""
    """The way to an environment that came furthest; empty for a way that has only one."""
    levels: tuple[LevelResult, ...] = ()
    plan: Duration | None = None
    """Extract, plan and resolve; None if the way has no such stage or did not come to it."""
    build: Duration | None = None
    smoke: Duration | None = None
    total_s: float = 0.0
    """Wall time until the verdict, oracles not included."""
    image: str = ""
    image_mb: int = 0
    folder: str = ""
    """Where logs and records lie, relative to the results."""

    @classmethod
    def of(cls, entry: Entry, verdict: str) -> "Result":
        """Return a result with nothing but the verdict."""
        return cls(
            id=entry.id,
            commit=entry.commit,
            from_list=entry.from_list,
            expected=entry.expectation,
            counted=not (entry.heavy or entry.missing_blobs),
            proven=entry.proven,
            verdict=verdict,
        )

    @property
    def handed_over(self) -> bool:
        """True if the way says that it has an environment."""
        return self.verdict in HANDED_OVER

    @property
    def is_hollow(self) -> bool:
        """True if an image was handed over in which L1 or L2 does not pass."""
        failed = {result.level for result in self.levels if result.outcome not in HOLDS}
        return self.handed_over and bool((failed & {"L1", "L2"}) - set(self.expected.excused))

    @property
    def is_right_negative(self) -> bool:
        """True if it ended without an environment, for the reason that the corpus names."""
        if self.expected.causes:
            return not self.handed_over and self.cause in self.expected.causes
        return self.verdict in STOPPED

    def level(self, level: Level) -> LevelResult | None:
        """Return how that oracle ended; None if the entry has none of that level."""
        return next((result for result in self.levels if result.level == level), None)

    def shown(self, level: Level) -> str:
        """Return the cell of a level; in brackets what counts for nothing either way."""
        result = self.level(level)
        if result is None:
            return "–"
        return f"({result.outcome})" if level in self.expected.excused else result.outcome
