"""What the texts of a plan may hold.

A plan is hostile input, whoever wrote it: every field is held against a strict pattern, and no text
that reaches a Dockerfile instruction may end it early.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, ValidationError

from paper2run.text_gate import UNPLANNED, visible

IMAGE_REFERENCE = (
    r"^(?:[a-z0-9]+(?:[.-][a-z0-9]+)*(?::[0-9]+)?/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+|/)[a-z0-9]+)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$"
)
"""Image references as the distribution project's reference grammar has them."""
DEBIAN_PACKAGE = r"^[a-z0-9][a-z0-9+.-]{1,99}$"
"""Debian policy 5.6.1."""
MAX_STEP_CHARS = 20_000
"""Of one command. BuildKit reads lines of a Dockerfile up to 65,535 bytes, and Linux takes 131,072 for one argument."""
ENV_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
HARMLESS_ENV = frozenset(
    {"PIP_BREAK_SYSTEM_PACKAGES", "PIP_DEFAULT_TIMEOUT", "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_NO_BINARY",
     "PIP_NO_BUILD_ISOLATION", "PIP_NO_CACHE_DIR", "PIP_NO_COMPILE", "PIP_NO_DEPS", "PIP_NO_INPUT", "PIP_ONLY_BINARY",
     "PIP_PREFER_BINARY", "PIP_PROGRESS_BAR", "PIP_QUIET", "PIP_RETRIES", "PIP_ROOT_USER_ACTION", "PIP_USE_PEP517",
     "UV_COMPILE_BYTECODE", "UV_DYNAMIC_VERSIONING_BYPASS", "UV_HTTP_TIMEOUT", "UV_LINK_MODE", "UV_NO_CACHE",
     "UV_SYSTEM_PYTHON"}
)  # fmt: skip
"""Settings of pip and uv that Dockerfiles often hold, and that send no download elsewhere; a given version."""
FORBIDDEN_ENV = re.compile(
    r"LD_PRELOAD|LD_AUDIT|DOCKER_HOST|PIP_\w+|UV_\w+|(?i:\w*_PROXY|npm_config_(?:https?_?)?(?:proxy|registry))"
)
"""Variables by which a plan could reach beyond its own container or send downloads elsewhere."""
ASSIGNMENT = re.compile(r"(?<![\w$-])([A-Za-z_]\w*)\+?=")
"""A variable that a command sets: in front of a program, or behind `export` and `env`."""
INSTALLER = re.compile(r"\b(?:pip[\d.]*|uv|pipx|easy_install)\s[^;&|]*")
"""A call of a program that takes packages from an index, to the end of its arguments."""
INDEX_OPTION = re.compile(
    r"\s(?:--(?:in(?:d\S*)?|ext(?:r|ra-\S*)?|py?p\S*|tr\S*|default-\S*|prox\S*)(?=[\s=]|$)|-[UIqvV]*i)"
)
"""An index, proxy or trust of pip's and uv's own; optparse takes every unambiguous beginning of a long option."""
EXEC_FORM = re.compile(r"\[\s*[\"\]]")
"""The start of a JSON array; a shell's own test has a word or `$` behind the bracket."""
CPU_BUILDS = "--extra-index-url https://download.pytorch.org/whl/cpu "
"""PyTorch's own index of builds without CUDA: the one index that a plan may name (rendering/cpu_builds.py)."""
INDEX_IS_A_SETTING = "the index is a setting, not part of a plan"
FORBIDDEN_COMMANDS = (
    (
        re.compile(
            r"(?:(?:^|[;&|(`])\s*|\b(?:exec|xargs|env|then|do)\s+)(?:sudo|docker|nsenter)\s"
        ),
        "sudo, docker and nsenter have no place in a build",
    ),
    (
        re.compile(r"(?:curl|wget)\b[^;&]*\|\s*(?:ba|da|z)?sh\b"),
        "a download must not be piped into a shell",
    ),
    (
        re.compile(r"https?://\d{1,3}(?:\.\d{1,3}){3}"),
        "addresses must be names, not bare IP numbers",
    ),
    (re.compile(r"base64\s+(?:-d|--decode)\b"), "encoded commands cannot be reviewed"),
    # At the start of a command only: `--mode eval` is a program's own argument.
    (
        re.compile(
            r"(?:(?:^|[;&|(`{!])\s*|(?<!-)\b(?:then|do|else|if|elif|while|until|time|command|builtin)\s+)"
            r"(?:\w+=\S*\s+)*eval\s"
        ),
        "eval hides what is run",
    ),
    (re.compile(r"docker\.sock|/proc/sys|/proc/1/"), "a plan must not reach for the host"),
    (
        re.compile(r"--(?:extra-)?index-url|--default-index|--trusted-host|\s-i\s*https?:"),
        INDEX_IS_A_SETTING,
    ),
    (re.compile(r"\bpip[\d.]*\s+config\b"), INDEX_IS_A_SETTING),
    (re.compile(r"LD_PRELOAD"), "LD_PRELOAD is not allowed"),
    # Where the site's access lies during a build (injection.py); `./mnt` is a folder of the repository's own.
    (
        re.compile(r"(?:^|[^\w.-]|/\.|\.\.)/+mnt(?![\w.-])"),
        "/mnt belongs to the builder, not to the repository",
    ),
)


