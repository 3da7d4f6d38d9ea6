"""Asks a language model one question through LiteLLM. The only module that calls it.

Makes each request once: retries belong to the stage that asks. The form of the answer (JSON schema, any JSON,
free text) is negotiated down when the service refuses it, and remembered for the model.
"""

import asyncio
import json
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from types import ModuleType
from typing import Any, Final, Literal

from paper2run.errors import ModelError
from paper2run.model.usage import Usage
from paper2run.planners.message import Message
from tasks.drivers.model.chat_failures import explained, is_refused_form
from tasks.drivers.model.model_need import INSTALL, NOT_INSTALLED, is_installed

Form = Literal["json_schema", "json_object", "none"]
FORMS: Final[tuple[Form, ...]] = ("json_schema", "json_object", "none")
DEFAULT_CONTEXT_TOKENS: Final = 8192
"""Context window assumed where nothing tells it: what local servers start with."""
_learnt: dict[tuple[str, str], int] = {}
"""Place in FORMS that worked, by model and address. `supports_response_schema` denies it for servers that can."""


@dataclass(frozen=True)
class Answer:
    """The model's answer and its cost."""

    text: str
    """Content, or the arguments of the tool call that came instead; may be empty."""
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None if LiteLLM knows no price."""
    latency_s: float
    finish_reason: str
    """`stop`, `length`, `content_filter`, `tool_calls`, …"""
    form: Form
    """The form that the service accepted."""


def ask(
    messages: Sequence[Message],
    *,
    model: str,
    base_url: str,
    api_key: str,
    schema: Mapping[str, Any] | None,
    timeout_s: float,
    max_tokens: int,
) -> Answer:
    """Return the answer to `messages`; `timeout_s` covers everything, negotiation included.

    `schema` is a JSON schema with a title; None asks for free text. An empty `base_url` or `api_key` leaves both
    to LiteLLM. ModelError for every failure of the service, with no trace of the key.
    """
    litellm = load_litellm()
    request: dict[str, Any] = {
        "model": model,
        "messages": [asdict(message) for message in messages],
        "api_base": base_url or None,
        "api_key": api_key or None,
        "timeout": timeout_s,
        "max_tokens": max_tokens,
        # The SDK below would retry twice by itself; nvidia_nim ignores max_retries unless it is allowed by name.
        "max_retries": 0,
        "num_retries": 0,
        "allowed_openai_params": ["max_retries"],
    }
    place = _learnt.get((model, base_url), 0) if schema is not None else len(FORMS) - 1
    started = time.monotonic()
    while True:
        form = FORMS[place]
        left_s = timeout_s - (time.monotonic() - started)
        outcome = _complete(litellm, request | _response_format(form, schema), left_s)
        if not isinstance(outcome, ModelError):
            break
        if not is_refused_form(outcome) or form == FORMS[-1]:
            raise outcome
        place += 1
    if schema is not None:
        _learnt[model, base_url] = place
    return _answer(outcome, form, time.monotonic() - started)


def estimate(
    messages: Sequence[Message], model: str, schema: Mapping[str, Any], max_tokens: int
) -> Usage:
    """Return the maximum cost of a question, as far as it is known in advance.

    The tokens of the prompt are counted as LiteLLM counts them for the model, or for OpenAI's where it knows no
    better; the cost is None if it knows no price.
    """
    litellm = load_litellm()
    texts = [message.content for message in messages] + [json.dumps(schema)]
    prompt_tokens = sum(litellm.token_counter(model=model, text=text) for text in texts)
    known = _known(model)
    read, write = known.get("input_cost_per_token"), known.get("output_cost_per_token")
    cost_usd = None
    if read is not None and write is not None:
        cost_usd = prompt_tokens * read + max_tokens * write
    return Usage(
        calls=1, prompt_tokens=prompt_tokens, completion_tokens=max_tokens, cost_usd=cost_usd
    )


def context_tokens(model: str) -> int | None:
    """Return the model's context window in tokens; None if LiteLLM does not know it."""
    known = _known(model)
    tokens = known.get("max_input_tokens") or known.get("max_tokens")
    return tokens if isinstance(tokens, int) and tokens > 0 else None


