"""Maps an imported name to the distribution that provides it.

A guess always says how sure it is. The table (data/import_names.json) is refreshed and held against the index by
benchmarks/refresh_import_names.py. A name outside the table is at most a guess, by data/popular_modules.json or by the
module's own name, which the caller must verify against the index: a typo-squatted name is worse than a stop.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Final, Literal

from packaging.utils import InvalidName, canonicalize_name

Absence = Literal[
    "unsupported_platform",
    "proprietary_toolchain",
    "unknown_toolchain",
    "dead_dependency",
    "absent_module",
]
Certainty = Literal["declared", "known", "mentioned", "same-name", "absent"]

NAMED_AFTER: Final = (
    "{}",
    "py{}",
    "python-{}",
    "{}-python",
    "{}-py",
    "{}python",
    "{}-client",
    "django-{}",
)
"""pyelftools holds `elftools`, python-nmap `nmap`, llama-cpp-python `llama_cpp`, dnspython `dns`."""
AFFIXES: Final = (
    "python-{}",
    "py{}",
    "{}-python",
    "{}-py",
    "{}py",
    "lib{}",
    "{}2",
    "{}-learn",
    "scikit-{}",
)
"""How distributions are often named after their module; only ever matched against declared requirements."""
ONE_EACH: Final = frozenset({"google.cloud"})
"""Namespaces of two levels: each module in one has a distribution of its own, named after it."""
VERSION_OF_API: Final = re.compile(r"_v\d\w*$")
"""`google.cloud.speech_v1` lies beside `google.cloud.speech`, in the same distribution."""
OF_WINDOWS: Final = frozenset({"_winapi", "_winreg", "msvcrt", "winreg", "winsound"})
"""Modules of Python itself that only Windows has (https://docs.python.org/3/library/windows.html)."""

OF_ONES_OWN: Final = frozenset(
    {"base", "common", "config", "configs", "configuration", "const", "constants", "core", "data", "data_loader",
     "data_utils", "dataloader", "dataset", "evaluate", "evaluation", "experiments", "functions", "helper",
     "helpers", "layers", "lib", "libs", "loader", "logger", "loss", "losses", "main", "metrics", "misc", "model",
     "models", "modules", "network", "networks", "options", "params", "parameters", "plotting", "preprocess",
     "preprocessing", "scripts", "settings", "src", "tests", "tool", "tools", "train", "trainer", "training",
     "util", "utilities", "utils"}
)  # fmt: skip
"""What people call files of their own code: a namesake on the index is a stranger's."""
DEAD_ALIASES: Final = {
    "beautifulsoup": "beautifulsoup4", "pil": "pillow", "pypiwin32": "pywin32", "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}  # fmt: skip
"""Distributions that install nothing, or refuse to, and what their dependents mean."""
BACKPORTS: Final = {
    "concurrent": "futures",
    "configparser": "configparser",
    "contextvars": "contextvars",
    "dataclasses": "dataclasses",
    "enum": "enum34",
    "ipaddress": "ipaddress",
    "pathlib": "pathlib",
    "statistics": "statistics",
    "typing": "typing",
}
"""Modules of the standard library that older Pythons get from the index; of others it has namesakes only."""


@dataclass(frozen=True)
class Guess:
    """The distribution that most likely provides a module."""

    module: str
    name: str
    """Normalised distribution name (PEP 503); empty where the index has none."""
    certainty: Certainty
    """declared: the repository asks for it; known: the table has it; mentioned: unverified, but the
    repository names it elsewhere; same-name: unverified; absent: on no index."""
    source: str
    """The requirement, the table's date, or the reason for the absence."""
    others: tuple[str, ...] = ()
    """Further distributions that provide the same module, best first."""
    absence: Absence = "dead_dependency"
    """Where no index has it: the cause of a stop for want of it."""

    @property
    def unverified(self) -> bool:
        """Only the name speaks for it; the caller must look into its files on the index."""
        return self.certainty in {"mentioned", "same-name"}


@dataclass(frozen=True)
class _Table:
    refreshed: str
    modules: Mapping[str, tuple[str, ...]]
    aliases: Mapping[str, str]
    popular: Mapping[str, str]
    popular_day: str
    absent: Mapping[str, str]
    absences: Mapping[str, Absence]
    namespaces: frozenset[str]
    distributions: frozenset[str]
    spans: Mapping[str, tuple[str, str]]


def distribution_for(
    module: str, declared: Collection[str] = (), mentioned: tuple[str, ...] = ()
) -> Guess:
    """Return the best guess for an imported module or for the name of a package.

    Dotted names count whole (`google.protobuf`). `declared` are the normalised names of distributions that the
    repository itself asks for, best a set or the keys of a dict, `mentioned` those of its extras and further
    manifests, in order.
    """
    table = _table()
    if module in table.aliases:
        return replace(distribution_for(table.aliases[module], declared, mentioned), module=module)
    key = module if module in table.modules else module.partition(".")[0]
    known = tuple(canonicalize_name(name) for name in table.modules.get(key, ()))
    same = canonicalize_name(module)
    variants = _variants(key)
    for name in (*known, same, *variants):
        if name in declared:
            return Guess(module, name, "declared", f"requirement {name}", _without(known, name))
    if key in OF_WINDOWS:
        return Guess(module, "", "absent", "Windows only", absence="unsupported_platform")
    for name in (module, third_party_name(module), key):
        if name in table.absent:
            absence = table.absences.get(name, "dead_dependency")
            return Guess(module, "", "absent", table.absent[name], absence=absence)
    if key in BACKPORTS:
        return Guess(module, BACKPORTS[key], "known", "backport of the standard library's module")
    if known:
        return Guess(module, known[0], "known", f"import names of {table.refreshed}", known[1:])
    places = _places(mentioned)
    # `arize-phoenix` in an extra for `import phoenix`, a name that a stranger has on the index.
    found = [places[word] for word in (f"-{same}", *variants) if word in places]
    if found:
        name = mentioned[min(found)]
        return Guess(module, name, "mentioned", f"the repository names {name}")
    if same in table.distributions:
        # Conda and documents name packages, not modules.
        return Guess(module, same, "known", f"import names of {table.refreshed}")
    try:
        canonicalize_name(module, validate=True)
    except InvalidName:
        return Guess(module, "", "absent", f"no distribution can be called {module}")
    if key.lower() in OF_ONES_OWN:
        why = "by its name a file of the author's own, and the repository does not hold it"
        return Guess(module, "", "absent", why, absence="absent_module")
    if key in table.popular:
        why = f"a much used package with that module (list of {table.popular_day}), unverified"
        return Guess(module, canonicalize_name(table.popular[key]), "same-name", why)
    return Guess(module, same, "same-name", "the module's own name, unverified")


def present_name(module: str) -> str:
    """Return today's dotted name of a module that is imported by a former one; empty for any other."""
    return _table().aliases.get(module, "")


def is_known(module: str) -> bool:
    """Whether the table has a distribution for this top-level module."""
    return module in _table().modules or module in _table().namespaces


def third_party_name(dotted: str) -> str:
    """Return the name that an import needs from elsewhere.

    The top-level name, or two levels for a namespace package, or three below a namespace with a distribution for each
    module. Empty for modules of the standard library of any Python from 2.7 on, and for `__main__`.
    """
    table = _table()
    parts = dotted.split(".")
    if parts[0] in table.spans or parts[0] in {"", "__main__"}:
        return ""
    two = ".".join(parts[:2])
    if two in ONE_EACH and len(parts) > 2:
        return f"{two}.{VERSION_OF_API.sub('', parts[2])}"
    elsewhere = two in table.modules and table.modules[two] != table.modules.get(parts[0])
    return two if elsewhere or parts[0] in table.namespaces else parts[0]


def stdlib_span(module: str) -> tuple[str, str] | None:
    """Return first and last version of Python, as known to the table, that bring a top-level module along."""
    return _table().spans.get(module)


def is_of_python(module: str) -> bool:
    """Whether a module belongs to some Python's own library on Linux and to no distribution.

    Dotted names are allowed.
    """
    top = module.partition(".")[0]
    return top in _table().spans and top not in BACKPORTS and top not in OF_WINDOWS


@lru_cache(maxsize=4)
def _places(mentioned: tuple[str, ...]) -> dict[str, int]:
    """Return the first place of each name, and of each of its words with a dash before it."""
    places: dict[str, int] = {}
    for place, name in enumerate(mentioned):
        places.setdefault(name, place)
        for word in name.split("-"):
            places.setdefault(f"-{word}", place)
    return places


def _variants(module: str) -> tuple[str, ...]:
    stem = module.lower().removeprefix("py")
    return tuple(
        canonicalize_name(affix.format(name))
        for name in (module, stem)
        for affix in AFFIXES
        if name
    )


def named_after(module: str) -> tuple[str, ...]:
    """Return names that distributions are often given after their module, best first; all unverified."""
    top = module.partition(".")[0]
    return tuple(dict.fromkeys(canonicalize_name(form.format(top)) for form in NAMED_AFTER))


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(other for other in names if other != name)


@cache
def _table() -> _Table:
    folder = resources.files("paper2run") / "data"
    names = json.loads((folder / "import_names.json").read_text("utf-8"))
    popular = json.loads((folder / "popular_modules.json").read_text("utf-8"))
    stdlib = json.loads((folder / "stdlib_modules.json").read_text("utf-8"))
    modules = {module: tuple(names["modules"][module]) for module in names["modules"]}
    dotted = {module.partition(".")[0] for module in modules if "." in module} - set(modules)
    return _Table(
        refreshed=names["refreshed"],
        modules=modules,
        aliases=names["aliases"],
        popular=popular["modules"],
        popular_day=popular["refreshed"],
        absent=names["absent"],
        absences=names["absences"],
        namespaces=frozenset(dotted),
        distributions=frozenset(
            canonicalize_name(name) for found in modules.values() for name in found
        ),
        spans={module: (span[0], span[1]) for module, span in stdlib["modules"].items()},
    )
