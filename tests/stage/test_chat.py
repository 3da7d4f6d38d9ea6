import asyncio
import importlib.util
import pickle
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from paper2run.errors import ModelError
from paper2run.planners.message import Message
from tasks.drivers.model import chat
from tasks.drivers.model.chat_failures import PromptTooLong

spec = importlib.util.spec_from_file_location(
    "scripted_llm", Path(__file__).parents[1] / "scripted_llm.py"
)
scripted_llm = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scripted_llm)

KEY = "sk-test-0123456789abcdefghij"
SCHEMA = {"title": "answer", "type": "object", "properties": {"base_image": {"type": "string"}}}
QUESTION = [Message("system", "Answer in JSON."), Message("user", "Which environment?")]


@pytest.fixture(scope="module")
def service():
    with scripted_llm.ScriptedLLM() as running:
        yield running


@pytest.fixture(autouse=True)
def forget_forms(service):
    chat._learnt.clear()
    service.requests.clear()


def ask(service, scenario, **changes):
    given = {
        "model": f"openai/{scenario}", "base_url": service.url, "api_key": KEY, "schema": SCHEMA,
        "timeout_s": 30.0, "max_tokens": 500,
    }  # fmt: skip
    return chat.ask(QUESTION, **{**given, **changes})


def failure(service, scenario, **changes):
    with pytest.raises(ModelError) as caught:
        ask(service, scenario, **changes)
    return caught.value


def test_an_answer_comes_with_what_it_took(service):
    answer = ask(service, "success")
    assert '"base_image": "python:3.11-slim"' in answer.text
    assert (answer.prompt_tokens, answer.completion_tokens) == (100, 20)
    assert (answer.finish_reason, answer.form, answer.cost_usd) == ("stop", "json_schema", None)
    assert 0 < answer.latency_s < 30
    body = service.requests[0].body
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert body["max_tokens"] == 500
    assert not body.get("stream")


def test_the_cost_is_given_where_the_price_is_known(service):
    assert ask(service, "success", model="openai/gpt-4o").cost_usd == pytest.approx(0.00045)


@pytest.mark.parametrize(
    ("scenario", "form", "requests"), [("no-schema", "json_object", 2), ("no-json-mode", "none", 3)]
)
def test_a_form_that_is_refused_is_given_up_once_for_the_model(service, scenario, form, requests):
    assert ask(service, scenario).form == form
    assert len(service.requests) == requests
    assert ask(service, scenario).form == form
    assert len(service.requests) == requests + 1


def test_the_arguments_of_a_tool_call_are_the_answer(service):
    assert '"base_image"' in ask(service, "tool-call").text


@pytest.mark.parametrize("scenario", ["empty", "reasoning-only", "content-filter", "no-choices"])
def test_an_answer_without_content_is_empty(service, scenario):
    assert ask(service, scenario).text == ""


def test_a_cut_off_answer_says_so(service):
    assert ask(service, "truncated").finish_reason == "length"


@pytest.mark.parametrize(
    ("scenario", "transient", "words"),
    [
        ("bad-key", False, "did not accept the key"),
        ("forbidden", False, "may not use"),
        ("unknown-model", False, "does not exist"),
        ("bad-request", False, "messages must alternate"),
        ("no-quota", False, "quota"),
        ("rate-limit", True, "slow down"),
        ("server-error", True, "HTTP 500"),
        ("bad-gateway", True, "HTTP 502"),
        ("unavailable", True, "HTTP 503"),
        ("html", False, "no completion"),
        ("filtered", False, "refused to answer"),
        ("hangs-up", True, "cannot be reached"),
    ],
)
def test_failures_of_the_service_are_said_in_words(service, scenario, transient, words):
    error = failure(service, scenario)
    assert words in error.what
    assert error.transient is transient
    assert error.hint
    expected = len(chat.FORMS) if scenario == "bad-request" else 1
    assert len(service.requests) == expected


@pytest.mark.parametrize("scenario", ["too-long", "too-large"])
def test_a_prompt_that_is_too_long_is_told_apart(service, scenario):
    assert isinstance(failure(service, scenario), PromptTooLong)
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("scenario", "wish_s"),
    [("rate-limit", 7), ("rate-limit-long", 60), ("rate-limit-date", 60), ("rate-limit-odd", 0)],
)
def test_the_services_wish_to_be_left_alone_is_kept_up_to_a_minute(service, scenario, wish_s):
    error = failure(service, scenario)
    assert error.transient
    assert error.retry_after_s == wish_s


@pytest.mark.parametrize("scenario", ["hang", "drip"])
def test_no_service_can_hold_us_longer_than_the_limit(service, scenario):
    started = time.monotonic()
    error = failure(service, scenario, timeout_s=2.0)
    assert time.monotonic() - started < 6
    assert error.transient
    assert "in time" in error.what


def test_an_address_where_nobody_listens_is_transient(service):
    error = failure(service, "success", base_url="http://127.0.0.1:9/v1")
    assert error.transient
    assert "cannot be reached" in error.what


def test_a_missing_key_is_said_in_words(service, monkeypatch):
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for model in ("openai/gpt-4o", "anthropic/claude-3-5-haiku-20241022"):
        error = failure(service, "success", model=model, base_url="", api_key="")
        assert "no key" in error.what
        assert not error.transient


def test_an_unknown_provider_is_said_in_words(service):
    assert "no such provider" in failure(service, "success", model="nobody/knows", base_url="").what


@pytest.mark.parametrize("scenario", ["bad-key", "server-error", "html", "hang"])
def test_no_key_is_left_in_an_error(service, scenario):
    error = failure(service, scenario, timeout_s=2.0)
    again = pickle.loads(pickle.dumps(error))
    assert (again.what, again.transient) == (error.what, error.transient)
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=False).format()
    )
    for text in (error.what, error.hint, shown, repr(again.__dict__)):
        assert KEY not in text
        assert "sk-scripted" not in text


def test_what_a_question_may_cost_is_known_before_it_is_asked():
    messages = [Message("user", "word " * 1000)]
    priced = chat.estimate(messages, "openai/gpt-4o", SCHEMA, 500)
    assert 1000 < priced.prompt_tokens < 1100
    assert priced.completion_tokens == 500
    assert priced.cost_usd == pytest.approx(priced.prompt_tokens * 2.5e-6 + 500 * 1e-5)
    assert chat.estimate(messages, "openai/somebody-s-own", SCHEMA, 500).cost_usd is None


def test_the_context_window_is_known_to_litellm_or_not():
    assert chat.context_tokens("openai/gpt-4o") == 128_000
    assert chat.context_tokens("openai/somebody-s-own") is None


def test_questions_asked_one_after_another_and_at_once_do_not_disturb_each_other(service):
    for _ in range(10):
        assert ask(service, "success").text
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(service, "success"), range(40)))
    assert all(answer.text for answer in answers)
    assert len(service.requests) == 50


def test_a_question_can_be_asked_from_within_an_event_loop(service):
    async def caller():
        return ask(service, "success")

    assert asyncio.run(caller()).text
