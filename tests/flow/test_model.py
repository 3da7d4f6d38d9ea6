"""A model as diagnostician and planner, over real HTTP, in whole runs with a real engine."""

import json
from pathlib import Path

import pytest

from flows.reproduce import reproduce
from tests.scripted_llm import ScriptedLLM

pytestmark = pytest.mark.docker


@pytest.fixture
def service():
    with ScriptedLLM() as running:
        yield running


def run_of(repo: str, tmp_path: Path, service: ScriptedLLM, model: str, **more: object):
    state = reproduce(
        repo=repo,
        out=str(tmp_path / "runs"),
        model=model,
        base_url=service.url,
        return_state=True,
        **more,
    )
    metadata, folder = state.result()
    return metadata, Path(folder)


@pytest.fixture
def unknown_failure(repository, request) -> str:
    return repository({"main.py": f"print({request.node.name!r})\nraise SystemExit(7)\n"})


def test_a_model_may_stop_where_the_rules_abstain(unknown_failure, tmp_path, service):
    metadata, folder = run_of(unknown_failure, tmp_path, service, "stop", smoke="python main.py")

    assert metadata.status == "stopped-by-llm"
    assert metadata.tokens == 120
    assert "CUDA" in metadata.reason
    [dump] = (folder / "logs").glob("diagnose-*.json")
    assert json.loads(dump.read_text())["model"]


def test_a_repair_of_the_model_is_built_and_run(unknown_failure, tmp_path, service):
    metadata, folder = run_of(
        unknown_failure, tmp_path, service, "success-repair", smoke="python main.py"
    )

    assert (metadata.status, metadata.attempts) == ("success", 2), metadata.reason
    diagnosis = json.loads((folder / "attempts" / "01" / "diagnosis.json").read_text())
    assert diagnosis["by"] == "model:success-repair"


def test_a_dead_model_never_loses_a_run(unknown_failure, tmp_path, service):
    metadata, folder = run_of(unknown_failure, tmp_path, service, "bad-key", smoke="python main.py")

    assert metadata.status == "smoke-failed"
    assert "no help from the model" in (folder / "run.log").read_text()


def test_a_second_run_asks_the_model_nothing(unknown_failure, tmp_path, service):
    run_of(unknown_failure, tmp_path, service, "stop", smoke="python main.py")
    asked = len(service.requests)
    metadata, _ = run_of(unknown_failure, tmp_path, service, "stop", smoke="python main.py")

    assert metadata.status == "stopped-by-llm"
    assert len(service.requests) == asked
    assert metadata.tokens == 0


def test_rules_that_can_answer_never_ask_the_model(repository, tmp_path, service):
    repo = repository({"main.py": 'open("data/train.csv")\n'})
    metadata, _ = run_of(repo, tmp_path, service, "stop", smoke="python main.py")

    assert metadata.status == "stopped-by-rule"
    assert service.requests == []
