"""Aligns a number of a sentence with what a program prints, by the words around it.

An entry is a candidate where the sentence has the name of its quantity and says which row or case it is. The entry
whose names the sentence has best is meant, if it is the only one; values decide nothing.
"""

import re
from collections.abc import Sequence
from typing import Final

from paper2run.claims.entry import Entry
from paper2run.claims.names import WEAK, covered, exclude, name_of, spelled_out, words_of
from paper2run.claims.numbers import compared, numbers_in, value_of, without_units
from paper2run.claims.printed_line import settings_in
from paper2run.claims.table_alignment import Aligned
from paper2run.model.claims import Claim

NEAR: Final = 1.0
AROUND: Final = 0.5
"""Weight of a word in the number's own part of the sentence, and of one elsewhere in it."""
SETTING: Final = 1.5
"""Weight of a setting that both name."""
MISSING: Final = 0.3
"""Weight of a word of the entry that the sentence has not."""
MAX_MISSING: Final = 2
MARGIN: Final = 0.25
"""By how much the best entry must be better than the next."""
OF_SPLITS: Final = frozenset({"train", "training", "test", "validation"})
"""A number of one of these is none of all data."""
COUNTED: Final = {
    word: str(number)
    for number, word in enumerate(
        re.findall(
            r"\w+",
            "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
            " seventeen eighteen nineteen twenty",
        ),
        1,
    )
}
"""Numbers in words."""
CONTRAST: Final = re.compile(r"\b(?:while|whereas|but|although|compared (?:to|with)|instead of)\b")
"""Begins a part of a sentence that speaks of something else."""
OF_SHARES: Final = frozenset(
    {"share", "prob", "probability", "ratio", "fraction", "rate", "pct", "percent"}
)
"""What a percent sign says already."""
BEHIND: Final = 0.25
"""Weight of a word behind the number, in another part of the sentence."""
PARTS: Final = re.compile(r"[,;:]\s|\s(?:and|while|whereas|but|than|versus|vs\.?|to)\s")


class Sentence:
    """What a sentence says around one of its numbers."""

    def __init__(self, claim: Claim) -> None:
        whole = without_units(claim.sentence.replace("\\%", " %"))
        cuts = [0, *(found.start() for found in CONTRAST.finditer(whole)), len(whole)]
        begin = max(cut for cut in cuts if cut <= claim.start)
        text = whole[begin : min((cut for cut in cuts if cut > claim.start), default=len(whole))]
        start = min(claim.start - begin, len(text))
        numbers = numbers_in(text)
        own = next((one for one in numbers if one.start >= start), None)
        end = own.end if own else start
        before = max((one.end for one in numbers if one.end <= start), default=0)
        last = max((found.end() for found in PARTS.finditer(text, before, start)), default=before)
        behind = PARTS.search(text, end)
        next_number = min((one.start for one in numbers if one.start > end), default=len(text))
        until = min(behind.start() if behind else len(text), next_number)
        aliases = claim.aliases
        self.text = text
        self.near = _words(text[last:start] + " " + text[end:until], aliases)
        self.before = _words(text[:start], aliases)
        self.all = _words(text, aliases)
        self.all += tuple(COUNTED[word] for word in self.all if word in COUNTED)
        self.is_share = claim.unit == "%"
        # The number itself sets nothing.
        others = text[:start] + " " * (end - start) + text[end:]
        self.settings = settings_in(others)
        self.numbers = {
            value_of(one.printed) / (100 if one.unit else 1) for one in numbers if one != own
        } | {value_of(COUNTED[word]) for word in self.all if word in COUNTED}

    def weight(self, name: str) -> tuple[float, float, bool]:
        """Return the weight of a name's words here, how many it lacks, and whether one names something."""
        words = tuple(dict.fromkeys(name_of(name).words))
        near, anywhere = covered(words, self.near), covered(words, self.all)
        before, spelled = covered(words, self.before), spelled_out(words, self.all)
        # A letter alone names a symbol, and is no more than a part of a longer name.
        said = {
            word for word in anywhere if word not in WEAK and (len(word) > 1 or len(words) == 1)
        }
        weight = 0.0
        for word in anywhere:
            place = NEAR if word in near else AROUND if word in before else BEHIND
            weight += place * (0.5 if word in WEAK else 1.5 if word in spelled else 1)
        left = {
            word for word in words if word not in anywhere and (word not in WEAK or len(word) == 1)
        }
        missing = len(left - OF_SHARES if self.is_share else left)
        is_whole = len(words) > 1 and len(anywhere) == len(words)
        return weight, missing, bool(said) or is_whole


