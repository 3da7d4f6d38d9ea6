"""Counts the source files of each language.

The ending tells the language; for a script without one, its first line does. Where neither tells, text that is no
prose, data or setting is code of some tool, named by its ending. A repository with nothing of all that has no code.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from paper2run.detectors.side_parts import side_of
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.language_endings import ALONE, ENDINGS, NO_CODE
from paper2run.knowledge.side_folders import is_beside
from paper2run.model.facts import Fact, LanguageShare, NoCode
from paper2run.model.value import Source

NAME: Final = "languages"

INTERPRETERS: Final[dict[str, str]] = {
    "perl": "perl",
    "python": "python",
    "python2": "python",
    "python3": "python",
    "Rscript": "r",
    "bash": "shell",
    "sh": "shell",
    "node": "javascript",
    "ruby": "ruby",
    "awk": "awk",
}
SHEBANG: Final = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-S\s+)?)?([\w.+-]+)")
MAX_NAMED_PLAINLY: Final = 200
"""Files without an ending that are looked into."""
MAX_SCRIPT_BYTES: Final = 1_000_000
COQ: Final = re.compile(
    r"^[ \t]*(?:Require|From \w|Theorem|Lemma|Definition|Inductive|Section|Qed\b)", re.MULTILINE
)
MAX_ASKED: Final = 20
"""Files looked at for the question whether `.v` means Coq or Verilog here."""
MAX_LOOKED_AT: Final = 100
"""Files of unknown endings that are opened to see whether they hold code."""
MAX_TABLE_LINES: Final = 400
"""Lines that are read to tell a table of numbers from code."""
NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one share per language, most bytes first, or one `NoCode` if no file is source code.

    A tree that was cut may hold code in the part that is missing.
    """
    shares = _shares(tree, ENDINGS) or _shares(tree, ALONE) or _shares(tree, _unlisted(tree))
    if not shares and not tree.truncated:
        why = f"none of the {len(tree.files)} files is source code with content"
        yield NoCode(why=why, source=Source(kind="file", note="all files"))
    yield from shares


def _shares(tree: RepoTree, endings: Mapping[str, str]) -> list[LanguageShare]:
    files: Counter[str] = Counter()
    size_bytes: defaultdict[str, int] = defaultdict(int)
    side_bytes: defaultdict[str, int] = defaultdict(int)
    foreign_bytes: defaultdict[str, int] = defaultdict(int)
    first: dict[str, str] = {}
    scripts = scripts_of(tree)
    coq = _is_coq(tree)
    for path in tree.files:
        ending = _ending(path)
        language = endings.get(ending) or scripts.get(path)
        size = tree.size_bytes(path) if language else 0
        if language is None or size == 0:
            continue
        if ending == ".v" and coq:
            language = "coq"
        files[language] += 1
        size_bytes[language] += size
        foreign = side_of(tree, path) is not None
        foreign_bytes[language] += size if foreign else 0
        if foreign or is_beside(path):
            side_bytes[language] += size
            continue
        first.setdefault(language, path)
    return [
        LanguageShare(
            language=language,
            files=files[language],
            size_bytes=size_bytes[language],
            side_bytes=side_bytes[language],
            foreign_bytes=foreign_bytes[language],
            source=Source(kind="file", path=first.get(language) or _any(tree, endings, language)),
        )
        for language in sorted(files, key=lambda name: (-size_bytes[name], name))
    ]


def _any(tree: RepoTree, endings: Mapping[str, str], language: str) -> str:
    """Return the first file of a language that stands in side parts alone."""
    named = ".v" if language == "coq" else ""
    return next(
        path
        for path in tree.files
        if endings.get(_ending(path)) == language
        or scripts_of(tree).get(path) == language
        or (named and _ending(path) == named)
    )


def _is_coq(tree: RepoTree) -> bool:
    """Whether `.v` means Coq here, and not Verilog."""
    asked = tree.matching("*.v")[:MAX_ASKED]
    return 2 * sum(COQ.search(tree.text(path)) is not None for path in asked) > len(asked)


def _unlisted(tree: RepoTree) -> dict[str, str]:
    """Return endings of text that is no prose, data or settings, each as the language `.ending`."""
    found: dict[str, str] = {}
    asked = [path for path in tree.files if not NO_CODE.match(path.rpartition("/")[2])]
    for path in asked[:MAX_LOOKED_AT]:
        ending = _ending(path)
        if ending and ending not in found:
            text = tree.read(path)
            if isinstance(text, str) and not _is_table(text):
                found[ending] = ending
    return found


def _is_table(text: str) -> bool:
    """Whether most lines are numbers for the greater part, as coordinates and measurements are."""
    lines = [words for line in text.splitlines()[:MAX_TABLE_LINES] if (words := _words(line))]
    tabular = [words for words in lines if 2 * sum(map(_is_number, words)) > len(words)]
    return 2 * len(tabular) > len(lines)


def _words(line: str) -> list[str]:
    return re.split(r"[\s,;|:]+", line.strip(" \t,;|:")) if line.strip(" \t,;|:") else []


def _is_number(word: str) -> bool:
    return NUMBER.fullmatch(word) is not None


def scripts_of(tree: RepoTree) -> dict[str, str]:
    """Return the language of each file without an ending whose first line names an interpreter, by path."""
    return tree.once(_scripts_of)


def _scripts_of(tree: RepoTree) -> dict[str, str]:
    plain = (path for path in tree.files if "." not in path.rpartition("/")[2])
    found: dict[str, str] = {}
    for path in islice(plain, MAX_NAMED_PLAINLY):
        if tree.size_bytes(path) > MAX_SCRIPT_BYTES:
            continue
        shebang = SHEBANG.match(tree.text(path)[:200])
        language = INTERPRETERS.get(shebang[1]) if shebang else None
        if language:
            found[path] = language
    return found


def _ending(path: str) -> str:
    """Return the lower-case ending with its dot; empty for names without one and for `.hidden` names."""
    # Not PurePosixPath.suffix: that was a third of this detector's time on 10,000 files.
    stem, dot, ending = path.rpartition("/")[2].rpartition(".")
    return (dot + ending).lower() if stem else ""
