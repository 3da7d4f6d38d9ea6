"""Defines the form of a model's answers, derived from the contracts (paper2run/model).

JSON schemas sent with a request: every text and list is bounded, because a small model that is
forced to write JSON never ends an unbounded one. Field order matters, since servers constrain
sampling in it: the reason stands before the decision.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args

from paper2run.model.diagnosis import Cause
from paper2run.model.grade import Grade
from paper2run.model.opinion import Shows
from paper2run.model.stated_need import StatedKind
from paper2run.planners.looks import LOOKS_SCHEMA


def _object(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }


def _texts(most: int, length: int) -> dict[str, Any]:
    return {"type": "array", "maxItems": most, "items": {"type": "string", "maxLength": length}}


def _one_of(*words: str | None) -> dict[str, Any]:
    kind: Any = ["string", "null"] if None in words else "string"
    return {"type": kind, "enum": list(words)}


def _answer(title: str, *forms: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an answer in one of the forms; several services refuse a choice at the root."""
    return {"title": title} | _object({"answer": {"anyOf": [*forms, LOOKS_SCHEMA]}})


PLAN_FIELDS: Final[dict[str, Any]] = {
    "notes": {"type": "string", "maxLength": 800},
    "base_image": {"type": "string", "maxLength": 120},
    "system_packages": _texts(40, 60),
    "workdir": {"type": "string", "maxLength": 120},
    "install_steps": _texts(20, 1500),
    "env": {
        "type": "array",
        "maxItems": 20,
        "items": _object(
            {
                "name": {"type": "string", "maxLength": 60},
                "value": {"type": "string", "maxLength": 300},
            }
        ),
    },
    "smoke_command": {"type": "string", "maxLength": 600},
    "requires_gpu": {"type": "boolean"},
}
NOT_OF_A_MODEL: Final = frozenset({"undiagnosed", "registry_unreachable", "out_of_disk"})
"""Causes that say nothing of the repository."""
CAUSE: Final = _one_of(*(cause for cause in get_args(Cause) if cause not in NOT_OF_A_MODEL), None)
NEEDS: Final[dict[str, Any]] = {
    "type": "array",
    "maxItems": 6,
    "items": _object(
        {
            "kind": _one_of(*get_args(StatedKind)),
            "what": {"type": "string", "maxLength": 120},
            "quote": {"type": "string", "maxLength": 400},
        }
    ),
}
PROOF_FIELDS: Final[dict[str, Any]] = {
    "cause": CAUSE,
    "needs": NEEDS,
    "evidence": _texts(6, 400),
}
"""What a model knows beside its decision; each need and each cause stands on a quote."""
REASON_FIELDS: Final[dict[str, Any]] = {
    "reason": {"type": "string", "maxLength": 1200},
    "confidence": _one_of("low", "medium", "high"),
}
STOP: Final = "stop"
ENDS: Final = (STOP, "accept", "engine")
"""Decisions without a plan: nothing helps; the environment is right, its own code fails; it is the machine's fault."""


def _decision(decisions: tuple[str, ...], new_plan: Mapping[str, Any]) -> dict[str, Any]:
    decided = {"decision": _one_of(*decisions), "new_plan": new_plan}
    return _object(REASON_FIELDS | PROOF_FIELDS | decided)


PLAN_SCHEMA: Final = _answer(
    "EnvPlan",
    _object(PLAN_FIELDS | {"needs": NEEDS}),
    _object(REASON_FIELDS | PROOF_FIELDS | {"decision": _one_of(STOP)}),
)
DIAGNOSIS_SCHEMA: Final = _answer(
    "DiagnosisDecision",
    _decision(ENDS, {"type": "null"}),
    _decision(("repair",), _object(PLAN_FIELDS)),
)
OPINION_FIELDS: Final[dict[str, Any]] = (
    REASON_FIELDS
    | {"shows": _one_of(*get_args(Shows)), "grade": _one_of(*get_args(Grade), None)}
    | PROOF_FIELDS
)
OPINION_SCHEMA: Final = _answer("Opinion", _object(OPINION_FIELDS))


def plan_from_wire(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan's fields in the contract's form: `env` pairs as one object, null lists as empty.

    A value of another shape stays as it is, and validation rejects it.
    """
    plan = dict(answer)
    pairs = plan.get("env")
    if isinstance(pairs, list) and all(
        isinstance(pair, dict) and set(pair) == {"name", "value"} for pair in pairs
    ):
        plan["env"] = {str(pair["name"]): str(pair["value"]) for pair in pairs}
    for name in ("system_packages", "install_steps"):
        plan[name] = [] if plan.get(name) is None else plan[name]
    for name in ("env", "notes", "requires_gpu", "workdir"):
        if plan.get(name, ...) is None:
            del plan[name]
    return plan


def split_proof(answer: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the answer without what a model knows beside its decision, and that alone."""
    rest = {name: value for name, value in answer.items() if name not in PROOF_FIELDS}
    proof = {name: answer[name] for name in PROOF_FIELDS if answer.get(name) is not None}
    if proof.get("cause") in NOT_OF_A_MODEL:
        del proof["cause"]
    return rest, proof


def decision_from_wire(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decision's fields as the contract has them: all that ends without a plan is a stop there."""
    decision = dict(answer)
    if isinstance(decision.get("new_plan"), dict):
        decision["new_plan"] = plan_from_wire(decision["new_plan"]) or None
    # Servers without schemas fill in a plan, or an empty one, for a stop too; it means nothing there.
    if decision.get("decision") in ENDS:
        decision |= {"decision": STOP, "new_plan": None}
    return decision
