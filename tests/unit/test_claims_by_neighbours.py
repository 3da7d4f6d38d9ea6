"""Numbers that no name places are placed by the numbers beside them, never by their own value."""

from collections.abc import Sequence

import pytest

from paper2run.claims.choosing import Outputs, of_file
from paper2run.claims.matching import judged_anywhere
from paper2run.claims.neighbours import by_neighbours
from paper2run.claims.said_again import by_cells
from paper2run.claims.stated import claims_in
from paper2run.claims.ties import Text
from paper2run.model.claims import JudgedClaim
from paper2run.model.value import Source

README = Source(kind="readme", path="README.md")
STEPS = """\
pendulum & LQR & 0.7347 & 1.3680 & 32.51 \\\\
pendulum & LQR-a & 0.5413 & 1.0627 & 129.84 \\\\
pendulum & LQR-s & 1.2307 & 2.1827 & 41.07 \\\\
pendulum & LQR-t & 0.9914 & 1.7345 & 77.12 \\\\
"""
TABLE = """\
| Design | $t_r$ | $t_s$ | trace |
|---|---|---|---|
| nominal | 0.735 | {} | 32.5 |
| aggressive | 0.541 | {} | 129.8 |
| soft | 1.231 | {} | 41.1 |
| turbo | 0.991 | {} | 77.1 |
"""


def judged(document: str, **printed: str) -> tuple[JudgedClaim, ...]:
    outputs = Outputs({name.replace("_", " "): text for name, text in printed.items()})
    digests = dict.fromkeys(outputs.printed, "0" * 16)
    claims = claims_in([Text("README.md", document, README)], [])
    first = [judged_anywhere(claim, outputs, digests) for claim in claims]
    return by_neighbours(first, outputs, digests)


def verdicts(found: Sequence[JudgedClaim]) -> dict[str, str]:
    return {one.claim.printed: one.verdict for one in found}


def test_a_column_is_the_printed_one_that_its_other_numbers_are() -> None:
    found = judged(TABLE.format("1.368", "1.063", "2.183", "1.735"), steps=STEPS)

    assert set(verdicts(found).values()) == {"reproduced"}
    assert {one.claim.command for one in found} == {"steps"}
    assert all(one.claim.printed[:3] in one.evidence for one in found)


def test_a_number_between_two_that_agree_differs() -> None:
    found = judged(TABLE.format("1.368", "1.603", "2.183", "1.735"), steps=STEPS)

    wrong = next(one for one in found if one.claim.printed == "1.603")
    assert (wrong.verdict, wrong.obtained) == ("differs", "1.0627")
    assert verdicts(found)["1.368"] == "reproduced"


def test_a_number_at_the_end_of_a_column_may_be_of_something_else() -> None:
    last = "| Design | settling |\n|---|---|\n| a | 1.368 |\n| b | 1.063 |\n| c | 2.183 |\n| d | {} |\n"

    assert verdicts(judged(last.format("4.711"), steps=STEPS))["4.711"] == "not-run"
    assert verdicts(judged(last.format("1.735"), steps=STEPS))["1.735"] == "reproduced"


def test_numbers_of_a_column_may_be_shares_or_thousandths() -> None:
    csv = of_file("out/fit.csv", "alloy,Q\nBase,272308\nRe2,303166\nRe4,299824\nRe6,301551\n")
    table = "| Alloy | energy (kJ) |\n|---|---|\n| B | 272.3 |\n| R2 | 303.2 |\n| R4 | 299.8 |\n| R6 | 301.6 |\n"

    assert set(verdicts(judged(table, fit=csv)).values()) == {"reproduced"}


@pytest.mark.parametrize(
    "printed",
    [
        # Two others that agree have two digits each, and may by chance.
        "a 1.2\nb 3.4\nc 5.6\n",
        # The order is another one.
        "a 21.83\nb 13.68\nc 10.63\n",
        # One agrees.
        "a 13.68\nb 99.21\nc 55.12\n",
    ],
)
def test_few_or_scattered_numbers_place_nothing(printed: str) -> None:
    short = "| a | t |\n|---|---|\n| x | 1.2 |\n| y | 3.4 |\n| z | 5.6 |\n"
    long = "| a | t |\n|---|---|\n| x | 13.68 |\n| y | 10.63 |\n| z | 21.83 |\n"
    document = short if "1.2" in printed else long

    assert set(verdicts(judged(document, steps=printed)).values()) == {"not-run"}


def test_numbers_that_a_sentence_lists_are_placed_as_a_column_is() -> None:
    said = "The shifts amount to 1.452, 0.548, 0.933 and 0.715 K.\n"
    printed = "".join(
        f"{name}\n    move {value} K\n"
        for name, value in zip("abcd", ("1.4521", "0.5483", "0.9327", "0.7152"), strict=True)
    )

    assert set(verdicts(judged(said, steps=printed)).values()) == {"reproduced"}


def test_what_names_have_placed_stays() -> None:
    table = TABLE.format("1.368", "1.063", "2.183", "1.735")
    before = judged(table, steps=STEPS)
    outputs = Outputs({"steps": STEPS})

    assert by_neighbours(before, outputs, {"steps": "0" * 16}) == before


def test_thousands_of_equal_numbers_are_told_apart_in_time() -> None:
    rows = "".join(f"| r{row} | 0.50 | 1.00 | {row}.5 |\n" for row in range(120))
    table = f"| a | b | c | d |\n|---|---|---|---|\n{rows}"
    printed = "".join(f"{row} 0.5000 1.0000 0.5000 1.0000\n" for row in range(4_000))

    assert len(judged(table, steps=printed)) > 300


def test_a_sentence_that_says_a_cell_again_has_its_verdict() -> None:
    said = (
        "The soft design settles after 2.183 s, the turbo one after 1.735 s, and others need 1.063 s.\n\n"
        "The aggressive design of earlier work has 1.23 s.\n\n"
    )
    found = judged(said + TABLE.format("1.368", "1.063", "2.183", "1.735"), steps=STEPS)

    told = {one.claim.printed: one for one in by_cells(found) if one.claim.form == "text"}
    assert {name: one.verdict for name, one in told.items()} == {
        "2.183": "reproduced",
        "1.735": "reproduced",
        # The sentence names neither its row nor its column: "aggressive", "t_s".
        "1.063": "not-run",
        "1.23": "not-run",
    }
    assert told["2.183"].evidence.startswith("pendulum & LQR-s")
    assert told["2.183"].by_part
