"""What the CI job that tests on Linux installs and sets: evidence of what the tests need.

Publishing, style checks, documentation and uploads of coverage are left out, and so are values that are not plain.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from packaging.utils import canonicalize_name

from paper2run.commands.python_installs import PythonInstall, python_install
from paper2run.formats.requirement_text import read_requirement
from paper2run.formats.shell_words import INSTALLERS, apt_packages
from paper2run.model.ci import CiStep
from paper2run.model.facts import Command, RepoFacts, Requirement
from paper2run.model.plan_text import allowed_variable
from paper2run.model.value import Source
from paper2run.planning.ci_test_job import ChosenJob, CiLine, calls, filled, tests
from paper2run.redaction import holds_key

UNRELATED: Final = re.compile(
    r"codecov|coveralls|python-coveralls|codacy-coverage|coverage-badge|codeclimate\S*|twine|flit\S*|poetry\S*|hatch|build|pdm"
    r"|wheel|pip|pip-tools|setuptools|virtualenv|pipenv|uv|tox\S*|nox|cibuildwheel|auditwheel|delocate|bump\S*|awscli"
    r"|pre-commit|pyupgrade|black|isort|flake8\S*|pylint\S*|mypy\S*|ruff|pycodestyle|pydocstyle|pyflakes|pep8|pep8-naming|bandit"
    r"|codespell|yapf|autopep8|pyright|types-\S+|interrogate|check-manifest|safety|sphinx\S*|mkdocs\S*|furo|nbsphinx"
    r"|myst-\S+|recommonmark|numpydoc|readthedocs-\S+|doc8|cpp-coveralls|gcovr|cpplint|conda\S*|mamba|restructuredtext-lint"
)
"""Distributions that jobs install beside what their tests need."""
UNRELATED_PACKAGES: Final = re.compile(
    r"python[\d.]*(?:-(?!tk).*)?|lib(?:python|boost-python).*|pypy.*|texlive.*|latexmk|lcov|clang-(?:format|tidy).*|shellcheck"
    r"|cppcheck|doxygen|sudo|docker.*|linux-.*|software-properties-common|apt-transport-https|snapd?|lsb-release|gnupg2?"
    r"|ca-certificates|nodejs|npm|openssh-.*|rpm|devscripts|debhelper|dh-.*|.*-doc|virtualenv|tox|firefox.*|google-chrome.*"
    r"|chromium.*|aspell.*|valgrind|gh|gcc-\d+|g\+\+-\d+|clang-\d+|libpython.*|mingw.*"
)
"""Debian packages for other work of a job; those of the system's own Python are not seen by the image's."""
NO_VARIABLE: Final = re.compile(
    r"CI|CONTINUOUS_INTEGRATION|(?:CODECOV|COVERALLS|COVERAGE|COV|GITHUB|GH|GIT|TWINE|PYPI|CIBW|CONDA|MINICONDA|TOX|NOX|POETRY|PIP"
    r"|UV|PDM|PRE_COMMIT|RUNNER|TRAVIS|APPVEYOR|CIRCLE|AZURE|DOCKER|MYPY|SONAR|CACHE|NPM|NODE|CC_TEST|LD|DYLD)(?:_\w*|ENV|SESSION)?"
    r"|[a-z][a-z_]*|NUM_THREADS|BUILD_NAME|\w*_(?:TOKEN|CACHE|CACHE_DIR)|PY_?COLORS|(?:FORCE|NO|CLI)_?COLOR(?:_\w+)?|TERM|PYTHON|\w*PYTHON_?VERSION|PY|PYVER|CC|CXX|FC"
    r"|DEBIAN_FRONTEND|HOME|PATH|SHELL|USER|DISPLAY|DEPS|OS|ARCH|MAKEFLAGS|CMAKE_\w+|TMPDIR|LANGUAGE|PYTEST_ADDOPTS|NAME"
)
"""Variables of the services, of installers and of reports."""
OTHER_ENVIRONMENT: Final = re.compile(r"(?:python\S*\s+-m\s+)?(?:tox|nox)(?:\s|$)")
EXPORTED: Final = re.compile(
    r"""(?:export\s+(?P<name>[A-Za-z_]\w*)=(?P<value>\S*|"[^"]*"|'[^']*')"""
    r"""|echo\s+["']?(?P<named>[A-Za-z_]\w*)=(?P<valued>[^"']*?)["']?\s*>>\s*["']?\$\{?GITHUB_ENV\}?["']?)\s*$"""
)


OF_THE_MACHINE: Final = re.compile(r"[$`\n\r]|\(\)|/(?:home|root|Users|github|opt|usr)/")
"""Values that are no plain text, or that name folders of the service's machine."""


class Variable(NamedTuple):
    """One variable that the job sets."""

    name: str
    value: str
    source: Source


