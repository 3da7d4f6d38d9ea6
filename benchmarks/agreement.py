"""Compares verdicts with the badges of artifact evaluation: a table, and a line for each disagreement.

`python -m benchmarks.agreement CORPUS.yaml OUT LISTS`: a sample of `aec` rows (`list_sample`), the folder of its
results (`corpus`), and the folder of the published lists. A committee's `functional` says that the artifact ran as its
documents say; ours that an image was handed over in which a program of it did something. What this machine cannot have
(a GPU, another platform, a service) is kept apart, since the committee had it.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from benchmarks.corpus_entries import Entry, read_corpus
from benchmarks.corpus_results import FAILED_TO_MEASURE, Result
from benchmarks.list_rows import Row, read_rows
from benchmarks.list_table import with_interval
from paper2run.model.diagnosis import Cause
from paper2run.model.grade import GRADES, Grade

Said = Literal["functional", "not functional", "not from here", "undecided"]

FUNCTIONAL: Final = frozenset({"functional", "reusable", "reproduced", "reviewed", "evaluated"})
"""Badges for which reviewers ran the artifact; `available` alone says that it can be downloaded."""
RUNS: Final[Grade] = "program-starts"
"""From this grade on something of the artifact itself did its work."""
ELSEWHERE: Final[frozenset[Cause]] = frozenset(
    {"needs_gpu", "unsupported_platform", "proprietary_toolchain", "external_service", "out_of_memory",
     "out_of_disk", "registry_unreachable"}
)  # fmt: skip
"""Causes that speak of what a committee's machine had and this one has not."""
UNDECIDED: Final = frozenset(
    {FAILED_TO_MEASURE, "exception", "interrupted", "over the limit", "preflight-failed"}
)
"""Ends of a run that say nothing of the artifact."""


class Compared(NamedTuple):
    """One artifact: what the committee said, and what we say."""

    name: str
    badges: tuple[str, ...]
    ours: Said
    result: Result

    @property
    def committees(self) -> Said:
        """The committee's word; undecided where it only accepted the artifact."""
        if not self.badges:
            return "undecided"
        return "functional" if FUNCTIONAL.intersection(self.badges) else "not functional"

    @property
    def is_decided(self) -> bool:
        """Whether both sides say yes or no."""
        return {self.committees, self.ours} <= {"functional", "not functional"}


def said_of(result: Result) -> Said:
    """Return what the verdict says about the artifact."""
    if result.verdict in UNDECIDED:
        return "undecided"
    if result.handed_over and GRADES.index(result.grade) >= GRADES.index(RUNS):
        return "functional"
    return "not from here" if result.cause in ELSEWHERE else "not functional"


def compared(
    entries: Iterable[Entry], results: Iterable[Result], rows: Iterable[Row]
) -> list[Compared]:
    """Return the artifacts that have a result, in the order of the sample."""
    badges = {row.repo.lower(): _badges(row.columns) for row in rows}
    by_id = {result.id: result for result in results}
    found = []
    for entry in entries:
        name = entry.url.removesuffix("/").removesuffix(".git").split("/", 3)[-1]
        result = by_id.get(entry.id)
        if result is not None and name.lower() in badges:
            found.append(Compared(name, badges[name.lower()], said_of(result), result))
    return found


def report(found: Sequence[Compared]) -> str:
    """Return the agreement with its interval, the table of both words, and a line for each disagreement."""
    decided = [one for one in found if one.is_decided]
    same = [one for one in decided if one.committees == one.ours]
    ours: tuple[Said, ...] = ("functional", "not functional", "not from here", "undecided")
    lines = [
        f"agreement on functional: {with_interval(len(same), len(decided))}; not decided: {len(found) - len(decided)}",
        "",
        f"| committee | {' | '.join(ours)} |",
        f"|---|{'---|' * len(ours)}",
    ]
    for word in ("functional", "not functional", "undecided"):
        those = [one.ours for one in found if one.committees == word]
        lines.append(f"| {word} | {' | '.join(str(those.count(each)) for each in ours)} |")
    lines.append("")
    for one in found:
        if one.committees != one.ours:
            why = one.result.cause or one.result.verdict
            lines.append(
                f"- {one.name}: {';'.join(one.badges) or 'no badge'}, ours {one.ours}"
                f" ({one.result.grade}, {why}): {one.result.reason[:200]}"
            )
    return "\n".join(lines)


def main() -> int:
    """Print the comparison of both parts of the list."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path, help="sample of the list")
    parser.add_argument("out", type=Path, help="folder of its results")
    parser.add_argument("lists", type=Path, help="folder of the published lists")
    options = parser.parse_args()
    lines = (options.out / "results.jsonl").read_text("utf-8").splitlines()
    rows = [row for part in ("train", "check") for row in read_rows(options.lists, "aec", part)]
    results = map(Result.model_validate_json, lines)
    print(report(compared(read_corpus(options.corpus), results, rows)))
    return 0


def _badges(columns: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(filter(None, columns["badges"].split(";")))


if __name__ == "__main__":
    raise SystemExit(main())
