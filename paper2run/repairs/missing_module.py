"""Adds the distribution of a Python module that is not in the image.

Reads `ModuleNotFoundError: No module named 'x'` (3.6 and newer), `ImportError: No module named x` (2.7) and `NameError`
for the name of a module that code imports if it is there, and takes what the imports rung did not find along, so that
one repair covers all of them. An optional distribution that the plan's exact versions leave out is required from then
on.
"""

import re
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_requirements
from paper2run.failures.failure_log import Hit, all_hits
from paper2run.failures.gone_names import gone_modules
from paper2run.knowledge.distributions import is_of_python, third_party_name
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import GuessedDistribution
from paper2run.model.facts import Import, MissingPart
from paper2run.rendering.pip_steps import plan_requirements

NAME: Final = "missing_module"
UNBOUND: Final = re.compile(r"NameError: (?:global )?name '(?P<name>\w+)' is not defined")


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the modules' distributions; None where no other's module is missing."""
    below = {fact.module: fact.below for fact in failed.facts.of(Import)}
    own = {fact.module for fact in failed.own_modules}
    # What the repository leaves out of itself has only namesakes on the index.
    own |= {fact.module for fact in failed.facts.of(MissingPart)}
    gone = [one for one in gone_modules(failed.lines) if not is_of_python(one.name)]
    unbound = _unbound(failed)
    named = [third_party_name(one.name) or one.name.partition(".")[0] for one in gone]
    named += [hit.match["name"] for hit in unbound]
    modules = [name for name in dict.fromkeys(named) if name.partition(".")[0] not in own]
    if not modules:
        return None
    modules += [name for name in failed.verification.missing_modules if name not in modules]
    found = [failed.distribution_of(module) for module in modules]
    distributions = sorted({guess.name for guess in found if guess.certainty != "absent"})
    wanted = {canonicalize_name(Requirement(text).name) for text in plan_requirements(failed.plan)}
    left_out = wanted & failed.left_out
    new = [name for name in distributions if canonicalize_name(name) not in wanted - left_out]
    if not new:
        return None
    return repaired(
        failed,
        NAME,
        with_requirements(failed.plan, *new),
        reason=f"missing modules: {', '.join(modules)}; added: {', '.join(new)}",
        evidence=gone[-1].line if gone else unbound[-1].line,
        # What only a name hints at may be private to the author.
        cause="dead_dependency"
        if all(guess.certainty == "same-name" for guess in found if guess.name in new)
        else "build_error",
        guesses=tuple(
            GuessedDistribution(
                name=guess.name, module=guess.module, below=below.get(guess.module, ())
            )
            for guess in found
            if guess.unverified and guess.name in new
        ),
        required=tuple(sorted(left_out & {canonicalize_name(name) for name in new})),
    )


def _unbound(failed: FailedAttempt) -> list[Hit]:
    """Return the errors for modules that code imports where they are there, and uses all the same."""
    guarded = {fact.module for fact in failed.facts.of(Import) if fact.guarded}
    return [hit for hit in all_hits(failed.lines, UNBOUND) if hit.match["name"] in guarded]
