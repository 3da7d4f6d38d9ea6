"""The five examples of docs/model.md, each up to the HTTP request: host, path, key, body."""

import re
from pathlib import Path

import pytest

from paper2run.settings import Settings
from tasks.console import doctor
from tasks.drivers.model import chat
from tasks.drivers.model.model_endpoint import endpoint
from tasks.drivers.model.model_need import KEY_VARIABLES
from tests.scripted_llm import ScriptedLLM
from tests.stage.test_chat import QUESTION, SCHEMA

PAGE = (Path(__file__).parents[2] / "docs" / "model.md").read_text()
KEY = "test-key-0123456789abcdef"
# Example's words on the page; variable that holds the key; what leads a provider's own address to loopback, with
# what follows the host there; path; header of the key; the model's name in the body.
EXAMPLES = [
    ("export NVIDIA_API_KEY=", "NVIDIA_API_KEY", ("NVIDIA_NIM_API_BASE", "/v1"),
     "/v1/chat/completions", "Authorization", "deepseek-ai/deepseek-v4-flash"),
    ("--model openai/gpt-5-mini ", "OPENAI_API_KEY", ("OPENAI_BASE_URL", "/v1"),
     "/v1/chat/completions", "Authorization", "gpt-5-mini"),
    ("--model anthropic/claude-sonnet-4-5 ", "ANTHROPIC_API_KEY", ("ANTHROPIC_API_BASE", ""),
     "/v1/messages", "x-api-key", "claude-sonnet-4-5"),
    ("--model my-model --base-url http://127.0.0.1:8000/v1", "PAPER2RUN_API_KEY", None,
     "/v1/chat/completions", "Authorization", "my-model"),
    ("--model azure/my-deployment --base-url https://NAME.openai.azure.com", "AZURE_API_KEY", None,
     "/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21", "api-key", "my-deployment"),
]  # fmt: skip
VARIABLES = {name for _, key, way, *_ in EXAMPLES for name in (key, way and way[0]) if name}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example[1])
def test_each_example_of_the_page_leaves_as_its_provider_expects_it(example, monkeypatch):
    words, key, way, path, header, model = example
    [line] = [line for line in PAGE.splitlines() if words in f"{line} "]
    for name in {*VARIABLES, "PAPER2RUN_MODEL", "PAPER2RUN_BASE_URL", "PAPER2RUN_PLANNER"}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(key, KEY)
    monkeypatch.setenv("AZURE_API_VERSION", "2024-10-21")
    with ScriptedLLM() as service:
        host = service.url.removesuffix("/v1")
        if way:
            monkeypatch.setenv(way[0], host + way[1])
        flags = flags_of(line, host)
        if flags["base_url"]:
            # As the command line does with an address that its user typed.
            monkeypatch.setenv("PAPER2RUN_BASE_URL", flags["base_url"])
        at = endpoint(Settings(_env_file=None, **flags))
        answer = chat.ask(
            QUESTION, model=at.model, base_url=at.base_url, api_key=at.api_key, schema=SCHEMA,
            timeout_s=30.0, max_tokens=500,
        )  # fmt: skip
    assert '"base_image"' in answer.text
    [request] = service.requests
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["host"] == host.removeprefix("http://")
    assert request.path == path
    assert headers[header.lower()].removeprefix("Bearer ") == KEY
    assert request.body["model"] == model
    assert "Which environment?" in str(request.body["messages"])
    assert "base_image" in str(request.body), "the schema is sent"
    limits = {"max_tokens", "max_completion_tokens"} & request.body.keys()
    assert [request.body[name] for name in limits] == [500]
    assert KEY not in str(request.body)


@pytest.mark.parametrize(
    ("model", "works", "words"),
    [("success", True, "openai/success answered in"), ("bad-key", False, "did not accept the key")],
)
def test_the_doctor_asks_the_model(model, works, words):
    with ScriptedLLM() as service:
        found = doctor._model(Settings(_env_file=None, model=model, base_url=service.url))
    assert (found.works, found.needed) == (works, False)
    assert words in found.found
    assert works or found.do


def flags_of(line: str, host: str) -> dict[str, str]:
    """Return the flags of an example, its host replaced by the loopback server's."""
    found = dict(re.findall(r"--(model|base-url) (\S+)", line))
    address = found.get("base-url", "")
    here = re.sub(r"^https?://[^/]+", host, address)
    return {"model": found.get("model", ""), "base_url": here}


@pytest.mark.parametrize("provider", KEY_VARIABLES)
def test_the_key_that_is_asked_for_at_the_start_is_the_one_that_litellm_reads(
    provider, monkeypatch
):
    for name in KEY_VARIABLES[provider]:
        monkeypatch.delenv(name, raising=False)

    missing = chat.load_litellm().validate_environment(f"{provider}/model")["missing_keys"]

    assert missing
    assert set(missing) <= set(KEY_VARIABLES[provider])
