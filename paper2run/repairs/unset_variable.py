"""Gives an environment variable that code demands at its import, so that imports and tests go on.

Reads `KeyError: 'NAME'` out of `os.environ`, Django's `You must either define the environment variable
DJANGO_SETTINGS_MODULE`, django-environ's `Set the NAME environment variable`, the same words of clients
of services (`… or by setting the NAME environment variable`), environs' `Environment variable "NAME"
not set`, python-decouple's `NAME not found. Declare it as envvar` and pydantic's list of missing fields of settings. A
file of the repository must name the variable; where it gives no value, a placeholder stands in. A command that does
the repository's work gets none: there the variable is an unmet need.
"""

import re
from typing import Final

from paper2run.commands.command_purpose import runs_tests
from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_env
from paper2run.failures.failure_log import ENVIRONMENT, Hit, all_hits, last_traceback
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import SmokeKind
from paper2run.model.facts import EnvironmentValue
from paper2run.model.outcome import SmokeFailed

NAME: Final = "unset_variable"
KEY: Final = re.compile(r"KeyError: '(?P<name>[A-Za-z_]\w+)'$")
NAMED: Final = re.compile(
    r"define the environment variable (?P<django>\w+)|[Ss]et(?:ting)? the (?P<environ>\w+) environment variable"
    r"|[Ee]nvironment variable \"(?P<environs>\w+)\" not set|Error: (?P<decouple>\w+) not found\. Declare it as envvar"
)
SETTINGS: Final = re.compile(r"validation errors? for (?:\w*[sS]ettings|\w*[cC]onfig)\b")
FIELD: Final = re.compile(r"^(?:E\s+)?(?P<name>[A-Za-z_]\w*)$")
LOADS: Final[frozenset[SmokeKind]] = frozenset({"import", "console-script", "dependencies"})
"""Commands that load the code and do none of its work."""
PLACEHOLDER: Final = "placeholder"
PLACEHOLDERS: Final = (
    ("_PORT", "8000"),
    ("_URL", "http://localhost"),
    ("_URI", "http://localhost"),
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the variables; None for commands that do work and names that no file holds."""
    loads = failed.planned.smoke_kind in LOADS or runs_tests(failed.plan.smoke_command)
    if not isinstance(failed.failure, SmokeFailed) or not loads:
        return None
    known = {fact.name.upper(): fact for fact in failed.facts.of(EnvironmentValue)}
    # A name that the log misses many times over counts once.
    missed = list(
        {
            name.upper(): (known[name.upper()], line)
            for name, line in _missed(failed.lines)
            if name.upper() in known
        }.values()
    )
    if not missed:
        return None
    # The next import would stop at the next one.
    others = [fact for fact in known.values() if fact.at_import]
    given = {fact.name: value_of(fact) for fact in (*(fact for fact, _ in missed), *others)}
    new = {name: value for name, value in given.items() if name not in failed.plan.env}
    return repaired(
        failed,
        NAME,
        with_env(failed.plan, **new),
        reason="; ".join(f"{fact.name}={value_of(fact)}, {words_of(fact)}" for fact, _ in missed),
        evidence=missed[-1][1],
        cause="external_service",
    )


def _missed(lines: list[str]) -> list[tuple[str, str]]:
    """Return the names of variables that the log misses, each with its line."""
    asked = any(map(ENVIRONMENT.search, last_traceback(lines)))
    hits: list[Hit] = [*all_hits(lines, NAMED), *(all_hits(lines, KEY) if asked else ())]
    found = [(next(filter(None, hit.match.groups())), hit.line) for hit in hits]
    for number, line in enumerate(lines):
        if SETTINGS.search(line):
            fields = map(FIELD.match, lines[number + 1 :])
            found += [(field["name"], line.strip()) for field in fields if field]
    return found


def value_of(fact: EnvironmentValue) -> str:
    """Return the value that a file gives the variable, else a placeholder of a fitting form."""
    fitting = (value for end, value in PLACEHOLDERS if fact.name.upper().endswith(end))
    return fact.value or next(fitting, PLACEHOLDER)


def words_of(fact: EnvironmentValue) -> str:
    """Return where the value comes from, and what it is for."""
    origin = f"as in {fact.source}" if fact.value else f"a placeholder: {fact.source} names it"
    return f"{origin}; it serves imports and tests, and work wants the user's own"
