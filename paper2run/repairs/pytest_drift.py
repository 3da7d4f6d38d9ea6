"""Gives a pytest suite the plugin, or the old pytest, that its configuration was written for.

Reads pytest: `error: unrecognized arguments: --cov=x` (addopts), `Missing required plugins: pytest-cov`,
`fixture 'mocker' not found`, and `[pytest] section in setup.cfg files is no longer supported` (4.0 and newer).
"""

import re
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paper2run.broken import Broken, repaired, with_requirements
from paper2run.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import SmokeFailed
from paper2run.pip_steps import plan_requirements

NAME: Final = "pytest_drift"
UNRECOGNISED: Final = re.compile(r"error: unrecognized arguments: (?P<arguments>.+)")
REQUIRED: Final = re.compile(r"Missing required plugins: (?P<plugins>.+)")
FIXTURE: Final = re.compile(r"fixture '(?P<fixture>\w+)' not found")
OLD_SECTION: Final = re.compile(r"\[pytest\] section in setup\.cfg files is no longer supported")
OLD_PYTEST: Final = "pytest<4"
PLUGINS_OF_OPTIONS: Final = {
    "--arraydiff": "pytest-arraydiff",
    "--asyncio-mode": "pytest-asyncio",
    "--benchmark": "pytest-benchmark",
    "--black": "pytest-black",
    "--cov": "pytest-cov",
    "--dist": "pytest-xdist",
    "--doctest-plus": "pytest-doctestplus",
    "--doctest-rst": "pytest-doctestplus",
    "--flake8": "pytest-flake8",
    "--forked": "pytest-forked",
    "--html": "pytest-html",
    "--isort": "pytest-isort",
    "--mpl": "pytest-mpl",
    "--mypy": "pytest-mypy",
    "--nbval": "nbval",
    "--no-cov": "pytest-cov",
    "--numprocesses": "pytest-xdist",
    "--pep8": "pytest-pep8",
    "--pylint": "pytest-pylint",
    "--random-order": "pytest-random-order",
    "--remote-data": "pytest-remotedata",
    "--reruns": "pytest-rerunfailures",
    "--timeout": "pytest-timeout",
    "-n": "pytest-xdist",
}
"""By option; longer forms of it (`--cov-report`, `--benchmark-only`) belong to the same plugin."""
PLUGINS_OF_FIXTURES: Final = {
    "aiohttp_client": "pytest-aiohttp",
    "benchmark": "pytest-benchmark",
    "datadir": "pytest-datadir",
    "event_loop": "pytest-asyncio",
    "httpserver": "pytest-httpserver",
    "mocker": "pytest-mock",
    "qtbot": "pytest-qt",
    "requests_mock": "requests-mock",
    "subtests": "pytest-subtests",
}


def repair(broken: Broken) -> Diagnosis | None:
    """Return the plan with the plugins or the cap; None unless the smoke command runs pytest."""
    if not isinstance(broken.failure, SmokeFailed) or "pytest" not in broken.plan.smoke_command:
        return None
    hit = last_hit(broken.lines, UNRECOGNISED, REQUIRED, FIXTURE, OLD_SECTION)
    if hit is None:
        return None
    wanted = plan_requirements(broken.plan)
    named = {canonicalize_name(Requirement(text).name) for text in wanted}
    asked = _asked(hit.match.groupdict())
    new = [name for name in asked if canonicalize_name(name) not in named and name not in wanted]
    if not new:
        return None
    return repaired(
        broken,
        NAME,
        with_requirements(broken.plan, *new),
        reason=f"the suite's configuration wants {', '.join(new)}",
        evidence=hit.line,
    )


def _asked(said: dict[str, str | None]) -> list[str]:
    """Return what the matched line asks for, sorted; the old pytest for the one that names nothing."""
    if arguments := said.get("arguments"):
        return sorted({plugin for word in arguments.split() if (plugin := _plugin(word))})
    if plugins := said.get("plugins"):
        return sorted(re.findall(r"[A-Za-z][\w.-]*", plugins))
    if fixture := said.get("fixture"):
        return [PLUGINS_OF_FIXTURES[fixture]] if fixture in PLUGINS_OF_FIXTURES else []
    return [OLD_PYTEST]


def _plugin(word: str) -> str:
    option = word.partition("=")[0]
    for known, plugin in PLUGINS_OF_OPTIONS.items():
        if option == known or (known.startswith("--") and option.startswith(f"{known}-")):
            return plugin
    return ""
