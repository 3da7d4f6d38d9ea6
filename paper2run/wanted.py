"""Gathers which Python distributions an environment wants, each with its reason; duplicates are merged.

Declared dependencies come first; what the code imports and nobody declared is added as optional, so that the
resolver may leave it out when it stands in the way.
"""

import shlex
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from paper2run.addresses import (
    addressed,
    distribution_beside,
    is_address,
    is_on_another_machine,
    local_name,
)
from paper2run.conda_translation import translated
from paper2run.declarations import Declarations
from paper2run.locks import locks_of, loosened
from paper2run.model.environment import GuessedDistribution, Lock, Reason
from paper2run.model.facts import (
    Command,
    CondaPackage,
    LockedVersion,
    OldName,
    OtherIndex,
    PipInclude,
    Project,
    RepoFacts,
    Requirement,
    TestSuite,
)
from paper2run.model.value import DEFAULT, Source
from paper2run.needed_imports import needed_imports
from paper2run.other_indexes import other_indexes
from paper2run.own_projects import is_aside, own_projects
from paper2run.version_ranges import conda

TEST_RUNNERS: Final = {"pytest": ("pytest",), "unittest": ("pytest",), "nose": ("pytest", "nose")}
"""Distributions that run a suite; pytest runs unittest suites too, and counts all of them."""
TEST_PROGRAMS: Final = {
    "nosetests": "nose",
    "nosetests3": "nose",
    "py.test": "pytest",
    "pytest": "pytest",
}
"""Distribution of the programs that documented test commands start."""
NOT_INSTALLED: Final = frozenset(
    {"pip", "python", "python-version", "distribute", "argparse", "r-base", "pkg-resources"}
)
"""Names in manifests that the interpreter itself brings, or that would replace its installer; pkg-resources==0.0.0 is
what pip freeze prints on Debian and Ubuntu (Launchpad bug 1635463)."""
BUILD_ALIASES: Final = {"oldest-supported-numpy": "numpy"}
"""Build requirements that would pin the whole set to the oldest version; the plain name serves."""
SETUPTOOLS_SINCE: Final = 'python_version >= "3.12"'
"""Images of older interpreters bring setuptools and wheel of their time; newer ones bring neither."""
LINKED: Final = {
    "beautifulsoup": "beautifulsoup4",
    "sklearn": "scikit-learn",
    "opencv-python": "opencv-python-headless",
}
"""Names that must be replaced: dead aliases of the index, and the build of a library that needs no display."""

FLOORS: Final = frozenset({"==", ">=", "~=", ">"})
DEAD_ALIASES: Final = frozenset({"beautifulsoup", "sklearn"})
MAX_MODULES: Final = 2000
"""Imported modules whose distributions are looked for, each on the index; large programs import some 200."""
MAX_REQUIREMENTS: Final = 5000
"""Texts that a plan holds; the largest environments that people froze have some 900."""
MAX_TEXTS: Final = 50
"""Texts that are kept for one name: several files and limits say some five."""
MAX_CHARS: Final = 400_000
"""Of all texts together, or the install would take more steps than a plan may have."""
MAX_TEXT_CHARS: Final = 3000
"""Of one text in quotes; a line of a manifest is read up to 2000 characters (requirement_text.py)."""
MAX_ADDRESSES: Final = 100
"""Requirements by address that the plan's reasons name one by one."""
NAMED_IN_A_NOTE: Final = 3
MAX_TEXT_SHOWN: Final = 80


class Wanted(NamedTuple):
    """Requirements in the order in which they were found, the optional names, and why each is there."""

    requirements: tuple[str, ...]
    optional: tuple[str, ...]
    """Normalised names, the least trusted first."""
    guesses: tuple[GuessedDistribution, ...]
    reasons: tuple[Reason, ...]
    locks: tuple[Lock, ...]
    indexes: tuple[OtherIndex, ...]


