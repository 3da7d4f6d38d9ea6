"""Gives a pytest suite the plugin, or the old pytest, that its configuration was written for.

Reads pytest: `error: unrecognized arguments: --cov=x` (addopts), `Missing required plugins: pytest-cov`,
`fixture 'mocker' not found`, `'timeout' not found in `markers` configuration option` (`--strict-markers`),
`[pytest] section in setup.cfg files is no longer supported` (4.0 and newer), and
`'yield' keyword is allowed in fixtures, but not in tests` (8.4; from 4.0 on such tests were only passed over).
"""

import re
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_requirements
from paper2run.failures.failure_log import last_hit
from paper2run.failures.other_python import with_python, within
from paper2run.knowledge.pytest_plugins import OF_FIXTURES, OF_MARKS, plugin_of_option
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import SmokeFailed
from paper2run.rendering.pip_steps import image_python, plan_requirements, without

NAME: Final = "pytest_drift"
UNRECOGNISED: Final = re.compile(r"error: unrecognized arguments: (?P<arguments>.+)")
REQUIRED: Final = re.compile(r"Missing required plugins: (?P<plugins>.+)")
FIXTURE: Final = re.compile(r"fixture '(?P<fixture>\w+)' not found")
MARK: Final = re.compile(r"'(?P<mark>\w+)' not found in `markers`")
OLD_SECTION: Final = re.compile(r"\[pytest\] section in setup\.cfg files is no longer supported")
YIELD_TESTS: Final = re.compile(
    r"'yield' keyword is allowed in fixtures, but not in tests|yield tests were removed in pytest 4"
)
OLD_PYTEST: Final = "pytest<4"
OLD_PYTEST_PYTHONS: Final = SpecifierSet("<=3.7")
"""From 3.8 on its rewriting of asserts makes trees that Python refuses (`required field "type_ignores" missing`)."""
NO_CONFIGURATION: Final = "pytest -c /dev/null --rootdir=."
"""For Pythons that the old pytest does not run on: the section is passed over."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the plugins or the old pytest; None unless the smoke command runs pytest."""
    if not isinstance(failed.failure, SmokeFailed) or "pytest" not in failed.plan.smoke_command:
        return None
    hit = last_hit(failed.lines, UNRECOGNISED, REQUIRED, FIXTURE, MARK, OLD_SECTION, YIELD_TESTS)
    if hit is None:
        return None
    if OLD_SECTION.search(hit.line) or YIELD_TESTS.search(hit.line):
        return _old_pytest(failed, hit.line)
    wanted = plan_requirements(failed.plan)
    named = {canonicalize_name(Requirement(text).name) for text in wanted}
    asked = _asked(hit.match.groupdict())
    new = [name for name in asked if canonicalize_name(name) not in named and name not in wanted]
    if not new:
        return None
    return repaired(
        failed,
        NAME,
        with_requirements(failed.plan, *new),
        reason=f"the suite's configuration wants {', '.join(new)}",
        evidence=hit.line,
    )


def _old_pytest(failed: FailedAttempt, line: str) -> Diagnosis | None:
    present = image_python(failed.plan.base_image)
    pythons: tuple[str, ...] = ()
    if present and not OLD_PYTEST_PYTHONS.contains(present):
        pythons = within(failed, OLD_PYTEST_PYTHONS)
        if not pythons:
            return _without_section(failed, line) if OLD_SECTION.search(line) else None
    changes = with_requirements(without(failed.plan, {"pytest"}), OLD_PYTEST)
    if pythons:
        changes |= with_python(failed.plan, pythons[0])
    if OLD_PYTEST in plan_requirements(failed.plan):
        return None
    on = f" on Python {pythons[0]}" if pythons else ""
    return repaired(
        failed,
        NAME,
        changes,
        reason=f"the suite was written for {OLD_PYTEST}{on}",
        evidence=line,
        pythons=pythons,
    )


def _without_section(failed: FailedAttempt, line: str) -> Diagnosis | None:
    command = failed.plan.smoke_command
    if NO_CONFIGURATION in command:
        return None
    return repaired(
        failed,
        NAME,
        {"smoke_command": re.sub(r"\bpytest\b", NO_CONFIGURATION, command, count=1)},
        reason="the suite's configuration is for a pytest that no allowed Python runs: it is passed over",
        evidence=line,
        confidence="medium",
    )


def _asked(said: dict[str, str | None]) -> list[str]:
    """Return the plugins that the matched line asks for, sorted."""
    if arguments := said.get("arguments"):
        return sorted({plugin for word in arguments.split() if (plugin := plugin_of_option(word))})
    if plugins := said.get("plugins"):
        return sorted(re.findall(r"[A-Za-z][\w.-]*", plugins))
    fixture: str = said.get("fixture") or ""
    mark: str = said.get("mark") or ""
    plugin = OF_FIXTURES.get(fixture) or OF_MARKS.get(mark, "")
    return [plugin] if plugin else []
