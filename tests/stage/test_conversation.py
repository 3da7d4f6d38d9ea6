import importlib.util
import json
from pathlib import Path

import pytest

from paper2run.errors import ModelError
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.facts import Command, EntryPoint, RepoFacts
from paper2run.model.outcome import Built, Log, SmokeFailed
from paper2run.model.report import Attempt
from paper2run.model.usage import total
from paper2run.model.value import Source
from paper2run.planners.known import Known
from paper2run.planners.message import Message
from paper2run.planners.wire import PLAN_SCHEMA
from paper2run.settings import Settings
from tasks.drivers.model import chat, conversation, talk
from tasks.drivers.model.ledger import Ledger
from tasks.drivers.model.model_endpoint import NO_KEY, endpoint, unset_keys

spec = importlib.util.spec_from_file_location(
    "scripted_llm", Path(__file__).parents[1] / "scripted_llm.py"
)
scripted_llm = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scripted_llm)

KEY = "sk-test-0123456789abcdefghij"
FACTS = RepoFacts(
    facts=(
        Command(
            purpose="run",
            line=f"python run.py --key {KEY}",
            source=Source(kind="readme", path="README.md"),
        ),
        EntryPoint(name="main.py", form="script", source=Source(kind="file", path="main.py")),
    )
)
KNOWN = Known(FACTS)
PLANNED = PlannedEnvironment(
    plan=EnvPlan(
        base_image="python:3.9-slim",
        install_steps=("pip install x",),
        smoke_command="python run.py",
    ),
    planner="rules",
)
FAILED = SmokeFailed(
    exit_code=1, seconds=1.0, log=Log(stderr="fatal error: foo.h: No such file or directory")
)
DONE = Attempt(
    number=1,
    planned=PLANNED,
    built=Built(image="i", image_id="sha256:1", seconds=1.0, size_bytes=1),
    smoke=FAILED,
)


@pytest.fixture
def service():
    chat._learnt.clear()
    with scripted_llm.ScriptedLLM() as running:
        yield running


def settings(service, scenario, **more):
    given = {"model": f"openai/{scenario}", "base_url": service.url, "api_key": KEY} | more
    return Settings(_env_file=None, **given)


def plan(service, scenario, folder, **more):
    answer = conversation.plan(settings(service, scenario, **more), KNOWN, PLANNED, (), folder)
    return answer.plan


def spent(folder):
    return total(Ledger(folder).calls())


def diagnose(service, scenario, folder, planned=PLANNED):
    return conversation.diagnose(
        settings(service, scenario), DONE.changed(planned=planned), "FROM x", KNOWN, (), folder
    )


@pytest.mark.parametrize(
    "scenario", ["success", "fenced", "tool-call", "no-schema", "no-json-mode"]
)
def test_a_good_answer_is_a_plan_at_the_first_try(service, tmp_path, scenario):
    made = plan(service, scenario, tmp_path)
    usage = spent(tmp_path)
    assert made.base_image == "python:3.11-slim"
    assert made.env == {"OMP_NUM_THREADS": "1"}
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.cost_usd) == (
        1,
        100,
        20,
        None,
    )


