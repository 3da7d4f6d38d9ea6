"""Reads setup.py without running it: dependencies, interpreters, console scripts, extensions.

Keywords: https://setuptools.pypa.io/en/latest/references/keywords.html. Which folders are projects is
projects.py's matter.
"""

import ast
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from paper2run.formats.lined_text import LinedText, line_of
from paper2run.formats.manifest import Manifest, assigned
from paper2run.formats.requirement_text import group_of, read_requirement
from paper2run.formats.structured import table
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import EntryPoint, Extension, Fact, Group, Unreadable
from paper2run.model.value import Source
from paper2run.python.literal_values import Evaluator, FileText
from paper2run.python.python_imports import dotted_name
from paper2run.python.setup_script import SetupScript, beside, flattened, read_setup

NAME: Final = "setup_py"

Language = Literal["c", "c++", "cython", "fortran", "rust", "cuda", "pybind11"]

GROUPS: Final[tuple[tuple[str, Group], ...]] = (
    ("install_requires", "runtime"),
    ("requires", "runtime"),
    ("setup_requires", "build"),
    ("tests_require", "test"),
    ("test_requires", "test"),
)
EXTENSION_CALLS: Final[dict[str, Language]] = {
    "Extension": "c",
    "add_extension": "c",
    "cythonize": "cython",
    "CppExtension": "c++",
    "CUDAExtension": "cuda",
    "Pybind11Extension": "pybind11",
    "RustExtension": "rust",
}
"""By the last name of the call, with the language where its sources do not tell."""
MAX_EXTENSIONS: Final = 100
SOURCE_LANGUAGES: Final[tuple[tuple[tuple[str, ...], Language], ...]] = (
    ((".pyx",), "cython"),
    ((".f", ".f77", ".f90", ".f95", ".pyf"), "fortran"),
    ((".cu",), "cuda"),
    ((".cc", ".cpp", ".cxx"), "c++"),
)
"""First match wins: a Cython module is often linked with C++ files."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the facts of each setup.py; one that no Python parses is `Unreadable`."""
    for path in tree.matching("setup.py"):
        script = read_setup(tree, path)
        if isinstance(script, Unreadable):
            yield script
            continue
        manifest = Manifest.of(tree, path)
        yield from _interpreters(manifest, script)
        for keyword, group in GROUPS:
            for item in script.texts(keyword):
                yield from _requirement(tree, manifest, item, group)
        for name, wanted in table(script.keywords.get("extras_require")).items():
            for item in flattened(wanted):
                yield from _extra(tree, manifest, name, item)
        yield from _entry_points(tree, manifest, script)
        yield from _extensions(path, script)


def _interpreters(manifest: Manifest, script: SetupScript) -> Iterator[Fact]:
    python = script.keywords.get("python_requires")
    if isinstance(python, str):
        yield from manifest.python(python, "python_requires")
    yield from manifest.classifiers(
        [item for item in script.texts("classifiers") if isinstance(item, str)]
    )
    if script.keywords.get("use_2to3") is True:
        # https://setuptools.pypa.io/en/latest/history.html#v58-0-0 refuses it.
        source = manifest.source("use_2to3", "use_2to3")
        yield from read_requirement("setuptools<58", group="build", source=source)


def _requirement(
    tree: RepoTree, manifest: Manifest, item: str | FileText, group: Group, extra: str = ""
) -> Iterator[Fact]:
    """Yield one item of a list; a file that is read stands for its lines, with their own places."""
    if isinstance(item, str):
        source = manifest.source(item if line_of(item) else item.partition(";")[0])
        yield from read_requirement(item, group=group, source=source, extra=extra)
        return
    path = beside(manifest.path, item.name)
    for number, line in enumerate(tree.text(path).splitlines(), 1):
        source = Source(kind="file", path=path, line=number, note=f"read by {manifest.path}")
        yield from read_requirement(line, group=group, source=source, extra=extra)


def _extra(tree: RepoTree, manifest: Manifest, name: str, item: str | FileText) -> Iterator[Fact]:
    """Yield the facts of one item of an extra.

    `name:marker` makes the item conditional; `:marker` alone makes it a plain requirement.
    """
    extra, _, marker = name.partition(":")
    if isinstance(item, str) and marker:
        item = LinedText.at(f"{item}; {marker}", line_of(item))
    group = group_of(extra) if extra else "runtime"
    yield from _requirement(tree, manifest, item, group, extra)


def _entry_points(tree: RepoTree, manifest: Manifest, script: SetupScript) -> Iterator[Fact]:
    entry_points = script.keywords.get("entry_points")
    scripts: list[str | FileText] = []
    if isinstance(entry_points, dict):
        scripts = flattened(entry_points.get("console_scripts"))
    elif isinstance(entry_points, str):
        section = entry_points.partition("[console_scripts]")[2].partition("[")[0]
        scripts = flattened(section)
    yield from manifest.console_scripts(assigned(item for item in scripts if isinstance(item, str)))
    for item in script.texts("scripts"):
        if isinstance(item, str) and tree.has(beside(manifest.path, item)):
            name = item.rpartition("/")[2]
            source, file = manifest.source(item), beside(manifest.path, item)
            yield EntryPoint(name=name, form="console-script", target=file, source=source)


def _extensions(path: str, script: SetupScript) -> Iterator[Extension]:
    """Yield each language of the extensions and each module that they make once, at its first call."""
    seen: set[tuple[Language, str]] = set()
    calls = [node for node in ast.walk(script.tree) if isinstance(node, ast.Call)]
    for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        by_name = EXTENSION_CALLS.get(dotted_name(node.func).rpartition(".")[2])
        if by_name is None:
            continue
        made = _language(node, by_name), _module(node)
        if made not in seen and len(seen) < MAX_EXTENSIONS:
            seen.add(made)
            source = Source(kind="file", path=path, line=node.lineno)
            yield Extension(language=made[0], module=made[1], source=source)


def _module(node: ast.Call) -> str:
    """Return the dotted name that an `Extension(…)` gives its module; empty where it is no plain text."""
    named = [word.value for word in node.keywords if word.arg == "name"] + node.args[:1]
    given = named[0].value if named and isinstance(named[0], ast.Constant) else ""
    is_name = isinstance(given, str) and all(part.isidentifier() for part in given.split("."))
    return str(given) if is_name else ""


def _language(node: ast.Call, by_name: Language) -> Language:
    names = [
        inner.value
        for argument in (
            *node.args[:2],
            *(word.value for word in node.keywords if word.arg == "sources"),
        )
        for inner in ast.walk(argument)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    ]
    if by_name not in {"c", "pybind11"}:
        return by_name
    for endings, language in SOURCE_LANGUAGES:
        if any(name.endswith(endings) for name in names):
            return by_name if by_name == "pybind11" else language
    declared = next((word.value for word in node.keywords if word.arg == "language"), None)
    return "c++" if Evaluator().value(declared) == "c++" else by_name
