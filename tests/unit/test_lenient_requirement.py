"""Requirements of old metadata; the first two stand in wheels of pandas 0.23 and of 2013."""

import pytest

from paper2run.index.lenient_requirement import lenient_requirement, lenient_specifiers


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("pytz (>=2011k)", "pytz"),
        ("numpy (>=1.9.0,>=dev)", "numpy>=1.9.0"),
        ("numpy (>=1.9.0)", "numpy>=1.9.0"),
        ("six>=1.*", "six>=1"),
        ("six (1.10)", "six==1.10"),
        ("a[b] (>=x); python_version < '3'", 'a[b]; python_version < "3"'),
        ("plain", "plain"),
    ],
)
def test_what_can_be_understood_of_a_requirement_is_kept(text, read):
    assert str(lenient_requirement(text)) == read


@pytest.mark.parametrize(
    "text", ["", "-e .", "six (>=x); os ~ 'win'", "../six", "six @ nowhere >=1"]
)
def test_what_has_no_readable_name_or_marker_is_nothing(text):
    assert lenient_requirement(text) is None


def test_unreadable_clauses_leave_the_others():
    assert str(lenient_specifiers(">=2.6, !=3.0.*, !=3.1.x")) == "!=3.0.*,>=2.6"
