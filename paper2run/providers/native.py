"""Plans C, C++ and Fortran, with compilers that act as in the code's year.

Builds by make, CMake, Autotools, Meson or the compiler itself.
"""

import re
import shlex
from datetime import date
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from paper2run.formats.plurals import counted
from paper2run.knowledge import debian
from paper2run.model.environment import PlannedEnvironment, SmokeChoice
from paper2run.model.facts import (
    BuildFile,
    BuildProduct,
    Command,
    LanguageShare,
    RepoFacts,
    SystemHeader,
    SystemPackage,
    TestSuite,
)
from paper2run.model.value import DEFAULT, Source
from paper2run.planning import compiled_by_hand
from paper2run.planning.build_backends import compiles_the_root
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import NATIVE, leads
from paper2run.planning.plan_builder import PlanBuilder, choice
from paper2run.rendering.compiler_wrappers import C_SOURCE, flags_last, wrapper_step
from paper2run.smoke.program_smoke import documented, machine_tested, starts, was_built

NAME: Final = "native"

# Of several build files in one folder: a configure script writes the Makefile, and a Makefile leaves its programs
# where documents and scripts expect them, which CMake does not.
SYSTEMS: Final = ("autotools", "make", "cmake", "meson")
DOCUMENTED: Final = {"cmake": "cmake ", "autotools": "./configure", "meson": "meson "}
"""How install commands that name a build system begin."""
TOOLS: Final = {
    "make": (),
    "cmake": ("cmake", "pkg-config"),
    "autotools": ("autoconf", "automake", "libtool", "pkg-config"),
    "meson": ("meson", "ninja-build", "pkg-config"),
}
GENERATORS: Final = {
    ".y": "bison",
    ".yy": "bison",
    ".ypp": "bison",
    ".l": "flex",
    ".ll": "flex",
    ".lpp": "flex",
}
"""Programs that turn sources with these endings into C or C++."""
OFTEN_NAMED: Final = frozenset(
    {"bc", "bison", "flex", "gengetopt", "gperf", "libatlas-base-dev", "libblas-dev", "liblapack-dev", "libtool",
     "nasm", "openmpi-bin", "swig", "xxd", "yasm"}
)  # fmt: skip
"""Packages that repositories install by names that bookworm still has; other names may have gone since."""
GCC_10: Final = date(2020, 5, 7)


class _Flag(NamedTuple):
    language: str
    compilers: tuple[str, ...]
    source: str
    flag: str
    why: str


# https://gcc.gnu.org/gcc-10/porting_to.html
OF_THEIR_TIME: Final = (
    _Flag("c", ("gcc", "cc"), C_SOURCE, "-fcommon", "before GCC 10 one variable could be defined in several files"),
    _Flag("fortran", ("gfortran",), "*", "-fallow-argument-mismatch", "an error only since GCC 10"),
)  # fmt: skip


