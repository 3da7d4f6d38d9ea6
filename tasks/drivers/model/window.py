"""How many tokens a model reads: by the user's word, LiteLLM's list, else the server's own."""

from functools import cache
from typing import Any, Final

import httpx

from tasks.drivers.model.chat import DEFAULT_CONTEXT_TOKENS, context_tokens
from tasks.drivers.model.model_endpoint import Endpoint

TIMEOUT_S: Final = 5.0
NAMES: Final = (
    "max_model_len", "context_length", "context_window", "max_context_length", "loaded_context_length", "n_ctx",
)  # fmt: skip
"""Fields of `/v1/models` by which servers tell it: vLLM, OpenRouter and LM Studio, Groq, llama.cpp."""


def window_tokens(at: Endpoint, told: int | None) -> int:
    """Return the model's context window in tokens; `told` is the user's own word of it."""
    if told:
        return told
    known = context_tokens(at.model)
    if known is not None:
        return known
    return _served(at.base_url, at.api_key, at.model) if at.base_url else DEFAULT_CONTEXT_TOKENS


@cache
def _served(base_url: str, api_key: str, model: str) -> int:
    """Return what the server's list of models says; the default if it does not, or does not answer."""
    try:
        answer = httpx.get(
            f"{base_url.rstrip('/')}/models",
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=TIMEOUT_S,
        )
        listed = answer.json() if answer.status_code == httpx.codes.OK else {}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        # What is asked next is the model itself, and its failure has words of its own.
        return DEFAULT_CONTEXT_TOKENS
    return _told_by(listed, model) or DEFAULT_CONTEXT_TOKENS


def _told_by(listed: Any, model: str) -> int | None:
    """Return the window of the model in a list of models."""
    rows = listed.get("data") if isinstance(listed, dict) else None
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or row.get("id") not in (model, model.partition("/")[2]):
            continue
        meta = row.get("meta")
        for place in (row, meta if isinstance(meta, dict) else {}):
            found = next((place[name] for name in NAMES if isinstance(place.get(name), int)), 0)
            if found > 0:
                return int(found)
    return None
