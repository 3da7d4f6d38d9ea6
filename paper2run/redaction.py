"""Takes keys out of text before it is kept or shown."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urlsplit

from paper2run.model.outcome import Log
from paper2run.settings import Settings

MASK: Final = "[key removed]"
MIN_SECRET_CHARS: Final = 8
"""A shorter known value (`none`, `test`) would take ordinary words out of texts."""
KEY: Final = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{16,}|nvapi-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|gsk_[A-Za-z0-9]{20,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|AIza[A-Za-z0-9_-]{30,}"
    r"|AKIA[A-Z0-9]{16}|xox[abpr]-[A-Za-z0-9-]{16,})"
    r"|(?<=Bearer )[A-Za-z0-9._~+/=-]{16,}"
)
"""Forms in which OpenAI, Anthropic, NVIDIA, Hugging Face, Groq, GitHub, GitLab, Google, AWS and Slack write keys."""

LOGIN: Final = re.compile(r"(?<=://)[^\s/@:'\"]{1,200}:[^\s/@'\"]{1,500}(?=@)")
"""User and password of an address."""
ADDRESSES: Final = (
    "index_url", "torch_index_url", "conda_channel_alias", "http_proxy", "https_proxy", "base_url",
    "registry", "storage",
)  # fmt: skip
"""Settings that may hold a login."""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with the given secrets, and all that has the form of a key, masked."""
    # The longest first, so that a secret which holds another leaves no rest.
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= MIN_SECRET_CHARS:
            text = text.replace(secret, MASK)
    return LOGIN.sub(MASK, KEY.sub(MASK, text))


def redact_log(log: Log, secrets: Iterable[str]) -> Log:
    """Return the log with both streams redacted."""
    known = tuple(secrets)
    return Log(stdout=redact(log.stdout, known), stderr=redact(log.stderr, known))


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Return what the settings hold that nobody else may see: keys, and passwords of addresses in both spellings."""
    found = {key.get_secret_value() for key in (settings.api_key, settings.nvidia_api_key) if key}
    for name in ADDRESSES:
        password = _password(str(getattr(settings, name)))
        found |= {password, unquote(password)}
    return tuple(sorted(found - {""}))


def _password(address: str) -> str:
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return ""


def holds_key(text: str) -> bool:
    """Tell whether `text` holds something that has the form of a key."""
    return KEY.search(text) is not None
