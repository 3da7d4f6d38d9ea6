"""Repositories with one known change, made from the entries of a corpus in temporary clones.

The same corpus, seed and code give the same commits: a change is dated like the commit that it is made on.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.corpus_entries import Entry
from benchmarks.fault_places import Change, Places
from benchmarks.faults import Fault
from benchmarks.harmless_changes import Harmless
from paper2run.errors import UserError
from tasks.drivers.host import process

UNCHANGED: Final = "unchanged"
"""The kind of the case that shows whether the repository works at all."""
GIT_LIMIT_S: Final = 600
COMMITTER: Final = (
    "-c",
    "user.name=paper2run",
    "-c",
    "user.email=benchmark@example.org",
    "-c",
    "core.hooksPath=/dev/null",
)


@dataclass(frozen=True)
class Case:
    """One repository with one change."""

    entry: Entry
    """What is measured: address and commit of the changed repository, and its truth as `expected`."""
    base: str
    """The id of the entry that was changed."""
    kind: str
    change: Change


class Works:
    """The clones of a corpus's entries, and the changed commits in them."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Keep clones below `folder`; `seed` chooses variants of the changes."""
        self._folder = folder
        self._seed = seed
        self._places: dict[str, Places] = {}

    def change(self, entry: Entry, kind: str, make: Fault | Harmless) -> Change | None:
        """Return the change of this kind for the entry; None where it has no place for it."""
        if entry.id not in self._places:
            self._places[entry.id] = Places(self._checkout(entry))
        places = self._places[entry.id]
        return make(places, self._random(entry.id, kind)) if places.hearts else None

    def case(self, entry: Entry, kind: str, change: Change) -> Case:
        """Return the case, its change committed."""
        root = self._checkout(entry)
        commit = _commit(root, entry.commit, kind, change) if change.files else entry.commit
        words = "reproducible"
        if change.causes:
            words = (
                f"not-reproducible:{'+'.join(cause.replace('_', '-') for cause in change.causes)}"
            )
        oracle = {level: command for level, command in entry.oracle.items() if level != "L3"}
        changed = entry.changed(
            id=f"{entry.id}.{kind}",
            url=str(root),
            commit=commit,
            expected=words if change.causes else entry.expected,
            oracle=oracle,
            levels_passed=tuple(level for level in entry.proven if level in oracle),
        )
        return Case(changed, entry.id, kind, change)

    def unchanged(self, entry: Entry) -> Case:
        """Return the case without a change."""
        return self.case(entry, UNCHANGED, Change({}))

    def _checkout(self, entry: Entry) -> Path:
        """Return the clone with the entry's commit checked out; UserError if git does not bring it."""
        name = entry.url.rstrip("/").rpartition("/")[2].removesuffix(".git")
        root = self._folder / entry.id / name
        if not (root / ".git").is_dir():
            root.parent.mkdir(parents=True, exist_ok=True)
            git(["clone", "--quiet", "--no-checkout", entry.url, str(root)], root.parent)
        if entry.id not in self._places:
            git(["checkout", "--quiet", "--force", "--detach", entry.commit], root)
        return root

    def _random(self, *names: str) -> Random:
        text = "/".join([str(self._seed), *names])
        return Random(int(hashlib.sha256(text.encode()).hexdigest(), 16))


def choose(
    works: Works,
    entries: Sequence[Entry],
    kinds: Mapping[str, Fault | Harmless],
    count: int,
    order: Random,
) -> list[Case]:
    """Return `count` cases that share kinds and repositories out evenly; fewer if there are not as many."""
    waiting = {kind: order.sample(list(entries), len(entries)) for kind in kinds}
    used: Counter[str] = Counter()
    cases: list[Case] = []
    for kind in cycle(order.sample(list(kinds), len(kinds))):
        if len(cases) >= count or not any(waiting.values()):
            return cases
        # A stable sort: the repository with fewest cases comes first, ties stay in the drawn order.
        waiting[kind].sort(key=lambda entry: used[entry.id])
        while waiting[kind]:
            entry = waiting[kind].pop(0)
            change = works.change(entry, kind, kinds[kind])
            if change is not None:
                used[entry.id] += 1
                cases.append(works.case(entry, kind, change))
                break
    return cases


def selected(
    works: Works,
    entries: Sequence[Entry],
    kinds: Mapping[str, Fault | Harmless],
    patterns: Collection[str],
) -> Iterator[Case]:
    """Yield every case that there is whose id, `entry.kind`, matches one of the patterns."""
    for entry in entries:
        for kind, make in kinds.items():
            if any(fnmatch(f"{entry.id}.{kind}", pattern) for pattern in patterns):
                change = works.change(entry, kind, make)
                if change is not None:
                    yield works.case(entry, kind, change)


def write(root: Path, change: Change) -> None:
    """Write the change into the folder `root`."""
    for path, text in change.files.items():
        file = root / path
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("latin-1"))


def _commit(root: Path, base: str, kind: str, change: Change) -> str:
    """Return the commit of the change on `base`, dated like it; the checkout is as before."""
    day = git(["show", "-s", "--format=%cI", base], root)
    write(root, change)
    git(["add", "--all", "--force", "--", *change.files], root)
    dated = {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
    git([*COMMITTER, "commit", "--quiet", "--no-verify", "--message", "Update"], root, dated)
    commit = git(["rev-parse", "HEAD"], root)
    # Without a name of its own the commit could not be cloned.
    git(["branch", "--force", f"case-{kind}", commit], root)
    git(["checkout", "--quiet", "--force", "--detach", base], root)
    return commit


def git(arguments: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> str:
    """Return what git says in the folder; UserError if it fails."""
    finished = process.run(["git", *arguments], timeout_s=GIT_LIMIT_S, cwd=folder, env=env)
    if finished.exit_code:
        raise UserError(
            f"git {arguments[0]} failed in {folder}: {finished.stderr.strip()[-500:]}",
            hint="see whether git reaches the corpus's addresses, or point it at copies with url.<base>.insteadOf",
        )
    return finished.stdout.strip()
