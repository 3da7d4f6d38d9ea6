"""Reads declarative metadata in setup.cfg.

https://setuptools.pypa.io/en/latest/userguide/declarative_config.html; older d2to1 and pbr spell keys with dashes.
"""

import configparser
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.ini_text import lines_of, read_config
from paper2run.formats.manifest import Manifest, assigned
from paper2run.formats.requirement_text import group_of
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, Group, Unreadable

NAME: Final = "setup_cfg"

GROUPS: Final[tuple[tuple[str, Group], ...]] = (
    ("install_requires", "runtime"),
    ("setup_requires", "build"),
    ("tests_require", "test"),
)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the facts of each setup.cfg; one that configparser refuses is `Unreadable`."""
    for path in tree.matching("setup.cfg"):
        config = read_config(tree, path)
        if isinstance(config, Unreadable):
            yield config
        else:
            yield from _metadata(Manifest.of(tree, path), config)


def _metadata(manifest: Manifest, config: configparser.ConfigParser) -> Iterator[Fact]:
    for written in lines_of(config, "options", "python_requires"):
        yield from manifest.python(written, "python_requires")
    yield from manifest.classifiers(lines_of(config, "metadata", "classifiers"))
    yield from manifest.classifiers(lines_of(config, "metadata", "classifier"))
    for key, group in GROUPS:
        manifest.places.line(key)
        lines = _requirement_lines(config, "options", key)
        yield from manifest.requirements(lines, key, group)
    # d2to1's and distutils2's spelling.
    old = _requirement_lines(config, "metadata", "requires_dist")
    yield from manifest.requirements(old, "requires_dist", "runtime")
    for section in ("options.extras_require", "extras"):
        for name in config.options(section) if config.has_section(section) else []:
            lines = _requirement_lines(config, section, name)
            yield from manifest.requirements(lines, name, group_of(name), name)
    scripts = lines_of(config, "options.entry_points", "console_scripts")
    scripts += lines_of(config, "entry_points", "console_scripts")
    yield from manifest.console_scripts(assigned(scripts))


def _requirement_lines(config: configparser.ConfigParser, section: str, key: str) -> list[str]:
    """Return requirements, one per line; on a single line `;` may part them, where no marker follows it."""
    lines = lines_of(config, section, key)
    if len(lines) == 1 and ";" in lines[0] and not any(sign in lines[0] for sign in "\"'"):
        return [part.strip() for part in lines[0].split(";") if part.strip()]
    return [line for line in lines if not line.startswith(("file:", "%("))]
