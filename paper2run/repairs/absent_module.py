"""Stops where the code imports a module that no index has.

Such a module belongs to another system, comes with a program, or no longer exists. Reads CPython's `No module named
'matlab'`. Which modules those are, and why, is in data/import_names.json.
"""

from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, next_command, stopped
from paper2run.failures.gone_names import gone_modules
from paper2run.knowledge.distributions import is_of_python
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import Import, OwnModule
from paper2run.model.outcome import SmokeFailed
from paper2run.planning.addresses import addressed, distribution_beside

NAME: Final = "absent_module"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with a weaker smoke command if one is left, else the stop.

    None for any other module.
    """
    if not isinstance(failed.failure, SmokeFailed):
        return None
    own = {fact.module for fact in failed.facts.of(OwnModule)}
    for gone in reversed(gone_modules(failed.lines)):
        module = gone.name
        guess = distribution_beside(addressed(failed.facts), module)
        why = guess.source if guess.certainty == "absent" else ""
        if not why or is_of_python(module) or module.partition(".")[0] in own:
            continue
        return next_command(
            failed,
            NAME,
            reason=f"no index has {module} ({why})",
            evidence=gone.line,
            cause=guess.absence,
        ) or stopped(
            NAME,
            guess.absence,
            reason=f"The code imports {module}, which no package index has: {why}.",
            evidence=gone.line,
            source=next(
                (
                    f.source
                    for f in failed.facts.of(Import)
                    if f.module in (module, module.split(".")[0])
                ),
                None,
            ),
            smallest_change=f"A machine that has {module}, or code that does without it.",
        )
    return None
