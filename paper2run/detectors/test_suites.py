"""Finds test suites and the programs that run them, in Python and in other languages."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from typing import Final

from paper2run.formats.requirement_text import read_requirement
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, TestSuite
from paper2run.model.value import Source
from paper2run.python.python_modules import TEST_FOLDERS, PythonModule, modules_of

NAME: Final = "test_suites"

PYTEST_SETTINGS: Final = (
    ("pytest.ini", r"^\[pytest\]"),
    ("tox.ini", r"^\[pytest\]"),
    ("setup.cfg", r"^\[(?:tool:)?pytest\]"),
    ("pyproject.toml", r"^\[tool\.pytest"),
)
"""Files of the root and the section in them by which a project chooses pytest."""
NOSE_SETTINGS: Final = re.compile(r"^\[nosetests\]|test_suite\s*=\s*.nose", re.MULTILINE)
FUNCTION: Final = re.compile(r"^[ \t]*def (\w+)", re.MULTILINE)
YIELD_TEST: Final = re.compile(r"^[ \t]+yield[ \t(]+[\w.]+[ \t]*,", re.MULTILINE)
"""`yield check, argument`: nose ran these, pytest 4 and later collects none."""
COLLECTED: Final = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")
"""Names of files that pytest imports: https://docs.pytest.org/en/stable/reference/reference.html#confval-python_files"""
DOCTEST: Final = re.compile(r"\bdoctest\.testmod\(|--doctest-modules|--with-doctest")

# File name pattern, text it must hold, runner; the suite is the folder of the file.
OTHER_LANGUAGES: Final = (
    ("Makefile", r"^(?:tests?|check)[ \t]*:", "make"),
    ("makefile", r"^(?:tests?|check)[ \t]*:", "make"),
    ("GNUmakefile", r"^(?:tests?|check)[ \t]*:", "make"),
    ("Makefile.am", r"^(?:TESTS|check_PROGRAMS)\b", "make"),
    ("CMakeLists.txt", r"(?i)\b(?:enable_testing|add_test)[ \t]*\(", "ctest"),
    ("package.json", r'"test"[ \t]*:[ \t]*"(?!echo \\"Error: no test)', "npm"),
    ("*_test.go", r"\bfunc Test", "go"),
    ("runtests.jl", r"", "julia"),
    ("testthat.R", r"", "testthat"),
    ("test_*.m", r"", "octave"),
)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one fact per folder of Python tests, one for doctests, then other languages, by path."""
    yield from _python_suites(tree)
    yield from _doctests(tree)
    found: dict[tuple[str, str], TestSuite] = {}
    for path in tree.matching(*(pattern for pattern, _, _ in OTHER_LANGUAGES)):
        folder, _, name = path.rpartition("/")
        for pattern, words, runner in OTHER_LANGUAGES:
            match = (
                re.search(words, tree.text(path), re.MULTILINE) if fnmatch(name, pattern) else None
            )
            if match is None:
                continue
            line = tree.text(path).count("\n", 0, match.start()) + 1
            first = found.get((folder, runner))
            source = first.source if first else Source(kind="file", path=path, line=line)
            files = first.files + 1 if first else 1
            found[folder, runner] = TestSuite(
                runner=runner, path=folder, files=files, source=source
            )
    yield from (found[key] for key in sorted(found))


def _python_suites(tree: RepoTree) -> Iterator[Fact]:
    folders: dict[str, list[PythonModule]] = {}
    for module in modules_of(tree):
        if module.role == "test" and _holds_tests(tree, module):
            folders.setdefault(_suite_folder(module.path), []).append(module)
    if not folders:
        yield from _runner_of_namesakes(tree)
    settings = _settings(tree)
    for folder, modules in sorted(folders.items()):
        runner, source = _runner(tree, modules, settings)
        yield TestSuite(runner=runner, path=folder, files=len(modules), source=source)


def _runner_of_namesakes(tree: RepoTree) -> Iterator[Fact]:
    """Yield pytest as a need where it would import a file for its name: people start it all the same."""
    named = (module.path for module in modules_of(tree) if COLLECTED.search(module.path))
    for path in sorted(named)[:1]:
        source = Source(kind="file", path=path)
        yield from read_requirement("pytest", group="test", source=source)


def _holds_tests(tree: RepoTree, module: PythonModule) -> bool:
    if not module.parsed:
        return (
            re.search(r"^[ \t]*(?:def test|class Test)", tree.text(module.path), re.M) is not None
        )
    return any(name.lower().startswith("test") for name in module.source.definitions) or any(
        imported.module.startswith(("unittest", "pytest", "nose"))
        for imported in module.source.imports
    )


def _suite_folder(path: str) -> str:
    """Return the outermost test folder on the way to a file, else the file's own folder."""
    parts = path.split("/")[:-1]
    for depth, part in enumerate(parts, start=1):
        if part.lower() in TEST_FOLDERS:
            return "/".join(parts[:depth])
    return "/".join(parts)


