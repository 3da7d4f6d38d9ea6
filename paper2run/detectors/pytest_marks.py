"""Finds plugins of pytest that tests use without importing them: by a mark or a fixture.

Without the plugin a suite with strict markers is not even collected, and a test that asks for a fixture fails.
https://docs.pytest.org/en/stable/how-to/mark.html
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.detectors.test_suites import PYTEST_SETTINGS
from paper2run.formats.requirement_text import read_requirement
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.pytest_plugins import OF_FIXTURES, OF_MARKS
from paper2run.knowledge.side_folders import vendored_place
from paper2run.model.facts import Fact
from paper2run.model.value import Source
from paper2run.python.python_modules import modules_of

NAME: Final = "pytest_marks"

MARK: Final = re.compile(r"\bpytest\.mark\.(?P<mark>\w+)")
TEST: Final = re.compile(
    r"^[ \t]*(?:async[ \t]+)?def[ \t]+test\w*\((?P<arguments>[^()]*)", re.MULTILINE
)
ARGUMENT: Final = re.compile(r"(?:^|,)\s*(\w+)\s*(?::[^,=]+)?(?=,|$)")
"""An argument without a default: pytest passes a fixture of this name."""
DECLARED: Final = re.compile(
    r"^(?:markers[ \t]*=)?[ \t\[\"']*(\w+)[ \t]*(?:[:(\"']|$)", re.MULTILINE
)
"""A line of `markers`: a mark with its description."""
DEFINED: Final = re.compile(r"\bdef (\w+)\(")
NAMED: Final = re.compile(r"\bname\s*=\s*[\"'](\w+)[\"']")
"""The name that a fixture gets in place of its function's."""
PARAMETERS: Final = re.compile(r"parametrize\(([^)\]]{0,300})")
"""The first argument of `parametrize`: its names are no fixtures."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each plugin once, as a need of the tests, where it is used first."""
    texts = [
        (module.path, tree.text(module.path))
        for module in modules_of(tree)
        if module.role == "test" and not vendored_place(module.path)[0]
    ]
    used = [(path, text, *found) for path, text in texts for found in _plugins(text)]
    own = _own_names(tree, texts) if used else frozenset()
    seen: set[str] = set()
    for path, text, name, plugin, start in used:
        if plugin in seen or name in own:
            continue
        seen.add(plugin)
        source = Source(kind="file", path=path, line=text.count("\n", 0, start) + 1)
        yield from read_requirement(plugin, group="test", source=source)


def _plugins(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield the marks and fixtures that a file of tests uses, each with its plugin and place."""
    for match in MARK.finditer(text):
        if match["mark"] in OF_MARKS:
            yield match["mark"], OF_MARKS[match["mark"]], match.start()
    given = {name for match in PARAMETERS.finditer(text) for name in re.findall(r"\w+", match[1])}
    for match in TEST.finditer(text):
        for name in ARGUMENT.findall(match["arguments"]):
            if name in OF_FIXTURES and name not in given:
                yield name, OF_FIXTURES[name], match.start()


def _own_names(tree: RepoTree, texts: list[tuple[str, str]]) -> frozenset[str]:
    """Return the marks that the settings declare and the fixtures that the tests define themselves."""
    settings = "\n".join(tree.text(path) for path, _ in PYTEST_SETTINGS if tree.has(path))
    marks = set(DECLARED.findall(settings)) & OF_MARKS.keys()
    defined = {name for _, text in texts for name in DEFINED.findall(text)}
    named = {name for _, text in texts for name in NAMED.findall(text)}
    return frozenset(marks | ((defined | named) & OF_FIXTURES.keys()))
