"""Tells the units of stated and printed numbers, and turns one into the other."""

import re
from decimal import Decimal
from typing import Final

from paper2run.claims.entry import Entry
from paper2run.claims.names import name_of, words_of
from paper2run.claims.numbers import numbers_in, value_of
from paper2run.model.claims import Claim

FAMILIES: Final = (
    {"ns": "1e-9", "us": "1e-6", "ms": "1e-3", "s": "1", "min": "60", "h": "3600", "d": "86400"},
    {"nm": "1e-9", "um": "1e-6", "mm": "1e-3", "cm": "1e-2", "m": "1", "km": "1e3"},
    {"ng": "1e-9", "ug": "1e-6", "mg": "1e-3", "g": "1", "kg": "1e3"},
    {"KB": "1e3", "MB": "1e6", "GB": "1e9"},
    {"mJ": "1e-3", "J": "1", "kJ": "1e3", "MJ": "1e6"},
    {"mW": "1e-3", "W": "1", "kW": "1e3", "MW": "1e6"},
    {"Pa": "1", "kPa": "1e3", "MPa": "1e6", "GPa": "1e9"},
    {"mV": "1e-3", "V": "1", "kV": "1e3"},
    {"Hz": "1", "kHz": "1e3", "MHz": "1e6", "GHz": "1e9"},
    {"%": "1e-2", "‰": "1e-3", "ppm": "1e-6"},
)
"""Units of one quantity, as multiples of one of them."""
SPELT: Final = {
    "us": "us|µs|μs", "ms": "ms|milliseconds?", "s": "s|secs?|seconds?", "min": "mins?|minutes?", "h": "h|hrs?|hours?",
    "d": "days?", "um": "um|µm|μm", "m": "m|met(?:er|re)s?", "ug": "ug|µg|μg", "g": "g|grams?", "KB": "[kK]i?B",
    "MB": "Mi?B", "GB": "Gi?B", "%": "%|per ?cent",
}  # fmt: skip
KNOWN: Final = {unit: family for family in FAMILIES for unit in family}
BEHIND: Final = re.compile(
    r"\s?(?:"
    + "|".join(f"(?P<u{place}>{SPELT.get(unit, unit)})" for place, unit in enumerate(KNOWN))
    + r")(?![\w/·*^])"
)
"""A unit right behind a number."""
UNITS: Final = tuple(KNOWN)
OF_NAMES: Final = frozenset(KNOWN) - {"%", "‰", "d", "g", "h", "V", "W", "J"}
"""Units that stand at the end of a name: `rmse_cm`; a letter alone may be a symbol."""


def stated_unit(claim: Claim) -> str:
    """Return the unit of a stated number: behind it, of its column or of its row; or nothing."""
    if claim.unit in KNOWN:
        return claim.unit
    if claim.placed is None:
        numbers = [one for one in numbers_in(claim.sentence) if one.start >= claim.start]
        return _behind(claim.sentence, numbers[0].end) if numbers else ""
    for text in (claim.column, claim.row):
        if (unit := name_of(text).unit) in KNOWN:
            return unit
    return ""


def printed_unit(entry: Entry) -> str:
    """Return the unit of a printed number: behind it, in its name's brackets or at the name's end."""
    if entry.number.unit in KNOWN:
        return entry.number.unit
    if behind := _behind(entry.line, entry.number.end):
        return behind
    name = entry.column or entry.row
    if (unit := name_of(name).unit) in KNOWN:
        return unit
    words = words_of(name)
    return words[-1] if len(words) > 1 and words[-1] in OF_NAMES else ""


def in_unit_of(claim: Claim, entry: Entry) -> Decimal | None:
    """Return the printed number in the claim's unit; None where that is its own, or unknown."""
    stated, printed = stated_unit(claim), printed_unit(entry)
    family = KNOWN.get(stated, {})
    if stated == printed or printed not in family:
        return None
    return value_of(entry.number.printed) * Decimal(family[printed]) / Decimal(family[stated])


def _behind(text: str, end: int) -> str:
    found = BEHIND.match(text, end)
    return UNITS[int(found.lastgroup.removeprefix("u"))] if found and found.lastgroup else ""
