"""Talks to a model: one question, looks, two corrections, then it gives up.

Every call is dumped and every token counted. The calling stage retries a failing service; here a
ModelError passes through.
"""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from paper2run.errors import ModelError
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.needs import Need
from paper2run.model.opinion import Opinion
from paper2run.model.report import Attempt, Verdict
from paper2run.model.usage import ModelCall, Purpose, Usage
from paper2run.planners import judging, llm
from paper2run.planners.answer import looks_in
from paper2run.planners.known import Known
from paper2run.planners.llm import Rejected
from paper2run.planners.looks import NO_MORE, offered, shown_by
from paper2run.planners.message import Message
from paper2run.planners.model_decision import ModelDecision, ModelPlan, ModelStop
from paper2run.planners.quotes import GAP, shown_in
from paper2run.planners.wire import DIAGNOSIS_SCHEMA, OPINION_SCHEMA, PLAN_SCHEMA
from paper2run.redaction import redact
from paper2run.settings import Settings
from tasks.drivers.model import chat
from tasks.drivers.model.chat_failures import PromptTooLong
from tasks.drivers.model.ledger import Ledger
from tasks.drivers.model.model_endpoint import Endpoint, endpoint
from tasks.drivers.model.window import window_tokens

T = TypeVar("T")

TIMEOUT_S: Final = 300.0
"""Seconds for one answer; a small model on one core takes up to 3 minutes."""
MAX_ANSWER_TOKENS: Final = 2048
"""A plan has about 400; the rest is for models that reason first."""
MAX_PROMPT_TOKENS: Final = 12_000
"""Keeps prompts cheap even with a large window."""
CHARS_PER_TOKEN: Final = 3
"""A cautious value for code and logs; English prose has about 4."""
CHANCES: Final = 3
"""Answers that may be wrong: a correction costs few tokens, and two of three refusals were of right answers."""
EXCHANGE_S: Final = 1500.0
"""Seconds for a question with its looks and corrections; less than a stage may take."""
LOOKS_FROM_TOKENS: Final = 16_000
"""A smaller window holds the question alone."""
MIN_LOOKS_CHARS: Final = 2000
"""Less room is no look worth."""
MAX_TURNS: Final = 5
"""Answers that ask for looks; the next one has to decide."""
SHRINKINGS: Final = 2
"""How often a prompt that was too long is halved and asked again."""


class _Talk:
    """One exchange: the endpoint, the budget, and the folder in which its calls are dumped and counted."""

    def __init__(
        self,
        settings: Settings,
        purpose: Purpose,
        schema: dict[str, Any],
        logs: Path,
    ) -> None:
        self.endpoint: Endpoint = endpoint(settings)
        self._secrets = {*chat.secrets(self.endpoint.api_key), *settings.secrets()}
        self._budget = settings.budget
        self._ledger = Ledger(logs)
        self._purpose: Purpose = purpose
        self._schema = schema
        self._logs = logs
        self._ends_at = time.monotonic() + EXCHANGE_S
        # With a budget of nothing, not even the server's list of models is asked for.
        self._ledger.allow(self._budget, Usage(calls=1, prompt_tokens=1))
        self.window_tokens = window_tokens(self.endpoint, settings.model_context)

    def cleaned(self, message: Message) -> Message:
        """Return the message without our secrets."""
        return replace(message, content=redact(message.content, self._secrets))

    def ask(self, messages: Sequence[Message]) -> chat.Answer:
        """Return the answer, counted and dumped; ModelError if there is none, or beyond the budget.

        Our secrets are removed from the answer and the records; `messages` hold none.
        """
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
        self._dump(messages, {"answer": asdict(answer)})
        # A service that sends our key back must not get it into a plan.
        return replace(answer, text=redact(answer.text, self._secrets))

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


def plan(
    settings: Settings,
    known: Known,
    rules_plan: PlannedEnvironment | None,
    doubts: Sequence[str],
    logs: Path,
) -> ModelPlan | ModelStop:
    """Return the model's plan or stop; `doubts` say what the rules doubt of theirs.

    ModelError if none can be had. `logs` is the run's folder of that name: every call is dumped and counted there.
    """

    def compose(room_chars: int) -> list[Message]:
        return llm.plan_messages(known, rules_plan, doubts, room_chars=room_chars)

    def parse(text: str, shown: str) -> ModelPlan | ModelStop | Rejected:
        return llm.parse_plan(text, known, rules_plan, shown)

    talk = _Talk(settings, "plan", PLAN_SCHEMA, logs)
    # The checker takes the two for what they have in common.
    return cast("ModelPlan | ModelStop", _exchange(talk, compose, parse, (known.tree, "")))


