"""What each kind of evidence may decide of interpreters, packages and versions: one table.

Run-time manifests and CI come before documents, documents before side files; what is optional has no vote. The table
is shown in docs/trust.md.
"""

from collections.abc import Collection
from typing import Final, Literal, NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from paper2run.knowledge.side_folders import is_beside
from paper2run.model.facts import PythonConstraint

Subject = Literal["interpreter", "package", "version"]
Voice = Literal["binds", "votes", "limits", "optional", "none"]
"""binds: nothing else is taken; votes: decides, the lowest rank that says something first; limits: bounds what others
want; optional: taken where it causes no conflict, and decides nothing; none: not looked at."""


class Trust(NamedTuple):
    """What one kind of evidence may decide."""

    subject: Subject
    role: str
    voice: Voice
    rank: int
    """Among those with a vote: lower ranks are asked first."""
    reason: str


TABLE: Final[tuple[Trust, ...]] = (
    Trust("interpreter", "limit of a manifest", "binds", 0, "an installer refuses every other interpreter"),
    Trust("interpreter", "own package", "binds", 0, "a module or word that the package uses exists in these alone"),
    Trust("interpreter", "syntax", "binds", 0, "only these read most of the files; one odd file binds nothing"),
    Trust("interpreter", "test environment", "votes", 1, "CI, tox or nox tests with it: the authors saw it work"),
    Trust("interpreter", "recipe", "votes", 1, "a Dockerfile or version file at the root runs the code with it"),
    Trust("interpreter", "other job", "votes", 2, "a job that checks style or publishes runs tools, not the code"),
    Trust("interpreter", "classifier", "votes", 2, "the manifest names it for readers; no tool holds it to be true"),
    Trust("interpreter", "document", "votes", 3, "it was true when somebody wrote it, and is seldom read again"),
    Trust("interpreter", "side file", "votes", 4, "a kernel, a page builder, a script or an example had it"),
    Trust("interpreter", "commit date", "votes", 5, "nothing else speaks: the usual one of that day"),
    Trust("package", "run-time manifest", "votes", 0, "what its authors say that running takes"),
    Trust("package", "lone document", "votes", 0, "no manifest says what running takes, and a command there does"),
    Trust("package", "document", "optional", 0, "a manifest says what running takes; a document's version limits it"),
    Trust("package", "build backend", "votes", 0, "without it nothing is installed"),
    Trust("package", "lone lock", "votes", 0, "locked for running, and no manifest says more"),
    Trust("package", "own import", "votes", 0, "the code that is run imports it, and its distribution is known"),
    Trust("package", "build import", "optional", 0, "the build script imports it, perhaps for one of its commands"),
    Trust("package", "conda environment", "optional", 0, "it names what one machine had, tools among it"),
    Trust("package", "test need", "optional", 0, "a need of the tests must not decide the environment of the code"),
    Trust("package", "test runner", "optional", 0, "ours to choose: another release of it serves as well"),
    Trust("package", "step of CI", "optional", 0, "what CI installs beside the manifest is for its tests"),
    Trust("package", "guessed import", "optional", 0, "a name that looks alike, or of a script beside the package"),
    Trust("package", "side list", "none", 0, "a list in a folder of its own is for what lies there"),
    Trust("package", "documentation tool", "none", 0, "it builds pages"),
    Trust("version", "specifier of a manifest", "binds", 0, "the authors rule other versions out"),
    Trust("version", "constraints file", "limits", 0, "it asks for nothing and bounds what others ask for"),
    Trust("version", "name that was taken away", "limits", 0, "the code uses what a release took away"),
    Trust("version", "lock of a tool", "votes", 1, "the authors had exactly this installed"),
    Trust("version", "compiled requirements", "votes", 2, "a tool or `pip freeze` wrote it; a lock beside it is newer"),
    Trust("version", "conda environment", "votes", 3, "conda's version, which the index may number otherwise"),
    Trust("version", "day", "votes", 4, "nothing else speaks: the release of that day"),
)  # fmt: skip
LOCKS: Final = ("uv.lock", "pdm.lock", "poetry.lock", "pylock", "Pipfile.lock", "conda-lock")
"""Locks of tools, the newer tool first: a project that switched tools often keeps the older lock."""
FOR_THE_WHOLE: Final = frozenset({"binder", ".binder"})
"""Folders beside the code whose files are for all of it."""

TESTERS: Final = frozenset({"tox.ini", "noxfile.py", "setup.cfg", "pyproject.toml"})
MANIFESTS: Final = frozenset({"setup.py", "noxfile.py"})
"""Python files that are no code of the repository."""
PATCHES: Final = range(26)
"""Patch levels with which a minor version may satisfy a specifier such as `!=3.6.0` or `>=3.8.1`."""
_ROWS: Final = {(row.subject, row.role): row for row in TABLE}


def of(subject: Subject, role: str) -> Trust:
    """Return the row of a role; KeyError for one that the table does not have."""
    return _ROWS[subject, role]


def is_optional(role: str) -> bool:
    """Whether a package of this role is left out where it causes a conflict."""
    return of("package", role).voice == "optional"


def in_tiers(
    facts: Collection[PythonConstraint], of_jobs: Collection[str]
) -> tuple[tuple[PythonConstraint, ...], ...]:
    """Return what speaks for interpreters without binding them, by rank, the most trusted first.

    `of_jobs` are the interpreters of the CI jobs that test on Linux; empty if none is known.
    """
    by_rank: dict[int, list[PythonConstraint]] = {}
    for fact in facts:
        row = of("interpreter", role_of(fact, of_jobs))
        if row.voice == "votes":
            by_rank.setdefault(row.rank, []).append(fact)
    return tuple(tuple(by_rank[rank]) for rank in sorted(by_rank))


def binding(facts: Collection[PythonConstraint]) -> list[PythonConstraint]:
    """Return the constraints that bind the interpreter."""
    return [fact for fact in facts if of("interpreter", role_of(fact, ())).voice == "binds"]


def role_of(fact: PythonConstraint, of_jobs: Collection[str] = ()) -> str:
    """Return the role of what a file says of the interpreter."""
    source = fact.source
    folder, _, name = source.path.rpartition("/")
    is_code = name.endswith(".py") and name not in MANIFESTS
    match source.kind:
        case "readme":
            return "document"
        case "import":
            return "own package" if fact.strength == "required" else "side file"
        case "ci" if fact.strength == "tested":
            tests = not of_jobs or any(admits(fact, version) for version in of_jobs)
            return "test environment" if tests else "other job"
        case "ci":
            return "side file"
        case _:
            pass
    if name.endswith(".ipynb") or (is_beside(source.path) and folder not in FOR_THE_WHOLE):
        return "side file"
    match fact.strength:
        case "required":
            return "own package" if is_code else "limit of a manifest"
        case "tested":
            return "test environment" if name in TESTERS else "recipe"
        case "mentioned":
            return "document" if name.endswith((".md", ".rst")) else "classifier"


def admits(fact: PythonConstraint, version: str) -> bool:
    """Whether a constraint admits some patch level of a minor version."""
    try:
        specifier = SpecifierSet(fact.specifier)
    except InvalidSpecifier:
        return True
    return any(specifier.contains(f"{version}.{patch}") for patch in PATCHES)