def gather(facts: RepoFacts) -> Wanted:
    """Return everything an environment for this repository wants."""
    projects = own_projects(facts)
    own: set[str] = {
        canonicalize_name(project.name)
        for project in facts.of(Project)
        if project.name and (project in projects or not is_aside(project.root))
    }
    names = [fact.name for fact in facts.of(Requirement) if fact.group != "limit"]
    names += [fact.name for fact in facts.of(LockedVersion)]
    mentioned = dict.fromkeys(name for name in names if name not in own)
    collected = _Collected(own, tuple(mentioned), addressed(facts))
    declarations = Declarations(facts)
    local = {(fact.source.path, local_name(fact)) for fact in facts.of(PipInclude)}
    named = list(declarations.requirements())
    for fact in named:
        if (fact.source.path, fact.name) in local:
            collected.leave_out(fact.text, "the same file says that it is a folder", fact.source)
    named = [fact for fact in named if (fact.source.path, fact.name) not in local]
    declared = loosened(facts, named)
    for fact in declared:
        # What only the tests want must not decide on the whole environment.
        collected.add(fact.text, "declared", fact.source, optional=fact.group == "test")
    elsewhere = [
        fact
        for fact in facts.of(PipInclude)
        if fact.group == "runtime" and is_address(fact) and declarations.speaks(fact.source)
    ]
    for include in elsewhere[:MAX_ADDRESSES]:
        collected.leave_out(include.text, _why_not_installed(include), include.source)
    if len(elsewhere) > MAX_ADDRESSES:
        more = f"{len(elsewhere) - MAX_ADDRESSES} more"
        collected.leave_out(more, "addresses, too", elsewhere[MAX_ADDRESSES].source)
    if not any(fact.group == "runtime" for fact in declared):
        for lock in _alone(facts):
            text = f"{lock.name}; {lock.marker}" if lock.marker else lock.name
            collected.add(text, "locked, and no manifest says more", lock.source, optional=False)
    conda_names = {package.name: collected.add_conda(package) for package in _conda_wishes(facts)}
    for project in projects:
        _add_build_needs(collected, project)
    for suite in facts.of(TestSuite):
        for runner in TEST_RUNNERS.get(suite.runner, ()):
            collected.add(runner, "runs the tests", suite.source, optional=True)
    for command in facts.of(Command):
        program = command.line.split(maxsplit=1)[0] if command.purpose == "test" else ""
        if program in TEST_PROGRAMS:
            why = "the documented test command runs it"
            collected.add(TEST_PROGRAMS[program], why, command.source, optional=True)
    # Where nothing is installed the scripts are the product; beside a package they are often examples.
    own_code = {"package"} if projects else {"package", "script"}
    imports = needed_imports(facts)
    for imported in imports[:MAX_MODULES]:
        collected.add_module(
            imported.module,
            f"imported as {imported.module}",
            imported.source,
            needed=imported.where in own_code,
            below=imported.below,
        )
    if len(imports) > MAX_MODULES:
        more = f"{len(imports) - MAX_MODULES} imported modules"
        collected.leave_out(more, f"only {MAX_MODULES} are looked for", imports[MAX_MODULES].source)
    for fact in facts.of(Requirement):
        if fact.group == "limit" and declarations.speaks(fact.source):
            bounds = str(Pep508(fact.text).specifier)
            collected.limit(fact.name, bounds, "the constraints file's limits", fact.source)
    for old in facts.of(OldName):
        why = f"the code {old.source.note}, which {old.distribution} {old.below} took away"
        collected.limit(old.distribution, f"<{old.below}", why, old.source)
    return collected.result(locks_of(facts, declared, conda_names), other_indexes(facts))


def _why_not_installed(include: PipInclude) -> str:
    if is_on_another_machine(include):
        return "a project of its author's machine; the index's of that name is another"
    return "an address, and only releases are installed"


def _alone(facts: RepoFacts) -> list[LockedVersion]:
    """Return what the first lock file at the root has for running."""
    found = [
        fact
        for fact in facts.of(LockedVersion)
        if "/" not in fact.source.path and fact.group == "runtime"
    ]
    return [fact for fact in found if fact.source.path == found[0].source.path]


def _conda_wishes(facts: RepoFacts) -> list[CondaPackage]:
    """Return what environment files ask for; the sets of lock files only where there are none.

    Where the root's manifests say what the code needs, files of subfolders describe other machines: a container,
    a documentation server, somebody's Windows.
    """
    found = facts.of(CondaPackage)
    if any(
        fact.group == "runtime" and "/" not in fact.source.path for fact in facts.of(Requirement)
    ):
        found = tuple(fact for fact in found if "/" not in fact.source.path)
    return [fact for fact in found if not fact.locked] or list(found)


def _add_build_needs(collected: "_Collected", project: Project) -> None:
    if project.backend == "setup.py" or project.backend.startswith("setuptools"):
        for name in ("setuptools", "wheel"):
            text = f"{name}; {SETUPTOOLS_SINCE}"
            collected.add(text, "builds the project", project.source, optional=False)
    for module in project.build_imports:
        collected.add_module(module, f"setup.py imports {module}", project.source)


