"""Adopts a model's plan: keeps what still holds of the rules' plan, which becomes the fallback."""

from collections.abc import Sequence
from typing import Final

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from paper2run.model.diagnosis import Diagnosis, DiagnosisDecision
from paper2run.model.environment import Asked, EnvPlan, PlannedEnvironment, Reason, SmokeChoice
from paper2run.model.facts import RepoFacts, Requirement
from paper2run.model.stated_need import StatedNeed
from paper2run.model.value import Source
from paper2run.planners.model_decision import ModelPlan, ModelStop
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
    answer: ModelPlan,
    rules_plan: PlannedEnvironment | None,
    doubts: Sequence[str],
    facts: RepoFacts,
    asked: Asked,
    model: str,
) -> PlannedEnvironment:
    """Return the model's plan with the rules' plan as fallback and what the resolver and repairs need.

    The user's smoke command stays. Distributions that only the model names are optional, so that an
    index that lacks them is no obstacle. Reasons for what the model left unchanged are kept.
    """
    by = Source(kind="model", note=model)
    made, needs = answer.plan, answer.proof.needs
    smoke = asked.smoke or made.smoke_command
    plan = EnvPlan.model_validate(made.model_dump() | {"smoke_command": smoke})
    said = f": {plan.notes}" if plan.notes else ""
    why = f"{model} plans ({'; '.join(doubts) or 'as asked for'}){said}"
    first = Reason(topic="planner", decision=why, source=by)
    if rules_plan is not None and plan.digest == rules_plan.plan.digest:
        reasons = (first, *rules_plan.reasons)
        return rules_plan.changed(
            planner=f"model:{model}", reasons=reasons, needs=stated(needs, model)
        )
    python = image_python(plan.base_image)
    own = rules_plan or PlannedEnvironment(plan=plan, planner="rules")
    changed = [first, *_reasons(plan, rules_plan, by)]
    if asked.smoke and rules_plan is None:
        users = Source(kind="user", note="--smoke")
        changed.append(Reason(topic="smoke", decision=asked.smoke, source=users))
    others = tuple(version for version in own.pythons if version != python)
    only_its = _named_by_it_alone(plan, own, facts, has_rules_plan=rules_plan is not None)
    return own.changed(
        plan=plan,
        planner=f"model:{model}",
        reasons=tuple(changed),
        pythons=(python, *others) if python else (),
        commit_day=asked.commit_day,
        optional=(*only_its, *own.optional),
        conda=None,
        weaker_smokes=_weaker(smoke, rules_plan),
        fallback=rules_plan,
        needs=stated(needs, model),
        **_shown(smoke, rules_plan, asked),
    )


def stopped(
    stop: ModelStop, rules_plan: PlannedEnvironment | None, model: str
) -> PlannedEnvironment | Diagnosis:
    """Return what becomes of a model's stop before a build.

    Where the rules have a plan, it is built all the same, for evidence, with the needs that the model states.
    """
    proof, source = stop.proof, Source(kind="model", note=model)
    needs = stated(proof.needs, model) if stop.confidence != "low" else ()
    if rules_plan is not None:
        would = f"{model} would stop: {stop.reason}"
        reason = Reason(topic="planner", decision=would, source=source)
        return rules_plan.changed(reasons=(reason, *rules_plan.reasons), needs=needs)
    return Diagnosis(
        decision=DiagnosisDecision(
            decision="stop", reason=stop.reason, confidence=stop.confidence, new_plan=None
        ),
        by=f"model:{model}",
        cause=(proof.cause if stop.is_shown else None) or "undiagnosed",
        evidence=proof.evidence[0] if stop.is_shown else "",
        source=source,
        needs=needs,
    )


def stated(needs: Sequence[StatedNeed], model: str) -> tuple[StatedNeed, ...]:
    """Return the needs with the name of the model that states them."""
    return tuple(need.changed(by=f"model:{model}") for need in needs)


def _reasons(plan: EnvPlan, rules_plan: PlannedEnvironment | None, by: Source) -> list[Reason]:
    """Return the reasons of `rules_plan` for unchanged fields, and one reason for each changed field."""
    if rules_plan is None:
        return []
    before, after = rules_plan.plan.model_dump(mode="json"), plan.model_dump(mode="json")
    found = []
    for name, topics in TOPICS.items():
        if before[name] == after[name]:
            found += [reason for reason in rules_plan.reasons if reason.topic in topics]
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


def _named_by_it_alone(
    plan: EnvPlan, own: PlannedEnvironment, facts: RepoFacts, *, has_rules_plan: bool
) -> tuple[str, ...]:
    """Return the normalised names of the distributions that only the model wants."""
    texts = plan_requirements(own.plan) if has_rules_plan else ()
    known = {canonicalize_name(Pep508(text).name) for text in texts}
    known |= {canonicalize_name(fact.name) for fact in facts.of(Requirement)}
    wanted = (canonicalize_name(Pep508(text).name) for text in plan_requirements(plan))
    return tuple(name for name in dict.fromkeys(wanted) if name not in known)


def _shown(smoke: str, rules_plan: PlannedEnvironment | None, asked: Asked) -> dict[str, str]:
    """Return the fields of a plan that say what the smoke command shows; empty if it is the rules' own."""
    if asked.smoke:
        words = "what the user asked for"
        return {"smoke_by": "user", "smoke_kind": "user", "smoke_proves": words}
    if rules_plan is not None and smoke == rules_plan.plan.smoke_command:
        return {}
    words = "what the model takes for a proof"
    return {"smoke_by": "model", "smoke_kind": "model", "smoke_proves": words}


def _weaker(smoke: str, rules_plan: PlannedEnvironment | None) -> tuple[SmokeChoice, ...]:
    """Return the rules' commands, the fallbacks if the model's command turns out to be wrong."""
    if rules_plan is None:
        return ()
    if smoke == rules_plan.plan.smoke_command:
        return rules_plan.weaker_smokes
    source = next((reason.source for reason in rules_plan.reasons if reason.topic == "smoke"), None)
    first = SmokeChoice(
        kind=rules_plan.smoke_kind,
        command=rules_plan.plan.smoke_command,
        proves=rules_plan.smoke_proves,
        source=source or Source(kind="default"),
    )
    return (first, *rules_plan.weaker_smokes)
