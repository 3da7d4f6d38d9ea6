"""The JSON schemas that models get, and the conversion of their answers to our own types.

They differ from the contract where that helps small models: `env` is a list of pairs, every text and list is bounded
(which halves the time and stops run-away answers), the reason stands before the decision.
"""

from collections.abc import Mapping
from typing import Any, Final

PLAN_FIELDS: Final[dict[str, Any]] = {
    "notes": {"type": "string", "maxLength": 800},
    "base_image": {"type": "string", "maxLength": 120},
    "system_packages": {
        "type": "array",
        "maxItems": 40,
        "items": {"type": "string", "maxLength": 60},
    },
    "workdir": {"type": "string", "maxLength": 120},
    "install_steps": {
        "type": "array",
        "maxItems": 20,
        "items": {"type": "string", "maxLength": 1500},
    },
    "env": {
        "type": "array",
        "maxItems": 20,
        "items": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 60},
                "value": {"type": "string", "maxLength": 300},
            },
            "required": ["name", "value"],
            "additionalProperties": False,
        },
    },
    "smoke_command": {"type": "string", "maxLength": 600},
    "requires_gpu": {"type": "boolean"},
}


def _object(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }


def _decision(decision: str, new_plan: Mapping[str, Any]) -> dict[str, Any]:
    return _object(
        {
            "reason": {"type": "string", "maxLength": 1200},
            "confidence": {"type": "string", "enum": ["low", "medium", "high"]},
            "decision": {"type": "string", "enum": [decision]},
            "new_plan": new_plan,
        }
    )


PLAN_SCHEMA: Final = {"title": "EnvPlan"} | _object(PLAN_FIELDS)
DIAGNOSIS_SCHEMA: Final[dict[str, Any]] = {
    "title": "DiagnosisDecision",
    "type": "object",
    "anyOf": [_decision("stop", {"type": "null"}), _decision("repair", _object(PLAN_FIELDS))],
}


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


def decision_from_wire(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decision's fields as the contract has them."""
    decision = dict(answer)
    if isinstance(decision.get("new_plan"), dict):
        decision["new_plan"] = plan_from_wire(decision["new_plan"]) or None
    # Servers without schemas fill in a plan, or an empty one, for a stop too; it means nothing there.
    if decision.get("decision") == "stop":
        decision["new_plan"] = None
    return decision
