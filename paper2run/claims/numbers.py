"""Reads numbers in text with their printed precision, and compares them."""

import re
from decimal import Decimal
from typing import Final, NamedTuple

from paper2run.model.claims import CLOSE, ClaimVerdict

NUMBER: Final = re.compile(
    r"(?<![\w.,/^_])(?<!\d[-:])(?<![A-Za-z][-–])(?P<sign>[-+−–](?=[\d.]))?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)"
    r"(?P<power>[eE][-+]?\d{1,3}|\s?(?:×|\\times|·|\\cdot)\s?10(?:\^\{?[-−]?\d{1,3}\}?|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]{1,4}|(?:[-−]\d{1,2}|[1-9]\d)(?=[\s.,;)]|$)))?"
    r"(?![\w])(?!\.\d)(?![-/:]\d)(?P<unit>\s?%)?"
)
"""No part of a name (`top-5`), a version, a date or a path. U+2212 and the dash are signs, too."""
RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
TENS: Final = re.compile(r"\s?(?:×|\\times|·|\\cdot)\s?10\^?\{?(-?\d{1,3})\}?$")
GLUED: Final = re.compile(
    r"(?<=\d)(?:[x×]|ms|[nµu]?s|min|h|dB|[kKMGT]?i?B|ppm|[kMG]?Hz|fps|[cmk]?m|k?g|K|°C?|deg)(?![\w^])"
)
BEFORE: Final = re.compile(r"\s+([\]),])")
BEHIND: Final = re.compile(r"([\[(])\s+")
MAX_JOINED: Final = 40
"""Lines of one value; a bracket that is never closed is no value's."""
MAX_DIGITS: Final = 40
NOISE: Final = Decimal("1e-9")
"""Relative distance of two runs of the same code on other processors or libraries of linear algebra."""


class Number(NamedTuple):
    """A number in a line."""

    printed: str
    unit: str
    start: int
    end: int


def without_units(line: str) -> str:
    """Return a line with spaces for the letters of units and `x` right behind numbers, of the same length."""
    return GLUED.sub(lambda found: " " * len(found[0]), line)


def numbers_in(line: str) -> list[Number]:
    """Return the numbers of a line, in order; the full stop of a sentence is no part of one."""
    return [_number(match) for match in NUMBER.finditer(line) if len(match["digits"]) <= MAX_DIGITS]


def _number(match: re.Match[str]) -> Number:
    printed, unit = match[0].removesuffix(match["unit"] or ""), (match["unit"] or "").strip()
    is_stop = printed.endswith(".") and not unit
    return Number(printed.removesuffix("."), unit, match.start(), match.end() - is_stop)


def skeleton(line: str) -> str:
    """Return a line with `#` for each number and single spaces, none inside brackets and before commas.

    Releases of numpy print `[ 1.  2.]` and `[1. 2.]` for the same.
    """
    said = BEHIND.sub(r"\1", BEFORE.sub(r"\1", NUMBER.sub("#", line)))
    return " ".join(said.split())


def logical_lines(text: str) -> list[str]:
    """Return the lines of a text, those of a value in brackets joined.

    The width of the values decides where numpy breaks them.
    """
    found: list[str] = []
    open_brackets = joined = 0
    for line in text.splitlines():
        if open_brackets > 0 and joined < MAX_JOINED:
            found[-1] += f" {line.strip()}"
            joined += 1
        else:
            found.append(line)
            open_brackets = joined = 0
        open_brackets += line.count("[") - line.count("]")
    return found


def value_of(printed: str) -> Decimal:
    """Return the value of a printed number: `1.2e3`, `1.2 × 10^3`, and `1.2 × 103` as a PDF has it."""
    plain = printed.translate(RAISED).replace(",", "").replace("−", "-").replace("–", "-")
    return Decimal(TENS.sub(lambda found: f"e{found[1]}", plain))


def step_of(printed: str) -> Decimal:
    """Return what the last printed digit stands for: 0.01 of `2.50`."""
    return Decimal((0, (1,), int(value_of(printed).as_tuple().exponent)))


def compared(
    stated: str, obtained: str, *, as_percent: bool = False, verbatim: bool = False
) -> ClaimVerdict:
    """Return how the obtained number, with `as_percent` also its hundredfold, agrees with the stated one.

    A `verbatim` number was printed by the same code: further digits are another value, but for the last bits of one.
    """
    told, step = value_of(stated), step_of(stated)
    found = [(value_of(obtained), step_of(obtained))]
    if verbatim:
        step = max(min(step, found[0][1]), 2 * abs(told) * NOISE)
    if as_percent:
        found.append((value_of(obtained) * 100, step_of(obtained) * 100))
    verdicts = [_compared(told, step, *one) for one in found]
    order: tuple[ClaimVerdict, ...] = ("reproduced", "close", "differs")
    return min(verdicts, key=order.index)


def _compared(
    stated: Decimal, stated_step: Decimal, obtained: Decimal, obtained_step: Decimal
) -> ClaimVerdict:
    distance = abs(stated - obtained)
    if obtained_step <= stated_step and distance <= stated_step / 2:
        return "reproduced"
    is_integer = stated_step >= 1 and obtained_step >= 1
    if not is_integer and (
        distance <= obtained_step / 2 or distance <= abs(stated) * Decimal(str(CLOSE))
    ):
        return "close"
    return "differs"