def diagnose(
    settings: Settings,
    done: Attempt,
    dockerfile: str,
    known: Known,
    tried: Sequence[Attempt],
    logs: Path,
) -> ModelDecision:
    """Return the model's decision on a failed attempt.

    ModelError if none can be had; `logs` as for `plan`.
    """
    failure = done.failure
    assert failure is not None, "an attempt that passed is not diagnosed"
    talk = _Talk(settings, "diagnose", DIAGNOSIS_SCHEMA, logs)
    return _exchange(
        talk,
        lambda room: llm.diagnosis_messages(done, dockerfile, known, tried, room_chars=room),
        lambda text, shown: llm.parse_diagnosis(text, known, done.planned, tried, shown),
        (known.tree, f"{failure.log.stdout}\n{failure.log.stderr}"),
    )


def judge(
    settings: Settings,
    verdict: Verdict,
    needs: Sequence[Need],
    best: Attempt,
    tried: Sequence[Attempt],
    known: Known,
    logs: Path,
) -> Opinion:
    """Return what the model says that a run shows. ModelError if nothing can be had; `logs` as for `plan`."""
    talk = _Talk(settings, "judge", OPINION_SCHEMA, logs)
    return _exchange(
        talk,
        lambda room: judging.judge_messages(verdict, needs, best, tried, known, room_chars=room),
        judging.parse_opinion,
        (known.tree, judging.log_of(best)),
    )


def _exchange(
    talk: _Talk,
    compose: Callable[[int], list[Message]],
    parse: Callable[[str, str], T | Rejected],
    look_at: tuple[RepoTree, str],
) -> T:
    """Return what an answer parses to: the first one, one after looks, or a corrected one.

    `look_at` are the checkout and the log that a model may look into. Looks are offered where its window holds more
    than the question.
    """
    room, looks_left = rooms(talk.window_tokens)
    turns_left = MAX_TURNS if looks_left else 0
    more: list[Message] = []
    shown: list[str] = []
    problems: tuple[str, ...] = ()
    taken = chances = 0
    while chances < CHANCES:
        answer, room, asked = _fitting_answer(talk, compose, more, room, looks=turns_left > 0)
        shown.append(shown_in(asked))
        looks = looks_in(answer.text) if turns_left > 0 else None
        if looks is not None:
            found = talk.cleaned(shown_by(looks, *look_at, taken, looks_left))
            looks_left, taken = looks_left - len(found.content), taken + len(looks.look)
            turns_left = turns_left - 1 if looks_left > MIN_LOOKS_CHARS else 0
            shown.append(shown_in([found]))
            if not turns_left:
                found = replace(found, content=f"{found.content}\n{NO_MORE}")
            more += [Message("assistant", answer.text), found]
            continue
        parsed = parse(answer.text, GAP.join(shown))
        if not isinstance(parsed, Rejected):
            return parsed
        _refuse_filtered(talk, answer)
        chances, problems = chances + 1, parsed.problems
        is_cut_off = answer.finish_reason == "length"
        more += llm.correction(answer.text, parsed, is_cut_off=is_cut_off)
    raise ModelError(
        f"{talk.endpoint.model} gave no usable answer, also when corrected: {'; '.join(problems[:3])}",
        hint="the rules go on without it; the exchange is in the run's logs",
    )


def rooms(window_tokens: int) -> tuple[int, int]:
    """Return the characters of a question and of all that looks show; none for looks in a small window."""
    whole = max(window_tokens - MAX_ANSWER_TOKENS, MAX_ANSWER_TOKENS) * CHARS_PER_TOKEN
    most = MAX_PROMPT_TOKENS * CHARS_PER_TOKEN
    if window_tokens < LOOKS_FROM_TOKENS:
        return min(whole, most), 0
    question = min(whole * 2 // 3, most)
    return question, min(whole - question, most)


def _fitting_answer(
    talk: _Talk,
    compose: Callable[[int], list[Message]],
    more: Sequence[Message],
    room: int,
    *,
    looks: bool,
) -> tuple[chat.Answer, int, list[Message]]:
    """Return the answer, the room in which the prompt fitted, and the prompt without `more`.

    Only asking a server shows how much it accepts.
    """
    for shrinking in range(SHRINKINGS + 1):
        system, *rest = map(talk.cleaned, compose(room))
        told = f"{system.content}\n\n{offered()}" if looks else system.content
        asked = [replace(system, content=told), *rest]
        messages = [*asked, *more]
        try:
            return talk.ask(messages), room, asked
        except PromptTooLong:
            if shrinking == SHRINKINGS:
                raise
            room = min(room, sum(len(message.content) for message in messages)) // 2
    raise AssertionError("the last round returns or raises")


def _refuse_filtered(talk: _Talk, answer: chat.Answer) -> None:
    """ModelError if the service withheld its answer: asking again would be withheld again."""
    if answer.finish_reason == "content_filter":
        raise ModelError(
            f"{talk.endpoint.model} withheld its answer (content filter)",
            hint="try another model",
        )
