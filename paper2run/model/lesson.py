"""What a model solved where the rules had no answer: the record from which a repair rule is written."""

from typing import Literal

from paper2run.model.diagnosis import Blame
from paper2run.model.environment import EnvPlan
from paper2run.model.value import Value


class Lesson(Value):
    """A model's answer that moved a run on: what failed, what was asked, what it changed and brought."""

    phase: Literal["plan", "build", "smoke"]
    """What failed; `plan`: nothing yet, for the model's plan was the first that was tried."""
    attempt: int = 0
    """The attempt that failed; 0 for a plan."""
    solved_in: int
    """The attempt that ran the model's plan."""
    step: str = ""
    """The instruction of the Dockerfile, or the smoke command, that failed; empty for a plan."""
    line: str = ""
    """The last line of the log that looks like an error; empty for a plan."""
    blame: Blame | None = None
    """The first error and who wanted what it is about; None for a plan."""
    asked: tuple[str, ...] = ()
    """Files in `logs/` with the questions and answers, in order; empty where the answer was kept of an earlier run."""
    model: str
    decision: Literal["plan", "repair"]
    reason: str
    """The model's own words."""
    confidence: Literal["low", "medium", "high"] | None = None
    """None for a plan: it states none."""
    before: EnvPlan | None
    """The plan that failed, before its packages were pinned, or the rules' own; None where the rules had no plan."""
    after: EnvPlan
    """The model's plan, before its packages were pinned."""
    diff: tuple[str, ...] = ()
    """The lines in which both differ, `- …` and `+ …`; empty without a plan before."""
    progress: Literal["runs", "further"]
    """What became of it: the smoke command passed, or the next attempt came further."""


class RunLessons(Value):
    """`logs/lesson.json`: the lessons of one run, by attempt; runs without any have no such file."""

    name: str
    """`owner/name` of the repository; of a folder its name alone."""
    commit: str
    lessons: tuple[Lesson, ...]
