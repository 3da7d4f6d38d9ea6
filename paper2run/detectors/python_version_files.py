"""Reads files that name the project's interpreter: pyenv, asdf, Heroku, Binder, Read the Docs.

https://github.com/pyenv/pyenv, https://asdf-vm.com/manage/configuration.html,
https://docs.readthedocs.io/en/stable/config-file/v2.html, https://repo2docker.readthedocs.io/en/latest/configuration/
"""

from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.commands.ci_scripts import CiFile
from paper2run.formats.structured import read_yaml, table, text
from paper2run.formats.tree import RepoTree
from paper2run.formats.version_ranges import listed_python
from paper2run.model.facts import Fact, PythonConstraint, Unreadable
from paper2run.model.value import Source
from paper2run.python.python_projects import own_names

NAME: Final = "python_version_files"

MAX_LINES: Final = 100
"""Lines read of files that hold one version each."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the listed interpreters, in the order of the files' names, then what Read the Docs is told."""
    for path in tree.matching(".python-version", "runtime.txt", ".tool-versions"):
        content = tree.read(path)
        if isinstance(content, Unreadable):
            yield content
            continue
        for number, line in enumerate(content.splitlines()[:MAX_LINES], 1):
            specifier = listed_python(_version(path, line))
            if specifier:
                source = Source(kind="file", path=path, line=number)
                yield PythonConstraint(specifier=specifier, strength="tested", source=source)
    for path in tree.matching(".readthedocs.y*ml", "readthedocs.y*ml"):
        config = read_yaml(tree, path)
        if isinstance(config, Unreadable):
            yield config
        else:
            yield from _readthedocs(CiFile(path, tree.once(own_names)), config)


def _version(path: str, line: str) -> str:
    """Return the version on a line; `.tool-versions` names the tool first."""
    words = line.partition("#")[0].split()
    if path.endswith(".tool-versions"):
        return words[1] if len(words) > 1 and words[0] == "python" else ""
    return words[0] if words else ""


def _readthedocs(file: CiFile, config: object) -> Iterator[Fact]:
    """Yield the interpreter as a mention: it builds pages, it does not test the code."""
    build = table(config, "build")
    for version in (table(build, "tools").get("python"), table(config, "python").get("version")):
        for fact in file.versions(text(version)):
            yield fact.changed(strength="mentioned")
    yield from file.apt(build.get("apt_packages"))
