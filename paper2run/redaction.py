"""Takes keys out of text before it is kept or shown."""

import re
from collections.abc import Iterable
from typing import Final

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


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with the given secrets, and all that has the form of a key, masked."""
    # The longest first, so that a secret which holds another leaves no rest.
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= MIN_SECRET_CHARS:
            text = text.replace(secret, MASK)
    return KEY.sub(MASK, text)


def holds_key(text: str) -> bool:
    """Tell whether `text` holds something that has the form of a key."""
    return KEY.search(text) is not None
