"""The use of language models: per call, in total, and against the budget."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from paper2run.model.value import Value

Purpose = Literal["plan", "diagnose", "judge"]
"""What a model is asked: for a plan, about a failure, and what a run shows."""
Tokens = Annotated[int, Field(ge=0)]
Dollars = Annotated[float, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class Usage(Value):
    """Sums over calls; nothing was asked where `calls` is 0."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    """None if the price of at least one call is unknown."""
    latency_s: float = 0.0

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        """Return the sum of both."""
        is_priced = self.cost_usd is not None and other.cost_usd is not None
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost_usd=(self.cost_usd or 0.0) + (other.cost_usd or 0.0) if is_priced else None,
            latency_s=self.latency_s + other.latency_s,
        )


class ModelCall(Value):
    """One request that was sent, successful or not."""

    purpose: Purpose
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    """None if LiteLLM knows no price; 0 where the service gave no answer."""
    latency_s: float
    failure: str = ""
    """Why there was no answer; an unusable answer is not a failure."""


def total(calls: Iterable[ModelCall]) -> Usage:
    """Return the sum over the calls, failed ones included."""
    return sum(
        (
            Usage(
                calls=1,
                prompt_tokens=call.prompt_tokens,
                completion_tokens=call.completion_tokens,
                cost_usd=call.cost_usd,
                latency_s=call.latency_s,
            )
            for call in calls
        ),
        Usage(),
    )


class Budget(Value):
    """What a run or a batch may spend on models; None: no limit; 0: never call the model."""

    max_tokens: Tokens | None = None
    max_cost_usd: Dollars | None = None
    max_model_seconds: Seconds | None = None

    def left(self, spent: Usage) -> "Budget":
        """Return what remains; a batch gives it to its next run. After an unknown price no money remains."""
        tokens, cost, seconds = self.max_tokens, self.max_cost_usd, self.max_model_seconds
        return Budget(
            max_tokens=None if tokens is None else max(0, tokens - spent.tokens),
            max_cost_usd=None
            if cost is None
            else max(0.0, cost - (cost if spent.cost_usd is None else spent.cost_usd)),
            max_model_seconds=None if seconds is None else max(0.0, seconds - spent.latency_s),
        )

    def shared(self, parts: int) -> "Budget":
        """Return an equal share of it."""
        tokens, cost, seconds = self.max_tokens, self.max_cost_usd, self.max_model_seconds
        return Budget(
            max_tokens=None if tokens is None else tokens // parts,
            max_cost_usd=None if cost is None else cost / parts,
            max_model_seconds=None if seconds is None else seconds / parts,
        )

    def within(self, other: "Budget") -> "Budget":
        """Return the tighter of both limits of each kind."""
        names = type(self).model_fields
        given = {name: [getattr(self, name), getattr(other, name)] for name in names}
        return Budget(
            **{
                name: min((limit for limit in limits if limit is not None), default=None)
                for name, limits in given.items()
            }
        )

    def refusal(self, spent: Usage, next_call: Usage) -> str:
        """Return why the next call, at its highest cost, would exceed the budget; empty if it would not."""
        after = spent + next_call
        if self.max_tokens is not None and after.tokens > self.max_tokens:
            return (
                f"the budget of {self.max_tokens} tokens does not hold another call:"
                f" {spent.tokens} spent, up to {next_call.tokens} more"
            )
        if self.max_model_seconds is not None and spent.latency_s >= self.max_model_seconds:
            return (
                f"the budget of {self.max_model_seconds:g} seconds of the model is used up:"
                f" {spent.latency_s:.0f} spent"
            )
        if self.max_cost_usd is None:
            return ""
        if after.cost_usd is None:
            return f"the price of the model is unknown, so ${self.max_cost_usd:g} cannot be kept to"
        if after.cost_usd > self.max_cost_usd:
            return (
                f"the budget of ${self.max_cost_usd:g} does not hold another call:"
                f" ${spent.cost_usd:.4f} spent, up to ${next_call.cost_usd:.4f} more"
            )
        return ""
