"""Finds the numbers that documents and paper state: output, cells of tables, `name = value`."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from paper2run.claims.aliases import aliases_in
from paper2run.claims.html_tables import html_tables
from paper2run.claims.labels import tokens
from paper2run.claims.numbers import Number, numbers_in, skeleton
from paper2run.claims.sentences import InSentence, numbers_of
from paper2run.claims.table_cells import cells_of, is_row_of_pdf, rows_of
from paper2run.claims.text_tables import table_at
from paper2run.claims.ties import HEADING, TABLE_NAME, Text, Ties, at_line
from paper2run.formats.code_blocks import Block, Document, read_document
from paper2run.formats.document_files import is_readme
from paper2run.model.claims import Claim
from paper2run.model.environment import SmokeChoice

OUTPUT_BLOCKS: Final = frozenset(
    {
        "",
        "text",
        "txt",
        "output",
        "out",
        "console",
        "none",
        "plain",
        "plaintext",
        "result",
        "results",
    }
)
"""Languages of blocks that show what a command prints."""
PROMPT: Final = re.compile(r"^\s*(?:\$|>|%)\s+(?=\S)")
SEPARATOR: Final = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
NAMED: Final = re.compile(r"(?P<name>[^\s=,;:]{1,40})\s*(?:=|≈|≃)\s*(?=[-+−–]?[\d.])")
METRIC: Final = re.compile(
    r"\b(?P<name>(?:(?:test|validation|training|mean|top-?[15]|macro|micro)[ -])?(?:accuracy|precision|recall"
    r"|f1(?:[ -]score)?|auc|auroc|rmse|mae|mse|bleu|perplexity|psnr|ssim|iou|dice|r2|loss|error))"
    r"\s+(?:of|is|was|:|reaches)\s+(?=[-+−–]?[\d.])",
    re.IGNORECASE,
)
CITED: Final = re.compile(r"(?i)references|bibliography|related work|acknowledge?ments?")
"""Sections whose numbers are of others."""
TAG: Final = re.compile(r"<[^>]{0,400}>")
MAX_CLAIMS: Final = 400
"""More are a data sheet; the first are kept."""
MAX_CAPTION_CHARS: Final = 200
STATED: Final = ("table", "text")
"""Forms of what authors write down themselves."""


def claims_in(texts: Iterable[Text], choices: Sequence[SmokeChoice]) -> tuple[Claim, ...]:
    """Return the claims of all texts in order, each once, with the command that documents tie to it.

    `choices` are the documented commands that can be run.
    """
    found: dict[tuple[str, str, int, str, str], Claim] = {}
    read = [(text, read_document(text.path, text.text)) for text in texts]
    ties = Ties(read, choices)
    for text, document in read:
        if CITED.search(text.heading):
            continue
        for claim in (
            *_outputs(text, document, choices),
            *_of_tables(text, document, ties),
            *_of_html(text, document, ties),
            *_of_pdf(text, ties),
            *_in_sentences(text, document, ties),
        ):
            key = (claim.form, claim.label, claim.position, claim.row, claim.printed)
            found.setdefault(key, claim)
    claims = list(found.values())[:MAX_CLAIMS]
    places = [claim.placed for claim in claims if claim.placed is not None]
    names = {name.strip() for place in places for name in (*place.rows, *place.heads)}
    names |= {word for name in names for word in name.split()}
    aliases = aliases_in((text.text for text, _ in read), names)
    return tuple(
        claim.changed(aliases=aliases) if claim.form in STATED else claim for claim in claims
    )


def _outputs(text: Text, document: Document, choices: Sequence[SmokeChoice]) -> Iterator[Claim]:
    """Yield the numbers of what documents show as a command's output."""
    command, last = "", 0
    for block in document.blocks:
        end = block.line + block.text.count("\n")
        started = [
            one
            for one in choices
            if one.source.path == text.path and block.line <= one.source.line <= end
        ]
        if any(
            HEADING.match(line) for number, line in document.prose if last < number < block.line
        ):
            command = ""
        if started:
            yield from _prompted(text, block, started)
            command = started[-1].command
        elif command and block.language in OUTPUT_BLOCKS:
            for number, line in enumerate(block.text.split("\n"), block.line):
                yield from _line_claims(text, line, number, command)
            command = ""
        else:
            command = ""
        last = end


