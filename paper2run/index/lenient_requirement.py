"""Reads the requirements of fifteen years of packages, as far as it can understand them.

Metadata on the index is full of clauses from before PEP 440, such as `pytz (>=2011k)` of pandas
0.23 or `>=1.*`. A strict reader rejects the whole release because of them and falls back on a much
older one.
"""

import re
from functools import lru_cache
from typing import Final

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet

PARTS: Final = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?P<extras>\[[^\]]*\])?\s*"
    r"(?P<specifiers>[^;@]*?)\s*(?:;(?P<marker>.*))?$",
    re.DOTALL,
)
WILDCARD_BOUND: Final = re.compile(r"^(>=|<=|>|<|~=)\s*([0-9.]+?)\.\*$")
BARE_VERSION: Final = re.compile(r"^[0-9]")


@lru_cache(maxsize=16_384)
def lenient_requirement(text: str) -> Requirement | None:
    """Return the requirement in `text` without its unreadable clauses; None if its name is unreadable.

    An unreadable marker gives None too: a requirement with one is rarely meant for Linux.
    """
    try:
        return Requirement(text)
    except InvalidRequirement:
        parts = PARTS.match(text)
    if parts is None:
        return None
    marker = (parts["marker"] or "").strip()
    try:
        if marker:
            Marker(marker)
        name = Requirement(parts["name"] + (parts["extras"] or ""))
    except (InvalidMarker, InvalidRequirement):
        return None
    specifiers = lenient_specifiers(parts["specifiers"].strip("() \t"))
    return Requirement(f"{name}{specifiers}" + (f" ; {marker}" if marker else ""))


def lenient_specifiers(text: str) -> SpecifierSet:
    """Return the clauses of `text` that PEP 440 knows; reads `>=1.*` as `>=1`, a bare `1.2` as `==1.2`."""
    readable = []
    for clause in text.split(","):
        words = WILDCARD_BOUND.sub(r"\1\2", clause.strip())
        words = f"=={words}" if BARE_VERSION.match(words) else words
        try:
            readable.append(str(Specifier(words)))
        except InvalidSpecifier:
            continue
    return SpecifierSet(",".join(readable))
