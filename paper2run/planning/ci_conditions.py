"""Judges the conditions of CI steps, for a push to the main branch on Linux. What is unknown holds."""

import re
from collections.abc import Mapping
from typing import Final

COMPARISON: Final = re.compile(
    r"(?P<name>[\w.-]+)\s*(?P<sign>==|!=)\s*(?P<value>'[^']*'|\"[^\"]*\"|[\w.-]+)"
)
CALL: Final = re.compile(
    r"(?P<negated>!?\s*)(?P<call>startsWith|contains|endsWith)\(\s*(?P<name>[\w.-]+)\s*,\s*'(?P<value>[^']*)'\s*\)"
)
STATUS: Final = re.compile(r"(?P<negated>!?\s*)(?P<call>\w+)\(\s*\)")
AZURE: Final = re.compile(
    r"(?P<call>eq|ne)\(\s*variables\[?[.\[]'?(?P<name>[\w.]+)'?\]?\s*,\s*'(?P<value>[^']*)'\s*\)"
)
WORKED: Final = frozenset({"success", "always", "succeeded", "succeededOrFailed"})
EVENT: Final = {
    "github.event_name": "push",
    "runner.os": "Linux",
    "github.ref": "refs/heads/main",
    "agent.os": "Linux",
    "Agent.OS": "Linux",
}
"""What the services say of themselves on such a run."""


def holds(condition: str, values: Mapping[str, str]) -> bool:
    """Whether a step with this condition runs, where `values` are the matrix row's and the variables'."""
    text = condition.strip()
    text = text.removeprefix("${{").removesuffix("}}").strip() if text.startswith("${{") else text
    if text.startswith("and(") or AZURE.search(text):
        return all(_azure(match, values) for match in AZURE.finditer(text))
    # Brackets around alternatives are rare, and parts of calls stay together.
    return any(
        all(_atom(part, values) for part in either.split("&&")) for either in text.split("||")
    )


def _atom(text: str, values: Mapping[str, str]) -> bool:
    text = text.strip()
    if match := CALL.search(text):
        known = _known(match["name"], values)
        if known is None:
            return True
        test = {"startsWith": known.startswith, "endsWith": known.endswith}.get(match["call"])
        found = test(match["value"]) if test else match["value"] in known
        return found != ("!" in match["negated"])
    if match := STATUS.fullmatch(text.strip("() ") + "()" if text.endswith("()") else text):
        return (match["call"] in WORKED) != ("!" in match["negated"])
    if match := COMPARISON.search(text):
        value = match["value"].strip("'\"")
        known = _known(match["name"], values)
        if known is None:
            # An output of an earlier step, mostly of a cache: nothing was found.
            return match["sign"] == "!=" if match["name"].startswith("steps.") else True
        return (known == value) == (match["sign"] == "==")
    if text.startswith("matrix."):
        return values.get(text, "") not in {"", "false", "False"}
    if text.startswith("!") and text[1:].strip().startswith("matrix."):
        return values.get(text[1:].strip(), "") in {"", "false", "False"}
    return text != "false"


def _azure(match: re.Match[str], values: Mapping[str, str]) -> bool:
    known = _known(match["name"], values)
    return known is None or (known == match["value"]) == (match["call"] == "eq")


def _known(name: str, values: Mapping[str, str]) -> str | None:
    """Return a value; "" for a variable that this row of the matrix lacks, None if it is unknown."""
    if name in {"true", "false"}:
        return name
    value = values.get(name, EVENT.get(name))
    if value is None and name.startswith("env."):
        value = values.get(name.removeprefix("env."))
    return "" if value is None and name.startswith("matrix.") else value
