"""Judges a number that differs from run to run by what several runs gave."""

from collections.abc import Sequence

from paper2run.claims.numbers import step_of, value_of
from paper2run.model.claims import JudgedClaim


def with_spread(first: JudgedClaim, runs: Sequence[JudgedClaim]) -> JudgedClaim:
    """Return a verdict `differs` as `close` where runs differ and the stated number lies between theirs.

    `runs` are the claim's verdicts in all runs. Numbers that are the same in all of them leave it as it is.
    """
    given = [run.obtained for run in runs if run.obtained]
    if first.verdict != "differs" or len(set(given)) < 2:
        return first
    values = sorted(value_of(one.removesuffix("%")) for one in given)
    half = step_of(first.claim.printed) / 2
    stated = value_of(first.claim.printed)
    # A percentage may come out as a share.
    scales = (1, 100) if first.claim.unit == "%" and not given[0].endswith("%") else (1,)
    inside = any(
        values[0] * scale - half <= stated <= values[-1] * scale + half for scale in scales
    )
    return first.changed(verdict="close" if inside else "differs", spread=tuple(given))
