"""Retries of a model's service: in the stage alone, over real HTTP and with a real Prefect server."""

import pytest
from prefect import flow

from paper2run.errors import ModelError
from paper2run.planners.message import Message
from tasks.drivers.model import chat
from tasks.running.caching import stage
from tests.scripted_llm import ScriptedLLM


@stage("probe", timeout_s=60)
def probe(url: str, scenario: str) -> str:
    return chat.ask(
        [Message("user", "Which environment?")],
        model=f"openai/{scenario}",
        base_url=url,
        api_key="sk-test-0123456789abcdefghij",
        schema=None,
        timeout_s=10.0,
        max_tokens=100,
    ).text


@flow
def asking(url: str, scenario: str) -> str:
    return probe.with_options(retry_delay_seconds=0)(url, scenario)


@pytest.mark.parametrize(
    ("scenario", "requests"), [("unavailable", 3), ("hangs-up", 3), ("bad-key", 1), ("no-quota", 1)]
)
def test_only_what_may_go_away_is_asked_again_and_in_one_layer(scenario, requests):
    with ScriptedLLM() as service, pytest.raises(ModelError):
        asking(service.url, scenario)
    assert len(service.requests) == requests


@pytest.mark.parametrize("scenario", ["unavailable-once", "slow-down-once"])
def test_a_service_that_recovers_answers_the_second_request(scenario):
    with ScriptedLLM() as service:
        assert "base_image" in asking(service.url, scenario)
    assert len(service.requests) == 2


def test_the_second_request_waits_as_long_as_the_service_wishes():
    with ScriptedLLM() as service:
        asking(service.url, "slow-down-once")
    first, second = service.requests
    assert second.at_s - first.at_s >= 1.0