def propose(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan where C, C++ or Fortran leads and something says how it is built; None otherwise."""
    if not leads(evidence, NATIVE) or compiles_the_root(evidence.facts):
        return None
    calls = compiled_by_hand.documented_calls(evidence)
    build = _chosen(evidence.facts) or compiled_by_hand.as_build(calls)
    plain = compiled_by_hand.plain_programs(evidence)
    if build is None and plain:
        source = plain[0].source
        build = BuildFile(system=compiled_by_hand.PLAIN, path=source.path, source=source)
    if build is None:
        return None
    builder = PlanBuilder()
    _compilers(builder, evidence, build)
    _libraries(builder, evidence.facts)
    if build.system == compiled_by_hand.SYSTEM:
        steps = compiled_by_hand.steps(calls)
    elif build.system == compiled_by_hand.PLAIN:
        steps = compiled_by_hand.plain_steps(plain, evidence.paths)
    else:
        steps = [(_step(build, evidence.paths), build.source)]
    if build.system == "make":
        for settings in evidence.facts.of(BuildFile):
            if settings.system == "make-settings":
                copy = f"cp {shlex.quote(settings.path)} {shlex.quote(settings.name)}"
                steps.insert(0, (copy, settings.source))
    for command, source in steps:
        builder.step(command, source, writes_source=True)
    return builder.finish(evidence, *_smokes(evidence, build))


def _chosen(facts: RepoFacts) -> BuildFile | None:
    """Return the build file nearest to the root, of several there the documented one, then by `SYSTEMS`."""
    builds = [fact for fact in facts.of(BuildFile) if fact.system in SYSTEMS]
    made = {product.source.path for product in facts.of(BuildProduct)}
    documents = [
        fact.line
        for fact in facts.of(Command)
        if fact.purpose == "install" and fact.source.kind == "readme"
    ]

    def rank(build: BuildFile) -> tuple[int, bool, bool, int, str]:
        start = DOCUMENTED.get(build.system)
        named = start is not None and any(line.startswith(start) for line in documents)
        order = SYSTEMS.index(build.system)
        return build.path.count("/"), not named, build.path not in made, order, build.path

    return min(builds, key=rank, default=None)


def _compilers(builder: PlanBuilder, evidence: Evidence, build: BuildFile) -> None:
    languages = {share.language: share.source for share in evidence.facts.of(LanguageShare)}
    builder.install(
        "gcc", "g++", "libc6-dev", "make", why="to compile C and C++", source=build.source
    )
    if "fortran" in languages:
        builder.install("gfortran", why="to compile Fortran", source=languages["fortran"])
    if TOOLS.get(build.system):
        builder.install(*TOOLS[build.system], why=f"{build.system} builds it", source=build.source)
    for path in sorted(evidence.paths):
        tool = GENERATORS.get(PurePosixPath(path).suffix)
        if tool:
            builder.install(tool, why="writes a parser", source=Source(kind="file", path=path))
    day = evidence.asked.commit_day
    for language, compilers, source, flag, why in OF_THEIR_TIME:
        if language in languages and day is not None and day < GCC_10:
            # A wrapper, because a Makefile that sets CFLAGS or CC itself hears of no variable.
            line = flags_last(source, [flag])
            builder.step(wrapper_step([line], compilers), languages[language])
            builder.note("env", f"{compilers[0]} {flag}: {why}", languages[language])


def _libraries(builder: PlanBuilder, facts: RepoFacts) -> None:
    folders: dict[str, None] = {}
    made = {_stem(product.name) for product in facts.of(BuildProduct)}
    for header in facts.of(SystemHeader):
        if _stem(header.header) in made:
            # Written by the build: Debian's copy of the same library would be tested in its place.
            continue
        packages = debian.packages_of_header(header.header)
        if packages:
            why = f"<{header.header}> in {counted(header.files, 'file')}"
            builder.install(*packages, why=why, source=header.source)
            folders.update(dict.fromkeys(filter(None, map(debian.include_folder, packages))))
    for named in facts.of(SystemPackage):
        if named.name in debian.known_development_packages() | OFTEN_NAMED:
            builder.install(named.name, why="the repository installs it", source=named.source)
    if folders:
        why = "no compiler looks for headers there by itself"
        builder.set("CPATH", ":".join(folders), why, DEFAULT)


def _stem(name: str) -> str:
    """Return what a library and its header have in common: `nlopt` of `nlopt.hpp` and `libnlopt.a`."""
    return name.partition("/")[0].partition(".")[0].removeprefix("lib")


def _step(build: BuildFile, paths: frozenset[str]) -> str:
    """Return the command that builds in the folder of the build file."""
    folder = build.path.rpartition("/")[0]
    inside = f"cd {shlex.quote(folder)} && " if folder else ""
    match build.system:
        case "cmake":
            configure = "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release"
            return f"{inside}{configure} && cmake --build build --parallel 2"
        case "meson":
            return f"{inside}meson setup build && ninja -C build"
        case "autotools":
            prefix = f"{folder}/" if folder else ""
            sources = {f"{prefix}configure.ac", f"{prefix}configure.in"}
            # Also where a configure script is there: git keeps no times, so it may seem older than its source,
            # and make would ask for the very version of automake that wrote it.
            write = "autoreconf -fi && " if sources & paths else ""
            return f"{inside}{write}sh ./configure && make"
        case _:
            return f"make -C {shlex.quote(folder)}" if folder else "make"


def _smokes(evidence: Evidence, build: BuildFile) -> list[SmokeChoice]:
    """Return what could show that the build is good, the strongest first; always at least one."""
    products = [fact for fact in evidence.facts.of(BuildProduct) if fact.system == build.system]
    if build.system == compiled_by_hand.SYSTEM:
        products = compiled_by_hand.products(compiled_by_hand.documented_calls(evidence))
    elif build.system == compiled_by_hand.PLAIN:
        products = [*map(compiled_by_hand.built, compiled_by_hand.plain_programs(evidence))]
    programs = [product for product in products if product.form == "program"]
    tests = _tests(build)
    found = [documented(evidence, (program.path for program in programs if program.path))]
    tested = machine_tested(evidence, (tests, "ctest", "make test", "make check"))
    if tested is not None:
        # In CI `make test` may stand for the tests of any system, from within its build folder.
        own = build.system == "make"
        found.append(tested if own else tested.changed(command=tests))
    if programs:
        found.append(starts(_best_known(programs, evidence.facts)))
    suites = (suite for suite in evidence.facts.of(TestSuite) if suite.runner in {"make", "ctest"})
    found += [choice("tests", tests, "its tests pass", suite.source) for suite in list(suites)[:1]]
    found += [was_built(product) for product in products if product.form == "library"][:1]
    newer = f"find . -type f -size +0 -newer {shlex.quote(build.path)}"
    command = f"{newer} \\( -perm -u+x -o -name '*.a' -o -name '*.so' \\) | grep ."
    found.append(choice("compiled", command, "the build made a program or a library", build.source))
    return [smoke for smoke in found if smoke is not None]


def _tests(build: BuildFile) -> str:
    folder = build.path.rpartition("/")[0]
    built = shlex.quote(f"{folder}/build".lstrip("/"))
    match build.system:
        case "cmake":
            return f"ctest --output-on-failure --test-dir {built}"
        case "meson":
            return f"meson test -C {built}"
        case system:
            goal = "check" if system == "autotools" else "test"
            return f"make -C {shlex.quote(folder)} {goal}" if folder else f"make {goal}"


def _best_known(programs: list[BuildProduct], facts: RepoFacts) -> BuildProduct:
    """Return the program that documents start most often; of those that none starts the first."""
    runs = [fact.line for fact in facts.of(Command) if fact.source.kind == "readme"]

    def mentions(program: BuildProduct) -> int:
        name = re.compile(rf"(?:^|[\s/]){re.escape(program.name)}(?:\s|$)")
        return sum(name.search(line) is not None for line in runs)

    return max(programs, key=mentions)
