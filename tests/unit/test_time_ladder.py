"""The ladder of days of conda's solver, and the words for the days of a set."""

from datetime import date

import pytest

from paper2run.index.time_ladder import ladder, versions_in_words
from paper2run.model.resolution import Resolution

DAY = date(2018, 6, 1)


def test_the_ladder_starts_at_the_commit_and_ends_without_a_limit():
    assert ladder(DAY) == (
        ("commit date", DAY),
        ("+30 days", date(2018, 7, 1)),
        ("+180 days", date(2018, 11, 28)),
        ("none", None),
    )


def test_without_a_day_there_is_no_limit_at_all():
    assert ladder(None) == (("none", None),)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"date_step": "none"}, "versions of any date"),
        (
            {"date_step": "commit date", "cutoff": DAY},
            f"versions of {DAY} or earlier (the commit's day)",
        ),
        ({"date_step": "lock", "cutoff": DAY}, f"versions of {DAY} or earlier"),
        (
            {"date_step": "+180 days", "cutoff": DAY, "exceptions": ("aesara 0.0.1 (2020-11-07)",)},
            f"versions of {DAY} or earlier (180 days after the commit), except aesara 0.0.1 (2020-11-07)",
        ),
        (
            {"date_step": "", "cutoff": DAY, "exceptions": tuple("abcdefg")},
            f"versions of {DAY} or earlier, except a, b, c, d, e, 2 more",
        ),
    ],
)
def test_versions_are_told_with_their_last_day_and_what_is_later(fields, words):
    assert versions_in_words(Resolution(python="3.8", **fields)) == words
