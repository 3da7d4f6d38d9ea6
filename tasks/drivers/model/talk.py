"""One exchange with a model: its endpoint, its budget, its tape, and the records of its calls."""

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from paper2run.errors import ModelError, UserError
from paper2run.model.usage import ModelCall, Purpose, Usage
from paper2run.planners.looks import Beyond, Look
from paper2run.planners.message import Message
from paper2run.redaction import redact
from paper2run.settings import Settings
from tasks.drivers.model import chat
from tasks.drivers.model.chat import Answer
from tasks.drivers.model.ledger import Ledger
from tasks.drivers.model.model_endpoint import Endpoint, endpoint
from tasks.drivers.model.tape import Tape, Taped
from tasks.drivers.model.window import window_tokens

TIMEOUT_S: Final = 300.0
"""Seconds for one answer; a small model on one core takes up to 3 minutes."""
EXCHANGE_S: Final = 1500.0
"""Seconds for a question with its looks and corrections; less than a stage may take."""
MAX_ANSWER_TOKENS: Final = 2048
"""A plan has about 400; the rest is for models that reason first."""


class Talk:
    """One exchange: what is asked is counted and dumped in a run's folder `logs`.

    What a tape plays is dumped too, but not counted: it costs nothing.
    """

    def __init__(
        self,
        settings: Settings,
        purpose: Purpose,
        schema: dict[str, Any],
        logs: Path,
    ) -> None:
        self._tape = Tape.of(settings)
        self.endpoint: Endpoint = _endpoint(settings)
        self._secrets = {*chat.secrets(self.endpoint.api_key), *settings.secrets()}
        self._budget = settings.budget
        self._ledger = Ledger(logs)
        self._purpose: Purpose = purpose
        self._schema = schema
        self._logs = logs
        self._ends_at = time.monotonic() + EXCHANGE_S
        self.window_tokens = self._window(settings)

    def cleaned(self, message: Message) -> Message:
        """Return the message without our secrets."""
        return replace(message, content=redact(message.content, self._secrets))

    def looking(self, beyond: Beyond, messages: Sequence[Message]) -> Beyond:
        """Return `beyond` behind the tape: what it has of a look after `messages` is not asked again."""
        tape = self._tape
        if tape is None:
            return beyond

        def look(wanted: Look) -> Sequence[str]:
            lines = tape.seen(self._purpose, messages, wanted)
            if lines is None:
                found = [redact(line, self._secrets) for line in beyond(wanted)]
                tape.keep_seen(self._purpose, messages, wanted, found)
                return found
            return lines

        return look

    def ask(self, messages: Sequence[Message]) -> Answer:
        """Return the answer, of the tape or of the model; that is counted and dumped.

        ModelError if there is none, or beyond the budget; UserError for a tape that cannot be used. Our secrets are
        removed from the answer and the records; `messages` hold none.
        """
        taped = self._of_tape(messages)
        if taped is not None:
            answer = _played(taped)
            self._dump(messages, {"answer": asdict(answer), "taped": True})
        else:
            answer = self._asked(messages)
            self._dump(messages, {"answer": asdict(answer)})
            if self._tape is not None:
                self._tape.keep(
                    self._purpose,
                    messages,
                    lambda text: redact(text, self._secrets),
                    text=answer.text,
                    finish_reason=answer.finish_reason,
                    prompt_tokens=answer.prompt_tokens,
                    completion_tokens=answer.completion_tokens,
                    cost_usd=answer.cost_usd,
                )
        # A service that sends our key back must not get it into a plan.
        return replace(answer, text=redact(answer.text, self._secrets))

    def _of_tape(self, messages: Sequence[Message]) -> Taped | None:
        """Return what the tape answers; a question that it cannot answer is dumped, for who writes the answer."""
        try:
            return self._tape.played(self._purpose, messages) if self._tape else None
        except UserError as error:
            self._dump(messages, {"error": error.what})
            raise

    def _window(self, settings: Settings) -> int:
        """Return the model's window; the tape's own word holds, so that it is asked the same again."""
        known = settings.model_context or (self._tape.window_tokens() if self._tape else None)
        if known:
            return known
        if self._tape is not None and self._tape.is_played_only:
            return chat.DEFAULT_CONTEXT_TOKENS
        # With a budget of nothing, not even the server's list of models is asked for.
        self._ledger.allow(self._budget, Usage(calls=1, prompt_tokens=1))
        found = window_tokens(self.endpoint, None)
        if self._tape is not None:
            self._tape.keep_window(found)
        return found

    def _asked(self, messages: Sequence[Message]) -> Answer:
        """Return the model's answer, counted; a request that fails is counted and dumped."""
        at = self.endpoint
        dearest = chat.estimate(messages, at.model, self._schema, MAX_ANSWER_TOKENS)
        of_budget_s = self._ledger.allow(self._budget, dearest).max_model_seconds
        left_s = min(TIMEOUT_S, self._ends_at - time.monotonic())
        if left_s <= 0:
            raise ModelError(
                f"{at.model} was asked for {EXCHANGE_S:g} seconds without a decision",
                hint="the rules go on without it; use a faster model",
            )
        started = time.monotonic()
        try:
            answer = chat.ask(
                messages,
                model=at.model,
                base_url=at.base_url,
                api_key=at.api_key,
                schema=self._schema,
                timeout_s=left_s if of_budget_s is None else min(left_s, of_budget_s),
                max_tokens=MAX_ANSWER_TOKENS,
            )
        except ModelError as error:
            latency_s = round(time.monotonic() - started, 3)
            self._count(latency_s=latency_s, failure=error.what)
            self._dump(messages, {"error": error.what})
            raise
        self._count(
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            cost_usd=answer.cost_usd,
            latency_s=round(answer.latency_s, 3),
        )
        return answer

    def _count(self, **took: Any) -> None:
        self._ledger.add(ModelCall(purpose=self._purpose, model=self.endpoint.model, **took))

    def _dump(self, messages: Sequence[Message], outcome: dict[str, Any]) -> None:
        """Write `<purpose>-<number>.json` atomically, without keys, with the next free number."""
        record = {
            "model": self.endpoint.model,
            "messages": [asdict(message) for message in messages],
        } | outcome
        text = redact(json.dumps(record, indent=1, ensure_ascii=False), self._secrets)
        self._logs.mkdir(parents=True, exist_ok=True)
        number = 1 + len(list(self._logs.glob(f"{self._purpose}-*.json")))
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", errors="replace", dir=self._logs, delete=False
        ) as file:
            file.write(text)
        Path(file.name).replace(self._logs / f"{self._purpose}-{number:02d}.json")


def _endpoint(settings: Settings) -> Endpoint:
    """Return the settings' endpoint; that of a tape which is only played has no address and needs no key."""
    if settings.is_tape_played_only:
        return Endpoint(settings.planner_model, "", "")
    return endpoint(settings)


def _played(taped: Taped) -> Answer:
    return Answer(
        text=taped.text,
        prompt_tokens=taped.prompt_tokens,
        completion_tokens=taped.completion_tokens,
        cost_usd=taped.cost_usd,
        latency_s=0.0,
        finish_reason=taped.finish_reason,
        form="none",
    )
