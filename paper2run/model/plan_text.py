"""What the texts of a plan may hold.

A plan is hostile input, whoever wrote it: every field is held against a strict pattern, and no text
that reaches a Dockerfile instruction may end it early.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

IMAGE_REFERENCE = (
    r"^(?:[a-z0-9]+(?:[.-][a-z0-9]+)*(?::[0-9]+)?/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+|/)[a-z0-9]+)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$"
)
"""Image references as the distribution project's reference grammar has them."""
DEBIAN_PACKAGE = r"^[a-z0-9][a-z0-9+.-]{1,99}$"
"""Debian policy 5.6.1."""
ENV_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
FORBIDDEN_ENV = frozenset(
    {"LD_PRELOAD", "LD_AUDIT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_CONFIG_FILE",
     "UV_INDEX_URL", "UV_DEFAULT_INDEX", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "DOCKER_HOST"}
)  # fmt: skip
"""Variables by which a plan could reach beyond its own container or send downloads elsewhere."""
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
        re.compile(r"--(?:extra-)?index-url|--trusted-host|\s-i\s+https?:"),
        "the index is a setting, not part of a plan",
    ),
    (re.compile(r"LD_PRELOAD"), "LD_PRELOAD is not allowed"),
)


def one_line(text: str) -> str:
    """Return `text` unchanged; ValueError if it could end a Dockerfile instruction early."""
    if "\n" in text or "\r" in text or "\0" in text:
        raise ValueError("must be one line")
    if text.rstrip().endswith("\\"):
        raise ValueError("must not end in a backslash")
    return text


def allowed_command(text: str) -> str:
    """Return `text` unchanged; ValueError naming the rule if it is a command that no plan may hold."""
    for pattern, why in FORBIDDEN_COMMANDS:
        if pattern.search(text):
            raise ValueError(f"{why}: {text[:120]!r}")
    return text


Line = Annotated[str, StringConstraints(min_length=1, max_length=20_000), AfterValidator(one_line)]
ShellCommand = Annotated[Line, AfterValidator(allowed_command)]
DebianPackage = Annotated[str, StringConstraints(pattern=DEBIAN_PACKAGE)]
