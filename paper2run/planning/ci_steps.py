"""Translates the commands of a CI job into installs and shell steps of an image, in order.

Set-up actions, caches, uploads, style checks and documentation are left out, each with the reason.
"""

import posixpath
import re
import shlex
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from paper2run.commands.python_installs import PythonInstall, python_install
from paper2run.formats.shell_words import apt_packages, conda_arguments
from paper2run.knowledge.conda_translation import translated
from paper2run.model.ci import CiStep
from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.plan_text import InstallStep
from paper2run.model.value import Source
from paper2run.planning.ci_needs import EXPORTED, UNRELATED, is_plain
from paper2run.planning.ci_test_job import ChosenJob, CiLine, calls, tests

Form = Literal["install", "conda", "shell", "test", "left out"]

STEP: Final[TypeAdapter[str]] = TypeAdapter(InstallStep)
ASSIGNED: Final = re.compile(r"[A-Za-z_]\w*=\S*|[A-Za-z_]\w*=\$\(.*\)|[A-Za-z_]\w*=\"[^\"]*\"")
CHANGE: Final = re.compile(r"(?:cd|pushd)\s+(?P<folder>\S+)$")
IDLE: Final = re.compile(
    r"(?:echo|printf|ls|pwd|cat|which|env|printenv|date|df|free|lscpu|true|set|shopt|ulimit|sleep|hash|type|uname|export|id"
    r"|pip[\d.]*\s+(?:list|freeze|--version|check|cache|config|debug|show|wheel|download)|\S+\s+(?:--version|-V)"
    r"|python\S*\s+(?:--version|-V|-m\s+pip\s+(?:list|freeze|check|--version))|git\s+(?!clone\b)"
    # What an installer is told about itself; the image has pip in its place.
    r"|(?:python\S*\s+-m\s+)?(?:poetry|pdm|pipenv|hatch|uv)\s+(?:config|self|env|lock|check|cache|show|version)\b)"
)
OF_THE_MACHINE: Final = re.compile(
    r"(?:brew|choco|docker(?:-compose)?|conda|mamba|micromamba|snap|service|systemctl|pyenv|nvm|rvm|sdk|travis_\w+|deactivate|chown|sysctl|modprobe|ln\s+-s\s+/usr|rustup|playwright|add-apt-repository"
    r"|virtualenv|apt|apt-get|dpkg|update-alternatives|module|circleci-agent|xcodebuild|pixi|corepack|gh|sh\s+-e\s+/etc/init\.d\S*)\b"
    r"|(?:uv|python\S*\s+-m)\s+(?:venv|virtualenv|python)\b|(?:source|\.)\s|(?:\S*/)?Xvfb\b|(?:python\S*\s+-m\s+)?pipx\b"
    # A process that stays beside the tests; a layer of an image keeps none.
    r"|.*[^&]&$"
)
"""Programs that set up the service's machine; the image, its packages and its interpreter stand in their place."""
OTHER_WORK: Final = re.compile(
    r"(?:flake8|black|isort|mypy|pylint|ruff|ty|pre-commit|pycodestyle|pydocstyle|pyright|bandit|codespell|twine|codecov|coveralls|cpplint"
    r"|coverage\s+(?:xml|report|html|combine|lcov|json)|sphinx-build|mkdocs|asv|lcov|gcov\S*|codeclimate\S*|bump\S*|doctr|check-manifest)\b"
    r"|python\S*\s+-m\s+(?:flake8|black|isort|mypy|pylint|ruff|build|coverage\s+(?:xml|report|html)|codecov|twine|sphinx)\b"
    r"|make\s+(?:-\S+\s+\S+\s+)*(?:lint|docs?|html|format|style|coverage)\b|bash\s+<\(|python\S*\s+setup\.py\s+(?:\S*dist\S*|check)\b"
)
INTERACTIVE: Final = re.compile(r"\[\[|<\(|\bsource\s|\bpushd\b|\bpopd\b|\bshopt\b|\$'|\{\w+,\w+")
"""What bash reads and sh does not."""
UNFIT: Final = re.compile(
    r"/(?:home|Users|github)/\w|/etc/|/usr/share/keyrings|install\.python-poetry|get-poetry|astral\.sh|~/\.(?:ssh|aws|config|netrc)|\$\{?\w*(?:API_?KEY|TOKEN|SECRET|PASSWORD)\w*|\$\{?(?:TRAVIS|GITHUB|CI|RUNNER|CIRCLE)_\w+"
    r"|\|\|\s*(?:exit|travis_terminate)|>>?\s*\"?\$GITHUB_",
    re.IGNORECASE,
)
"""Paths and variables of the service's machine, and keys."""


class Translated(NamedTuple):
    """One command of the job."""

    form: Form
    text: str
    """shell: the step; test: the command; left out: the command as written, shortened."""
    source: Source
    why: str = ""
    folder: str = ""
    installed: PythonInstall | None = None


