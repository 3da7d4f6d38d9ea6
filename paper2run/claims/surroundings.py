"""Tells what stands around printed numbers: their own words, their case, and what is set."""

import re
import shlex
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from paper2run.claims.abbreviations import parts_of
from paper2run.claims.entry import Entry
from paper2run.claims.names import WEAK, words_of
from paper2run.claims.numbers import NUMBER, numbers_in
from paper2run.claims.printed_line import settings_in
from paper2run.claims.units import OF_NAMES

ENDING: Final = re.compile(r"\.[A-Za-z]\w{0,4}$")


class Around(NamedTuple):
    """A printed number with the words around it."""

    command: str
    entry: Entry
    own: tuple[str, ...]
    """The words right before it, or of its column's head."""
    words: tuple[str, ...]
    """All of them."""
    of_command: frozenset[str]
    """Those that only its command has."""
    names: tuple[tuple[str, ...], ...]
    """Words that stand together in its row, its column or a line above."""
    settings: tuple[tuple[str, str], ...]
    """What the command, or a line above, sets: `n = 20`."""
    remark: tuple[str, ...]
    """What documents say beside the command."""
    cases: tuple[tuple[str, ...], ...]
    """The names that say which case it is: of its row, or what its line begins with, of the lines above, and the
    command's arguments."""


def around(command: str, entries: Iterable[Entry], told: str = "") -> Iterator[Around]:
    """Yield the numbers that a command printed with what is around them.

    `told` is what documents say beside the command.
    """
    said = _words_of_command(command)
    remark = words_of(told)
    chosen = [*settings_in(told), *_options(command)]
    for entry in entries:
        own = words_of(entry.column or entry.row)
        if len(own) > 1 and own[-1] in OF_NAMES:
            # Its unit: `rmse_cm`.
            own = own[:-1]
        if not own:
            # The deviation behind a result.
            continue
        # With a column its row is known, and the line before it has the names of its other numbers, too.
        before = "" if entry.column else entry.line[: entry.number.start]
        settings = [f"{name} {value}" for name, value in entry.settings if not entry.table]
        near = (entry.row, entry.column, *entry.above)
        texts = (*near, entry.key, _without_results(before), *settings)
        printed = dict.fromkeys(word for text in texts for word in words_of(text))
        in_command = dict.fromkeys(word for text in said for word in words_of(text))
        words, added = tuple(printed | in_command), frozenset(in_command) - frozenset(printed)
        names = dict.fromkeys(
            part for name in (*near, *_between_numbers(before)) for part in parts_of(words_of(name))
        )
        first = entry.row if entry.column else next(_between_numbers(before))
        cases = (words_of(text) for text in (first, *entry.above, *said))
        told_apart = (tuple(one for one in case if one not in own) for case in cases)
        sets = [*chosen, *(one for text in (first, *entry.above) for one in settings_in(text))]
        sets += [one for one in entry.settings if not entry.table and one not in sets]
        yield Around(
            command, entry, own, words, added, tuple(names), tuple(sets), remark, _some(told_apart)
        )


def _some(cases: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return the names that have a word which names something, each once."""
    named = (
        case for case in cases if any(word not in WEAK and not word[0].isdigit() for word in case)
    )
    return tuple(dict.fromkeys(named))


def _between_numbers(text: str) -> Iterator[str]:
    """Yield what a line says before its first number and between the others."""
    last = 0
    for number in numbers_in(text):
        yield text[last : number.start]
        last = number.end
    yield text[last:]


def _without_results(text: str) -> str:
    """Return the start of a line without the other numbers that have a point."""
    for number in reversed(numbers_in(text)):
        if "." in number.printed:
            text = text[: number.start] + " " + text[number.end :]
    return text


def _options(command: str) -> Iterator[tuple[str, str]]:
    """Yield the options of a command that have one number: `--n 20`, and not `--n 20 40`."""
    words = shlex.split(command)
    for word, after, further in zip(words, [*words[1:], ""], [*words[2:], "", ""], strict=False):
        name, equals, value = word.partition("=")
        value = value if equals else after
        is_one = equals or not NUMBER.fullmatch(further)
        if name.startswith("-") and NUMBER.fullmatch(value) and is_one:
            yield name.lstrip("-"), value


@lru_cache(maxsize=256)
def _words_of_command(command: str) -> tuple[str, ...]:
    """Return what follows the program's name in a command, files without their ending."""
    return tuple(ENDING.sub("", word) for word in shlex.split(command)[1:])