@pytest.mark.parametrize("scenario", ["garbage-then-success", "evil-then-success"])
def test_a_wrong_answer_is_corrected_once(service, tmp_path, scenario):
    assert plan(service, scenario, tmp_path).base_image == "python:3.11-slim"
    assert (spent(tmp_path).calls, spent(tmp_path).tokens) == (2, 240)
    roles = [message["role"] for message in service.requests[-1].body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


def test_a_model_may_look_before_it_answers(service, tmp_path):
    made = plan(service, "looks-then-plan", tmp_path, model_context=32_000)
    assert made.base_image == "python:3.11-slim"
    _, second, third = (request.body["messages"] for request in service.requests)
    assert [message["role"] for message in third[2:]] == ["assistant", "user"] * 2
    assert "L1, names in a folder" in second[3]["content"]
    assert "L3, names in a folder" in third[5]["content"]


def test_a_model_that_only_looks_is_given_up(service, tmp_path):
    with pytest.raises(ModelError, match="no JSON object"):
        plan(service, "only-looks", tmp_path, model_context=32_000)
    assert len(service.requests) == conversation.MAX_TURNS + conversation.CHANCES
    last_look = service.requests[conversation.MAX_TURNS].body["messages"][-1]["content"]
    assert last_look.endswith("No looks are left: answer with the JSON object.")


def test_a_small_window_is_offered_no_looks(service, tmp_path):
    plan(service, "success", tmp_path)
    plan(service, "success", tmp_path, model_context=32_000)
    small, large = (request.body["messages"][0]["content"] for request in service.requests)
    assert "you may look" not in small
    assert "you may look" in large


@pytest.mark.parametrize("window_tokens", [4096, 8192, 16_000, 32_000, 200_000])
def test_question_looks_and_answer_fit_into_the_window(window_tokens):
    question, looks = conversation.rooms(window_tokens)
    left = window_tokens - (question + looks) // conversation.CHARS_PER_TOKEN
    assert left >= min(conversation.MAX_ANSWER_TOKENS, window_tokens // 2)
    assert question <= conversation.MAX_PROMPT_TOKENS * conversation.CHARS_PER_TOKEN


def test_an_exchange_ends_after_its_time(service, tmp_path, monkeypatch):
    monkeypatch.setattr(talk, "EXCHANGE_S", 0.0)
    with pytest.raises(ModelError, match="without a decision"):
        plan(service, "success", tmp_path)
    assert service.requests == []


def test_the_correction_quotes_what_was_wrong(service, tmp_path):
    plan(service, "evil-then-success", tmp_path)
    asked = service.requests[-1].body["messages"][-1]["content"]
    assert "install_steps.0: a download must not be piped into a shell" in asked


@pytest.mark.parametrize(
    ("scenario", "calls", "words"),
    [
        ("garbage", 3, "no JSON object"),
        ("evil", 3, "piped into a shell"),
        ("truncated", 3, "no JSON object"),
        ("empty", 3, "no JSON object"),
        ("reasoning-only", 3, "no JSON object"),
        ("no-choices", 3, "no JSON object"),
        ("content-filter", 1, "content filter"),
    ],
)
def test_a_model_that_stays_wrong_is_given_up_and_counted(
    service, tmp_path, scenario, calls, words
):
    with pytest.raises(ModelError) as caught:
        plan(service, scenario, tmp_path)
    assert words in caught.value.what
    assert not caught.value.transient
    assert (spent(tmp_path).calls, spent(tmp_path).tokens) == (calls, 120 * calls)
    assert len(service.requests) == calls


def test_a_failing_service_is_not_asked_again_here(service, tmp_path):
    with pytest.raises(ModelError) as caught:
        plan(service, "unavailable", tmp_path)
    assert caught.value.transient
    assert len(service.requests) == 1
    [call] = Ledger(tmp_path).calls()
    assert (call.purpose, call.model) == ("plan", "openai/unavailable")
    assert (call.prompt_tokens, call.cost_usd) == (0, 0)
    assert "HTTP 503" in call.failure
    assert call.latency_s > 0


def test_a_prompt_that_is_too_long_is_halved(service, tmp_path):
    many = tuple(
        Command(purpose="run", line=f"python run_{n}.py {'x' * 400}", source=Source(kind="readme"))
        for n in range(99)
    )
    asked = settings(service, "too-long-once")
    known = Known(RepoFacts(facts=(*FACTS.facts, *many)))
    conversation.plan(asked, known, PLANNED, (), tmp_path)
    first, second = (len(str(request.body["messages"])) for request in service.requests)
    assert second < 0.7 * first
    refused, answered = Ledger(tmp_path).calls()
    assert refused.failure.startswith("the prompt is too long")
    assert answered.failure == ""


def test_a_prompt_far_below_what_was_thought_to_fit_is_halved_too(service, tmp_path):
    assert plan(service, "too-long-once", tmp_path).base_image == "python:3.11-slim"
    whole, half = (str(request.body["messages"]) for request in service.requests)
    assert len(half) < len(whole)


def test_a_correction_that_does_not_fit_is_asked_for_with_less_of_the_prompt(service, tmp_path):
    assert plan(service, "too-long-correction", tmp_path).base_image == "python:3.11-slim"
    _, whole, less = (request.body["messages"] for request in service.requests)
    assert len(less[1]["content"]) < len(whole[1]["content"])
    assert less[2:] == whole[2:]


def test_a_stop_and_a_repair_come_back_as_decisions(service, tmp_path):
    stop = diagnose(service, "stop", tmp_path).decision
    assert (stop.decision, stop.confidence, stop.new_plan) == ("stop", "high", None)
    repair = diagnose(service, "repair", tmp_path).decision
    assert repair.decision == "repair"
    assert repair.new_plan.system_packages == ("libfoo-dev",)
    prompt = service.requests[-1].body["messages"][1]["content"]
    assert "fatal error: foo.h" in prompt
    assert (
        service.requests[-1].body["response_format"]["json_schema"]["name"] == "DiagnosisDecision"
    )


def test_a_repair_that_was_tried_is_no_repair(service, tmp_path):
    repair = diagnose(service, "repair", tmp_path)
    with pytest.raises(ModelError, match="tried and failed"):
        diagnose(service, "repair", tmp_path, PLANNED.changed(plan=repair.decision.new_plan))


def test_every_call_is_dumped_without_keys(service, tmp_path):
    plan(service, "garbage-then-success", tmp_path / "logs")
    with pytest.raises(ModelError):
        plan(service, "bad-key", tmp_path / "logs")
    names = sorted(path.name for path in (tmp_path / "logs").glob("*.json"))
    assert names == ["plan-01.json", "plan-02.json", "plan-03.json"]
    for name in names:
        text = (tmp_path / "logs" / name).read_text()
        assert KEY not in text
        assert "sk-scripted" not in text
        record = json.loads(text)
        assert record["messages"][0]["role"] == "system"
        assert ("answer" in record) != ("error" in record)


def test_a_service_that_stays_silent_is_not_asked_for_the_whole_run(service, tmp_path):
    for _ in range(4):
        with pytest.raises(ModelError) as caught:
            plan(service, "unavailable", tmp_path)
    assert "last 3 requests of this run had no answer" in caught.value.what
    assert "HTTP 503" in caught.value.what
    assert not caught.value.transient
    assert len(service.requests) == 3


def test_a_budget_is_held_before_the_call(service, tmp_path):
    with pytest.raises(ModelError, match="budget of 100 tokens") as caught:
        plan(service, "success", tmp_path, max_tokens=100)
    assert "--max-tokens" in caught.value.hint
    assert not caught.value.transient
    assert service.requests == []


def test_a_budget_of_seconds_ends_an_answer_that_takes_longer(service, tmp_path):
    with pytest.raises(ModelError, match="no whole answer in time"):
        plan(service, "hang", tmp_path, max_model_seconds=1.0)
    with pytest.raises(ModelError, match="budget of 1 seconds of the model is used up"):
        plan(service, "hang", tmp_path, max_model_seconds=1.0)
    assert len(service.requests) == 1


def test_a_correction_must_fit_into_the_budget_too(service, tmp_path):
    plan(service, "success", tmp_path / "first")
    [first] = service.requests
    messages = [Message(**message) for message in first.body["messages"]]
    needed = chat.estimate(messages, "openai/garbage", PLAN_SCHEMA, 2048).tokens
    with pytest.raises(ModelError, match="120 spent"):
        plan(service, "garbage", tmp_path, max_tokens=needed)
    assert len(service.requests) == 2


def test_what_earlier_exchanges_of_the_run_spent_counts(service, tmp_path):
    plan(service, "success", tmp_path)
    for _ in range(20):
        Ledger(tmp_path).add(Ledger(tmp_path).calls()[0])
    with pytest.raises(ModelError, match="2520 spent"):
        plan(service, "success", tmp_path, max_tokens=5000)


def test_a_budget_in_money_needs_a_known_price(service, tmp_path):
    with pytest.raises(ModelError, match="price of the model is unknown"):
        plan(service, "success", tmp_path, max_cost_usd=1.0)
    with pytest.raises(ModelError, match=r"budget of \$0.001"):
        plan(service, "success", tmp_path, model="openai/gpt-4o", max_cost_usd=0.001)
    assert service.requests == []
    plan(service, "success", tmp_path, model="openai/gpt-4o", max_cost_usd=1.0)
    assert spent(tmp_path).cost_usd == pytest.approx(0.00045)


def settings_in(monkeypatch, environment, given):
    for name in (
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "NVIDIA_API_KEY",
        "NVIDIA_NIM_API_KEY",
        "PAPER2RUN_API_KEY",
        "PAPER2RUN_BASE_URL",
        "PAPER2RUN_MODEL",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in dict(environment).items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None, **given)


def means(monkeypatch, environment=(), **given):
    found = endpoint(settings_in(monkeypatch, environment, given))
    return found.model, found.base_url, found.api_key


HERE = "http://127.0.0.1:8000/v1"
DEFAULT = "nvidia_nim/deepseek-ai/deepseek-v4-flash"
NVIDIA = "https://integrate.api.nvidia.com/v1"


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        ({"nvidia_api_key": "nv"}, {}, (DEFAULT, "", "nv")),
        # A key goes to its own host, or to an address that came from where the key came from.
        ({"nvidia_api_key": "nv", "base_url": HERE}, {}, (DEFAULT, HERE, NO_KEY)),
        ({"nvidia_api_key": "nv", "base_url": HERE, "api_key": "own"}, {}, (DEFAULT, HERE, NO_KEY)),
        (
            {"nvidia_api_key": "nv", "api_key": "own"},
            {"PAPER2RUN_BASE_URL": HERE},
            (DEFAULT, HERE, "own"),
        ),
        (
            {"nvidia_api_key": "nv", "base_url": NVIDIA.replace("https", "http")},
            {},
            (DEFAULT, NVIDIA.replace("https", "http"), NO_KEY),
        ),
        ({"model": "anthropic/c", "base_url": HERE}, {}, ("anthropic/c", HERE, NO_KEY)),
        (
            {"model": "anthropic/c", "api_key": "own"},
            {"PAPER2RUN_BASE_URL": HERE},
            ("anthropic/c", HERE, "own"),
        ),
        (
            {"model": "openai/m", "base_url": HERE},
            {"OPENAI_API_KEY": "o"},
            ("openai/m", HERE, NO_KEY),
        ),
        (
            {"nvidia_api_key": "nv", "model": "deepseek-ai/x"},
            {},
            ("nvidia_nim/deepseek-ai/x", "", "nv"),
        ),
        (
            {"nvidia_api_key": "nv", "model": "a/b", "base_url": NVIDIA},
            {},
            ("nvidia_nim/a/b", NVIDIA, "nv"),
        ),
        (
            {"nvidia_api_key": "nv", "model": "a/b", "base_url": HERE},
            {},
            ("openai/a/b", HERE, NO_KEY),
        ),
        (
            {"nvidia_api_key": "nv", "model": "anthropic/c", "api_key": "own"},
            {},
            ("anthropic/c", "", "own"),
        ),
        (
            {"model": "local", "base_url": HERE},
            {"OPENAI_API_KEY": "o"},
            ("openai/local", HERE, NO_KEY),
        ),
        (
            {"model": "openai/m"},
            {"OPENAI_API_KEY": "o", "PAPER2RUN_BASE_URL": HERE},
            ("openai/m", HERE, "o"),
        ),
        ({"model": "gpt-4o"}, {"OPENAI_API_KEY": "o"}, ("gpt-4o", "", "")),
        ({"model": "nvidia_nim/x"}, {"NVIDIA_NIM_API_KEY": "nim"}, ("nvidia_nim/x", "", "nim")),
    ],
)
def test_settings_mean_one_model_one_address_one_key(monkeypatch, given, environment, expected):
    assert means(monkeypatch, environment, **given) == expected


