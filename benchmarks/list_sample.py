"""Draws a sample of the published lists and writes it as a corpus.

`python -m benchmarks.list_sample LISTS --mirrors FOLDER --list repo2run:20 … --seed N --out FILE`.
What a repository holds has no say in whether it is drawn, only its list's columns, part and seed.
"""

import argparse
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, get_args

import yaml

from benchmarks.corpus_run import run
from benchmarks.list_gists import SET, gist_entry
from benchmarks.list_rows import LISTS, Part, Row, oracles, read_rows
from benchmarks.mirrors import Mirror, TreeFile, mirrors
from paper2run.errors import UserError

HEAVY: Final = "(?:torch|tensorflow|jax|mxnet)"
HEAVY_REQUIREMENT: Final = re.compile(
    rf"""(?:^|["'])[ \t]*(?:- )?[ \t]*{HEAVY}(?:vision|audio|lib|-\w+)*[ \t]*(?:$|["'\[=<>~!;@#:])""",
    re.MULTILINE | re.IGNORECASE,
)
HEAVY_IMPORT: Final = re.compile(rf"^[ \t]*(?:import|from)[ \t]+{HEAVY}\b", re.MULTILINE)
REQUIREMENT_FILE: Final = re.compile(
    r"(?:[^/]+/)?(?:[^/]*requirements[^/]*\.(?:txt|in)|requirements/[^/]+\.(?:txt|in)"
    r"|setup\.(?:py|cfg)|pyproject\.toml|Pipfile|environment[^/]*\.ya?ml)"
)
"""At the top or one folder below it."""
MAX_CODE_FILES: Final = 200
"""That are looked into for a heavy library, since each asks git once."""


class Group(NamedTuple):
    """So many rows out of some lists together."""

    lists: tuple[str, ...]
    size: int

    @classmethod
    def of(cls, words: str) -> "Group":
        """Return the meaning of `repo2run:20` or `installamatic+executionagent:20`."""
        names, _, count = words.rpartition(":")
        if not names or not count.isdecimal():
            raise UserError(
                f"{words} is no sample of a list", hint="write NAME:COUNT or NAME+NAME:COUNT"
            )
        return cls(tuple(names.split("+")), int(count))


class Drawn(NamedTuple):
    """The rows of one group, in the order in which they were drawn."""

    group: Group
    rows: tuple[Row, ...]
    waiting: int
    """Rows of the lists that were not drawn."""
    unavailable: tuple[str, ...]
    """Repositories that were drawn and skipped, since no copy of them can be had."""


class Chosen(NamedTuple):
    """The commit that stands for a row."""

    commit: str
    rule: str


def draw(
    lists: Path, groups: Sequence[Group], part: Part, seed: int,
    spent: Collection[str] = (), unavailable: Collection[str] = (),
) -> list[Drawn]:  # fmt: skip
    """Return the rows of each group; a repository comes in one group only, the first that draws it.

    `spent` repositories are never drawn; for one of `unavailable` the next of the order comes.
    """
    seen = {name.lower() for name in spent}
    out_of_reach = {name.lower() for name in unavailable}
    found = []
    for group in groups:
        rows = [row for name in group.lists for row in read_rows(lists, name, part)]
        Random(f"{seed} {part} {'+'.join(group.lists)}").shuffle(rows)
        taken: list[Row] = []
        skipped: list[str] = []
        waiting = 0
        for row in rows:
            if row.repo.lower() in seen:
                continue
            if len(taken) == group.size:
                waiting += 1
                continue
            seen.add(row.repo.lower())
            if row.repo.lower() in out_of_reach:
                skipped.append(row.repo)
            else:
                taken.append(row)
        found.append(Drawn(group, tuple(taken), waiting, tuple(skipped)))
    return found


def source_of(row: Row) -> str:
    """Return the `owner/name` of the repository that has the row's code, as the list spells it."""
    return SET if row.list_name == "gists" else row.repo


def copy_of(row: Row) -> str:
    """Return the name of that repository's copy: in lower case."""
    return source_of(row).lower()


def choose_commit(row: Row, mirror: Mirror) -> Chosen:
    """Return the list's commit, else the last one before the list's day, else the newest."""
    rules = LISTS[row.list_name]
    named = row.columns[rules.commit_column] if rules.commit_column else ""
    lost = f" (the list's {named} is not in the copy)" if named else ""
    if named and (commit := mirror.commit(named)):
        return Chosen(commit, "the list's")
    day = rules.before(row.columns)
    if day and (commit := mirror.last_before(day)):
        return Chosen(commit, f"the last one before {day}{lost}")
    if day:
        lost += f" (the copy has none before {day})"
    return Chosen(mirror.commit("HEAD"), f"the newest of the copy{lost}")


