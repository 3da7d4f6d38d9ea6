"""Writes docs/trust.md: what each kind of evidence may decide, as `planning/trust.py` has it.

Run `python -m benchmarks.list_trust` after a change of that table.
"""

from itertools import groupby
from pathlib import Path
from typing import Final

from paper2run.planning.trust import LOCKS, TABLE, Trust

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "trust.md"
HEAD: Final = """\
# Trust

What each kind of evidence may decide about an environment. Run-time manifests and CI come before documents, documents
before side files; what is optional has no vote. Every planner reads `paper2run/planning/trust.py`, and
`python -m benchmarks.list_trust` writes this page.

- **binds**: nothing else is taken.
- **votes**: decides; of several the lowest rank that says something.
- **limits**: bounds what others want, and wants nothing itself.
- **optional**: taken where it causes no conflict; it chooses neither the interpreter nor the versions of others.
- **none**: not looked at.

A file in a folder of documentation, tests, examples or a paper is a side file, whatever its name; `binder/` is for the
whole. Lists of packages speak for the whole at the root, in `requirements/` and beside the setup.py of an installed
project; where none does, the list that documents install, else the nearest one.
"""
SUBJECTS: Final = {
    "interpreter": "Which Python",
    "package": "Which packages",
    "version": "Which version of a package",
}


def page() -> str:
    """Return the page's text."""
    sections = [
        _section(subject, list(rows)) for subject, rows in groupby(TABLE, lambda row: row.subject)
    ]
    locks = ", ".join(f"`{name}`" for name in LOCKS)
    return "\n".join(
        [HEAD, *sections, f"Of several locks of tools the first of these counts: {locks}.\n"]
    )


def _section(subject: str, rows: list[Trust]) -> str:
    lines = "\n".join(_row(row) for row in rows)
    return f"## {SUBJECTS[subject]}\n\n| evidence | voice | why |\n|---|---|---|\n{lines}\n"


def _row(row: Trust) -> str:
    alone = sum(other.subject == row.subject and other.voice == "votes" for other in TABLE)
    rank = f" {row.rank}" if row.voice == "votes" and row.rank and alone > 1 else ""
    return f"| {row.role} | {row.voice}{rank} | {row.reason} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
