"""Removes keys and passwords from text before it is kept or shown; the only gate for secrets."""

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

MASK: Final = "[key removed]"
MIN_SECRET_CHARS: Final = 8
"""A shorter known value (`none`, `test`) would take ordinary words out of texts."""
KEY: Final = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{16,}|nvapi-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|gsk_[A-Za-z0-9]{20,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|AIza[A-Za-z0-9_-]{30,}"
    r"|pypi-[A-Za-z0-9_-]{40,}|npm_[A-Za-z0-9]{30,}|AKIA[A-Z0-9]{16}|xox[abpr]-[A-Za-z0-9-]{16,})"
    r"|(?<=Bearer )[A-Za-z0-9._~+/=-]{16,}|(?<=Authorization: Basic )[A-Za-z0-9+/=]{4,}"
)
"""Forms in which OpenAI, Anthropic, NVIDIA, Hugging Face, Groq, GitHub, GitLab, Google, PyPI, npm, AWS and Slack write
keys, and the headers that `curl -v` prints."""

LOGIN: Final = re.compile(r"(?<=://)[^\s/@:'\"]{1,200}:[^\s/@'\"]{1,500}(?=@)")
"""User and password of an address."""
CONDA_TOKEN: Final = re.compile(r"/t/([^/]+)")
"""`https://host/t/<token>/channel`, anaconda.org's way of writing one."""
SECRET_NAME: Final = re.compile(r"token|key|secret|passw|sig|auth|cred", re.IGNORECASE)
"""Parameters of an address that grant access."""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with the given secrets, and all that has the form of a key, masked."""
    # The longest first, so that a secret which holds another leaves no rest.
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= MIN_SECRET_CHARS:
            text = text.replace(secret, MASK)
    return LOGIN.sub(MASK, KEY.sub(MASK, text))


def secrets_in(address: str) -> set[str]:
    """Return the passwords and tokens of an address: as written, decoded, and as a header carries them."""
    try:
        parts = urlsplit(address)
        user, password = parts.username or "", parts.password or ""
    except ValueError:
        return set()
    # A user of a web address without a password is a token: `https://<token>@pypi.example.org/simple`.
    token = user if parts.scheme in ("http", "https") else ""
    written = {password or token, *CONDA_TOKEN.findall(parts.path)}
    found = {spelling for secret in written for spelling in (secret, unquote(secret))}
    if password:
        found.add(b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode())
    return found | {value for name, value in parse_qsl(parts.query) if SECRET_NAME.search(name)}


def holds_key(text: str) -> bool:
    """Whether `text` holds something that has the form of a key."""
    return KEY.search(text) is not None
