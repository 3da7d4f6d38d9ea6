"""The last verdict on a repository, as the server's tags tell it."""

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.states import Completed

from tasks.running.flow_runs import verdict_before


@flow
def judged() -> None:
    """Stand for a run."""


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ((), ""),
        (("success",), "success"),
        (("success", "smoke-failed"), "smoke-failed"),
        (("success", "planned", "preflight-failed"), "success"),
    ],
)
def test_the_last_verdict_on_the_work_counts(earlier, expected, request):
    name = request.node.name
    with get_client(sync_client=True) as client:
        for verdict in (*earlier, "stopped-by-rule"):
            run = client.create_flow_run(judged, tags=[f"repo:{name}", f"verdict:{verdict}"])
            client.set_flow_run_state(run.id, Completed(), force=True)
        client.create_flow_run(judged, tags=["repo:other", "verdict:stopped-by-llm"])

    assert verdict_before(str(run.id), name) == expected