class CiNeeds(NamedTuple):
    """What the job's tests get, each with its place; every tuple in the order of the file."""

    requirements: tuple[Requirement, ...] = ()
    files: tuple[tuple[str, Source], ...] = ()
    """Requirements files, below the repository."""
    extras: tuple[tuple[str, Source], ...] = ()
    """Names of extras and dependency groups of the repository's own projects, normalised; `*` for all."""
    packages: tuple[tuple[str, Source], ...] = ()
    """Debian packages."""
    variables: tuple[Variable, ...] = ()


NOTHING: Final = CiNeeds()


def needs_of(facts: RepoFacts, chosen: ChosenJob | None) -> CiNeeds:
    """Return what the tests of a job need; empty without a job.

    Where tox or nox makes the environment, what they install counts, read as the commands of their files.
    """
    if chosen is None:
        return NOTHING
    steps = list(chosen.steps())
    lines = [line for step in steps if step.form == "run" for line in chosen.lines(step)]
    places = [
        (call, line)
        for line in lines
        if not line.conditional and "${{" not in line.command
        for call in calls(line)
    ]
    installs = [
        (found, line.source, line.step.folder)
        for call, line in places
        if (found := python_install(call)) is not None and not found.elsewhere
    ]
    if any(OTHER_ENVIRONMENT.match(call) for call, _ in places):
        installs += [
            (found, command.source, "")
            for command in facts.of(Command)
            if command.purpose == "install"
            and command.source.path.rpartition("/")[2] in {"tox.ini", "noxfile.py"}
            and (found := python_install(command.line)) is not None
        ]
    return CiNeeds(
        requirements=tuple(_requirements(installs)),
        files=_distinct(
            (posixpath.normpath(posixpath.join(folder, file)), source)
            for found, source, folder in installs
            for file in found.files
        ),
        extras=_distinct(
            (canonicalize_name(extra) if extra != "*" else extra, source)
            for found, source, _ in installs
            for extra in (*found.extras, *(("*",) if found.every_extra else ()))
        ),
        packages=_distinct(_packages(chosen, steps, places)),
        variables=tuple(_variables(chosen, steps, lines)),
    )


def _distinct(found: Iterable[tuple[str, Source]]) -> tuple[tuple[str, Source], ...]:
    first: dict[str, Source] = {}
    for value, source in found:
        first.setdefault(value, source)
    return tuple(first.items())


def _requirements(installs: list[tuple[PythonInstall, Source, str]]) -> Iterator[Requirement]:
    for found, source, _ in installs:
        for text in found.requirements:
            if re.search(r"[$*{}]", text) or text in INSTALLERS:
                continue
            for fact in read_requirement(text, group="test", source=source, extra="ci"):
                if isinstance(fact, Requirement) and not UNRELATED.fullmatch(fact.name):
                    yield fact


def _packages(
    chosen: ChosenJob, steps: list[CiStep], places: list[tuple[str, CiLine]]
) -> Iterator[tuple[str, Source]]:
    named = [
        (name, step.source)
        for step in steps
        if step.form == "apt"
        for name in filled(step.text, chosen.values).split()
    ]
    named += [(name, line.source) for call, line in places for name in apt_packages(call)]
    for name, source in named:
        if "$" not in name and not UNRELATED_PACKAGES.fullmatch(name):
            yield name, source


def _variables(chosen: ChosenJob, steps: list[CiStep], lines: list[CiLine]) -> Iterator[Variable]:
    """Yield the plain variables that the tests see, and that no script of the job reads itself."""
    job = chosen.job
    testing = [line.step for line in lines if any(tests(call) for call in calls(line))]
    found = [(*pair, job.source) for pair in job.env]
    found += [(*pair, step.source) for step in testing[:1] for pair in step.env]
    if job.one_shell:
        known = {name for name, _ in job.env}
        rows = [pair for row in job.rows[:1] for pair in row if pair[0] not in known]
        found += [
            (name, chosen.values[name], job.source) for name, _ in rows if name in chosen.values
        ]
    for line in lines:
        match = EXPORTED.match(line.command) if not line.conditional else None
        if match and (job.one_shell or match["named"] or line.step in testing):
            name, value = match["name"] or match["named"], match["value"] or match["valued"] or ""
            found.append((name, value.strip("\"'"), line.source))
    read = {
        name
        for step in steps
        for name in re.findall(r"\$\{?(\w+)|env\.(\w+)", step.text)
        for name in name
    }
    for name, value, source in {
        name: (name, value, source) for name, value, source in found
    }.values():
        plain = filled(value, chosen.values)
        if name not in read and is_plain(name, plain):
            yield Variable(name, plain, source)


def is_plain(name: str, value: str) -> bool:
    """Whether a variable of a job is the repository's own, and its value a plain text."""
    try:
        allowed_variable(name)
    except ValueError:
        return False
    return (
        NO_VARIABLE.fullmatch(name) is None
        and OF_THE_MACHINE.search(value) is None
        and 0 < len(value) <= 500
        and not holds_key(value)
    )
