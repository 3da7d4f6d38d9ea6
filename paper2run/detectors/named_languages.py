"""Reads which languages authors name: in the README's prose and code blocks, in a paper's tags.

A paper of the Journal of Open Source Software has its languages among the tags of `paper.md`
(https://joss.readthedocs.io/en/latest/paper.html).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.code_blocks import read_document
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.language_names import BLOCKS, language_of, named_in
from paper2run.model.facts import Fact, NamedLanguage
from paper2run.model.value import Source

NAME: Final = "named_languages"

README: Final = re.compile(r"^readme(?:\..*)?$", re.IGNORECASE)
MAX_CHARS: Final = 60_000
MAX_PROSE_LINES: Final = 80
"""What a repository is stands at the top; further down its documents speak of other things."""
MAX_LINE_CHARS: Final = 1000
TAG: Final = re.compile(r"^\s*-\s*['\"]?([\w+#*. ]{1,30}?)['\"]?\s*$")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the languages of prose in the order of their first mention, then of blocks, then of tags."""
    readme = next((path for path in tree.files if "/" not in path and README.match(path)), "")
    if readme:
        document = read_document(readme, tree.text(readme)[:MAX_CHARS])
        prose = [
            (number, language)
            for number, line in document.prose[:MAX_PROSE_LINES]
            for language in named_in(line[:MAX_LINE_CHARS])
        ]
        yield from _named(readme, "prose", prose)
        blocks = [
            (block.line, BLOCKS[block.language])
            for block in document.blocks
            if block.language in BLOCKS
        ]
        yield from _named(readme, "block", blocks)
    for path in tree.matching("paper.md")[:1]:
        yield from _named(path, "tag", _tags(tree.text(path)))


def _named(path: str, form: str, found: Iterable[tuple[int, str]]) -> Iterator[NamedLanguage]:
    lines: dict[str, list[int]] = {}
    for number, language in found:
        lines.setdefault(language, []).append(number)
    for language, numbers in lines.items():
        source = Source(kind="readme", path=path, line=numbers[0])
        yield NamedLanguage.model_validate(
            {"language": language, "form": form, "times": len(numbers), "source": source}
        )


def _tags(text: str) -> Iterator[tuple[int, str]]:
    """Yield the languages among the tags of a paper's front matter."""
    inside = False
    for number, line in enumerate(text.splitlines()[:60], 1):
        if number > 1 and line.startswith("---"):
            return
        tag = TAG.match(line) if inside else None
        inside = line.startswith("tags:") or (inside and tag is not None)
        language = language_of(tag[1]) if tag else ""
        if language:
            yield number, language
