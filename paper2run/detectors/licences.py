"""Finds programs behind a licence that code cannot do without: solvers, MATLAB, GIS, Xcode.

A need is hard where most of the leading work loads the library unguarded, or where the language that leads has no
other implementation. MATLAB code whose documents name Octave has one; P-code, which MATLAB alone runs, has none.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from paper2run.detectors import languages
from paper2run.detectors.documented_work import is_used_by_others, shared_by_most
from paper2run.detectors.own_modules import own_names
from paper2run.detectors.side_parts import side_of
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.language_endings import ENDINGS
from paper2run.model.facts import Fact, LanguageShare, OutsideNeed
from paper2run.model.value import Source
from paper2run.python.python_imports import Imported
from paper2run.python.python_modules import PythonModule, modules_of

NAME: Final = "licences"

MODULES: Final = {
    "gurobipy": "Gurobi", "cplex": "CPLEX", "docplex": "CPLEX", "mosek": "MOSEK", "xpress": "FICO Xpress",
    "matlab": "MATLAB", "matlab_wrapper": "MATLAB", "pymatlab": "MATLAB", "arcpy": "ArcGIS", "abaqus": "Abaqus",
    "abaqusConstants": "Abaqus", "odbAccess": "Abaqus", "mph": "COMSOL", "ansys": "Ansys", "hou": "Houdini",
    "pymel": "Maya", "wolframclient": "Mathematica", "pystata": "Stata", "saspy": "SAS", "clr": ".NET assemblies",
    "knitro": "Knitro", "snopt": "SNOPT", "tecplot": "Tecplot", "idlpy": "IDL", "graphlab": "GraphLab Create",
    "lumapi": "Lumerical", "powerfactory": "PowerFactory", "psspy": "PSS/E", "naginterfaces": "the NAG library",
    "rhinoscriptsyntax": "Rhino",
}  # fmt: skip
"""By top-level module; what pip installs of them (gurobipy, cplex) solves small problems only."""
LANGUAGES: Final = {
    "matlab": "MATLAB", "stata": "Stata", "sas": "SAS", "spss": "SPSS", "mathematica": "Mathematica", "gams": "GAMS",
}  # fmt: skip
OCTAVE: Final = re.compile(r"(?i)\boctave\b")
FOREIGN: Final = re.compile(
    r"^[ \t]*(?:#(?:import|include|pragma)\b|@(?:import|interface|implementation)\b|<)",
    re.MULTILINE,
)
"""Objective-C and MeshLab's scripts have the endings of MATLAB's files."""
P_CODE: Final = re.compile(rb"v\d\d\.\d\dv\d\d\.\d\d")
"""How a file of MATLAB's P-code begins: https://www.mathworks.com/help/matlab/ref/pcode.html. Octave cannot read it."""
PRODUCTS: Final = (
    "Gurobi", "CPLEX", "MOSEK", "Knitro", "MATLAB", "ArcGIS", "Abaqus", "COMSOL", "Ansys", "Stata", "Zemax",
)  # fmt: skip
WANTED: Final = re.compile(
    r"(?i)\b(?:requires?|needs?|depends? on|relies on|must (?:have|install|obtain))\b[^.\n]{0,60}"
    rf"\b(?P<product>{'|'.join(PRODUCTS)})\b"
)
"""Words by which a README says that the code needs a product."""
SENTENCE: Final = re.compile(r"(?<=[.!?])\s")
CHOICE: Final = re.compile(
    r"(?i)\b(?:if|or|optional(?:ly)?|either|for example|e\.g|not|octave|without|when|only to)\b"
)
"""Words of a sentence that leaves a way without it."""
HEADERS: Final = {
    "ilcplex/": "CPLEX", "gurobi_c.h": "Gurobi", "gurobi_c++.h": "Gurobi", "mosek.h": "MOSEK", "xprs.h": "FICO Xpress",
    "knitro.h": "Knitro", "mex.h": "MATLAB",
}  # fmt: skip
"""By the beginning of an included header: the product that brings it."""
INCLUDED: Final = re.compile(
    r"^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"\n]{1,200})[>\"]", re.MULTILINE
)
MAKE_CHOICE: Final = re.compile(r"^[ \t]*(?:ifn?def|ifn?eq)\b|\$\(if\b", re.MULTILINE)
CONDITION: Final = re.compile(r"[ \t]*#[ \t]*(?P<word>ifndef|ifdef|if)\b")
DEFINED: Final = re.compile(r"[ \t]*#[ \t]*define\b")
ENDED: Final = re.compile(r"[ \t]*#[ \t]*endif\b")
SOURCES: Final = ("*.c", "*.cc", "*.cpp", "*.cxx", "*.h", "*.hh", "*.hpp", "*.hxx")
COMPILED: Final = (".c", ".cc", ".cpp", ".cxx")
MAIN: Final = re.compile(r"^[ \t]*(?:int|void|auto)\s+main\s*\(", re.MULTILINE)
NATIVE: Final = frozenset({"c", "c++"})
XCODE: Final = "project.pbxproj"
OTHER_BUILDS: Final = ("Package.swift", "CMakeLists.txt", "Makefile", "setup.py", "configure")
MAX_FILES: Final = 2000
SWIFT: Final = frozenset({"swift", "objective-c"})


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each product once."""
    found: dict[str, OutsideNeed] = {}
    signs = (
        *_languages(tree),
        *_modules(tree),
        *_xcode(tree),
        *_stated(tree),
        *_headers(tree),
    )
    for need in sorted(signs, key=lambda need: not need.hard):
        found.setdefault(need.what, need)
    return found.values()


def _languages(tree: RepoTree) -> Iterator[OutsideNeed]:
    shares = [fact for fact in languages.detect(tree) if isinstance(fact, LanguageShare)]
    code = [share for share in shares if share.language not in {"notebook", "shell"}]
    for share in code:
        product = LANGUAGES.get(share.language)
        if product is None or FOREIGN.search(tree.text(share.source.path)[:2000]):
            continue
        open_way = product == "MATLAB" and any(
            OCTAVE.search(tree.text(path)) for path in tree.matching("README*", "readme*", "*.yml")
        )
        # More than twice all other code: what stands beside it prepares or plots.
        others = sum(other.size_bytes for other in code if other.language != share.language)
        # One file beside other code may be data in the language's notation, or of another program with that ending.
        is_data = share.files == 1 and any(
            other.language not in {share.language, "shell"} for other in shares
        )
        hard = share.size_bytes > 2 * others and not open_way and not is_data
        closed = _p_code(tree) if product == "MATLAB" else ()
        if closed:
            other_files = sum(other.files for other in code if other.language != share.language)
            hard = hard or (share.files + len(closed) > 2 * other_files and not open_way)
        source = Source(kind="file", path=closed[0], note="P-code") if closed else share.source
        yield OutsideNeed(form="licence", what=f"a licence of {product}", hard=hard, source=source)


def _p_code(tree: RepoTree) -> tuple[str, ...]:
    return tuple(path for path in tree.matching("*.p") if P_CODE.match(tree.begin(path, 12)))


def _modules(tree: RepoTree) -> Iterator[OutsideNeed]:
    for name, product in MODULES.items():

        def first(module: PythonModule, name: str = name) -> Imported | None:
            for imported in module.source.imports:
                same = imported.module.partition(".")[0] == name and not imported.level
                if same and not own_names(tree).provider_of(imported, module.path):
                    return imported
            return None

        def needs(module: PythonModule) -> bool:
            found = first(module)
            return found is not None and not found.guarded

        code = [module for module in modules_of(tree) if module.role in {"package", "script"}]
        found = [module for module in code if first(module)]
        if not found:
            continue
        leading = None if is_used_by_others(tree) else shared_by_most(tree, needs)
        module = leading or found[0]
        imported = first(module)
        yield OutsideNeed(
            form="licence",
            what=product if product.startswith(".NET") else f"a licence of {product}",
            hard=leading is not None,
            source=Source(
                kind="import", path=module.path, line=imported.line if imported else 0, note=name
            ),
        )


def _headers(tree: RepoTree) -> Iterator[OutsideNeed]:
    """Yield products whose headers programs in C or C++ include.

    One is hard where these languages lead, the README or a Makefile without choices names it, and more than half of the
    programs include it, directly or through the repository's own headers.
    """
    paths = [path for path in tree.matching(*SOURCES) if side_of(tree, path) is None]
    included = {path: _always_included(tree.text(path)) for path in paths[:MAX_FILES]}
    by_name: dict[str, list[str]] = {}
    for path in included:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    for start, product in HEADERS.items():
        users = [
            path
            for path, names in included.items()
            if any(name.startswith(start) and name not in by_name for name in names)
        ]
        if not users:
            continue
        programs = [path for path in included if MAIN.search(tree.text(path))]
        needing = [
            path for path in programs if not _reached(path, included, by_name).isdisjoint(users)
        ]
        shares = [fact for fact in languages.detect(tree) if isinstance(fact, LanguageShare)]
        leads = bool(shares) and shares[0].language in NATIVE
        named = any(
            _names(tree.text(path), product) for path in tree.matching("README*", "readme*")
        )
        named = named or any(
            product.split()[-1].lower() in text.lower() and not MAKE_CHOICE.search(text)
            for text in map(tree.text, ("Makefile", "makefile"))
        )
        yield OutsideNeed(
            form="licence",
            what=f"a licence of {product}",
            hard=leads and named and 2 * len(needing) > len(programs),
            source=Source(kind="file", path=(needing or users)[0], note=f"#include <{start}…>"),
        )


def _always_included(text: str) -> set[str]:
    """Return the headers that a source includes under no condition but its own guard."""
    found: set[str] = set()
    conditions: list[bool] = []
    lines = text.split("\n")
    for line, following in zip(lines, (*lines[1:], ""), strict=True):
        if condition := CONDITION.match(line):
            guard = condition["word"] == "ifndef" and DEFINED.match(following) is not None
            conditions.append(not guard)
        elif conditions and ENDED.match(line):
            conditions.pop()
        elif (header := INCLUDED.match(line)) and not any(conditions):
            found.add(header[1])
    return found


def _names(text: str, product: str) -> bool:
    """Whether a sentence names the product without leaving a way without it."""
    return any(
        product in sentence and not CHOICE.search(sentence)
        for line in text.splitlines()
        for sentence in SENTENCE.split(line)
    )


def _reached(start: str, included: dict[str, set[str]], by_name: dict[str, list[str]]) -> set[str]:
    """Return a file, what it includes of the repository, and the sources of these headers."""
    found, waiting = {start}, [start]
    while waiting:
        for name in included[waiting.pop()]:
            header = PurePosixPath(name)
            names = (header.name, *(f"{header.stem}{ending}" for ending in COMPILED))
            more = [path for one in names for path in by_name.get(one, ()) if path not in found]
            found.update(more)
            waiting += more
    return found


def _xcode(tree: RepoTree) -> Iterator[OutsideNeed]:
    """Yield Xcode where a project of it is there; hard if Swift leads and no other build knows it."""
    projects = tree.matching(XCODE)
    if not projects:
        return
    shares = [fact for fact in languages.detect(tree) if isinstance(fact, LanguageShare)]
    leads = bool(shares) and shares[0].language in SWIFT
    others = [name for name in OTHER_BUILDS if tree.has(name)]
    place = Source(kind="file", path=projects[0])
    yield OutsideNeed(form="licence", what="Xcode", hard=leads and not others, source=place)


def _stated(tree: RepoTree) -> Iterator[OutsideNeed]:
    """Yield products that the README says the code needs; hard where code names the product, too."""
    for path in tree.matching("README*", "readme*"):
        if "/" in path:
            continue
        lines = enumerate(tree.text(path).splitlines(), start=1)
        for number, sentence in ((n, part) for n, line in lines for part in SENTENCE.split(line)):
            said = WANTED.search(sentence)
            if said is None or CHOICE.search(sentence):
                continue
            product = next(one for one in PRODUCTS if one.lower() == said["product"].lower())
            yield OutsideNeed(
                form="licence",
                what=f"a licence of {product}",
                hard=_is_named_in_code(tree, product) and not is_used_by_others(tree),
                source=Source(kind="readme", path=path, line=number, note=said[0][:80]),
            )


def _is_named_in_code(tree: RepoTree, product: str) -> bool:
    name = product.lower()
    files = (path for path in tree.matching(*(f"*{ending}" for ending in ENDINGS)))
    return any(name in tree.text(path).lower() for path in islice(files, MAX_FILES))
