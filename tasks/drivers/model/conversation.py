"""Talks to a model: one question, looks, two corrections, then it gives up.

The calling stage retries a failing service; here a ModelError passes through.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar, cast

from paper2run.errors import ModelError
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.needs import Need
from paper2run.model.opinion import Opinion
from paper2run.model.report import Attempt, Verdict
from paper2run.planners import judging, llm
from paper2run.planners.answer import looks_in
from paper2run.planners.known import Known
from paper2run.planners.llm import Rejected
from paper2run.planners.looks import NO_MORE, Beyond, LookAt, nowhere, offered, shown_by
from paper2run.planners.message import Message
from paper2run.planners.model_decision import ModelDecision, ModelPlan, ModelStop
from paper2run.planners.quotes import GAP, shown_in
from paper2run.planners.wire import DIAGNOSIS_SCHEMA, OPINION_SCHEMA, PLAN_SCHEMA
from paper2run.settings import Settings
from tasks.drivers.model.chat import Answer
from tasks.drivers.model.chat_failures import PromptTooLong
from tasks.drivers.model.talk import MAX_ANSWER_TOKENS, Talk

T = TypeVar("T")

MAX_PROMPT_TOKENS: Final = 12_000
"""Keeps prompts cheap even with a large window."""
CHARS_PER_TOKEN: Final = 3
"""A cautious value for code and logs; English prose has about 4."""
CHANCES: Final = 3
"""Answers that may be wrong: a correction costs few tokens, and two of three refusals were of right answers."""
LOOKS_FROM_TOKENS: Final = 16_000
"""A smaller window holds the question alone."""
MIN_LOOKS_CHARS: Final = 2000
"""Less room is no look worth."""
MAX_TURNS: Final = 5
"""Answers that ask for looks; the next one has to decide."""
SHRINKINGS: Final = 2
"""How often a prompt that was too long is halved and asked again."""


def plan(
    settings: Settings,
    known: Known,
    rules_plan: PlannedEnvironment | None,
    doubts: Sequence[str],
    logs: Path,
    beyond: Beyond = nowhere,
) -> ModelPlan | ModelStop:
    """Return the model's plan or stop; `doubts` say what the rules doubt of theirs.

    ModelError if none can be had. `logs` is the run's folder of that name: every call is dumped and counted there.
    """

    def compose(room_chars: int) -> list[Message]:
        return llm.plan_messages(known, rules_plan, doubts, room_chars=room_chars)

    def parse(text: str, shown: str) -> ModelPlan | ModelStop | Rejected:
        return llm.parse_plan(text, known, rules_plan, shown)

    talk = Talk(settings, "plan", PLAN_SCHEMA, logs)
    # The checker takes the two for what they have in common.
    return cast(
        "ModelPlan | ModelStop", _exchange(talk, compose, parse, LookAt(known.tree, beyond=beyond))
    )


def diagnose(
    settings: Settings,
    done: Attempt,
    dockerfile: str,
    known: Known,
    tried: Sequence[Attempt],
    logs: Path,
    beyond: Beyond = nowhere,
) -> ModelDecision:
    """Return the model's decision on a failed attempt.

    ModelError if none can be had; `logs` as for `plan`.
    """
    failure = done.failure
    assert failure is not None, "an attempt that passed is not diagnosed"
    talk = Talk(settings, "diagnose", DIAGNOSIS_SCHEMA, logs)
    return _exchange(
        talk,
        lambda room: llm.diagnosis_messages(done, dockerfile, known, tried, room_chars=room),
        lambda text, shown: llm.parse_diagnosis(text, known, done.planned, tried, shown),
        LookAt(known.tree, f"{failure.log.stdout}\n{failure.log.stderr}", beyond),
    )


def judge(
    settings: Settings,
    verdict: Verdict,
    needs: Sequence[Need],
    best: Attempt,
    tried: Sequence[Attempt],
    known: Known,
    logs: Path,
    beyond: Beyond = nowhere,
) -> Opinion:
    """Return what the model says that a run shows. ModelError if nothing can be had; `logs` as for `plan`."""
    talk = Talk(settings, "judge", OPINION_SCHEMA, logs)
    return _exchange(
        talk,
        lambda room: judging.judge_messages(verdict, needs, best, tried, known, room_chars=room),
        judging.parse_opinion,
        LookAt(known.tree, judging.log_of(best), beyond),
    )


def _exchange(
    talk: Talk,
    compose: Callable[[int], list[Message]],
    parse: Callable[[str, str], T | Rejected],
    look_at: LookAt,
) -> T:
    """Return what an answer parses to: the first one, one after looks, or a corrected one.

    Looks into `look_at` are offered where the model's window holds more than the question.
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
            beyond = talk.looking(look_at.beyond, [*asked, *more])
            at = look_at._replace(beyond=beyond)
            found = talk.cleaned(shown_by(looks, at, taken, looks_left))
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
    talk: Talk,
    compose: Callable[[int], list[Message]],
    more: Sequence[Message],
    room: int,
    *,
    looks: bool,
) -> tuple[Answer, int, list[Message]]:
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


def _refuse_filtered(talk: Talk, answer: Answer) -> None:
    """ModelError if the service withheld its answer: asking again would be withheld again."""
    if answer.finish_reason == "content_filter":
        raise ModelError(
            f"{talk.endpoint.model} withheld its answer (content filter)",
            hint="try another model",
        )
