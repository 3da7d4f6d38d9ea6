"""What the readers of CI files share: rows of a matrix, variables, steps with their lines."""

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from paper2run.formats.lined_text import line_of
from paper2run.formats.structured import table, text, texts
from paper2run.model.ci import CiStep, Pairs, StepForm
from paper2run.model.value import Source

MAX_ROWS: Final = 40
"""Kept of a matrix; the services themselves stop at 256."""
MAX_STEPS: Final = 60
MAX_SCRIPT_CHARS: Final = 6000
MAX_VALUE_CHARS: Final = 500
ASSIGNED: Final = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


def pairs(value: object) -> Pairs:
    """Return the variables of a table whose values are plain texts."""
    return tuple(
        (str(name), written[:MAX_VALUE_CHARS])
        for name, written in table(value).items()
        if isinstance(written, str)
    )


def assigned(line: str) -> Pairs:
    """Return the variables of a line such as `TOXENV=py36 DEPS="numpy scipy"`; nothing of other words."""
    try:
        words = shlex.split(line)
    except ValueError:
        return ()
    found = (ASSIGNED.fullmatch(word) for word in words)
    return tuple((match[1], match[2][:MAX_VALUE_CHARS]) for match in found if match)


def named_values(value: object, prefix: str) -> list[Pairs]:
    """Return a matrix variable's values, each as pairs: a table as its parts, named `prefix.part`."""
    found: list[Pairs] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            found.append(((prefix, item[:MAX_VALUE_CHARS]),))
        elif isinstance(item, Mapping):
            found.append(tuple((f"{prefix}.{name}", text(part)) for name, part in item.items()))
    return found


def product(variables: Iterable[list[Pairs]]) -> list[Pairs]:
    """Return every combination of the variables' values, the first ones first; bounded."""
    columns = [values for values in variables if values]
    if not columns:
        return []
    rows = (tuple(itertools.chain(*row)) for row in itertools.product(*columns))
    return list(itertools.islice(rows, MAX_ROWS))


def step(
    form: StepForm,
    value: object,
    path: str,
    *,
    folder: object = "",
    env: object = None,
    condition: object = "",
) -> Iterator[CiStep]:
    """Yield the step of a text; nothing where it is empty."""
    written = text(value)
    if written.strip():
        yield CiStep(
            form=form,
            text=written[:MAX_SCRIPT_CHARS],
            folder=text(folder),
            env=pairs(env),
            condition=text(condition),
            source=Source(kind="ci", path=path, line=line_of(written)),
        )


def scripts(value: object, path: str) -> Iterator[CiStep]:
    """Yield a step for each script of a list, or of a single text."""
    for written in texts(value):
        yield from step("run", written, path)


def entries(value: object) -> list[object]:
    """Return the items of a list; nothing for any other value."""
    return value if isinstance(value, list) else []


def first_line(value: object) -> int:
    """Return the first line that a value of the file knows; 0 if none does."""
    if isinstance(value, str):
        return line_of(value)
    parts = value.items() if isinstance(value, Mapping) else enumerate(entries(value))
    for key, part in parts:
        line = (line_of(key) if isinstance(key, str) else 0) or first_line(part)
        if line:
            return line
    return 0
