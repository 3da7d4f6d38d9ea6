"""Shows the ledger of claims: counts in words, and what is stated beside what came out. Pure text."""

from itertools import groupby
from typing import Final, NamedTuple

from paper2run.formats.plurals import counted
from paper2run.model.claims import (
    ClaimCounts,
    ClaimLedger,
    ClaimVerdict,
    JudgedClaim,
    JudgedPicture,
)
from paper2run.text_gate import cell

MAX_ROWS: Final = 100
"""Of the report; `claims.json` has all."""
MAX_PICTURES: Final = 24
LOOKS: Final[dict[ClaimVerdict, str]] = {
    "reproduced": "same",
    "close": "alike",
    "differs": "looks different",
    "not-found": "not drawn",
    "not-run": "not run",
}
"""Words for the verdict on a picture: another version of a library draws the same data otherwise."""
ORDER: Final = ("differs", "close", "reproduced", "not-found", "not-run")
"""What a person has to look at comes first."""


def in_words(counts: ClaimCounts) -> str:
    """Return the counts as a person says them, and what was not compared."""
    if not counts.stated and not counts.pictures:
        return "documents and paper state no number that could be compared"
    parts = [
        f"{counts.reproduced} reproduced" if counts.reproduced else "",
        f"{counts.close} close" if counts.close else "",
        f"{counts.differing} differ" + "s" * (counts.differing == 1) if counts.differing else "",
        f"{counts.not_found} not in the output" if counts.not_found else "",
        f"{counts.not_run} not run" if counts.not_run else "",
    ]
    told = []
    if counts.stated:
        found = ", ".join(part for part in parts if part)
        told.append(f"{counted(counts.stated, 'number')} stated: {found}")
    if counts.pictures:
        told.append(
            f"{counted(counts.pictures, 'picture')} compared: {counts.pictures_alike} alike"
        )
    return "; ".join(told)


class ShownClaim(NamedTuple):
    """A row of the report: the numbers of a line that have the same verdict."""

    verdict: ClaimVerdict
    stated: str
    obtained: str
    label: str
    place: str
    evidence: str
    need: str
    numbers: int


def shown_claims(ledger: ClaimLedger) -> list[ShownClaim]:
    """Return the rows that the report shows: those that differ first, else by their places."""
    in_order = sorted(ledger.claims, key=lambda judged: ORDER.index(judged.verdict))
    rows = [_row([*line]) for _, line in groupby(in_order, key=_line)]
    return rows[:MAX_ROWS]


def _line(judged: JudgedClaim) -> tuple[object, ...]:
    """Return what the numbers of a line of output have in common."""
    claim = judged.claim
    return (
        judged.verdict, claim.form, claim.label, claim.column, claim.source, claim.line, judged.evidence, judged.need,
    )  # fmt: skip


def _row(line: list[JudgedClaim]) -> ShownClaim:
    first = line[0]
    return ShownClaim(
        first.verdict,
        "; ".join(map(stated, line)),
        "; ".join(filter(None, map(obtained, line))),
        first.claim.label,
        str(first.claim.source),
        first.evidence,
        first.need,
        len(line),
    )


def claims_section(ledger: ClaimLedger) -> str:
    """Return the section of `report.md`; empty without claims."""
    if not ledger.claims and not ledger.pictures:
        return ""
    shown = shown_claims(ledger)
    rows = [
        f"| {one.verdict} | {cell(one.stated)} | {cell(one.obtained or one.need or '–')} "
        f"| {cell(one.label)} | {cell(one.place)} |"
        for one in shown
    ]
    left = len(ledger.claims) - sum(one.numbers for one in shown)
    return "\n".join(
        [
            "## What its authors state",
            "",
            f"{in_words(ledger.counts)}.",
            "",
            "| verdict | stated | obtained | of | place |",
            "|---|---|---|---|---|",
            *rows,
            *(["", f"{counted(left, 'further number')} in `claims.json`."] if left else []),
            *_pictures(ledger),
        ]
    )


def _pictures(ledger: ClaimLedger) -> list[str]:
    rows = [
        f"| {LOOKS[one.verdict]} | {cell(one.label)} | {cell(str(one.source))} "
        f"| {cell(one.need or ('–' if one.distance is None else f'{one.distance:g}'))} "
        f"| {f'[side by side]({one.shown})' if one.shown else ''} |"
        for one in shown_pictures(ledger)
    ]
    if not rows:
        return []
    heads = [
        "| verdict | picture | place | distance | kept, obtained, difference |",
        "|---|---|---|---|---|",
    ]
    return ["", *heads, *rows]


def shown_pictures(ledger: ClaimLedger) -> list[JudgedPicture]:
    """Return the pictures that the report shows: those that differ first, else by their places."""
    return sorted(ledger.pictures, key=lambda one: ORDER.index(one.verdict))[:MAX_PICTURES]


def stated(judged: JudgedClaim) -> str:
    """Return the number as it is stated, with its unit."""
    claim = judged.claim
    return f"{claim.printed} {claim.unit}".strip()


def obtained(judged: JudgedClaim) -> str:
    """Return what came out, and what other runs gave where they differ; empty if nothing did."""
    others = list(dict.fromkeys(one for one in judged.spread if one != judged.obtained))
    return f"{judged.obtained}; in other runs {', '.join(others)}" if others else judged.obtained
