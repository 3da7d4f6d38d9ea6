"""A run reads its settings once: later changes have no effect, and the server sees no key."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName

from flows.reproduce import reproduce

pytestmark = pytest.mark.docker
KEY = "nv-s3cret-of-this-test"
INDEX_LOGIN = "index-s3cret-of-this-test"


class ChangeTheEnvironment(logging.Handler):
    """Changes variables when the first attempt is about to start."""

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__()
        self.variables = variables
        self.done = False

    def emit(self, record: logging.LogRecord) -> None:
        if "attempt 1:" in record.getMessage():
            os.environ.update(self.variables)
            self.done = True


@pytest.fixture
def change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChangeTheEnvironment]:
    variables = {
        "PAPER2RUN_MEMORY_MB": "77",
        "PAPER2RUN_SMOKE_NETWORK": "bridge",
        "PAPER2RUN_HOME": str(tmp_path / "elsewhere"),
    }
    for name in variables:
        if name in os.environ:
            # Put back at the end of the test, whatever the run makes of it.
            monkeypatch.setenv(name, os.environ[name])
        else:
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)
    handler = ChangeTheEnvironment(variables)
    logger = logging.getLogger("prefect.flow_runs")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_a_variable_that_changes_in_the_middle_changes_nothing_and_no_key_is_a_parameter(
    change, repository, tmp_path, monkeypatch
):
    monkeypatch.setenv("NVIDIA_API_KEY", KEY)
    monkeypatch.setenv(
        "PAPER2RUN_TORCH_INDEX_URL", f"https://user:{INDEX_LOGIN}@mirror.example.org/"
    )
    repo = repository({"main.py": "print('works')\n"})

    metadata, folder = reproduce(
        repo=repo,
        out=str(tmp_path / "runs"),
        planner="rules",
        smoke="python main.py",
        return_state=True,
    ).result()

    assert change.done
    assert metadata.status == "success", metadata.reason
    words = (Path(folder) / "INSTRUCTIONS.md").read_text()
    assert "--network=none" in words
    assert "--memory=4096m" in words
    assert not (tmp_path / "elsewhere").exists()
    with get_client(sync_client=True) as client:
        attempts = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["attempt", "reproduce"]))
        )
    told = [run for run in attempts if str(folder) in json.dumps(run.parameters)]
    assert len(told) == 1
    for run in attempts:
        assert KEY not in json.dumps(run.parameters)
        assert INDEX_LOGIN not in json.dumps(run.parameters)
