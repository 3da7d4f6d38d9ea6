"""Translates the version ranges of other tools into PEP 440 specifiers.

Poetry: https://python-poetry.org/docs/dependency-specification/ ; conda:
https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html
"""

import re
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

MAX_RANGE_CHARS: Final = 1000
"""A longer text is no range of versions; Python itself makes no number of more than 4300 digits."""
NUMBER: Final = r"\d+(?:\.\d+)*"
LISTED: Final = re.compile(
    r"^(?:c?python)?[-: =]?v?(\d)(?:\.(\d{1,2}))?(?:\.(?:\d+|x|\*))*(?:-dev)?$", re.I
)
CLAUSE: Final = re.compile(r"(~=|={1,3}|!=|=<|=>|<=|>=|<|>|\^|~)?\s*v?([0-9][\w.+!*-]*|\*)")
UPPER_OF_UNION: Final = re.compile(r"<=?[^,]+|==[^,]+")


def listed_python(version: str) -> str:
    """Return `==3.6.*` for a listed `3.6`, `3.6.9`, `py36` or `cpython-3.6`; empty if it names no version.

    Patch levels are left out: every image has one of its own.
    """
    short = re.fullmatch(r"(?:py|cp|python)-?(\d)(\d{0,2})", version.strip(), re.IGNORECASE)
    match = short or LISTED.match(version.strip())
    if match is None or match[1] not in {"2", "3"}:
        return ""
    return f"=={match[1]}.{match[2]}.*" if match[2] else f"=={match[1]}.*"


def python_range(written: str) -> str:
    """Return a PEP 440 specifier for the Python range of any manifest; empty for none or nonsense.

    A bare `3.6` is a listed version. Of alternatives (`2.7 || >=3.4`) the hull is kept.
    """
    if not re.search(r"[<>=~^!,|]", written):
        return listed_python(written)
    specifier = pep440(written)
    exact = re.fullmatch(r"={2,3}([0-9.*]+)", specifier)
    return listed_python(exact[1]) if exact else specifier


def pep440(written: str) -> str:
    """Return poetry's or PEP 440's range as a PEP 440 specifier; empty where any version will do.

    ValueError is never raised: clauses that no rule reads are left out. Alternatives become their hull.
    """
    if len(written) > MAX_RANGE_CHARS:
        return ""
    alternatives = [_conjunction(part) for part in re.split(r"\|\|?", written)]
    known = [part for part in alternatives if part]
    if len(known) < len(alternatives):
        return ""
    return known[0] if len(known) == 1 else _hull(known)


def conda(written: str) -> str:
    """Return conda's version part as a PEP 440 specifier.

    Forms: `=1.16`, `==1.16.2=py36_0`, `>=1.2,<2`, `1.16.*`.
    """
    # A blank stands before a build string, but also behind an operator: `>= 1.13`.
    written = re.sub(r"([=<>!~,])\s+", r"\1", written.strip()).split(" ")[0]
    exact = re.fullmatch(rf"={{1,2}}({NUMBER}[\w.]*)=[\w*]+", written)
    if exact:
        return _valid(f"=={exact[1]}")
    fuzzy = re.fullmatch(rf"=({NUMBER})(?:\.?\*)?", written)
    if fuzzy:
        return f"=={fuzzy[1]}.*"
    bare = re.fullmatch(rf"({NUMBER})(\.?\*)?", written)
    if bare:
        return f"=={bare[1]}{'.*' if bare[2] else ''}"
    return pep440(written)


def _conjunction(part: str) -> str:
    clauses = [_clause(match[1] or "", match[2]) for match in CLAUSE.finditer(part)]
    return ",".join(dict.fromkeys(clause for clause in clauses if clause))


def _clause(operator: str, version: str) -> str:
    if version == "*":
        return ""
    if operator in {"^", "~"}:
        return _valid(_caret(version) if operator == "^" else _tilde(version))
    operator = {"=<": "<=", "=>": ">=", "=": "==", "": "=="}.get(operator, operator)
    if operator not in {"==", "!="}:
        version = version.removesuffix(".*").removesuffix("*").rstrip(".")
    return _valid(f"{operator}{version}")


def _caret(version: str) -> str:
    parts = _release(version)
    fixed = next((index for index, part in enumerate(parts) if part), len(parts) - 1)
    return f">={version},<{_bumped(parts, fixed)}"


def _tilde(version: str) -> str:
    parts = _release(version)
    return f">={version},<{_bumped(parts, min(1, len(parts) - 1))}"


def _release(version: str) -> list[int]:
    match = re.match(NUMBER, version)
    return [int(part) for part in match[0].split(".")] if match else [0]


def _bumped(parts: list[int], index: int) -> str:
    return ".".join(map(str, [*parts[:index], parts[index] + 1]))


def _hull(alternatives: list[str]) -> str:
    """Return the lower bound of the first and the upper bound of the last: unions are written upwards."""
    lower = re.search(r"[>~=]=\s*([0-9][\w.]*?)(?:\.\*)?(?:,|$)", alternatives[0])
    upper = UPPER_OF_UNION.search(alternatives[-1])
    bounds = [f">={lower[1]}"] if lower else []
    if upper and upper[0].startswith("<"):
        bounds.append(upper[0])
    elif upper:
        parts = _release(upper[0].lstrip("="))
        bounds.append(f"<{_bumped(parts, len(parts) - 1)}")
    return ",".join(bounds)


def _valid(specifier: str) -> str:
    try:
        SpecifierSet(specifier)
    except InvalidSpecifier:
        return ""
    return specifier