def one_line(text: str) -> str:
    """Return `text` unchanged; ValueError if it could end a Dockerfile instruction early.

    ValueError too if it could display as another text.
    """
    if "\n" in text or "\r" in text:
        raise ValueError("must be one line")
    if found := UNPLANNED.search(text):
        raise ValueError(f"must be one line without control characters, holds {visible(found[0])}")
    if text.rstrip().endswith("\\"):
        raise ValueError("must not end in a backslash")
    return text


def allowed_variable(name: str) -> str:
    """Return `name` unchanged; ValueError if it is a variable that no plan may set."""
    if not re.fullmatch(ENV_NAME, name):
        raise ValueError(f"{name!r} is no variable name")
    if FORBIDDEN_ENV.fullmatch(name) and name not in HARMLESS_ENV:
        raise ValueError(f"{name} may not be set by a plan")
    return name


def allowed_command(text: str) -> str:
    """Return `text` unchanged; ValueError naming the rule if it is a command that no plan may hold."""
    judged = text.replace(CPU_BUILDS, "", 1)
    for pattern, why in FORBIDDEN_COMMANDS:
        if pattern.search(judged):
            raise ValueError(f"{why}: {text[:120]!r}")
    # As the shell has it: quotes inside a word are no part of it.
    bare = re.sub(r"[\"'\\]", "", judged)
    if any(INDEX_OPTION.search(call) for call in INSTALLER.findall(bare)):
        raise ValueError(f"{INDEX_IS_A_SETTING}: {text[:120]!r}")
    for name in ASSIGNMENT.findall(bare):
        if FORBIDDEN_ENV.fullmatch(name) and name not in HARMLESS_ENV:
            raise ValueError(f"{name} may not be set by a plan: {text[:120]!r}")
    return text


def refused_words(error: ValidationError) -> str:
    """Return which text of a plan these rules refused, and why.

    Empty if the plan has another fault.
    """
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    # `value_error` is what the functions above raise; lengths and patterns have names of their own.
    if error.title != "EnvPlan" or any(problem["type"] != "value_error" for problem in problems):
        return ""
    place = ".".join(map(str, problems[0]["loc"]))
    return f"{place}: {problems[0]['msg'].removeprefix('Value error, ')}"


def shell_form(text: str) -> str:
    """Return a step unchanged; ValueError if Docker reads it as flags, a list of words or a here-document."""
    start = text.lstrip()
    if start.startswith("--"):
        raise ValueError("must be a command, not an option of Docker's RUN")
    if EXEC_FORM.match(start):
        raise ValueError("must be a shell command, not a list of words: write test for [")
    if "<<" in text:
        raise ValueError("must not hold <<: Docker takes the lines below for a here-document")
    return text


Line = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_STEP_CHARS), AfterValidator(one_line)
]
ShellCommand = Annotated[Line, AfterValidator(allowed_command)]
InstallStep = Annotated[ShellCommand, AfterValidator(shell_form)]
DebianPackage = Annotated[str, StringConstraints(pattern=DEBIAN_PACKAGE)]