def _prompted(text: Text, block: Block, started: Sequence[SmokeChoice]) -> Iterator[Claim]:
    """Yield the numbers below commands that stand behind a prompt."""
    command = ""
    for number, line in enumerate(block.text.split("\n"), block.line):
        if PROMPT.match(line):
            command = next((one.command for one in started if one.source.line == number), "")
        elif command:
            yield from _line_claims(text, line, number, command)


def _line_claims(text: Text, line: str, number: int, command: str) -> Iterator[Claim]:
    found = numbers_in(line)
    outside = [one for one in found if not _is_in_brackets(line, one)]
    for position, one in enumerate(found):
        # `exponent(r=4) = 0.693` states one number; a line with nothing but brackets states what they hold.
        if outside and one not in outside:
            continue
        yield Claim(
            form="output",
            label=skeleton(line),
            position=position,
            row=found[0].printed if position else "",
            printed=one.printed,
            unit=one.unit,
            command=command,
            source=at_line(text, number),
        )


def _is_in_brackets(line: str, number: Number) -> bool:
    before = line[: number.start]
    return before.count("(") > before.count(")")


def _of_tables(text: Text, document: Document, ties: Ties) -> Iterator[Claim]:
    """Yield the cells of tables of Markdown, and of those that are set with spaces."""
    shown = [
        (number, line)
        for block in document.blocks
        if block.language in OUTPUT_BLOCKS
        for number, line in enumerate(block.text.split("\n"), block.line)
        if line.strip()
    ]
    lines = sorted((*document.prose, *shown))
    table, caption, index = "", "", 0
    while index < len(lines):
        number, line = lines[index]
        if index + 1 < len(lines) and "|" in line and SEPARATOR.match(lines[index + 1][1]):
            rows = rows_of(lines, index)
            taken = len(rows) + 1
        else:
            rows, taken = table_at(lines, index)
        if rows:
            command = ties.command_for(text.path, number, table)
            yield from cells_of(text, rows, command, caption)
            index += taken
            continue
        if named := TABLE_NAME.search(line):
            table = named[1]
        caption = line.strip()[:MAX_CAPTION_CHARS]
        index += 1


def _of_html(text: Text, document: Document, ties: Ties) -> Iterator[Claim]:
    """Yield the cells of tables in HTML."""
    for rows in html_tables(text.text):
        above = [line for number, line in document.prose if number < rows[0][0]]
        plain = (TAG.sub(" ", line).strip() for line in reversed(above))
        caption = next(filter(None, plain), "")[:MAX_CAPTION_CHARS]
        named = TABLE_NAME.search(caption)
        command = ties.command_for(text.path, rows[0][0], named[1] if named else "")
        yield from cells_of(text, rows, command, caption)


def _of_pdf(text: Text, ties: Ties) -> Iterator[Claim]:
    """Yield the cells of a table of a PDF."""
    if text.table is not None:
        rows = [(0, list(row)) for row in text.table.rows]
        command = ties.command_for(text.path, 0, text.table.number)
        yield from cells_of(text, rows, command, text.caption)


def _in_sentences(text: Text, document: Document, ties: Ties) -> Iterator[Claim]:
    """Yield the numbers of sentences: all of a README and the paper, else the named ones."""
    is_whole = text.source.kind == "paper" or is_readme(text.path)
    prose = [
        (number, line) for number, line in document.prose if not is_row_of_pdf(text.rows, line)
    ]
    for one in numbers_of(prose):
        name = _name_before(one)
        if not name and not is_whole:
            continue
        if name and "." not in one.number.printed and not one.number.unit:
            # A whole number behind a name is a size or a setting.
            continue
        yield Claim(
            form="text",
            label=name or one.label,
            printed=one.number.printed,
            unit=one.number.unit or one.unit,
            command=ties.command_for(text.path, one.line),
            source=at_line(text, one.line),
            sentence=one.sentence,
            start=one.place,
        )


def _name_before(one: InSentence) -> str:
    """Return the name in front of a number: of `b = 0.73`, and of `an accuracy of 0.91`."""
    for pattern in (NAMED, METRIC):
        for match in pattern.finditer(one.sentence):
            if match.end() == one.place and tokens(match["name"]):
                return match["name"].strip("(*`$")
    return ""
