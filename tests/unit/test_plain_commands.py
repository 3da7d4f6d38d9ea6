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
        ("python run.py --n 3 > out.csv", ["python", "run.py", "--n", "3"]),
        ("python run.py | tee logs/out.txt", ["python", "run.py"]),
        ("python run.py data[0].csv", ["python", "run.py", "data[0].csv"]),
        ("python -m pytest 'test_a.py::test[x]'", ["python", "-m", "pytest", "test_a.py::test[x]"]),
    ],
)
def test_what_is_optional_or_only_a_place_for_the_output_is_left_out(
    line: str, words: list[str]
) -> None:
    assert plain_words(line) == words


@pytest.mark.parametrize(
    "line", ["python run.py < in.csv > out.csv", "python run.py > out.csv && ls"]
)
def test_more_than_one_call_is_none(line: str) -> None:
    assert plain_words(line) == []


@pytest.mark.parametrize("line", ["python run.py --db [db_id]", "python run.py -m [model] --n 3"])
def test_a_value_in_brackets_is_its_readers(line: str) -> None:
    assert plain_words(line) == []