def entry(row: Row, mirror: Mirror) -> dict[str, Any]:
    """Return the row as an entry of a corpus.

    A copy that lacks files gets a commit without them, and the entry names both.
    """
    chosen = choose_commit(row, mirror)
    files = mirror.files(chosen.commit)
    gone = mirror.absent(files)
    commit = mirror.without(chosen.commit, files, gone) if gone else chosen.commit
    oracle, remark = oracles(row, {file.path for file in files} - gone)
    found: dict[str, Any] = {
        "id": re.sub(r"[^A-Za-z0-9._-]", "-", f"{row.list_name}-{row.repo.replace('/', '-')}"),
        "url": f"https://github.com/{row.repo}",
        "commit": commit,
        "from_list": row.list_name,
        "commit_from": chosen.rule,
        "heavy": _is_heavy(mirror, files),
        "oracle": oracle,
    }
    if gone:
        found |= {"published_commit": chosen.commit, "absent_files": len(gone)}
    return found | ({"remark": remark} if remark else {})


def write(
    out: Path, entries: Sequence[Mapping[str, Any]], header: Sequence[str], seed: int
) -> None:
    """Write the corpus whole, in an order that the seed decides: any beginning of it is a fair sample."""
    ordered = sorted(entries, key=lambda found: str(found["id"]))
    Random(seed).shuffle(ordered)
    text = yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=200)
    part = out.with_name(f"{out.name}.part")
    part.write_text("".join(f"# {line}\n" for line in header) + text, "utf-8")
    part.replace(out)


def main() -> int:
    """Draw, write the corpus and say which copies are missing; 1 if some are."""
    options = _parser().parse_args()
    copies = mirrors(options.mirrors)
    drawn = draw(
        options.lists, [Group.of(words) for words in options.list], options.part, options.seed,
        _names(options.spent), _names(options.unavailable),
    )  # fmt: skip
    rows = [row for group in drawn for row in group.rows]
    missing = {copy_of(row): source_of(row) for row in rows if copy_of(row) not in copies}
    entries = [
        _entry(row, copies[copy_of(row)], options.gists)
        for row in rows
        if copy_of(row) not in missing
    ]
    header = list(_header(options, drawn, missing))
    write(options.out, entries, header, options.seed)
    print("\n".join([*header, f"{len(entries)} entries in {options.out}"]))
    for name in sorted(missing.values()):
        print(f"no copy: {name}")
    return 1 if missing else 0


def _entry(row: Row, copy: Mirror, gists: Path | None) -> dict[str, Any]:
    if row.list_name != "gists":
        return entry(row, copy)
    if gists is None:
        raise UserError("gists have no repositories", hint="say with --gists where to make them")
    return gist_entry(row, copy, gists.resolve())


def _header(
    options: argparse.Namespace, drawn: Sequence[Drawn], missing: Collection[str]
) -> Iterator[str]:
    yield f"Sample of published lists: part {options.part}, seed {options.seed}. Order: the seed's."
    for group in drawn:
        filters = ", ".join(f"{name}: {LISTS[name].kept}" for name in group.group.lists)
        yield (
            f"{'+'.join(group.group.lists)}: {len(group.rows)} of {group.group.size} asked for,"
            f" {group.waiting} not drawn; {filters}"
        )
        if group.unavailable:
            yield f"  drawn, but no copy can be had ({len(group.unavailable)}): {', '.join(group.unavailable)}"
    if missing:
        yield f"Left out, since no copy is here yet: {len(missing)}"


def _is_heavy(mirror: Mirror, files: Sequence[TreeFile]) -> bool:
    """Return whether a requirement file, or code where there is no such file, names a heavy library."""
    named = [file for file in files if REQUIREMENT_FILE.fullmatch(file.path)]
    if named:
        return any(HEAVY_REQUIREMENT.search(mirror.text(file)) for file in named)
    code = [file for file in files if file.path.endswith(".py")]
    return any(HEAVY_IMPORT.search(mirror.text(file)) for file in code[:MAX_CODE_FILES])


def _names(path: Path | None) -> list[str]:
    """Return the lines of the file; none without one."""
    return path.read_text("utf-8").split() if path else []


def _parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("lists", type=Path, help="folder of the lists, CSV files")
    options.add_argument(
        "--mirrors", type=Path, required=True, help="folder of copies: owner+name/… git directories"
    )
    options.add_argument(
        "--list", action="append", required=True, metavar="NAME[+NAME…]:COUNT",
        help=f"so many rows of a list, or of some together: {', '.join(LISTS)}",
    )  # fmt: skip
    options.add_argument("--part", choices=get_args(Part), default="train")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--gists", type=Path, help="folder outside the project that gets a repository for each gist"
    )
    options.add_argument("--spent", type=Path, help="file of owner/name that are never drawn")
    options.add_argument(
        "--unavailable", type=Path, help="file of owner/name without a copy: the next are drawn"
    )
    options.add_argument("--out", type=Path, required=True, help="the corpus, a YAML file")
    return options


if __name__ == "__main__":
    run(main)
