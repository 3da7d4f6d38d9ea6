"""Records a run's calls to models in one file that its processes append to, and enforces the budget."""

from pathlib import Path
from typing import Final

from paper2run.errors import ModelError
from paper2run.model.usage import Budget, ModelCall, Usage, total

NAME: Final = "model_calls.jsonl"
SILENT_CALLS: Final = 3
"""Consecutive failed requests, retries included, after which a run stops asking: each may take minutes."""


class Ledger:
    """The file in a run's `logs`. Two instances on one folder see the same calls."""

    def __init__(self, logs: Path) -> None:
        self._path = logs / NAME

    def calls(self) -> tuple[ModelCall, ...]:
        """Return all calls so far, in order."""
        text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        return tuple(ModelCall.model_validate_json(line) for line in text.split("\n") if line)

    def add(self, call: ModelCall) -> None:
        """Record a call at once: its cost counts whether or not the answer is usable."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(call.model_dump_json() + "\n")

    def allow(self, budget: Budget, next_call: Usage) -> Budget:
        """Return what is left of the budget before the next call.

        ModelError if that call could exceed it, or if the service is dead.
        """
        calls = self.calls()
        last = calls[-SILENT_CALLS:]
        if len(last) == SILENT_CALLS and all(call.failure for call in last):
            raise ModelError(
                f"the last {SILENT_CALLS} requests of this run had no answer, so no more are made:"
                f" {last[-1].failure}",
                hint="try again when the service answers: `paper2run doctor` asks it",
            )
        spent = total(calls)
        refusal = budget.refusal(spent, next_call)
        if refusal:
            raise ModelError(
                refusal,
                hint="raise --max-tokens, --max-cost-usd or --max-model-seconds; the rules go on without it",
            )
        return budget.left(spent)
