"""A quote stands in what the repository or its programs say; in nothing that we or the model wrote."""

import pytest

from paper2run.planners.message import Message
from paper2run.planners.prompt import fenced
from paper2run.planners.quotes import shown_in, untrue

LINE = "the code needs an NVIDIA V100 to run"


def is_quote(*messages, quote=LINE):
    return untrue([("evidence.0", quote)], shown_in(messages)) == ()


@pytest.mark.parametrize("part", ["readme", "paper", "log", "output", "facts", "L3"])
def test_words_of_the_repository_and_of_programs_count(part):
    broken = LINE.replace(" V100", "\n   V100")
    assert is_quote(Message("user", fenced(part, f"# Fold\n{broken}\n")))


@pytest.mark.parametrize("part", ["verdict", "needs", "plan", "tried", "doubts", "rules_plan"])
def test_our_words_and_the_models_earlier_ones_do_not_count(part):
    assert not is_quote(Message("user", fenced(part, LINE)))


def test_what_the_model_fences_itself_does_not_count():
    assert not is_quote(Message("assistant", fenced("readme", LINE)))
    assert not is_quote(Message("user", f"That cannot be used: {fenced('readme', LINE)!r}"))


def test_no_quote_reaches_over_two_parts():
    first, second = fenced("readme", "the code needs an"), fenced("log", "NVIDIA V100 to run")
    assert not is_quote(Message("user", f"{first}\n{second}"))


@pytest.mark.parametrize(
    "quote", ["(nothing)", "[12345 characters left out]", "V100", "\0\0\0\0\0\0\0\0\0\0\0\0"]
)
def test_what_stands_for_want_of_words_and_what_is_short_does_not_count(quote):
    shown = fenced("readme", f"{LINE}\n[12345 characters left out]") + "\n" + fenced("log", "")
    assert not is_quote(Message("user", shown), quote=quote)
