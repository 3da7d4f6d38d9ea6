"""Finds code blocks and the prose between them.

Reads Markdown, reStructuredText, Org, AsciiDoc and plain text. Markdown is read by markdown-it-py
(https://spec.commonmark.org/). Of reStructuredText only literal blocks and code directives are needed
(https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html), which a reader of lines finds in linear time and
without docutils' include directives.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from markdown_it import MarkdownIt

from paper2run.formats.markup_blocks import ORG_FIXED, asciidoc_blocks, org_blocks

MAX_LINE_CHARS: Final = 2_000
"""A longer line is no prose or command that people write (inlined images, minified HTML)."""

DIRECTIVE: Final = re.compile(
    r"^(\s*)\.\.\s+(code-block|code|sourcecode|prompt|console|ipython|parsed-literal|highlight)::\s*([\w$+-]*)"
)
OPTION: Final = re.compile(r"^\s*:[\w-]+:")
PROMPTED: Final = re.compile(r"^\s*(?:\$|>>>)\s")
ASCIIDOC: Final = (".adoc", ".asciidoc", ".asc")
FENCE: Final = re.compile(r"^\s*(?:```|~~~)")


class Block(NamedTuple):
    """One code block."""

    language: str
    """Lower case, as its author names it; empty where nothing is said."""
    text: str
    line: int
    """Line of the file on which the block's text starts."""


class Document(NamedTuple):
    """A text taken apart."""

    blocks: tuple[Block, ...]
    prose: tuple[tuple[int, str], ...]
    """Non-empty lines outside all blocks, with their numbers."""


def read_document(path: str, text: str) -> Document:
    """Return the code blocks and the prose of a document; the ending of its name tells the format."""
    lines = [line[:MAX_LINE_CHARS] for line in text.split("\n")]
    blocks = list(_blocks(path.lower(), lines))
    inside = {
        number
        for block in blocks
        for number in range(block.line, block.line + block.text.count("\n") + 1)
    }
    prose = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and number not in inside
    ]
    return Document(tuple(blocks), tuple(prose))


def _blocks(name: str, lines: list[str]) -> Iterator[Block]:
    if name.endswith(".org"):
        plain = [ORG_FIXED.sub("", line) for line in lines]
        return (_block(language, plain, *span) for language, *span in org_blocks(lines))
    if name.endswith(ASCIIDOC):
        return (_block(language, lines, *span) for language, *span in asciidoc_blocks(lines))
    # People write fences into files of any name.
    markdown = name.endswith((".md", ".markdown", ".rmd", ".qmd"))
    fenced = markdown or (not name.endswith(".rst") and any(map(FENCE.match, lines)))
    return _markdown(lines) if fenced else _plain(lines)


def _markdown(lines: list[str]) -> Iterator[Block]:
    """Yield fenced and indented blocks; the inline rules are off: they cost most and find no blocks."""
    parser = MarkdownIt("commonmark", {"maxNesting": 20}).disable(["inline", "text_join"])
    for token in parser.parse("\n".join(lines)):
        if token.type in {"fence", "code_block"} and token.map:
            first = token.map[0] + (2 if token.type == "fence" else 1)
            words = token.info.strip("{} ").split()
            language = words[0].lower().strip(".{}") if words else ""
            yield Block(language, token.content.rstrip("\n"), first)


def _plain(lines: list[str]) -> Iterator[Block]:
    """Yield what directives and `::` introduce, prompted lines, and indented paragraphs."""
    number = 0
    language = ""
    while number < len(lines):
        line = lines[number]
        directive = DIRECTIVE.match(line)
        literal = line.rstrip().endswith("::") and not line.lstrip().startswith("..")
        if directive and directive[2] == "highlight":
            language = directive[3].lower()
        elif directive or literal:
            indent = len(directive[1]) if directive else len(line) - len(line.lstrip())
            end = _indented_end(lines, number + 1, indent)
            first = number + 1
            while first < end and (not lines[first].strip() or OPTION.match(lines[first])):
                first += 1
            named = directive[3].lower() if directive else language
            if first < end:
                yield _block(named, lines, first, end)
            number = end
            continue
        elif PROMPTED.match(line) or line.startswith(("    ", "\t")):
            end = number + 1
            while end < len(lines) and lines[end].strip():
                end += 1
            yield _block("", lines, number, end)
            number = end
            continue
        number += 1


def _indented_end(lines: list[str], start: int, indent: int) -> int:
    """Return the index behind the last line that is blank or indented deeper than `indent`."""
    end = start
    while end < len(lines):
        line = lines[end]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        end += 1
    return end


def _block(language: str, lines: list[str], first: int, end: int) -> Block:
    while end > first and not lines[end - 1].strip():
        end -= 1
    body = [line.expandtabs(4) for line in lines[first:end]]
    indent = min((len(line) - len(line.lstrip()) for line in body if line.strip()), default=0)
    return Block(language, "\n".join(line[indent:] for line in body), first + 1)
