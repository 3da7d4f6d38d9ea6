"""Writes paper2run/data/popular_modules.json: modules that a much used package of another name holds.

`python -m benchmarks.refresh_popular_modules TOP.json DB.sqlite3`: the most downloaded packages of PyPI
(https://github.com/hugovk/top-pypi-packages), and the top-level modules of all packages as the tool pigar publishes
them in its wheel (`pigar/.db.sqlite3`). Nothing is installed or run. A pair is taken
where the package's name holds the module's, and where no package of nearly the same use has that module too.
"""

import argparse
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from packaging.utils import canonicalize_name

from paper2run.knowledge.distributions import is_of_python

TABLE: Final = Path(__file__).parents[1] / "paper2run" / "data" / "popular_modules.json"
MIN_LETTERS: Final = 3
"""Shorter names of modules stand in many names of packages by chance."""
AHEAD: Final = 2
"""How many times further behind the next package with that module must rank."""
NOT_TELLING: Final = frozenset(
    {"api", "app", "base", "bin", "build", "client", "cmd", "common", "config", "core", "data", "demo", "doc", "docs",
     "example", "examples", "images", "lib", "main", "model", "models", "sample", "samples", "script", "scripts",
     "server", "setup", "src", "test", "testing", "tests", "tool", "tools", "util", "utils", "version", "wheelhouse"}
)  # fmt: skip
"""Folders that packages install by mistake, and names that anybody gives to files of one's own."""


class Holder(NamedTuple):
    """A package that holds a module, and its place in the list of the most downloaded."""

    rank: int
    name: str


def pairs(
    holders: Mapping[str, Sequence[Holder]], popular: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield module and package, sorted by module."""
    names = {canonicalize_name(name) for name in popular}
    for module in sorted(holders, key=str.lower):
        first, *others = sorted(holders[module])
        if not _tells(module) or canonicalize_name(module) in names:
            continue
        if _folded(module) not in _folded(first.name):
            continue
        if not others or others[0].rank > AHEAD * (first.rank + 1):
            yield module, first.name


def _tells(module: str) -> bool:
    return (
        module.isidentifier()
        and not module.startswith("_")
        and len(module) >= MIN_LETTERS
        and module.lower() not in NOT_TELLING
        and not is_of_python(module)
    )


def _folded(name: str) -> str:
    return canonicalize_name(name).replace("-", "")


def _holders(database: Path, popular: Sequence[str]) -> dict[str, list[Holder]]:
    """Return the popular packages that hold each module."""
    ranks = {canonicalize_name(name): rank for rank, name in enumerate(popular)}
    found: dict[str, list[Holder]] = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "select d.name, t.name from distributions d"
            " join top_level_module_names t on t.distribution_id = d.id"
        )
        for package, module in rows:
            name = canonicalize_name(package)
            if name in ranks:
                found.setdefault(module, []).append(Holder(ranks[name], name))
    return found


def main() -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("top", type=Path, help="list of the most downloaded packages")
    parser.add_argument("database", type=Path, help="pigar's database")
    options = parser.parse_args()
    top = json.loads(options.top.read_text("utf-8"))
    popular = [row["project"] for row in top["rows"]]
    found = dict(pairs(_holders(options.database, popular), popular))
    lines = ",\n".join(
        f"  {json.dumps(module)}: {json.dumps(name)}" for module, name in found.items()
    )
    day = top["last_update"].partition(" ")[0]
    TABLE.write_text(f'{{\n "refreshed": "{day}",\n "modules": {{\n{lines}\n }}\n}}\n', "utf-8")
    print(f"{len(found)} modules in {TABLE.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
