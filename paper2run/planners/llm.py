"""Forms the prompts for a language model that plans and diagnoses, and parses its answers.

It makes no calls (tasks/drivers/model/conversation.py does). Answers are hostile input: they pass
the contract's own validation and the policy, and one message may ask for a correction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from paper2run.model.diagnosis import DiagnosisDecision
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.facts import (
    Fact,
    Import,
    LanguageShare,
    OwnModule,
    RepoFacts,
    Requirement,
)
from paper2run.model.outcome import BuildFailed, SmokeFailed
from paper2run.model.report import Attempt
from paper2run.planners.answer import json_object
from paper2run.planners.attempts_text import checks_text, errors_text, outcome_words, tried_text
from paper2run.planners.known import Known
from paper2run.planners.log_excerpt import excerpt
from paper2run.planners.message import Message
from paper2run.planners.model_decision import ModelDecision, ModelPlan, ModelStop, Proof
from paper2run.planners.passages import passages
from paper2run.planners.policy import objections, weakens
from paper2run.planners.prompt import Part, compose
from paper2run.planners.quotes import untrue
from paper2run.planners.wire import (
    PLAN_FIELDS,
    STOP,
    decision_from_wire,
    plan_from_wire,
    split_proof,
)

PLAN_NAMES: Final = frozenset(PLAN_FIELDS)
DECISION_NAMES: Final = frozenset({"reason", "confidence", "decision", "new_plan"})
STOP_NAMES: Final = frozenset({"reason", "confidence", "decision"})
MAX_OF_A_KIND: Final = 40
"""Facts shown of one kind: the fortieth import adds nothing."""
MAX_PROBLEMS: Final = 8
"""Problems that a correction quotes."""
MAX_ECHO_CHARS: Final = 4000
"""Characters repeated of a wrong answer: enough to correct it, too little to continue it."""


FORMS: Final = {
    "base_image": "an image's name with its tag, in small letters",
    "system_packages": "the name of a Debian package: small letters, digits, + - .",
    "workdir": "an absolute folder",
}
"""Fields with a pattern, in words: a regular expression helps few models."""


@dataclass(frozen=True)
class Rejected:
    """An answer that cannot be used."""

    problems: tuple[str, ...]
    """One sentence each, in the order of the answer's fields."""


