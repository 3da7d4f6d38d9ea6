"""Finds the programs that an installation of the repository brings, and the Python files behind them."""

from paper2run.detectors import project_tools, pyproject, setup_cfg, setup_py
from paper2run.detectors.imported_files import files_of
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import EntryPoint
from paper2run.python.own_projects import is_aside
from paper2run.python.python_imports import Imported


def own_programs(tree: RepoTree) -> dict[str, str]:
    """Return the file that each console script starts by its name; empty where it is not in the tree."""
    return tree.once(_find)


def _find(tree: RepoTree) -> dict[str, str]:
    found: dict[str, str] = {}
    for manifests in (pyproject, project_tools, setup_cfg, setup_py):
        for fact in manifests.detect(tree):
            if isinstance(fact, EntryPoint) and not is_aside(fact.source.path.rpartition("/")[0]):
                found.setdefault(fact.name, _file(tree, fact.target))
    return found


def _file(tree: RepoTree, target: str) -> str:
    if tree.has(target):
        return target
    module = Imported(module=target, line=0, guarded=False)
    return ([*files_of(tree, module, "")] or [""])[-1]
