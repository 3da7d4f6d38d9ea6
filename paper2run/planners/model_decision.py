"""What a model answers, with cause, needs and quotes beside the fixed contracts."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from paper2run.failures.failure_log import telling_line
from paper2run.model.diagnosis import Cause, Diagnosis, DiagnosisDecision
from paper2run.model.environment import EnvPlan
from paper2run.model.outcome import BuildFailed
from paper2run.model.report import Attempt
from paper2run.model.stated_need import StatedNeed
from paper2run.model.value import Source, Value
from paper2run.rendering.plan_diff import plan_diff

Quote = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class Proof(Value):
    """What an answer says beside its decision; each quote stands in what the model was shown."""

    cause: Cause | None = None
    needs: Annotated[tuple[StatedNeed, ...], Field(max_length=6)] = ()
    evidence: Annotated[tuple[Quote, ...], Field(max_length=6)] = ()

    @property
    def is_shown(self) -> bool:
        """Whether there is a cause with a quote."""
        return self.cause is not None and bool(self.evidence)

    @property
    def quotes(self) -> list[tuple[str, str]]:
        """Every quote with its place in the answer."""
        return [
            *((f"evidence.{n}", quote) for n, quote in enumerate(self.evidence)),
            *((f"needs.{n}.quote", need.quote) for n, need in enumerate(self.needs)),
        ]


class ModelDecision(Value):
    """An answer about a failure."""

    answer: Literal["repair", "stop", "accept", "engine"]
    decision: DiagnosisDecision
    """The same in the contract's words, in which all that ends without a plan is a stop."""
    proof: Proof = Proof()

    @property
    def is_shown(self) -> bool:
        """Whether it is a repair, or its cause stands on a quote and on some confidence."""
        return self.answer == "repair" or (
            self.decision.confidence != "low" and self.proof.is_shown
        )


class ModelPlan(Value):
    """A plan, and what the model says that the work needs beside it."""

    plan: EnvPlan
    proof: Proof = Proof()


class ModelStop(Value):
    """An answer that no plan can help."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=1200)]
    confidence: Literal["low", "medium", "high"]
    decision: Literal["stop"]
    proof: Proof = Proof()

    @property
    def is_shown(self) -> bool:
        """Whether its cause stands on a quote and on some confidence."""
        return self.confidence != "low" and self.proof.is_shown


def as_diagnosis(decided: ModelDecision, done: Attempt, model: str) -> Diagnosis:
    """Return the decision as a diagnosis of the attempt.

    A cause without a quote, or of low confidence, is not taken: the first error's own class stands. Nor are needs of
    low confidence. A model's stop excludes no other way to an environment.
    """
    failure = done.failure
    assert failure is not None, "an attempt that passed is not diagnosed"
    decision, by = decided.decision, f"model:{model}"
    proof = Proof() if decision.confidence == "low" else decided.proof
    is_shown = bool(proof.evidence)
    known = proof.cause if is_shown else None
    return Diagnosis(
        decision=decision,
        by=by,
        cause=known or _class_of(done),
        evidence=proof.evidence[0] if is_shown else telling_line(failure),
        source=Source(kind="model", note=model),
        needs=tuple(need.changed(by=by) for need in proof.needs),
        diff=plan_diff(done.planned.plan, decision.new_plan) if decision.new_plan else (),
    )


def _class_of(done: Attempt) -> Cause:
    if done.blame is not None:
        return done.blame.cause
    return "build_error" if isinstance(done.built, BuildFailed) else "code_error"
