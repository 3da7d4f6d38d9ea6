"""Counts the source files of each language by their endings; a repository with none of them has no code."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from paper2run.model.facts import Fact, LanguageShare, NoCode
from paper2run.model.value import Source
from paper2run.tree import RepoTree

NAME: Final = "languages"

ENDINGS: Final[dict[str, str]] = {
    ".py": "python",
    ".pyx": "cython",
    ".ipynb": "notebook",
    ".c": "c",
    ".cc": "c++",
    ".cpp": "c++",
    ".cxx": "c++",
    ".cu": "cuda",
    ".f": "fortran",
    ".f77": "fortran",
    ".f90": "fortran",
    ".f95": "fortran",
    ".f03": "fortran",
    ".f08": "fortran",
    ".r": "r",
    ".rmd": "r",
    ".jl": "julia",
    ".js": "javascript",
    ".ts": "javascript",
    ".go": "go",
    ".java": "java",
    ".rs": "rust",
    ".lua": "lua",
    ".m": "matlab",
    ".sh": "shell",
    ".pl": "perl",
    ".hs": "haskell",
    ".ml": "ocaml",
    ".scala": "scala",
}
"""By lower-case ending. Headers belong to c and c++ alike and are not counted."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one share per language, most bytes first, or one `NoCode` if no file is source code."""
    files: Counter[str] = Counter()
    size_bytes: defaultdict[str, int] = defaultdict(int)
    first: dict[str, str] = {}
    for path in tree.files:
        language = ENDINGS.get(_ending(path))
        size = tree.size_bytes(path) if language else 0
        if language is None or size == 0:
            continue
        files[language] += 1
        size_bytes[language] += size
        first.setdefault(language, path)
    if not files:
        why = f"none of the {len(tree.files)} files is source code with content"
        yield NoCode(why=why, source=Source(kind="file", note="all files"))
        return
    for language in sorted(files, key=lambda name: (-size_bytes[name], name)):
        yield LanguageShare(
            language=language,
            files=files[language],
            size_bytes=size_bytes[language],
            source=Source(kind="file", path=first[language]),
        )


def _ending(path: str) -> str:
    """Return the lower-case ending with its dot; empty for names without one and for `.hidden` names."""
    # Not PurePosixPath.suffix: that was a third of this detector's time on 10,000 files.
    stem, dot, ending = path.rpartition("/")[2].rpartition(".")
    return (dot + ending).lower() if stem else ""