def plan_messages(
    known: Known,
    rules_plan: PlannedEnvironment | None,
    doubts: Sequence[str] = (),
    *,
    room_chars: int,
) -> list[Message]:
    """Return what a model is asked for a plan.

    `rules_plan` is the rules' own plan, None if they have none; `doubts` are the rules' own of it.
    """
    parts = {
        "doubts": Part("\n".join(f"- {doubt}" for doubt in doubts), weight=1),
        "rules_plan": Part(_rules_plan_text(rules_plan), weight=3),
        "facts": Part(facts_text(known.facts), weight=5),
        "readme": Part(known.readme, weight=2),
        "paper": Part(passages(known.paper, room_chars // 4), weight=2),
    }
    return compose("plan", parts, {"images": images_text(known)}, room_chars)


def diagnosis_messages(
    done: Attempt,
    dockerfile: str,
    known: Known,
    tried: Sequence[Attempt],
    *,
    room_chars: int,
) -> list[Message]:
    """Return what a model is asked about a failed attempt; `tried` are the attempts before it."""
    failure, planned = done.failure, done.planned
    assert failure is not None, "an attempt that passed is not diagnosed"
    parts = {
        "log": Part(_where(failure) + excerpt(failure, room_chars * 2 // 5), weight=6),
        # The plan before its pins: the Dockerfile shows those, and the resolver pins every answer again.
        "plan": Part(planned.unpinned.model_dump_json(indent=1), weight=3),
        "dockerfile": Part(instructions(dockerfile), weight=2),
        "checks": Part(checks_text(done.verification), weight=1),
        "tried": Part(tried_text(tried), weight=2),
        "errors": Part(errors_text(tried), weight=2),
        "facts": Part(facts_text(known.facts), weight=3),
        "readme": Part(known.readme, weight=2),
        "paper": Part(passages(known.paper, room_chars // 8), weight=1),
    }
    plain = {
        "outcome": outcome_words(failure),
        "images": images_text(known),
        "site": known.site,
    }
    return compose("diagnose", parts, plain, room_chars)


def parse_plan(
    text: str, known: Known, rules_plan: PlannedEnvironment | None, shown: str
) -> ModelPlan | ModelStop | Rejected:
    """Return the plan that a model wrote, its stop, or what is wrong with either.

    `shown` is what the model was shown, in which its quotes must stand.
    """
    found = json_object(text, PLAN_NAMES | DECISION_NAMES)
    if found is None:
        return Rejected(("the answer holds no JSON object with the fields of a plan",))
    rest, proven = split_proof(found)
    try:
        proof = Proof.model_validate(proven)
        if found.get("decision") == STOP:
            # Servers without schemas fill in a plan for a stop too; it means nothing there.
            said = {name: value for name, value in rest.items() if name in STOP_NAMES}
            stop = ModelStop.model_validate({**said, "proof": proof})
            against = untrue(proof.quotes, shown)
            return Rejected(against) if against else stop
        plan = EnvPlan.model_validate(plan_from_wire(rest))
    except ValidationError as error:
        return Rejected(problems_of(error))
    against = (*objections(plan, known, rules_plan), *untrue(proof.quotes, shown))
    return Rejected(against) if against else ModelPlan(plan=plan, proof=proof)


def parse_diagnosis(
    text: str,
    known: Known,
    planned: PlannedEnvironment,
    tried: Sequence[Attempt],
    shown: str,
) -> ModelDecision | Rejected:
    """Return the model's decision, or what is wrong with it.

    A repair must differ from all tried plans and prove no less; quotes must stand in `shown`.
    """
    found = json_object(text, DECISION_NAMES)
    if found is None:
        return Rejected(("the answer holds no JSON object with the fields of a decision",))
    rest, proven = split_proof(found)
    try:
        proof = Proof.model_validate(proven)
        decision = DiagnosisDecision.model_validate(decision_from_wire(rest))
        decided = ModelDecision(answer=found["decision"], decision=decision, proof=proof)
    except ValidationError as error:
        return Rejected(problems_of(error))
    against = untrue(proof.quotes, shown)
    if decision.new_plan is not None:
        plan = _with_the_users_smoke(decision.new_plan, planned)
        failed = _failed(planned, tried)
        against = (*objections(plan, known, planned, failed), *weakens(plan, planned), *against)
        decided = decided.changed(decision=decision.changed(new_plan=plan))
    return Rejected(against) if against else decided


def correction(answer: str, rejected: Rejected, *, is_cut_off: bool) -> list[Message]:
    """Return the messages that show a model its answer and ask for a better one."""
    problems = [*rejected.problems[:MAX_PROBLEMS]]
    if is_cut_off:
        problems.insert(0, "the answer was cut off before its end: write less")
    asked = "That cannot be used:\n" + "\n".join(f"- {problem}" for problem in problems)
    asked += "\nAnswer again with the whole JSON object, corrected, and nothing else."
    return [Message("assistant", answer[:MAX_ECHO_CHARS] or "(nothing)"), Message("user", asked)]


def facts_text(facts: RepoFacts) -> str:
    """Return one line for each fact with its source, those that decide most first; many of a kind are cut."""
    by_kind: dict[str, list[Fact]] = {}
    for fact in sorted(facts.facts, key=_place):
        by_kind.setdefault(fact.kind, []).append(fact)
    lines: list[str] = []
    for kind, of_kind in by_kind.items():
        lines += [f"{kind}: {_fact_text(fact)} [{fact.source}]" for fact in of_kind[:MAX_OF_A_KIND]]
        if len(of_kind) > MAX_OF_A_KIND:
            lines.append(f"{kind}: {len(of_kind) - MAX_OF_A_KIND} more")
    return "\n".join(lines)


def _place(fact: Fact) -> int:
    """Return where a fact stands: what people declared, then what was found in code, then the rest."""
    if isinstance(fact, LanguageShare | OwnModule):
        return 2
    if isinstance(fact, Import):
        return 1 + fact.guarded
    return 0 if not isinstance(fact, Requirement) or fact.group in ("runtime", "test") else 1


def _fact_text(fact: Fact) -> str:
    values = fact.model_dump(mode="json", exclude={"kind", "source"}, exclude_defaults=True)
    return " ".join(f"{name}={value}" for name, value in values.items())


def _rules_plan_text(rules_plan: PlannedEnvironment | None) -> str:
    if rules_plan is None:
        return "(the rules found no plan)"
    reasons = (
        f"- {reason.topic}: {reason.decision} [{reason.source}]"
        for reason in rules_plan.reasons[:MAX_OF_A_KIND]
    )
    return "\n".join([rules_plan.plan.model_dump_json(indent=1), *reasons])


def images_text(known: Known) -> str:
    """Return which base images can be had."""
    return f"these alone: {', '.join(known.offered)}" if known.offered else "any official image"


def instructions(dockerfile: str) -> str:
    """Return a Dockerfile without comments and empty lines: the facts tell what the comments repeat."""
    lines = dockerfile.splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _where(failure: BuildFailed | SmokeFailed) -> str:
    return (
        f"step: {failure.step[:600]}\n" if isinstance(failure, BuildFailed) and failure.step else ""
    )


def _failed(planned: PlannedEnvironment, tried: Sequence[Attempt]) -> list[EnvPlan]:
    """Return the plans that failed, pinned and unpinned, and equivalent plans that were proposed."""
    before = [planned, *(attempt.planned for attempt in tried)]
    asked = [attempt.diagnosis.decision.new_plan for attempt in tried if attempt.diagnosis]
    found = [*(one.plan for one in before), *(one.draft for one in before), *asked]
    return [plan for plan in found if plan is not None]


def _with_the_users_smoke(plan: EnvPlan, planned: PlannedEnvironment) -> EnvPlan:
    """Return the plan with the user's smoke command, if one was given."""
    if planned.smoke_by != "user":
        return plan
    return plan.changed(smoke_command=planned.plan.smoke_command)


def problems_of(error: ValidationError) -> tuple[str, ...]:
    """Return pydantic's complaints as `install_steps.0: must be one line`, shortened."""
    found = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(map(str, problem["loc"]))
        is_form = problem["type"] == "string_pattern_mismatch"
        field = next((part for part in reversed(problem["loc"]) if isinstance(part, str)), "")
        words = f"must be {FORMS[field]}" if is_form and field in FORMS else problem["msg"]
        found.append(f"{place}: {words.removeprefix('Value error, ')}"[:300])
    return tuple(found)