def _yielded_test(text: str) -> re.Match[str] | None:
    """Return the first check that a test function itself yields.

    What helper functions yield does not count.
    """
    for match in YIELD_TEST.finditer(text):
        functions = FUNCTION.findall(text, 0, match.start())
        if functions and functions[-1].startswith("test"):
            return match
    return None


def _runner(
    tree: RepoTree, modules: list[PythonModule], settings: tuple[str, Source] | None
) -> tuple[str, Source]:
    """Return the program that runs a suite, and its evidence.

    Evidence in order: imports of nose, settings, other imports.
    """
    by_import: dict[str, Source] = {}
    for module in modules:
        for imported in module.source.imports:
            name = imported.module.partition(".")[0]
            if name in {"nose", "pytest", "unittest"}:
                place = Source(kind="import", path=module.path, line=imported.line)
                by_import.setdefault(name, place)
        match = _yielded_test(tree.text(module.path))
        if match and "nose" not in by_import and "pytest" not in by_import:
            line = tree.text(module.path).count("\n", 0, match.start()) + 1
            by_import["nose"] = Source(
                kind="file", path=module.path, line=line, note="yields its tests"
            )
    if "pytest" not in by_import and "nose" in by_import:
        return "nose", by_import["nose"]
    if settings:
        return settings
    first = Source(kind="file", path=modules[0].path)
    for runner in ("pytest", "unittest"):
        if runner in by_import:
            return runner, by_import[runner]
    return "pytest", first


def _settings(tree: RepoTree) -> tuple[str, Source] | None:
    for path, section in PYTEST_SETTINGS:
        match = re.search(section, tree.text(path), re.MULTILINE) if tree.has(path) else None
        if match:
            line = tree.text(path).count("\n", 0, match.start()) + 1
            return "pytest", Source(kind="file", path=path, line=line)
    for path in ("setup.cfg", "setup.py"):
        match = NOSE_SETTINGS.search(tree.text(path)) if tree.has(path) else None
        if match:
            line = tree.text(path).count("\n", 0, match.start()) + 1
            return "nose", Source(kind="file", path=path, line=line)
    conftest = tree.matching("conftest.py")
    return ("pytest", Source(kind="file", path=conftest[0])) if conftest else None


def _doctests(tree: RepoTree) -> Iterator[Fact]:
    """Yield one fact for all modules that test their own docstrings, or for a runner told to do so."""
    places: list[Source] = []
    paths = [module.path for module in modules_of(tree)]
    for path in [*tree.matching("setup.cfg", "tox.ini", "pytest.ini", "pyproject.toml"), *paths]:
        text = tree.text(path)
        match = DOCTEST.search(text) if "doctest" in text else None
        if match:
            line = text.count("\n", 0, match.start()) + 1
            places.append(Source(kind="file", path=path, line=line))
    if places:
        yield TestSuite(runner="doctest", path="", files=len(places), source=places[0])
