"""The table by which a run ends: what was shown, and what the work needs that the run did not have.

| shown                                              | a need of its work is unmet | ends as            |
|----------------------------------------------------|-----------------------------|--------------------|
| results, tests, documented-run, program-starts     | yes or no                   | success            |
| documented-run of a script that only draws         | yes, by every use           | stop with its cause|
| imports, help-only, built-only                     | no                          | success            |
| imports, help-only, built-only, nothing            | yes                         | stop with its cause|
| the same, and another command failed for want of it| yes, by a side of the work  | stop with its cause|
| nothing                                            | no                          | as the attempts end|
| anything, of a part beside which other code leads  | yes or no                   | stop with its need |
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from paper2run.commands.started_files import started_files
from paper2run.model.diagnosis import Cause, Reach
from paper2run.model.facts import RepoFacts
from paper2run.model.grade import Grade
from paper2run.model.needs import Need, NeedKind
from paper2run.model.outcome import SmokeFailed
from paper2run.model.report import Attempt, Verdict
from paper2run.python.own_projects import own_projects
from paper2run.verdicts.progress import same_environment

WORKS: Final[frozenset[Grade]] = frozenset({"results", "tests", "documented-run", "program-starts"})
"""With these the repository's own code did something: whatever else it needs is said beside the success."""
DOCUMENTED: Final = frozenset({"documented", "script", "program"})
WHOLE_WORK: Final = frozenset({"user", "model", "documented", "program", "notebook"})
"""Kinds of commands whose stop speaks of the work itself; an example may want what its authors have."""
OF_EVERY_USE: Final[frozenset[Cause]] = frozenset(
    {"needs_gpu", "external_service", "proprietary_toolchain", "unsupported_platform"}
)
"""Causes that hold for a package whatever its user gives it; its data are the user's own."""


CHANGES: Final[dict[NeedKind, str]] = {
    "gpu": "Run on a machine with {} and its container toolkit; or add a CPU path to the code.",
    "data": "Put {} in place, and name a command that reads it with --smoke.",
    "network": "Set PAPER2RUN_SMOKE_NETWORK=bridge so that the containers reach {}; or put it in place.",
    "service": "Give the container {}, and name a command that uses it with --smoke.",
    "web": "Set PAPER2RUN_SMOKE_NETWORK=bridge so that the containers reach {}, if it still answers.",
    "licence": "Run on a machine with {}; or change the code to work without it.",
    "platform": "Run on {}; or change the code to work without it.",
    "memory": "Run on a machine with {}, and raise PAPER2RUN_MEMORY_MB.",
    "time": "Raise --timeout: {}.",
    "part": "The author publishes {}.",
    "script": "The author publishes {}, or the README names another command.",
}
"""The smallest change that meets each kind of need."""


EXCLUDED_BY: Final[dict[NeedKind, Reach]] = {
    "gpu": "every-plan",
    "data": "every-install",
    "network": "every-install",
    "service": "every-install",
    "web": "every-install",
    "licence": "every-plan",
    "platform": "every-plan",
    "memory": "every-install",
    "time": "every-install",
    "part": "every-install",
    "script": "every-install",
}
"""The plans that each kind of unmet need excludes: CI's steps may fetch data, set a key or generate a part."""
DRAWS: Final = re.compile(
    r"(?i)(?:^|[_-])(?:plot\w*|draw\w*|figs?|figures?|charts?|visuali[sz]\w*)(?:[_-]|\d*$)"
)
"""The name of a script that shows what others computed: `plot_overhead`, `make_figures`, `fig3`."""
OF_COMMANDS: Final[frozenset[NeedKind]] = frozenset({"data", "network", "service", "web"})
"""Needs that are read off what documents start: tests that can be collected may do without."""
OF_THE_CODE: Final = frozenset({"part", "script"})
"""Needs that the authors' own code is missing."""


def unmet_need(
    shown: Grade, needs: Sequence[Need], *, runs_own: bool = True, collected: bool = False
) -> Need | None:
    """Return the need that ends the run as a stop; None where enough was shown or every hard need is met.

    Where the command ran nothing of the repository itself, a part of its code that is missing is a hard need, too.
    Where all tests could be `collected`, what documented commands want is a need of the work once a command fails for
    want of it: see `proven_by`.
    """
    if shown in WORKS:
        return None
    counts = (
        need
        for need in needs
        if not need.met
        and (need.hard or (not runs_own and need.kind in OF_THE_CODE))
        and not (collected and need.kind in OF_COMMANDS)
    )
    return next(counts, None)


def of_every_use(needs: Sequence[Need]) -> Need | None:
    """Return the first hard need, unmet, that every use of the code has."""
    return next(
        (need for need in needs if need.hard and not need.met and need.cause in OF_EVERY_USE), None
    )


def only_draws(attempt: Attempt) -> bool:
    """Whether an attempt's command starts nothing but scripts that draw, by their names.

    Of code that needs a GPU they show the figures that the authors keep.
    """
    started = started_files(attempt.planned.plan.smoke_command)
    names = [name for path in started if (name := PurePosixPath(path).stem) != "__main__"]
    drawn = bool(names) and all(map(DRAWS.search, names))
    return drawn and attempt.planned.smoke_kind in DOCUMENTED


def has_collected(attempt: Attempt) -> bool:
    """Whether all tests of the repository could be collected in an attempt's image, and there are some."""
    return any(rung.rung == "collected" and rung.passed for rung in attempt.verification.rungs)


def proof_of(attempts: Sequence[Attempt], best: Attempt, facts: RepoFacts) -> Attempt | None:
    """Return the attempt whose documented command ended in a stop in the best one's environment.

    For a package that is installed, only what holds for all of its uses counts.
    """
    for attempt in attempts:
        found = attempt.diagnosis
        if (
            found is not None
            and found.decision.new_plan is None
            and found.excludes != "this-plan"
            and isinstance(attempt.smoke, SmokeFailed)
            and attempt.planned.smoke_kind in WHOLE_WORK
            and same_environment(attempt, best)
            and holds(found.cause, facts)
        ):
            return attempt
    return None


def holds(cause: Cause, facts: RepoFacts) -> bool:
    """Whether what one command wanted is a need of the work.

    For a package only what all of its uses want.
    """
    return cause in OF_EVERY_USE or not own_projects(facts)


def stopped_by(need: Need) -> Verdict:
    """Return the verdict of a run that showed little and lacked what the work needs.

    A need that only a model states is no proof: it excludes no other way.
    """
    is_models = need.source.kind == "model"
    return Verdict(
        status="stopped-by-llm" if is_models else "stopped-by-rule",
        cause=need.cause,
        reason=f"its work needs {need.what} ({need.source}), which this run did not have",
        excludes="this-plan" if is_models else EXCLUDED_BY[need.kind],
        smallest_change=CHANGES[need.kind].format(need.what),
    )
