"""Chooses the number of one or several outputs that a stated one is about, by names alone."""

import re
import shlex
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from paper2run.claims.context_alignment import CLEAR, Belongs, in_cell, placed_in
from paper2run.claims.entry import Entry
from paper2run.claims.names import WEAK, name_of, words_of
from paper2run.claims.numbers import numbers_in, value_of
from paper2run.claims.printed_entries import MAX_LINES, entries_of, plain_lines
from paper2run.claims.printed_line import settings_in
from paper2run.claims.sentence_alignment import MARGIN, Sentence, aligned_in_sentence
from paper2run.claims.sentence_context import in_sentence
from paper2run.claims.surroundings import Around, around
from paper2run.claims.table_alignment import Aligned, aligned
from paper2run.model.claims import Claim

MAX_AROUND: Final = 6_000
"""Numbers of all commands that are looked at by their surroundings."""
FILE: Final = "\f"
"""Stands before the path of a file that a command wrote."""
OPTION: Final = re.compile(r"^--?([A-Za-z][\w-]*)(?:=(.+))?$")
NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
OF_COMMAND: Final = 1.0
"""Weight of a setting or a word that a place and a command have in common."""


class Choice(NamedTuple):
    """What an output has for a claim."""

    command: str
    entry: Entry
    is_sure: bool
    may_differ: bool = True
    """Whether another value shows that the number differs, and not that another one is meant."""


class Outputs:
    """What commands printed and wrote, and what documents say beside each."""

    def __init__(self, printed: Mapping[str, str], told: Mapping[str, str] | None = None) -> None:
        self.printed = printed
        self._told = told or {}
        self._tables: dict[object, list[Belongs]] = {}

    @property
    def entries(self) -> list[tuple[str, Entry]]:
        """All numbers with their commands, in order."""
        return [
            (command, entry)
            for command, output in self.printed.items()
            for entry in _entries(output)
        ]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """All lines with their commands, in order, but for lines of data."""
        return [
            (command, line)
            for command, output in self.printed.items()
            for text in output.split(FILE)
            for line in plain_lines(text)
        ]

    def choice_for(self, claim: Claim) -> Choice | bool | None:
        """Return the only entry that a claim may be about; None without one, False where several may be meant."""
        told = self._by_context(claim)
        if isinstance(told, Choice) and (claim.form == "table" or told.is_sure):
            return told
        found: list[tuple[float, str, Aligned]] = []
        for command, output in self.printed.items():
            weight = self._weight(command, claim) if len(self.printed) > 1 else 0.0
            if weight is None:
                continue
            entries = _entries(output)
            align = aligned if claim.form == "table" else aligned_in_sentence
            found += [(one.score + weight, command, one) for one in align(claim, entries)]
        if not found:
            return told
        found.sort(key=lambda one: -one[0])
        best = [one for one in found if one[0] > found[0][0] - MARGIN]
        if _is_said_again(best):
            best = [max(best, key=lambda one: one[2].entry.place)]
        if len({value_of(one.entry.number.printed) for _, _, one in best}) > 1:
            best = [one for one in best if _may_have_unit(claim, one[2].entry)]
        values = {value_of(one.entry.number.printed) for _, _, one in best}
        if len(values) != 1:
            return told or False
        _, command, one = best[0]
        return Choice(
            command, one.entry, one.is_sure and self._is_of_case(claim, command, one.entry)
        )

    def _by_context(self, claim: Claim) -> Choice | bool | None:
        """Return the only number whose surroundings have the names of a cell; False where several have."""
        if claim.form == "table":
            found, margin = in_cell(claim, self._belonging(claim)), CLEAR
        else:
            found, margin = in_sentence(Sentence(claim), self._around), MARGIN
        best = [one for one in found if one.score > found[0].score - margin]
        if len({value_of(one.number.entry.number.printed) for one in best}) > 1:
            best = [one for one in best if _may_have_unit(claim, one.number.entry)]
        values = {value_of(one.number.entry.number.printed) for one in best}
        if len(values) != 1:
            return False if found else None
        one = best[0]
        is_cell = claim.form == "table"
        return Choice(one.number.command, one.number.entry, one.is_sure, may_differ=is_cell)

    def _belonging(self, claim: Claim) -> list[Belongs]:
        place = claim.placed
        if place is None or not place.has_names:
            return []
        key = place.rows, place.heads, claim.aliases
        if key not in self._tables:
            self._tables[key] = placed_in(place, claim.aliases, self._around)
        return self._tables[key]

    @cached_property
    def _around(self) -> list[Around]:
        found = (
            number
            for command, output in self.printed.items()
            for number in around(command, _entries(output), self._told.get(command, ""))
        )
        return list(islice(found, MAX_AROUND))

    def _is_of_case(self, claim: Claim, command: str, entry: Entry) -> bool:
        """Whether line or command name all that a sentence sets: else the line may be of another case."""
        own = {*settings_of(command, self._told.get(command, "")), *entry.settings}
        known = {name_of(name).joined for name, _ in own}
        return all(name_of(name).joined in known for name, _ in Sentence(claim).settings)

    def _weight(self, command: str, claim: Claim) -> float | None:
        """Return how much of a command's settings and words a claim's place has; None if one differs."""
        placed = claim.placed
        text = claim.sentence if placed is None else placed.caption
        own = settings_of(command, self._told.get(command, ""))
        weight = 0.0
        for name, value in settings_in(text):
            same = [held for key, held in own if name_of(key).joined == name_of(name).joined]
            if same and all(value_of(held) != value_of(value) for held in same):
                return None
            weight += OF_COMMAND if same else 0.0
        words = set(words_of(text))
        options = [word for word in shlex.split(command)[2:] if not NUMBER.fullmatch(word)]
        mine = {word for option in options for word in words_of(option) if len(word) > 2}
        said = {one for one in mine if any(word.startswith(one) for word in words)}
        return weight + OF_COMMAND * (len(said) > 0)


