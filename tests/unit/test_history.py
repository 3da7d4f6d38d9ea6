"""The checks of many runs over time: what has changed, and a chart of each repository."""

import pytest

from paper2run.proofs.history import Checked, history_page, in_words


def row(*outcomes: str, repository: str = "o/n", **more: str) -> Checked:
    return Checked(repository=repository, run="n-1", outcomes=outcomes, **more)


@pytest.mark.parametrize(
    ("outcomes", "is_news"),
    [
        (("verified",), False),
        (("drifted",), True),
        (("verified", "broken"), True),
        (("broken", "broken"), False),
        (("broken", "verified"), True),
        ((), False),
    ],
)
def test_what_differs_from_the_check_before_is_news(outcomes, is_news):
    assert row(*outcomes).is_news is is_news


def test_what_a_machine_could_not_check_is_no_news():
    lost = row("verified", "broken", trouble="no engine answers")

    assert (lost.now, lost.is_news) == (None, False)
    assert "no engine answers" in history_page([lost])
    assert (
        in_words([lost, row("verified")])
        == "2 runs, nothing changed; 1 of them could not be checked"
    )


def test_news_come_first_and_names_of_strangers_are_no_markup():
    rows = [row("verified", repository="a/a"), row("verified", "drifted", repository="z/[z](x)|")]

    lines = history_page(rows).splitlines()

    assert in_words(rows) == "1 of 2 runs changed: z/[z](x)| is drifted"
    assert lines[6].startswith("| z/")
    assert "●◐" in lines[6]
    assert lines[6].count("|") - lines[6].count("\\|") == 6
    assert lines[7].startswith("| a/a | ● | verified |")
