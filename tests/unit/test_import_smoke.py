"""Code that nothing starts is shown by what it imports, with and without names that are only guessed."""

from paper2run.model.environment import GuessedDistribution
from paper2run.model.facts import Import, RepoFacts
from paper2run.model.value import DEFAULT
from paper2run.smoke.import_smoke import import_smokes


def imported(*modules: str) -> RepoFacts:
    return RepoFacts(
        facts=tuple(
            Import(module=name, where="script", files=1, source=DEFAULT) for name in modules
        )
    )


def test_a_name_that_is_only_guessed_keeps_nothing_from_being_shown() -> None:
    guess = GuessedDistribution(name="chapter", module="chapter")

    every, known = import_smokes(imported("chapter", "numpy"), [guess])

    assert every.command == "python -c 'import chapter, numpy'"
    assert known.command == "python -c 'import numpy'"
    assert known.proves == "all that its code imports is there but chapter"


def test_without_guesses_there_is_one_command() -> None:
    (every,) = import_smokes(imported("numpy"), [])
    assert every.proves == "all that its code imports is there"


def test_guesses_alone_leave_nothing_else_to_show() -> None:
    guess = GuessedDistribution(name="chapter", module="chapter")
    assert len(import_smokes(imported("chapter"), [guess])) == 1
