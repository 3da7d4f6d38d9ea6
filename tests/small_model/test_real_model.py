"""A real small model behind real HTTP: answers fit the schema, and runs reach a verdict."""

import json
from pathlib import Path

import pytest

from benchmarks.small_model import NAME, NoSmallModel, Server, fetch
from paper2run.detectors import read_facts
from paper2run.errors import ModelError
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import Asked
from paper2run.model.outcome import BuildFailed, Log
from paper2run.model.repo import Paper, Section
from paper2run.model.report import Attempt
from paper2run.planners import rules
from paper2run.planners.known import Known
from paper2run.planners.model_decision import ModelDecision, ModelPlan, ModelStop
from paper2run.planners.wire import DIAGNOSIS_SCHEMA, PLAN_SCHEMA
from paper2run.planning.evidence import Evidence
from paper2run.settings import Settings
from tasks.drivers.model import conversation

pytestmark = pytest.mark.small_model
EXAMPLE = Path(__file__).parents[2] / "examples" / "period-doubling"
TREE = RepoTree.of(EXAMPLE)
FACTS = read_facts(TREE)
PAPER = Paper(
    path="paper.md",
    origin="given",
    sections=(Section(heading="Set-up", text="We used Python 3.11 and numpy on Linux."),),
)
DRAFT = rules.plan(Evidence(FACTS, frozenset(TREE.files), Asked(name="us/fold", commit="0" * 40)))


@pytest.fixture(scope="module")
def settings():
    try:
        with Server(fetch()) as server:
            yield Settings(
                _env_file=None, model=NAME, base_url=server.url, planner="model", max_tokens=60_000
            )
    except NoSmallModel as missing:
        pytest.skip(str(missing))


def answers_of(folder):
    records = [json.loads(path.read_text()) for path in sorted(folder.glob("*-*.json"))]
    assert records
    assert all("answer" in record for record in records), "the service itself failed"
    return [json.loads(record["answer"]["text"])["answer"] for record in records]


def fields_of(schema):
    """Return the fields of each form that an answer may have."""
    return [set(form["properties"]) for form in schema["properties"]["answer"]["anyOf"]]


def test_its_plans_have_the_schemas_shape_and_are_valid_or_refused(settings, tmp_path):
    try:
        made = conversation.plan(
            settings, Known(FACTS, PAPER, TREE), DRAFT, ("nobody declares numpy",), tmp_path
        )
        assert isinstance(made, ModelPlan | ModelStop)
    except ModelError as refused:
        assert "no usable answer" in refused.what
    for answer in answers_of(tmp_path):
        assert set(answer) in fields_of(PLAN_SCHEMA)


def test_its_diagnoses_have_the_schemas_shape_and_are_valid_or_refused(settings, tmp_path):
    log = Log(stderr="fold.c:3:10: fatal error: zlib.h: No such file or directory\n")
    failure = BuildFailed(step="RUN pip install fold", exit_code=1, seconds=1.0, log=log)
    done = Attempt(number=1, planned=DRAFT, built=failure)
    try:
        decided = conversation.diagnose(
            settings, done, "FROM python:3.8-slim", Known(FACTS), (), tmp_path
        )
        assert isinstance(decided, ModelDecision)
    except ModelError as refused:
        assert "no usable answer" in refused.what
    for answer in answers_of(tmp_path):
        assert set(answer) in fields_of(DIAGNOSIS_SCHEMA)


@pytest.mark.docker
def test_a_whole_run_planned_by_it_reaches_a_verdict(settings, tmp_path, monkeypatch):
    from prefect.testing.utilities import prefect_test_harness

    from flows.reproduce import reproduce

    monkeypatch.setenv("PAPER2RUN_HOME", str(tmp_path / "home"))
    with prefect_test_harness(server_startup_timeout=180):
        state = reproduce(
            repo=str(EXAMPLE), out=str(tmp_path / "runs"), planner="model", model=NAME,
            base_url=settings.base_url, max_tokens=60_000, return_state=True,
        )  # fmt: skip
    metadata, _ = state.result()
    # Good or bad, its plan costs at most an attempt: the rules' own, which is known to work, is next.
    assert metadata.status == "success", metadata.reason
    assert metadata.model_calls[0].purpose == "plan"
