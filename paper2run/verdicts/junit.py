"""Renders claims as a JUnit report for forges and build servers: a test case per stated number."""

from collections import Counter
from typing import Final, Literal
from xml.etree import ElementTree

from paper2run.model.claims import Claim, ClaimLedger, JudgedClaim
from paper2run.text_gate import flat

ENDS: Final[dict[str, Literal["", "failure", "skipped"]]] = {
    "reproduced": "",
    "close": "",
    "differs": "failure",
    "not-found": "skipped",
    "not-run": "skipped",
}
"""The element that tells of a verdict other than a success, by verdict."""


def claims_as_junit(ledger: ClaimLedger, name: str) -> str:
    """Return `claims.xml` for the ledger of the repository `name`."""
    ends = Counter(ENDS[judged.verdict] for judged in ledger.claims)
    suite = ElementTree.Element(
        "testsuite",
        name=xml_text(name),
        tests=str(len(ledger.claims)),
        failures=str(ends["failure"]),
        errors="0",
        skipped=str(ends["skipped"]),
        time=f"{sum(run.seconds for run in ledger.runs):.1f}",
    )
    for judged in ledger.claims:
        claim = judged.claim
        case = ElementTree.SubElement(
            suite, "testcase", classname=xml_text(str(claim.source)), name=xml_text(_title(claim))
        )
        if end := ENDS[judged.verdict]:
            found = ElementTree.SubElement(
                case, end, type=judged.verdict, message=xml_text(_told(judged))
            )
            found.text = xml_text(judged.evidence)
    ElementTree.indent(suite)
    return as_document(suite)


def as_document(element: ElementTree.Element) -> str:
    """Return an element as a whole document."""
    return ElementTree.tostring(element, encoding="unicode", xml_declaration=True) + "\n"


def xml_text(text: str) -> str:
    """Return a text on one line, without the two characters that XML forbids and the gate lets pass."""
    return flat(text).replace("\ufffe", "?").replace("\uffff", "?")


def _title(claim: Claim) -> str:
    """Return a name that no other claim of the same place has."""
    unit = f" {claim.unit}" if claim.unit else ""
    place = f" (number {claim.position + 1})" if claim.position else ""
    return f"{claim.label}: {claim.printed}{unit}{place}"


def _told(judged: JudgedClaim) -> str:
    if judged.need:
        return judged.need
    stated = judged.claim.printed
    if judged.obtained:
        return f"{stated} is stated, {judged.obtained} came out"
    return f"{stated} is stated, and no line of the output is about it"