class _Collected:
    """Merges requirements by distribution name: several texts for one name all hold."""

    def __init__(
        self, own: set[str], mentioned: tuple[str, ...], asked: Mapping[str, PipInclude]
    ) -> None:
        self._own = own
        self._mentioned = mentioned
        self._addressed = asked
        self._texts: dict[str, list[str]] = {}
        self._optional: dict[str, None] = {}
        self._guesses: list[GuessedDistribution] = []
        self._reasons: list[Reason] = []
        self._held = self._chars = 0
        self._beyond: list[tuple[str, Source]] = []

    def add(self, text: str, why: str, source: Source, *, optional: bool) -> None:
        """Add one requirement; an optional one is left out where its name is wanted already."""
        try:
            requirement = Pep508(text)
        except InvalidRequirement:
            self.leave_out(repr(text), "not a requirement", source)
            return
        wanted = canonicalize_name(requirement.name)
        name = replaced(wanted)
        if name in NOT_INSTALLED or name in self._own or (optional and name in self._texts):
            return
        requirement.name = name
        if wanted in DEAD_ALIASES:
            # Its versions count the alias itself: `pip freeze` names sklearn==0.0 beside the real scikit-learn.
            requirement.specifier = SpecifierSet()
        if name != wanted:
            why = f"{why}, in place of {wanted}"
        if not optional:
            self._optional.pop(name, None)
        elif name not in self._texts:
            self._optional[name] = None
        known = self._texts.setdefault(name, [])
        normal = str(requirement)
        if normal in known or not self._has_room(known, normal, source):
            return
        known.append(normal)
        self._reasons.append(_reason(f"{normal}: {why}", source))

    def leave_out(self, name: str, why: str, source: Source) -> None:
        """Say that something is not wanted, and why."""
        self._reasons.append(_reason(f"{name} left out: {why}", source))

    def add_module(
        self,
        module: str,
        why: str,
        source: Source,
        *,
        needed: bool = False,
        below: tuple[str, ...] = (),
    ) -> str:
        """Add the distribution of a module and return its name; nothing, and "", where no index has one.

        It is optional unless it is `needed` and its name is known: a guess must not stand in the way.
        """
        guess = distribution_beside(self._addressed, module, self._texts.keys(), self._mentioned)
        if guess.certainty == "absent":
            self.leave_out(module, guess.source, source)
            return ""
        new = canonicalize_name(guess.name) not in self._texts
        self.add(guess.name, why, source, optional=not needed or guess.unverified)
        if new and guess.unverified:
            # A distribution that the repository names may leave submodules to what it needs itself.
            strange = below if guess.certainty == "same-name" else ()
            self._guesses.append(GuessedDistribution(name=guess.name, module=module, below=strange))
        return replaced(guess.name)

    def add_conda(self, package: CondaPackage) -> str:
        """Add what the index has for a conda package and return its name; "" where it is nothing of the index's.

        Ranges of versions hold here too; exact versions are wishes, like those of a lock file.
        """
        known = translated(package.name)
        if known.nothing and not package.locked:
            name = f"{package.name} of the conda environment"
            self.leave_out(name, known.nothing, package.source)
        if not known.distribution:
            return ""
        name = self.add_module(known.distribution, "from the conda environment", package.source)
        limits = conda(package.version)
        if name and limits and "==" not in limits:
            self.limit(name, limits, "the conda environment's limits", package.source)
        return name

    def limit(self, name: str, specifier: str, why: str, source: Source) -> None:
        """Add a range of versions to a distribution that is wanted already; not one that what is declared rules out."""
        text = f"{name}{SpecifierSet(specifier)}"
        known = self._texts.get(name, [])
        if not known or text in known or _contradicts(known, specifier):
            return
        if self._has_room(known, text, source):
            known.append(text)
            self._reasons.append(_reason(f"{text}: {why}", source))

    def _has_room(self, known: list[str], text: str, source: Source) -> bool:
        """Tell whether a plan has room for another text beside those `known` for its name, and take the room."""
        chars = len(shlex.quote(text)) + 1
        fits = (
            len(known) < MAX_TEXTS
            and self._held < MAX_REQUIREMENTS
            and chars <= MAX_TEXT_CHARS
            and self._chars + chars <= MAX_CHARS
        )
        if fits:
            self._held += 1
            self._chars += chars
        else:
            self._beyond.append((text, source))
        return fits

    def _say_what_is_beyond(self) -> None:
        if self._beyond:
            named = ", ".join(text[:MAX_TEXT_SHOWN] for text, _ in self._beyond[:NAMED_IN_A_NOTE])
            more = len(self._beyond) - NAMED_IN_A_NOTE
            named += f" and {more} more" if more > 0 else ""
            why = f"a plan holds {MAX_REQUIREMENTS} requirements, {MAX_TEXTS} for one name"
            self.leave_out(named, why, self._beyond[0][1])

    def result(self, locks: tuple[Lock, ...], indexes: tuple[OtherIndex, ...]) -> Wanted:
        """Return what was collected."""
        self._say_what_is_beyond()
        requirements = tuple(text for name in self._texts for text in self._texts[name])
        optional = tuple(reversed(self._optional))
        known = tuple(self._reasons)
        return Wanted(requirements, optional, tuple(self._guesses), known, locks, indexes)


def replaced(name: str) -> str:
    """Return the normalised name that is installed for `name`."""
    wanted = canonicalize_name(name)
    return canonicalize_name(LINKED.get(wanted, BUILD_ALIASES.get(wanted, wanted)))


def _contradicts(texts: Iterable[str], specifier: str) -> bool:
    """Tell whether a floor or an exact version of `texts` lies outside of `specifier`."""
    named = (part for text in texts for part in Pep508(text).specifier)
    floors = [part.version.removesuffix(".*") for part in named if part.operator in FLOORS]
    return any(not SpecifierSet(specifier).contains(floor, prereleases=True) for floor in floors)


def _reason(decision: str, source: Source | None) -> Reason:
    return Reason(topic="dependency", decision=decision, source=source or DEFAULT)
