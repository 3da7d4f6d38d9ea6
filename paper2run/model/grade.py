"""How much a run has shown of a repository."""

from typing import Final, Literal, get_args

Grade = Literal[
    "none",
    "built-only",
    "help-only",
    "imports",
    "program-starts",
    "documented-run",
    "tests",
    "results",
]
GRADES: Final[tuple[Grade, ...]] = get_args(Grade)
"""The least first. none: no smoke command passed; built-only: a build made files; help-only: a program prints its help;
imports: its packages import; program-starts: an entry point did something with its code; documented-run: a documented
command or example did its work; tests: its own tests pass; results: numbers that its authors state came out."""
