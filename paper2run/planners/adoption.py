"""Takes a model's plan over: what of the rules' plan still holds beside it, which stands by."""

from collections.abc import Sequence
from typing import Final

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from paper2run.model.environment import Asked, EnvPlan, PlannedEnvironment, Reason, SmokeChoice
from paper2run.model.facts import RepoFacts, Requirement
from paper2run.model.value import Source
from paper2run.rendering.pip_steps import image_python, plan_requirements

TOPICS: Final = {
    "base_image": ("base image", "python", "date"),
    "install_steps": ("install", "dependency", "repair"),
    "system_packages": ("system package",),
    "env": ("env",),
    "smoke_command": ("smoke",),
    "requires_gpu": ("gpu",),
}  # fmt: skip
"""Field of a plan: topics of the reasons that speak of it, the leading one first."""


def adopt(
    made: EnvPlan,
    draft: PlannedEnvironment | None,
    doubts: Sequence[str],
    facts: RepoFacts,
    asked: Asked,
    model: str,
) -> PlannedEnvironment:
    """Return the model's plan with what the resolver and the repairs need to know; the draft stands by.

    The user's smoke command stays. Distributions that only the model names are optional: an index that does not
    have them is then no obstacle. Reasons for what the model left as it was are kept.
    """
    by = Source(kind="model", note=model)
    smoke = asked.smoke or made.smoke_command
    plan = EnvPlan.model_validate(made.model_dump() | {"smoke_command": smoke})
    said = f": {plan.notes}" if plan.notes else ""
    why = f"{model} plans ({'; '.join(doubts) or 'as asked for'}){said}"
    first = Reason(topic="planner", decision=why, source=by)
    if draft is not None and plan.digest == draft.plan.digest:
        agreed = {"planner": f"model:{model}", "reasons": (first, *draft.reasons)}
        return draft.changed(**agreed)
    python = image_python(plan.base_image)
    own = draft or PlannedEnvironment(plan=plan, planner="rules")
    reasons = [first, *_reasons(plan, draft, by)]
    if asked.smoke and draft is None:
        users = Source(kind="user", note="--smoke")
        reasons.append(Reason(topic="smoke", decision=asked.smoke, source=users))
    others = tuple(version for version in own.pythons if version != python)
    only_its = _named_by_nobody_else(plan, own, facts, is_draft=draft is not None)
    return own.changed(
        plan=plan,
        planner=f"model:{model}",
        reasons=tuple(reasons),
        pythons=(python, *others) if python else (),
        commit_day=asked.commit_day,
        optional=(*only_its, *own.optional),
        conda=None,
        smoke_proves=_proves(smoke, draft, asked),
        weaker_smokes=_weaker(smoke, draft),
        fallback=draft,
    )


def _reasons(plan: EnvPlan, draft: PlannedEnvironment | None, by: Source) -> list[Reason]:
    """Return the draft's reasons for what is as it was, and one reason for each field that is not."""
    if draft is None:
        return []
    before, after = draft.plan.model_dump(mode="json"), plan.model_dump(mode="json")
    found = []
    for name, topics in TOPICS.items():
        if before[name] == after[name]:
            found += [reason for reason in draft.reasons if reason.topic in topics]
        else:
            words = f"{_words(after[name])}, in place of {_words(before[name])}"
            found.append(
                Reason.model_validate({"topic": topics[0], "decision": words, "source": by})
            )
    return found


def _words(value: object) -> str:
    if isinstance(value, dict):
        value = [f"{name}={text}" for name, text in value.items()]
    return (" ; ".join(map(str, value)) if isinstance(value, list) else str(value)) or "nothing"


def _named_by_nobody_else(
    plan: EnvPlan, own: PlannedEnvironment, facts: RepoFacts, *, is_draft: bool
) -> tuple[str, ...]:
    """Return the normalised names of the distributions that only the model wants."""
    texts = plan_requirements(own.plan) if is_draft else ()
    known = {canonicalize_name(Pep508(text).name) for text in texts}
    known |= {canonicalize_name(fact.name) for fact in facts.of(Requirement)}
    wanted = (canonicalize_name(Pep508(text).name) for text in plan_requirements(plan))
    return tuple(name for name in dict.fromkeys(wanted) if name not in known)


def _proves(smoke: str, draft: PlannedEnvironment | None, asked: Asked) -> str:
    if asked.smoke:
        return "what the user asked for"
    if draft is not None and smoke == draft.plan.smoke_command:
        return draft.smoke_proves
    return "what the model takes for a proof"


def _weaker(smoke: str, draft: PlannedEnvironment | None) -> tuple[SmokeChoice, ...]:
    """Return the rules' commands, which stand in where the model's turns out to be wrong."""
    if draft is None:
        return ()
    if smoke == draft.plan.smoke_command:
        return draft.weaker_smokes
    source = next((reason.source for reason in draft.reasons if reason.topic == "smoke"), None)
    first = SmokeChoice(
        command=draft.plan.smoke_command,
        proves=draft.smoke_proves,
        source=source or Source(kind="default"),
    )
    return (first, *draft.weaker_smokes)
