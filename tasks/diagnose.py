"""Stage `diagnose`: the repair rules first, then the model if there is one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from paper2run.digests import digest_of
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import BuildFailed, SmokeFailed
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt
from paper2run.model.value import Source
from paper2run.planners.prompt import planner_id
from paper2run.settings import Settings
from tasks.running.caching import stage
from tasks.running.key_block import with_model_key

TIMEOUT_S: Final = 1800
"""An exchange with a slow model may take four answers of up to 300 s."""


def _key(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    settings: Settings = inputs["settings"]
    return (
        inputs["checkout"].commit,
        digest_of(inputs["done"], inputs["facts"]),
        digest_of(*inputs["tried"]),
        planner_id(settings),
    )


@stage("diagnose", timeout_s=TIMEOUT_S, key=_key)
def diagnose(
    checkout: Checkout,
    done: Attempt,
    facts: RepoFacts,
    tried: tuple[Attempt, ...],
    folder: str,
    settings: Settings,
) -> Diagnosis | None:
    """Return what to do about the attempt's failure; None if no rule or model recognises it.

    `tried` are the attempts before it, and this one again with every answer that led to a plan tried already.
    ModelError if the rules abstain and the model cannot be asked.
    """
    # Imported by the work alone: a kept answer needs none of it.
    from paper2run.rendering.dockerfile import dockerfile
    from paper2run.verdicts.judgement import judge

    found = judge(done, tried, facts)
    if found is not None or not settings.planner_model:
        return found
    failure = done.failure
    assert failure is not None, "an attempt that passed is not diagnosed"
    written = dockerfile(checkout, done.planned)
    return _by_model(done.planned, written, failure, facts, tried, folder, settings)


def _by_model(
    planned: PlannedEnvironment,
    written: str,
    failure: BuildFailed | SmokeFailed,
    facts: RepoFacts,
    tried: tuple[Attempt, ...],
    folder: str,
    settings: Settings,
) -> Diagnosis:
    from paper2run.failures.failure_log import telling_line
    from paper2run.rendering.plan_diff import plan_diff
    from tasks.drivers.model import conversation

    decision = conversation.diagnose(
        with_model_key(settings), failure, planned, written, facts, tried, Path(folder) / "logs"
    )
    return Diagnosis(
        decision=decision,
        by=f"model:{settings.planner_model}",
        cause="build_error" if isinstance(failure, BuildFailed) else "code_error",
        evidence=telling_line(failure),
        source=Source(kind="model", note=settings.planner_model),
        diff=plan_diff(planned.plan, decision.new_plan) if decision.new_plan else (),
    )