def translate(chosen: ChosenJob) -> Iterator[Translated]:
    """Yield what becomes of each step of a job, in order, up to the tests; what follows them reports.

    Commands of one script that no rule knows stay together: they share variables.
    """
    tested, folder = False, ""
    running = set(chosen.steps())
    for step in chosen.job.steps:
        if step not in running:
            why = f"its condition: {step.condition}"
            yield Translated("left out", _short(step.text), step.source, why)
        elif step.form == "action":
            yield Translated("left out", _short(step.text), step.source, "the service's own action")
        elif step.form == "conda":
            yield Translated("conda", _short(step.text), step.source)
        elif step.form == "run":
            folder = folder if chosen.job.one_shell else step.folder
            found: list[Translated] = []
            for line in chosen.lines(step):
                found += _line(line, folder)
                folder = found[-1].folder if found else folder
            for one in _joined(found, step):
                tested = tested or one.form == "test"
                if one.form == "test" or not tested:
                    yield one


def _joined(found: list[Translated], step: CiStep) -> Iterator[Translated]:
    """Yield a script's commands; those for the shell that follow each other in a folder are one."""
    waiting: list[Translated] = []
    for one in found:
        if waiting and (one.form, one.folder) not in {
            ("shell", waiting[0].folder),
            ("left out", waiting[0].folder),
        }:
            yield from _shell(waiting, step)
            waiting = []
        if one.form == "shell":
            waiting.append(one)
        elif one.text:
            yield one
    if waiting:
        yield from _shell(waiting, step)


def _line(line: CiLine, folder: str) -> Iterator[Translated]:
    """Yield a line's commands, each with the folder of the next one; no text where it only moves."""
    command = line.command
    if "${{" in command or line.conditional:
        why = (
            "part of an if or a loop" if line.conditional else "a value that only the service knows"
        )
        yield Translated("left out", _short(command), line.source, why, folder)
        return
    for call in calls(line):
        change = CHANGE.match(call)
        if change:
            folder = _moved(folder, change["folder"].strip("\"'"))
            yield Translated("left out", "", line.source, "", folder)
        elif call and not EXPORTED.match(call):
            yield _call(call, line, folder)


def _moved(folder: str, target: str) -> str:
    if target.startswith(SOURCE_FOLDER):
        return target.removeprefix(SOURCE_FOLDER).strip("/")
    moved = posixpath.normpath(posixpath.join(folder, target))
    # Outside of the checkout, or a folder that only its shell knows: what follows cannot be placed.
    return (
        folder
        if target.startswith(("/", "~", "$", "-")) or moved.startswith("..")
        else moved.strip(".")
    )


def _call(call: str, line: CiLine, folder: str) -> Translated:
    source = line.source
    installed = python_install(call)
    if installed is not None:
        if installed.elsewhere:
            return Translated(
                "left out", _short(call), source, "it asks another index, or pre-releases", folder
            )
        return Translated("install", call, source, "", folder, installed)
    if names := conda_arguments(call):
        known = [
            name for spec in names if (name := translated(re.split(r"[=<>]", spec)[0]).distribution)
        ]
        wanted = PythonInstall(tuple(name for name in known if not UNRELATED.fullmatch(name)))
        return Translated("install", call, source, "", folder, wanted)
    if tests(call):
        return Translated("test", call, source, "", folder)
    if apt_packages(call):
        return Translated("left out", "", source, "", folder)
    for pattern, why in (
        (IDLE, "it changes nothing"),
        (OF_THE_MACHINE, "it sets up the service's machine"),
        (OTHER_WORK, "other work than tests"),
    ):
        if pattern.match(call):
            return Translated("left out", _short(call), source, why, folder)
    # A step of its own whose failure the job ignores must not end the build.
    ignored = "||" in line.command and line.command.split("||")[0].strip().endswith(call)
    return Translated("shell", f"{{ {call} || true; }}" if ignored else call, source, "", folder)


def _shell(commands: list[Translated], step: CiStep) -> Iterator[Translated]:
    """Yield the step of commands that no rule knows, if a plan may hold it; none for variables."""
    first = commands[0]
    text = " && ".join(one.text for one in commands)
    if all(ASSIGNED.fullmatch(one.text) for one in commands):
        return
    settings = "".join(
        f"export {name}={shlex.quote(value)} && "
        for name, value in step.env
        if is_plain(name, value)
    )
    whole = settings + text
    if INTERACTIVE.search(whole):
        whole = f"bash -e -c {shlex.quote(whole)}"
    whole = f"cd {shlex.quote(first.folder)} && {whole}" if first.folder else whole
    try:
        if UNFIT.search(text):
            raise ValueError
        yield Translated("shell", STEP.validate_python(whole), first.source, "", first.folder)
    except (ValidationError, ValueError):
        yield Translated("left out", _short(text), first.source, "no step of a plan", first.folder)


def _short(text: str) -> str:
    return " ".join(text.split())[:80]
