"""Finds the JSON object in a model's text.

It may be fenced, surrounded by prose, preceded by reasoning, or have trailing commas.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic import ValidationError

from paper2run.planners.looks import Looks

MAX_CHARS: Final = 50_000
"""Text searched; an answer has about 2,000."""
MAX_TRIES: Final = 200
"""Opening braces at which an object is looked for."""
REASONING: Final = re.compile(
    r"<(think|thinking|reasoning|reflection)>.*?</\1>", re.DOTALL | re.IGNORECASE
)
REASONING_END: Final = re.compile(
    r"\A.*?</(?:think|thinking|reasoning|reflection)>", re.DOTALL | re.IGNORECASE
)
TRAILING_COMMA: Final = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)


def json_object(text: str, wanted: frozenset[str]) -> dict[str, Any] | None:
    """Return the object in `text` with most of the wanted fields, the last of equals; else None.

    An object around it with a single field (`{"plan": {...}}`) is unwrapped.
    """
    best: dict[str, Any] | None = None
    for candidate in _objects(_without_reasoning(text[:MAX_CHARS])):
        found = _unwrapped(candidate, wanted)
        if best is None or len(wanted & found.keys()) >= len(wanted & best.keys()):
            best = found
    return best if best is not None and wanted & best.keys() else None


def _without_reasoning(text: str) -> str:
    # Some chat templates put the opening tag into the prompt, so that only the closing one comes back.
    return REASONING_END.sub("", REASONING.sub("", text))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the outermost objects, in order."""
    decoder = json.JSONDecoder(strict=False)
    mended = TRAILING_COMMA.sub(lambda match: match[1] or "", text)
    for version in dict.fromkeys((text, mended)):
        position = version.find("{")
        for _ in range(MAX_TRIES):
            if position < 0:
                break
            try:
                found, end = decoder.raw_decode(version, position)
            except (ValueError, RecursionError):
                end = position + 1
            else:
                yield found
            position = version.find("{", end)


def _unwrapped(found: dict[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    if len(found) == 1 and not wanted & found.keys():
        (inner,) = found.values()
        return inner if isinstance(inner, dict) else found
    return found


def looks_in(text: str) -> Looks | None:
    """Return the looks that an answer asks for; None where it asks for none in their form."""
    found = json_object(text, frozenset({"look"}))
    if found is None or set(found) != {"look"}:
        return None
    try:
        return Looks.model_validate(found)
    except ValidationError:
        return None
