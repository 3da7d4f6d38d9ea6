"""Commands of documents as one plain call."""

import pytest

from paper2run.commands.plain_commands import plain_words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("python run.py [threshold]", ["python", "run.py"]),
        ("python run.py [--seed N] [-h]", ["python", "run.py"]),
        ("python run.py train [FILE [FILE]] --fast", ["python", "run.py", "train", "--fast"]),
        ("python run.py --layers [8, 16]", ["python", "run.py", "--layers", "[8,", "16]"]),
        ("python run.py data[0].csv", ["python", "run.py", "data[0].csv"]),
        ("python -m pytest 'test_a.py::test[x]'", ["python", "-m", "pytest", "test_a.py::test[x]"]),
    ],
)
def test_what_a_usage_line_shows_as_optional_is_left_out(line: str, words: list[str]) -> None:
    assert plain_words(line) == words


@pytest.mark.parametrize("line", ["python run.py --db [db_id]", "python run.py -m [model] --n 3"])
def test_a_value_in_brackets_is_its_readers(line: str) -> None:
    assert plain_words(line) == []
