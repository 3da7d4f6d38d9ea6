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
PARAMETERS: Final = re.compile(r"parametrize\(\s*\(?\[?(?P<names>(?:\s*,?\s*[\"'][\w\s,]+[\"'])+)")
"""The first argument of `parametrize`: its names are no fixtures."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each plugin once, as a need of the tests, where it is used first."""
    texts = [
        (module.path, tree.text(module.path))
        for module in modules_of(tree)
        if module.role == "test" and not vendored_place(module.path)[0]
    ]
    own = _own_names(tree, texts)
    seen: set[str] = set()
    for path, text in texts:
        for plugin, start in _plugins(text, own):
            if plugin in seen:
                continue
            seen.add(plugin)
            source = Source(kind="file", path=path, line=text.count("\n", 0, start) + 1)
            yield from read_requirement(plugin, group="test", source=source)


def _plugins(text: str, own: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Yield the plugins that a file of tests uses, with their places."""
    for match in MARK.finditer(text):
        if match["mark"] in OF_MARKS and match["mark"] not in own:
            yield OF_MARKS[match["mark"]], match.start()
    given = {
        name for match in PARAMETERS.finditer(text) for name in re.findall(r"\w+", match["names"])
    }
    for match in TEST.finditer(text):
        for name in ARGUMENT.findall(match["arguments"]):
            if name in OF_FIXTURES and name not in own and name not in given:
                yield OF_FIXTURES[name], match.start()


def _own_names(tree: RepoTree, texts: list[tuple[str, str]]) -> frozenset[str]:
    """Return the marks that the settings declare and the fixtures that the tests define themselves."""
    settings = "\n".join(tree.text(path) for path, _ in PYTEST_SETTINGS if tree.has(path))
    marks = (
        mark
        for mark in OF_MARKS
        if re.search(rf"^(?:markers\s*=)?[\s\[\"']*{mark}\s*(?:[:(\"']|$)", settings, re.MULTILINE)
    )
    code = "\n".join(text for _, text in texts)
    fixtures = (
        name
        for name in OF_FIXTURES
        if re.search(rf"\bdef {name}\(|\bname\s*=\s*[\"']{name}[\"']", code)
    )
    return frozenset((*marks, *fixtures))
