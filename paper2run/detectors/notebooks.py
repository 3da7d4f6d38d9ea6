"""Finds what notebooks import, install and download, and the Python that last ran them."""

from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.commands.command_purpose import purpose_of
from paper2run.detectors.imports import Tallies
from paper2run.formats.requirement_text import read_requirement
from paper2run.formats.shell_words import apt_packages, pip_arguments
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Command, Fact, PythonConstraint, SystemPackage, Unreadable
from paper2run.model.value import Source
from paper2run.python.notebook_source import Cell, Notebook, notebooks_of

NAME: Final = "notebooks"


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield versions, then imports by name, then what shell lines ask for in the order of the notebooks."""
    read = notebooks_of(tree)
    yield from (notebook for notebook in read if isinstance(notebook, Unreadable))
    notebooks = [
        notebook
        for notebook in read
        if isinstance(notebook, Notebook) and notebook.language == "python"
    ]
    yield from _versions(notebooks)
    yield from _imports(tree, notebooks)
    for notebook in notebooks:
        for cell in notebook.cells:
            yield from _commands(notebook, cell)


def _versions(notebooks: Iterable[Notebook]) -> Iterator[Fact]:
    """Yield one constraint per version, with the first notebook that names it."""
    seen: set[str] = set()
    for notebook in notebooks:
        version = ".".join(notebook.version.split(".")[:2])
        if version and version not in seen:
            seen.add(version)
            yield PythonConstraint(
                specifier=f"=={version}.*",
                strength="mentioned",
                source=Source(kind="file", path=notebook.path, note="kernel"),
            )


def _imports(tree: RepoTree, notebooks: Iterable[Notebook]) -> Iterable[Fact]:
    """Yield one fact per module; what any notebook needs unguarded is unguarded."""
    found = Tallies(tree)
    for notebook in notebooks:
        for cell in notebook.cells:
            for imported in cell.source.imports:
                found.add(imported, "notebook", notebook.path, note=f"cell {cell.number}")
    return found.facts()


def _commands(notebook: Notebook, cell: Cell) -> Iterator[Fact]:
    source = Source(kind="file", path=notebook.path, note=f"cell {cell.number}")
    for command in cell.commands:
        for argument in pip_arguments(command):
            yield from read_requirement(argument, group="runtime", source=source)
        for package in apt_packages(command):
            yield SystemPackage(name=package, source=source)
        purpose = purpose_of(command)
        if purpose:
            yield Command(purpose=purpose, line=command, source=source)
