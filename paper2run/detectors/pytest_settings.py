"""Finds the plugins that a project's own settings of pytest need: without them no test is collected.

Reads `addopts`, `required_plugins` and the keys of plugins in pytest.ini, tox.ini, setup.cfg and pyproject.toml.
https://docs.pytest.org/en/stable/reference/customize.html
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.detectors.own_modules import own_names
from paper2run.detectors.test_suites import PYTEST_SETTINGS
from paper2run.formats.requirement_text import read_requirement
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.distributions import distribution_for
from paper2run.knowledge.pytest_plugins import OF_SETTINGS, plugin_of_option
from paper2run.model.facts import Fact
from paper2run.model.value import Source

NAME: Final = "pytest_settings"

KEY: Final = re.compile(r"^([A-Za-z_]\w*)\s*=\s*(.*)$")
WORD: Final = re.compile(r"[^\s\"',\[\]]+")
MAX_PLUGINS: Final = 30


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each plugin once, as a need of the tests, in the order of the settings."""
    seen: set[str] = set()
    for path, section in PYTEST_SETTINGS:
        text = tree.text(path) if tree.has(path) else ""
        for plugin, line in _plugins(tree, text, section):
            if plugin not in seen and len(seen) < MAX_PLUGINS:
                seen.add(plugin)
                source = Source(kind="file", path=path, line=line)
                yield from read_requirement(plugin, group="test", source=source)


def _plugins(tree: RepoTree, text: str, section: str) -> Iterator[tuple[str, int]]:
    """Yield the distributions that the section of a file asks for, each with its line."""
    inside, key = False, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            inside, key = re.match(section, line) is not None, ""
        if not inside or line.lstrip().startswith(("#", ";")):
            continue
        named = KEY.match(line)
        key = named[1] if named else key
        words = WORD.findall(named[2] if named else line)
        if named and key in OF_SETTINGS:
            yield OF_SETTINGS[key], number
        elif key == "addopts":
            yield from ((plugin, number) for plugin in _of_options(tree, words))
        elif key == "required_plugins":
            yield from ((word, number) for word in words if word[0].isalpha())


def _of_options(tree: RepoTree, words: list[str]) -> Iterator[str]:
    for before, word in zip(["", *words], words, strict=False):
        if before == "-p" and not word.startswith("no:") and "." not in word:
            guess = distribution_for(word)
            own = word in own_names(tree).by_name or word in {
                "pytester",
                "doctest",
                "cacheprovider",
            }
            if not own and guess.certainty != "absent":
                yield guess.name
        elif plugin := plugin_of_option(word):
            yield plugin
