"""Judges claims by an output: by place and words, never by their own value."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from paper2run.claims.choosing import Outputs, is_of_a_case
from paper2run.claims.entry import Entry
from paper2run.claims.names import WEAK, covered, words_of
from paper2run.claims.numbers import (
    Number,
    compared,
    numbers_in,
    value_of,
)
from paper2run.claims.output_lines import found_in, has_exact_cell, read
from paper2run.claims.units import in_unit_of
from paper2run.model.claims import Claim, ClaimVerdict, JudgedClaim

VERBATIM: Final = ("cell", "file")
"""Forms of what the same code printed."""
STATED: Final = ("table", "text")
"""Forms of what authors write down themselves."""
NO_COMMAND: Final = "no document says which command prints it"
NOWHERE: Final = f"{NO_COMMAND}, and no output has it under its names"
MIN_DIGITS: Final = 3
"""Of a number whose names agree in part only: fewer may be the same by chance."""


def judged(claim: Claim, output: str, log_digest: str) -> JudgedClaim:
    """Return the claim's verdict by a command's output; `not-found` where no line of it is about it."""
    if claim.form in STATED and not has_exact_cell(claim, output):
        told = judged_among(claim, _of_one(claim.command, output), {claim.command: log_digest})
        if told is not None:
            return told
    found = found_in(claim, read(output))
    if found is None or (claim.form == "text" and is_of_a_case(found.line, output)):
        return JudgedClaim(claim=claim, verdict="not-found", log_digest=log_digest)
    return JudgedClaim(
        claim=claim,
        verdict=_verdict(claim, found.number),
        obtained=f"{found.number.printed}{found.number.unit}",
        evidence=found.line.strip()[:300],
        log_digest=log_digest,
    )


@lru_cache(maxsize=4)
def _of_one(command: str, output: str) -> Outputs:
    return Outputs({command: output})


def judged_among(claim: Claim, outputs: Outputs, digests: Mapping[str, str]) -> JudgedClaim | None:
    """Return the verdict by the only number of several outputs whose names agree; None where none does.

    Names that agree in part, or a place in a table alone, show a number that is the same, and never that it differs.
    """
    choice = outputs.choice_for(claim)
    if choice is None:
        return None
    if isinstance(choice, bool):
        return JudgedClaim(
            claim=claim, verdict="not-found", log_digest=digests.get(claim.command, "")
        )
    entry = choice.entry
    verdict = _verdict_of_entry(claim, entry)
    is_far = (
        claim.form == "text"
        and verdict == "differs"
        and not (_is_named(claim, entry) and _is_comparable(claim, entry))
    )
    digits = len(re.sub(r"\D", "", claim.printed).lstrip("0"))
    is_far = (
        is_far
        or (verdict == "differs" and not choice.may_differ)
        or (verdict != "reproduced" and _is_of_another(claim, entry))
    )
    if is_far or (not choice.is_sure and (verdict != "reproduced" or digits < MIN_DIGITS)):
        return JudgedClaim(claim=claim, verdict="not-found", log_digest=digests[choice.command])
    return JudgedClaim(
        claim=claim.changed(command=choice.command),
        verdict=verdict,
        obtained=f"{entry.number.printed}{entry.number.unit}",
        evidence=entry.line.strip()[:300],
        log_digest=digests[choice.command],
        by_part=not choice.is_sure,
    )


def judged_anywhere(claim: Claim, outputs: Outputs, digests: Mapping[str, str]) -> JudgedClaim:
    """Return the verdict of a claim that no document ties to a command, by the outputs of all of them."""
    told = judged_among(claim, outputs, digests) if claim.form in STATED else None
    if told is not None and told.verdict != "not-found":
        return told
    need = NOWHERE if outputs.printed and claim.form in STATED else NO_COMMAND
    return JudgedClaim(claim=claim, verdict="not-run", need=need)


def judged_elsewhere(one: JudgedClaim, outputs: Outputs, digests: Mapping[str, str]) -> JudgedClaim:
    """Return the verdict by the outputs of all commands, where the claim's own has no such number."""
    if one.claim.form not in STATED or one.verdict not in ("not-found", "not-run"):
        return one
    told = judged_among(one.claim, outputs, digests)
    return one if told is None or told.verdict == "not-found" else told


def _verdict_of_entry(claim: Claim, entry: Entry) -> ClaimVerdict:
    part = in_unit_of(claim, entry)
    if part is not None:
        return compared(claim.printed, str(part))
    return _verdict(claim, entry.number)


def _is_named(claim: Claim, entry: Entry) -> bool:
    """Whether a sentence has a printed number's name before its own, and the rest elsewhere.

    As `on sand boosting has an RMSE of 0.69` of the line `boosting rmse 0.71`.
    """
    own, named = words_of(f"{entry.row} {entry.column}"), words_of(claim.label)
    said = covered(own, words_of(claim.sentence))
    return bool(named) and {*named} <= {*own} and {*own} - WEAK <= said


def _is_comparable(claim: Claim, entry: Entry) -> bool:
    """Whether two numbers have the same size, as a share or in percent: else they are other quantities."""
    part = in_unit_of(claim, entry)
    obtained = abs(value_of(entry.number.printed) if part is None else part)
    stated = abs(value_of(claim.printed))
    scales = (1, 100) if claim.unit == "%" else (1,)
    return any(obtained * scale / 2 <= stated <= obtained * scale * 2 for scale in scales)


def _is_of_another(claim: Claim, entry: Entry) -> bool:
    """Whether a printed number is another one of the same sentence: `falls from 98.9 to 89.4`."""
    others = (one for one in numbers_in(claim.sentence) if one.printed != claim.printed)
    stated = (claim.changed(printed=one.printed, unit=one.unit or claim.unit) for one in others)
    return any(
        len(one.printed) >= MIN_DIGITS and _verdict_of_entry(one, entry) == "reproduced"
        for one in stated
    )


def _verdict(claim: Claim, number: Number) -> ClaimVerdict:
    """Return how a number compares; of a caption's or head's own percent sign a cell may know nothing."""
    printed, obtained = claim.printed, number.printed
    if claim.unit == "%" and not number.unit:
        return compared(printed, obtained, as_percent=True, verbatim=claim.form in VERBATIM)
    verdict = compared(printed, obtained, as_percent=False, verbatim=claim.form in VERBATIM)
    # A share lies between 0 and 1, and what it is in percent beyond.
    is_pair = value_of(obtained).copy_abs() <= 1 < value_of(printed).copy_abs()
    if (
        verdict == "differs"
        and claim.form in STATED
        and is_pair
        and not (claim.unit or number.unit)
    ):
        as_share = compared(printed, obtained, as_percent=True, verbatim=False)
        return as_share if as_share == "reproduced" else verdict
    return verdict
