"""Gives the containers of a plan the engine's GPUs where the code shows any sign that it uses one."""

from paper2run.model.environment import PlannedEnvironment, Reason
from paper2run.model.facts import GpuNeed, RepoFacts


def with_gpus(
    planned: PlannedEnvironment, facts: RepoFacts, *, has_gpu: bool
) -> PlannedEnvironment:
    """Return the plan, with GPUs for its containers if the engine has any and the code uses one."""
    signs = facts.of(GpuNeed)
    if not has_gpu or not signs:
        return planned
    own = planned.fallback
    reason = Reason(
        topic="gpu",
        decision="the engine offers NVIDIA GPUs: every container gets them",
        source=signs[0].source,
    )
    return planned.changed(
        gpus=True,
        reasons=(*planned.reasons, reason),
        fallback=own and with_gpus(own, facts, has_gpu=has_gpu),
    )
