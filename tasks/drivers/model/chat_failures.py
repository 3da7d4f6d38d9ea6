"""Maps failures of a model's service to our errors: cause, next step, whether to retry.

LiteLLM's exception classes mislead (a refused connection is its InternalServerError, a 413 its RateLimitError;
seen with 1.106.2), so the HTTP status and the connection error are looked up in the chain of causes.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from paper2run.errors import ModelError
from paper2run.redaction import redact

MAX_WORDS: Final = 300
"""Characters quoted of the service's own message."""
MAX_WAIT_S: Final = 60.0
"""Upper limit for the wait that a service asks for."""
QUOTA: Final = re.compile(r"quota|billing|credit|insufficient|payment", re.IGNORECASE)
FILTERED: Final = re.compile(
    r"content[ _](?:management[ _]|usage[ _])?polic|content[ _]filter|safety system", re.IGNORECASE
)
"""Messages of a 400 by which services withhold an answer; LiteLLM has an exception class only for some."""
NO_KEY: Final = re.compile(
    r"missing credentials|api[_ ]key.{0,80}(?:not set|missing|no key)|missing .{0,20}api key",
    re.IGNORECASE,
)
KEY_VARIABLE: Final = re.compile(r"\b[A-Z][A-Z0-9_]{1,40}_API_KEY\b")
"""The provider's own variable, as LiteLLM names it."""
NOT_A_PROVIDER: Final = "LLM Provider NOT provided"
CHECK_KEY: Final = "check PAPER2RUN_API_KEY, or NVIDIA_API_KEY for NVIDIA's endpoint, or the provider's own variable"
CHECK_ADDRESS: Final = (
    "check --model and --base-url; the address of an OpenAI-compatible server usually ends in /v1"
)
TRY_LATER: Final = "try again later, or use another model"


class RefusedForm(ModelError):
    """The service did not accept the request as it stands; asking for a simpler form of answer may help."""


class PromptTooLong(ModelError):
    """The prompt does not fit into the model's context window."""


def is_refused_form(error: ModelError) -> bool:
    """Whether the same question may be accepted when less is asked of the answer's form."""
    return isinstance(error, RefusedForm)


def explained(
    error: BaseException, model: str, base_url: str, secrets: tuple[str, ...]
) -> ModelError:
    """Return our own error for one of LiteLLM's; it holds neither keys nor the original."""
    place = f"{model} at {redact(base_url, secrets)}" if base_url else model
    words = _words(error, secrets)
    names = {type(link).__name__ for link in _chain(error)}
    status = _http_status(error)
    if status is None:
        return _without_status(names, words, place)
    if "ContentPolicyViolationError" in names or (status == 400 and FILTERED.search(words)):
        return ModelError(f"{place} refused to answer: {words}", hint="try another model")
    if "ContextWindowExceededError" in names or status == 413:
        return PromptTooLong(
            f"the prompt is too long for {place}: {words}",
            hint="use a model with a larger context window",
        )
    return _by_status(status, words, place, _retry_after_s(error))


def _by_status(status: int, words: str, place: str, retry_after_s: float) -> ModelError:
    said = f"(HTTP {status}): {words}"
    match status:
        case 401:
            return ModelError(f"{place} did not accept the key {said}", hint=CHECK_KEY)
        case 402:
            return ModelError(
                f"{place} asks to be paid {said}",
                hint="top up the account, or use another model",
            )
        case 403:
            return ModelError(f"the key may not use {place} {said}", hint=CHECK_KEY)
        case 404 | 405 | 410:
            return ModelError(f"{place} does not exist {said}", hint=CHECK_ADDRESS)
        case 429 if QUOTA.search(words):
            return ModelError(
                f"the account's quota for {place} is used up {said}",
                hint="raise the quota, or use another model",
            )
        case 408 | 409 | 425 | 429:
            return ModelError(
                f"{place} asks to slow down {said}",
                hint=TRY_LATER,
                transient=True,
                retry_after_s=retry_after_s,
            )
        case _ if status >= 500:
            return ModelError(
                f"{place} failed {said}",
                hint=TRY_LATER,
                transient=True,
                retry_after_s=retry_after_s,
            )
        case _:
            return RefusedForm(f"{place} did not accept the request {said}", hint=CHECK_ADDRESS)


def _without_status(names: set[str], words: str, place: str) -> ModelError:
    if names & {"Timeout", "TimeoutError", "APITimeoutError", "ReadTimeout", "ConnectTimeout"}:
        return ModelError(f"{place} gave no whole answer in time", hint=TRY_LATER, transient=True)
    if names & {
        "APIConnectionError",
        "ConnectError",
        "TransportError",
        "RemoteProtocolError",
        "ReadError",
    }:
        return ModelError(f"{place} cannot be reached", hint=CHECK_ADDRESS, transient=True)
    if "AuthenticationError" in names or NO_KEY.search(words):
        variable = KEY_VARIABLE.search(words)
        hint = f"set {variable[0]} or PAPER2RUN_API_KEY" if variable else CHECK_KEY
        return ModelError(f"there is no key for {place}", hint=hint)
    if NOT_A_PROVIDER in words:
        return ModelError(f"{place}: LiteLLM knows no such provider", hint=CHECK_ADDRESS)
    if names & {"UnsupportedParamsError", "BadRequestError", "UnprocessableEntityError"}:
        return RefusedForm(f"{place} cannot be asked in this way: {words}", hint=CHECK_ADDRESS)
    return ModelError(
        f"{place} answered with something that is no completion: {words}", hint=CHECK_ADDRESS
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all that led to it."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _http_status(error: BaseException) -> int | None:
    """Return the status that really came over the wire; None if no answer came, or one with status 200."""
    for link in _chain(error):
        # LiteLLM's own exceptions carry made-up responses.
        if type(link).__module__.split(".")[0] in {
            "httpx",
            "openai",
        } or "MaskedHTTPStatusError" in str(type(link)):
            status = getattr(getattr(link, "response", None), "status_code", None)
            if isinstance(status, int):
                return status if status >= 400 else None
    return None


def _retry_after_s(error: BaseException) -> float:
    """Return the wait in seconds that the service asks for, at most MAX_WAIT_S.

    The header holds seconds or a date (RFC 9110, 10.2.3).
    """
    headers = getattr(error, "litellm_response_headers", None) or {}
    value = str(headers.get("retry-after", "")).strip()
    if re.fullmatch(r"\d+(?:\.\d+)?", value):
        return min(float(value), MAX_WAIT_S)
    try:
        left = parsedate_to_datetime(value) - datetime.now(UTC)
    except (ValueError, TypeError):
        return 0.0
    return min(max(left.total_seconds(), 0.0), MAX_WAIT_S)


def _words(error: BaseException, secrets: tuple[str, ...]) -> str:
    """Return the service's message on one line, without keys and without LiteLLM's chain of class names."""
    first = redact(str(error), secrets).split("\nTraceback")[0].split(" Traceback (most recent")[0]
    plain = re.sub(r"^(?:litellm\.\w+: |\w+(?:Error|Exception)(?: - |: ))+", "", first)
    return re.sub(r"\s+", " ", plain).strip()[:MAX_WORDS]