def _known(model: str) -> dict[str, Any]:
    """Return what LiteLLM's list says of the model; empty for one that it does not have."""
    listed: dict[str, dict[str, Any]] = load_litellm().model_cost
    return listed.get(model) or listed.get(model.split("/", 1)[-1]) or {}


def secrets(api_key: str) -> tuple[str, ...]:
    """Return every key that a message of the service or of LiteLLM could repeat.

    That is our key and all keys of the environment.
    """
    named = (
        value
        for name, value in sorted(os.environ.items())
        if name.endswith(("_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_AUTH_STRING"))
    )
    return tuple(filter(None, (api_key, *named)))


def load_litellm() -> ModuleType:
    """Return LiteLLM with its output silenced. ModelError if it is not installed.

    The import takes 4 to 5 s of CPU time, so it waits for the first question.
    """
    if not is_installed():
        raise ModelError(NOT_INSTALLED, hint=INSTALL)
    # Without this it loads any .env that it finds upward: inside a clone, a way to send our key elsewhere.
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    # Else it tries three times to fetch its price list from the network.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    # httpx honours proxies and certificate bundles as the rest of us does, and names its errors (chat_failures.py).
    litellm.disable_aiohttp_transport = True
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    loaded: ModuleType = litellm
    return loaded


def _complete(litellm: ModuleType, request: dict[str, Any], timeout_s: float) -> Any:
    """Return LiteLLM's response, or the ModelError that explains the failure."""
    import openai

    async def bounded() -> Any:
        # LiteLLM's own timeout applies to each read: a slowly dripping body outlasts it.
        return await asyncio.wait_for(litellm.acompletion(**request), timeout_s)

    known = secrets(request["api_key"] or "")
    future = asyncio.run_coroutine_threadsafe(bounded(), _loop())
    try:
        return future.result()
    except (
        openai.OpenAIError,
        TimeoutError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        # Returned, not raised: a raised one would carry LiteLLM's frames, which hold the key, as its context.
        return explained(error, request["model"], request["api_base"] or "", known)
    finally:
        # An interrupt cancels the request too; cancelling a finished one has no effect.
        future.cancel()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Return the event loop, in a thread of its own, in which all questions are asked.

    LiteLLM keeps HTTP clients by `id(loop)` (llm_caching_handler.py, 1.106.2): with one loop a question, a new loop
    at a dead one's address gets a closed client, and a few in a hundred questions fail.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="model", daemon=True).start()
    return loop


def _response_format(form: Form, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    if schema is None or form == "none":
        return {}
    if form == "json_object":
        return {"response_format": {"type": "json_object"}}
    # Not strict: OpenAI's strict mode refuses the bounds on lengths that keep other servers from running away.
    wrapped = {"name": schema["title"], "schema": dict(schema), "strict": False}
    return {"response_format": {"type": "json_schema", "json_schema": wrapped}}


def _answer(response: Any, form: Form, latency_s: float) -> Answer:
    choice = response.choices[0] if response.choices else None
    usage = response.usage
    return Answer(
        text=_text(choice.message) if choice else "",
        prompt_tokens=usage.prompt_tokens or 0,
        completion_tokens=usage.completion_tokens or 0,
        cost_usd=response._hidden_params.get("response_cost"),
        latency_s=latency_s,
        finish_reason=(choice.finish_reason or "") if choice else "",
        form=form,
    )


def _text(message: Any) -> str:
    """Return the content, or the arguments of the tool call that came in its place."""
    arguments = next((call.function.arguments for call in message.tool_calls or ()), "")
    return message.content or (arguments if isinstance(arguments, str) else json.dumps(arguments))
