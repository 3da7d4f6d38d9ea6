"""Lists the programs of a Perl repository: `.pl` files and files without an ending that start Perl."""

from collections.abc import Iterable
from typing import Final

from paper2run.detectors.languages import scripts_of
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import EntryPoint, Fact
from paper2run.model.value import Source
from paper2run.python.python_modules import SIDE_FOLDERS, TEST_FOLDERS

NAME: Final = "perl_scripts"

MAX_SCRIPTS: Final = 40


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the programs outside folders of tests and of others' code, those nearest to the root first."""
    named = {path for path in tree.files if path.endswith(".pl")}
    started = {path for path, language in scripts_of(tree).items() if language == "perl"}
    programs = [path for path in named | started if not _is_beside(path)]
    programs.sort(key=lambda path: (path.count("/"), path in named, path))
    for path in programs[:MAX_SCRIPTS]:
        yield EntryPoint(
            name=path, form="perl-script", source=Source(kind="file", path=path, line=1)
        )


def _is_beside(path: str) -> bool:
    return bool({part.lower() for part in path.split("/")[:-1]} & (TEST_FOLDERS | SIDE_FOLDERS))