def test_nvidias_key_alone_is_not_enough_for_another_address(monkeypatch):
    with pytest.raises(ModelError, match="no key"):
        means(monkeypatch, {"PAPER2RUN_BASE_URL": HERE}, nvidia_api_key="nv")


@pytest.mark.parametrize("given", [{}, {"model": "nvidia_nim/x"}])
def test_what_is_missing_is_said_before_anything_is_asked(monkeypatch, given):
    with pytest.raises(ModelError) as caught:
        means(monkeypatch, **given)
    assert "NVIDIA_API_KEY" in caught.value.hint


def test_an_endpoint_does_not_show_its_key():
    assert KEY not in repr(endpoint(Settings(_env_file=None, model="anthropic/c", api_key=KEY)))


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        ({}, {}, []),
        ({"model": "openai/m", "planner": "rules"}, {}, []),
        ({"model": "openai/m"}, {}, ["OPENAI_API_KEY", "PAPER2RUN_API_KEY"]),
        ({"model": "anthropic/c"}, {}, ["ANTHROPIC_API_KEY", "PAPER2RUN_API_KEY"]),
        ({"model": "openai/m"}, {"OPENAI_API_KEY": "o"}, []),
        ({"model": "openai/m", "api_key": "own"}, {}, []),
        ({"model": DEFAULT}, {}, ["NVIDIA_API_KEY", "PAPER2RUN_API_KEY"]),
        ({"model": "a/b", "nvidia_api_key": "nv"}, {}, []),
        ({"model": DEFAULT}, {"NVIDIA_NIM_API_KEY": "nv"}, []),
        # NVIDIA's key is not for another address, and no key is for one that a flag names.
        ({"model": DEFAULT}, {"PAPER2RUN_BASE_URL": HERE}, ["PAPER2RUN_API_KEY"]),
        ({"model": "m"}, {"PAPER2RUN_BASE_URL": HERE}, ["PAPER2RUN_API_KEY"]),
        ({"model": "m", "base_url": HERE}, {}, []),
        ({"model": "openai/m", "base_url": HERE}, {}, []),
    ],
)
def test_a_key_is_looked_for_elsewhere_where_the_environment_has_none_for_the_model(
    monkeypatch, given, environment, expected
):
    assert [*unset_keys(settings_in(monkeypatch, environment, given))] == expected