def _words(text: str, aliases: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    words = words_of(re.sub(r"(?<![\w])[-+]?\d[\d.,]*", " ", text))
    more = [
        word
        for alias, meaning in aliases
        if set(words_of(alias)) <= set(words)
        for word in words_of(meaning)
    ]
    return (*words, *more)


def aligned_in_sentence(claim: Claim, entries: Sequence[Entry]) -> list[Aligned]:
    """Return the entries that a number of a sentence may be about, best first."""
    sentence = Sentence(claim)
    alone = _alone(entries)
    found = []
    for entry in entries:
        score, is_whole = _score(sentence, entry, (entry.table, entry.column) in alone)
        if score > 0:
            found.append(Aligned(entry, score, is_whole))
    return sorted(found, key=lambda one: -one.score)


def covered_by(words: Sequence[str]) -> set[str]:
    """Return the names of splits that some words say, in full or shortened."""
    return covered(sorted(OF_SPLITS), words)


def _alone(entries: Sequence[Entry]) -> set[tuple[int, str]]:
    """Return the columns that hold one number."""
    counted: dict[tuple[int, str], int] = {}
    for one in entries:
        counted[one.table, one.column] = counted.get((one.table, one.column), 0) + 1
    return {place for place, count in counted.items() if count == 1 and place[1]}


def _score(sentence: Sentence, entry: Entry, is_alone: bool) -> tuple[float, bool]:
    """Return how well a sentence names an entry, 0 where it does not; and whether it has all of its words."""
    quantity, case = (entry.column, entry.row) if entry.column else (entry.row, "")
    said = words_of(" ".join((entry.row, entry.column, *entry.above)))
    if exclude(sentence.near, said) or (OF_SPLITS & set(sentence.near)) - covered_by(said):
        return 0.0, False
    weight, missing, is_named = sentence.weight(quantity)
    if not is_named:
        return 0.0, False
    settings = _settings(sentence, entry)
    if settings is None:
        return 0.0, False
    is_case = not case or is_alone or settings > 0
    is_whole = missing == 0
    if case and not numbers_in(case):
        more, lacks, is_said = sentence.weight(case)
        weight, missing = weight + more, missing + (0 if is_alone else lacks)
        is_case = is_case or is_said
        is_whole = is_whole and is_said and lacks == 0
    above = entry.above[-1] if entry.above else ""
    if above:
        more, _, is_said = sentence.weight(re.sub(r"\s[-+\d.\s]+$", "", above))
        weight += more
        is_case = is_case and (is_said or settings > 0 or not entry.settings)
    if not is_case or missing > MAX_MISSING:
        return 0.0, False
    return weight + settings - MISSING * missing, is_whole


def _settings(sentence: Sentence, entry: Entry) -> float | None:
    """Return the weight of the settings that both have; None where one contradicts."""
    weight = 0.0
    for name, value in sentence.settings:
        same = [held for key, held in entry.settings if name_of(key).joined == name_of(name).joined]
        if any(compared(value, held) == "reproduced" for held in same):
            weight += SETTING
        elif same:
            return None
    if entry.table and entry.key and numbers_in(entry.row) and not weight:
        # A row that is named by numbers: the sentence has them without their names, `8 clerks`.
        keys = [value_of(held) for _, held in entry.settings[: _keys(entry)]]
        if keys and all(value in sentence.numbers for value in keys):
            weight += SETTING * len(keys) / 2
    return weight


def _keys(entry: Entry) -> int:
    """Return how many of the first columns are whole numbers or short settings: those that name a case."""
    names = [key for key, _ in entry.settings]
    return 2 if len(names) > 3 and all(len(name) <= 4 for name in names[:2]) else 1
