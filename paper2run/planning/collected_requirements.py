"""Merges an environment's requirements by distribution name, with reasons, within a plan's limits."""

import shlex
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from paper2run.formats.version_ranges import conda
from paper2run.knowledge.conda_translation import translated
from paper2run.knowledge.distributions import DEAD_ALIASES
from paper2run.model.environment import GuessedDistribution, Reason
from paper2run.model.facts import CondaPackage, OtherIndex, PipInclude
from paper2run.model.resolution import Lock
from paper2run.model.value import DEFAULT, Source
from paper2run.planning.addresses import distribution_beside
from paper2run.planning.trust import is_optional

NOT_INSTALLED: Final = frozenset(
    {"pip", "python", "python-version", "distribute", "argparse", "r-base", "pkg-resources"}
)
"""Names in manifests that the interpreter itself brings, or that would replace its installer; pkg-resources==0.0.0 is
what pip freeze prints on Debian and Ubuntu (Launchpad bug 1635463)."""
BUILD_ALIASES: Final = {"oldest-supported-numpy": "numpy"}
"""Build requirements that would pin the whole set to the oldest version; the plain name serves."""
LINKED: Final = {**DEAD_ALIASES, "opencv-python": "opencv-python-headless"}
"""Names that must be replaced: dead aliases of the index, and the build of a library that needs no display."""

FLOORS: Final = frozenset({"==", ">=", "~=", ">"})
MAX_REQUIREMENTS: Final = 5000
"""Texts that a plan holds; the largest frozen environments have some 900."""
MAX_TEXTS: Final = 50
"""Texts kept for one name: several files and limits give some five."""
MAX_CHARS: Final = 400_000
"""Of all texts together, or the install would take more steps than a plan may have."""
MAX_TEXT_CHARS: Final = 3000
"""Of one text in quotes; a line of a manifest is read up to 2000 characters (requirement_text.py)."""
MAX_LEFT_OUT: Final = 200
"""Reasons that name one thing each that is not installed."""
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


class Collected:
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
        self._held = self._chars = self._left_out = 0
        self._beyond: list[tuple[str, Source]] = []

    def add(self, text: str, why: str, source: Source, role: str) -> None:
        """Add one requirement by its role in `trust.TABLE`; skip an optional one whose name is already wanted."""
        optional = is_optional(role)
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
        """Record that something is left out, and why; bounded to what a person reads."""
        if self._left_out < MAX_LEFT_OUT:
            self._reasons.append(_left_out(name, why, source))
        self._left_out += 1

    def add_module(
        self,
        module: str,
        why: str,
        source: Source,
        role: str,
        below: tuple[str, ...] = (),
    ) -> str:
        """Add the distribution of a module and return its name; "" if the index has none.

        Whatever its role, a name that is not known is a guess, which must not cause a conflict.
        """
        guess = distribution_beside(self._addressed, module, self._texts.keys(), self._mentioned)
        if guess.certainty == "absent":
            self.leave_out(module, guess.source, source)
            return ""
        new = canonicalize_name(guess.name) not in self._texts
        self.add(guess.name, why, source, "guessed import" if guess.unverified else role)
        if new and guess.unverified:
            # A distribution that the repository names may leave submodules to what it needs itself.
            strange = below if guess.certainty == "same-name" else ()
            self._guesses.append(GuessedDistribution(name=guess.name, module=module, below=strange))
        return replaced(guess.name)

    def add_conda(self, package: CondaPackage) -> str:
        """Add the index's counterpart of a conda package and return its name; "" if the index has none.

        Version ranges hold here too; exact versions are preferences, like those of a lock file.
        """
        known = translated(package.name)
        if known.nothing and not package.locked:
            name = f"{package.name} of the conda environment"
            self.leave_out(name, known.nothing, package.source)
        if not known.distribution:
            return ""
        why, role = "from the conda environment", "conda environment"
        name = self.add_module(known.distribution, why, package.source, role)
        limits = conda(package.version)
        if name and limits and "==" not in limits:
            self.limit(name, limits, "the conda environment's limits", package.source)
        return name

    def limit(self, name: str, specifier: str, why: str, source: Source) -> None:
        """Limit the versions of a distribution that is already wanted, unless its declaration contradicts."""
        text = f"{name}{SpecifierSet(specifier)}"
        known = self._texts.get(name, [])
        if not known or text in known or _contradicts(known, specifier):
            return
        if self._has_room(known, text, source):
            known.append(text)
            self._reasons.append(_reason(f"{text}: {why}", source))

    def _has_room(self, known: list[str], text: str, source: Source) -> bool:
        """Whether a plan has room for another text beside those `known` for its name; take the room if so."""
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
        if self._left_out > MAX_LEFT_OUT:
            decision = (
                f"{self._left_out - MAX_LEFT_OUT} more left out for reasons of the same kinds"
            )
            self._reasons.append(_reason(decision, DEFAULT))
        if self._beyond:
            named = ", ".join(text[:MAX_TEXT_SHOWN] for text, _ in self._beyond[:NAMED_IN_A_NOTE])
            more = len(self._beyond) - NAMED_IN_A_NOTE
            named += f" and {more} more" if more > 0 else ""
            why = f"a plan holds {MAX_REQUIREMENTS} requirements, {MAX_TEXTS} for one name"
            self._reasons.append(_left_out(named, why, self._beyond[0][1]))

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
    """Whether a floor or an exact version of `texts` lies outside of `specifier`."""
    named = (part for text in texts for part in Pep508(text).specifier)
    floors = [part.version.removesuffix(".*") for part in named if part.operator in FLOORS]
    return any(not SpecifierSet(specifier).contains(floor, prereleases=True) for floor in floors)


def _left_out(name: str, why: str, source: Source) -> Reason:
    return _reason(f"{name} left out: {why}", source).changed(leaves_out="unwanted")


def _reason(decision: str, source: Source | None) -> Reason:
    return Reason(topic="dependency", decision=decision, source=source or DEFAULT)
