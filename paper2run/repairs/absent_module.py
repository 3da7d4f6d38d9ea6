"""Stops where the code imports a module that neither the repository nor an index has.

Such a module belongs to another system, comes with a program, or no longer exists; or it is a part of the repository
that its author did not publish. Reads CPython's `No module named 'matlab'`. Which modules no index has, and why, is in
data/import_names.json; what the repository lacks of its own is the fact `MissingPart`.
"""

from typing import Final

from packaging.requirements import Requirement

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.gone_names import Gone, gone_modules, last_gone
from paper2run.knowledge.distributions import Guess, is_of_python
from paper2run.model.diagnosis import Diagnosis, Lack
from paper2run.model.facts import Import, MissingPart, OwnModule
from paper2run.model.resolution import BrokenLock
from paper2run.planning.addresses import address_of, addressed

NAME: Final = "absent_module"


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop with the module and the line that imports it; None for any other module."""
    if not failed.ran_own_code:
        return None
    own = {fact.module for fact in failed.facts.of(OwnModule)}
    named = last_gone(failed.lines)
    for gone in reversed([*gone_modules(failed.lines), *([named] if named else [])]):
        part = failed.missing_part(gone.dotted)
        if part is not None:
            return _not_published(part, gone.line)
        lost = failed.gone_release_of(gone.dotted)
        if lost is not None:
            return _of_gone_release(gone, lost)
        module = gone.name
        guess = failed.distribution_of(module)
        is_own = module.partition(".")[0] in own
        if guess.certainty == "absent" and not (gone.owner or is_of_python(module) or is_own):
            return _on_no_index(failed, guess, gone.line)
    return None


def _not_published(part: MissingPart, line: str) -> Diagnosis:
    why = f"; {part.left_out} leaves it out" if part.left_out else ""
    return stopped(
        NAME,
        "absent_module",
        reason=f"The code imports {part.module}, a part of its own that is missing from the repository{why}.",
        evidence=line,
        source=part.source,
        # A step of CI's may generate it.
        excludes="every-install",
        smallest_change=f"The author publishes {part.path}, as a module or a package.",
        lacks=Lack(kind="module", name=part.module),
    )


def _of_gone_release(gone: Gone, lost: BrokenLock) -> Diagnosis:
    nearest = f"{Requirement(lost.wanted).name} {lost.chosen}"
    return stopped(
        NAME,
        "dead_dependency",
        reason=f"The code wants {gone.dotted}, which {nearest} does not have; the index lacks {lost.wanted}.",
        evidence=gone.line,
        # Another site's index may have the release.
        excludes="this-plan",
        source=lost.source,
        smallest_change=f"Run where {lost.wanted} can be installed, or change the code to work with {nearest}.",
        lacks=Lack(kind="module", name=gone.dotted),
    )


def _on_no_index(failed: FailedAttempt, guess: Guess, line: str) -> Diagnosis:
    resolution = failed.planned.resolution
    is_guess = resolution is not None and guess.name in resolution.absent
    # Another channel, another release of Debian, or its own source may have it.
    elsewhere = guess.absence in {"dead_dependency", "unknown_toolchain"}
    top = guess.module.partition(".")[0]
    imports = failed.facts.of(Import)
    asked = address_of(addressed(failed.facts), guess.module)
    lacked = f"which no package index has: {guess.source}"
    change = f"Run where {guess.module} is installed, or change the code to work without it."
    if guess.absence == "absent_module":
        change = (
            f"The author publishes {top}.py, or a package {top}, beside the code that imports it."
        )
    if asked is not None:
        lacked = f"which {asked.source} takes from {asked.text}; this image does not have it"
        change = f"Run where {asked.text} can be fetched and installed."
    return stopped(
        NAME,
        "absent_module" if asked else guess.absence,
        reason=f"The code imports {guess.module}, {lacked}.",
        evidence=line,
        # That an index has nothing of a guessed name is no proof, and an address may lead to it in another plan or at
        # another site; where modules of our own table come from is known.
        excludes="this-plan" if is_guess or asked or elsewhere else failed.reach_of(line),
        source=next((fact.source for fact in imports if fact.module in (guess.module, top)), None),
        smallest_change=change,
        lacks=Lack(kind="module", name=guess.module),
    )
