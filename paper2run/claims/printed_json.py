"""Reads the numbers of JSON as entries: a list of records as a table, others by their keys."""

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final, NamedTuple

from paper2run.claims.entry import Entry
from paper2run.claims.numbers import numbers_in

MAX_DEPTH: Final = 6
NAMES: Final = ("name", "id", "label")
"""Keys whose value names a record, wherever they stand in it."""
MAX_NAME_CHARS: Final = 40
"""A longer text is no name."""


class Scalars(NamedTuple):
    """What an object holds beside objects and lists."""

    names: dict[str, str]
    numbers: dict[str, str]


def value_of_json(text: str) -> object:
    """Return what a text says if it is JSON; None for any other text."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        told: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told


def entries_of_json(value: object) -> Iterator[Entry]:
    """Yield the numbers of a value in its order.

    Those of one list of records have the same `table`; it is 1 where at least two keys lead to a number, else 0.
    """
    yield from _of_value(value, (), (), count(2))


def _of_value(
    value: object, path: tuple[str, ...], told: tuple[str, ...], tables: Iterator[int]
) -> Iterator[Entry]:
    """Yield the numbers below a path; `told` are the names that objects on the way to it hold."""
    if len(path) > MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        scalars = _scalars(value)
        inner = (*told, *scalars.names.values())
        for key, one in value.items():
            yield from _of_value(one, (*path, str(key)), inner, tables)
    elif isinstance(value, list):
        table = next(tables)
        for place, one in enumerate(value):
            if isinstance(one, Mapping) and len(one) > 1:
                yield from _of_record(one, path, told, (table, tables))
            else:
                yield from _of_value(one, (*path, str(place)), told, tables)
    elif (printed := _printed(value)) and path:
        row, column = (path[-2], path[-1]) if len(path) > 1 else (path[-1], "")
        start = f"{'.'.join(path)}: "
        number = numbers_in(start + printed)[-1]
        above = (*path[:-2], *told)
        yield Entry(row, column, above, (), number, start + printed, int(len(path) > 1), "")


def _of_record(
    record: Mapping[object, object],
    path: tuple[str, ...],
    told: tuple[str, ...],
    tables: tuple[int, Iterator[int]],
) -> Iterator[Entry]:
    """Yield the numbers of one of several objects: the first value, or one called so, is its name."""
    table, further = tables
    scalars = _scalars(record)
    every = [str(one) for one in record if str(one) in scalars.names or str(one) in scalars.numbers]
    key = next((one for one in NAMES if one in scalars.names), every[0] if every else "")
    name = scalars.names.get(key, scalars.numbers.get(key, ""))
    others = tuple(said for one, said in scalars.names.items() if one != key)
    above = (*path, *told, *others)
    for head, printed in scalars.numbers.items():
        if head == key:
            continue
        before = [f"{one}: {(scalars.names | scalars.numbers)[one]}" for one in every]
        place = every.index(head)
        start = ", ".join([*before[:place], f"{head}: "])
        line = ", ".join([start + printed, *before[place + 1 :]])
        number = next(one for one in numbers_in(line) if one.start >= len(start))
        settings = tuple((one, said) for one, said in scalars.numbers.items() if one != head)
        yield Entry(name, head, above, settings, number, line, table, key)
    for inner_key, one in record.items():
        if isinstance(one, Mapping | list):
            yield from _of_value(one, (*path, name, str(inner_key)), (*told, *others), further)


def _scalars(value: Mapping[object, object]) -> Scalars:
    names = {
        str(key): one
        for key, one in value.items()
        if isinstance(one, str) and 0 < len(one) <= MAX_NAME_CHARS
    }
    return Scalars(names, {str(key): said for key, one in value.items() if (said := _printed(one))})


def _printed(value: object) -> str:
    """Return a number as JSON has it; empty for any other value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    printed = json.dumps(value)
    found = numbers_in(printed)
    return printed if found and found[0].end == len(printed) else ""