def settings_of(command: str, told: str) -> list[tuple[str, str]]:
    """Return what a command sets, by the numbers of its options and by the remark behind it."""
    found = settings_in(told)
    name = ""
    for word in shlex.split(command):
        option = OPTION.match(word)
        if option:
            name = option[1]
        value = (option[2] or "") if option else word
        if name and NUMBER.fullmatch(value):
            found.append((name, value))
        elif not option:
            name = ""
    return found


def _may_have_unit(claim: Claim, entry: Entry) -> bool:
    """Whether a number may be a share where the claim is one: by its unit, or between -1 and 1."""
    if claim.unit != "%":
        return True
    unit = name_of(entry.column or entry.row).unit or entry.number.unit
    is_named = unit == "%" or "%" in f"{entry.row}{entry.column}"
    return is_named or abs(value_of(entry.number.printed)) <= 1


def is_of_a_case(line: str, output: str) -> bool:
    """Whether a line stands below a setting, as in `Mc=2.0:`, which a claim about it must name."""
    return any(one.settings and not one.table for one in _entries(output) if one.line == line)


def _is_said_again(found: Sequence[tuple[float, str, Aligned]]) -> bool:
    """Whether all are the same line of a log, or of one table after another.

    Lines of a log differ in one number before it, which counts; others tell of several cases.
    """
    tables = [one.entry.table for _, _, one in found if one.entry.table]
    before = [numbers_in(one.entry.line[: one.entry.number.start]) for _, _, one in found]
    varying = [
        place
        for place, numbers in enumerate(zip(*before, strict=False))
        if len({number.printed for number in numbers}) > 1
    ]
    return (
        len({_names(one.entry) for _, _, one in found}) == 1
        and len({command for _, command, _ in found}) == 1
        and len(tables) == len(set(tables))
        and (bool(tables) or len(varying) <= 1)
    )


def _names(entry: Entry) -> tuple[frozenset[str], ...]:
    return tuple(
        frozenset(words_of(name)) - (WEAK if not entry.table else frozenset())
        for name in (entry.row, entry.column, *entry.above)
    )


def of_file(path: str, text: str) -> str:
    """Return the text of a file that a command wrote, to stand behind what it printed."""
    return f"\n{FILE}{path}\n{text}"


@lru_cache(maxsize=8)
def _entries(output: str) -> Sequence[Entry]:
    """Return the numbers of an output, and of the files behind it, each below its file's name."""
    printed, *files = output.split(FILE)
    found = entries_of(printed)
    for number, file in enumerate(files, 1):
        path, _, text = file.partition("\n")
        found += [
            entry._replace(
                above=(PurePosixPath(path).stem, *entry.above),
                table=entry.table and entry.table + number * MAX_LINES,
            )
            for entry in entries_of(text)
        ]
    return tuple(entry._replace(place=place) for place, entry in enumerate(found))
