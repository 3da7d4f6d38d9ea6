"""Reads what a runner of examples or cells prints: a line of JSON for each, between other lines."""

from typing import Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

MARK: Final = "=shown= "
"""Begins a line of number, output and error."""


class Printed(NamedTuple):
    """What an example or a cell printed, and the error that ended it."""

    output: str
    error: str


ANSWER: Final = TypeAdapter(tuple[int, str, str])


def read_answer(stdout: str) -> dict[int, Printed]:
    """Return by number what each printed; those that were not reached are left out."""
    found = {}
    for line in stdout.splitlines():
        if line.startswith(MARK):
            try:
                number, output, error = ANSWER.validate_json(line.removeprefix(MARK))
            except ValidationError:
                # The log is cut in the middle of a line.
                continue
            found[number] = Printed(output, error)
    return found
