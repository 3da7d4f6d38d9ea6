"""The commands `deploy` and `serve`: the deployments of prefect.yaml, also without a checkout."""

from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from flows.console import say
from paper2run.request import read_settings
from tasks.console.invocation import invocation

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

    from tasks.console.deployments import Listed


RUNS: Final = 2
"""At a time: what SQLite carries."""
Limit = Annotated[
    int, typer.Option(min=1, help="Maximum number of runs at a time; at most 2 with SQLite.")
]


def deploy(
    *,
    pool: Annotated[
        str, typer.Option(help="Work pool that the runs wait in; created if there is none.")
    ] = "",
    limit: Limit = RUNS,
) -> None:
    """Register the deployments with the Prefect server, for workers of a work pool."""
    start = invocation()
    start.take_settings(say)
    from prefect.runner.storage import LocalStorage

    from tasks.console.deployments import limit_runs, listed, need_pool
    from tasks.running.server import prefect_api

    with prefect_api(say) as api:
        pools = set()
        for each in listed():
            named = pool or each.pool
            if named not in pools and need_pool(named):
                say(f"work pool {named}: created, for processes")
            pools.add(named)
            deployment = _deployment(each, work_pool_name=named, **each.placed)
            # Workers run where the command was started, as with `prefect deploy` of a checkout.
            deployment.storage = LocalStorage(str(start.folder))
            deployment.apply()
            say(f"{deployment.flow_name}/{deployment.name}: deployed to the work pool {named}")
        for named in pools:
            limit_runs(named, limit)
            say(f"runs wait for a worker: prefect worker start --pool {named}")
        if api.ui:
            say(f"Prefect UI: {api.shown}")


def serve(*, limit: Limit = RUNS) -> None:
    """Register the deployments and run what is asked of them here, until Ctrl-C; without a work pool."""
    invocation().take_settings(say)
    from prefect import serve as serve_all

    from tasks.console.deployments import end_runs, listed
    from tasks.running.server import prefect_api

    settings = read_settings()
    with prefect_api(say) as api:
        deployments = [_deployment(each) for each in listed()]
        # There are no workers, and a batch that waited for other runs would hold the place of one.
        for deployment in deployments:
            deployment.parameters.pop("workers", None)
            # Set, not left out: an update would keep the pool of an earlier `deploy`, whose workers took the runs.
            deployment.work_pool_name = None
            say(f"{deployment.flow_name}/{deployment.name}: served")
        if api.ui:
            say(f"Prefect UI: {api.shown}")
        try:
            serve_all(
                *deployments, limit=limit, pause_on_shutdown=False, print_starting_message=False
            )
        finally:
            end_runs(settings.home)


def _deployment(each: "Listed", **placed: Any) -> "RunnerDeployment":
    from prefect.flows import Flow
    from prefect.types.entrypoint import EntrypointType
    from prefect.utilities.importtools import import_object

    from flows.forms import form

    flow = import_object(each.entrypoint)
    assert isinstance(flow, Flow)
    # Prefect returns a coroutine where an event loop runs; a command has none.
    made = flow.to_deployment(**each.options, **placed, entrypoint_type=EntrypointType.MODULE_PATH)
    deployment = cast("RunnerDeployment", made)
    # Prefect 3.8 has no public way to a schema that says more than the flow's signature.
    deployment._parameter_openapi_schema = form(deployment._parameter_openapi_schema)
    return deployment
