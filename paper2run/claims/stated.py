"""Finds the numbers that documents and paper state: output, cells of tables, `name = value`."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from paper2run.claims.labels import tokens
from paper2run.claims.numbers import Number, numbers_in, skeleton
from paper2run.claims.ties import HEADING, TABLE_NAME, Text, Ties
from paper2run.formats.code_blocks import Block, Document, read_document
from paper2run.model.claims import Claim
from paper2run.model.environment import SmokeChoice
from paper2run.model.value import Source

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
MAX_CLAIMS: Final = 400
"""More are a data sheet; the first are kept."""
MAX_CELL_CHARS: Final = 40


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
        of_table = _cells_of_pdf(text, ties)
        for claim in (
            *_outputs(text, document, choices),
            *_stated(text, document, ties),
            *of_table,
        ):
            key = (claim.form, claim.label, claim.position, claim.row, claim.printed)
            found.setdefault(key, claim)
            if len(found) >= MAX_CLAIMS:
                return tuple(found.values())
    return tuple(found.values())


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
            source=_at(text, number),
        )


def _is_in_brackets(line: str, number: Number) -> bool:
    before = line[: number.start]
    return before.count("(") > before.count(")")


def _stated(text: Text, document: Document, ties: Ties) -> Iterator[Claim]:
    """Yield the cells of tables and the named numbers of sentences."""
    lines = list(document.prose)
    table, index = "", 0
    while index < len(lines):
        number, line = lines[index]
        if index + 1 < len(lines) and "|" in line and SEPARATOR.match(lines[index + 1][1]):
            rows = _rows(lines, index)
            yield from _cells(text, rows, ties.command_for(text.path, number, table))
            index += len(rows) + 1
            continue
        if named := TABLE_NAME.search(line):
            table = named[1]
        yield from _named(text, line, number, ties.command_for(text.path, number))
        index += 1


def _rows(lines: list[tuple[int, str]], start: int) -> list[tuple[int, list[str]]]:
    """Return the rows of a Markdown table, its heads first, without the line of dashes."""
    rows = []
    for offset, (number, line) in enumerate(lines[start:]):
        in_place = number == lines[start][0] + offset
        if "|" not in line or not in_place:
            break
        if offset != 1:
            rows.append(
                (number, [cell.strip(" *`") for cell in line.strip().strip("|").split("|")])
            )
    return rows


def _cells(text: Text, rows: list[tuple[int, list[str]]], command: str) -> Iterator[Claim]:
    _, heads = rows[0]
    for number, cells in rows[1:]:
        position = 0
        for column, cell in zip(heads[1:], cells[1:], strict=False):
            found = numbers_in(cell)
            if not found or len(cell) > MAX_CELL_CHARS or not _is_mostly_number(cell, found[0]):
                continue
            yield Claim(
                form="table",
                label=f"{cells[0]} | {column}",
                position=position,
                row=cells[0],
                column=column,
                printed=found[0].printed,
                unit=found[0].unit or ("%" if "%" in column else ""),
                command=command,
                source=_at(text, number),
            )
            position += 1


def _cells_of_pdf(text: Text, ties: Ties) -> Iterator[Claim]:
    """Yield the cells of a table of a PDF."""
    if text.table is not None:
        rows = [(0, list(row)) for row in text.table.rows]
        command = ties.command_for(text.path, 0, text.table.number)
        yield from _cells(text, rows, command)


def _is_mostly_number(cell: str, first: Number) -> bool:
    return not re.search(r"[A-Za-z]{2,}", cell[: first.start] + cell[first.end :])


def _named(text: Text, line: str, number: int, command: str) -> Iterator[Claim]:
    for match in (*NAMED.finditer(line), *METRIC.finditer(line)):
        one = next((found for found in numbers_in(line) if found.start == match.end()), None)
        # A whole number behind a name is a size or a setting.
        if one is None or "." not in one.printed or not tokens(match["name"]):
            continue
        yield Claim(
            form="text",
            label=match["name"].strip("(*`$"),
            printed=one.printed,
            unit=one.unit,
            command=command,
            source=_at(text, number),
        )


def _at(text: Text, line: int) -> Source:
    return text.source.changed(line=line) if text.source.kind != "paper" else text.source
