"""Escapes untrusted text for terminals, Markdown, CSV and HTML.

This is the one place that says which characters pass. Names come from repositories, reasons from
models, titles from papers: their text stays on its line, in its cell or code span, and never acts
as markup.
https://spec.commonmark.org/0.31.2/, https://www.unicode.org/reports/tr9/, https://owasp.org/www-community/attacks/CSV_Injection
"""

import re
from collections.abc import Iterator
from typing import Final

CONTROLS: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
"""C0, DEL and C1, without tab and line feed."""
LINE_ENDS: Final = r"\u2028\u2029"
"""Where `str.splitlines` ends lines, beside control characters."""
HALVES: Final = r"\ud800-\udfff"
"""Half characters stand for bytes that are no text; no file and no terminal takes them."""
DIRECTIONS: Final = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Unicode's marks of direction (UAX #9): behind one of them a text reads as another."""
INVISIBLE: Final = (
    r"\xad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
"""Characters without width: two names that look alike need not be the same."""
JOINERS: Final = r"(?<![^\x00-\x7f])[\u200c\u200d]"
"""Zero-width joiners, but for those in scripts and emoji that are written with them."""
UNPLANNED: Final = re.compile(rf"[\t\n{CONTROLS}{LINE_ENDS}{HALVES}{DIRECTIONS}]")
"""What no instruction of a Dockerfile may hold."""
HIDDEN: Final = re.compile(rf"[{CONTROLS}{LINE_ENDS}{HALVES}{DIRECTIONS}{INVISIBLE}]|{JOINERS}")
BREAKS: Final = re.compile(r"[\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet takes for a formula; the signs of full width count too."""
BACKTICKS: Final = re.compile(r"`+")
BACKSLASH: Final = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)")
"""A backslash where Markdown takes it for an escape."""
MARKUP: Final = re.compile(r"<(?=[A-Za-z/!?]|[^\s<>]*@)|\](?=[(\[:])|&(?=#?\w+;)")
"""The start of a tag, comment or address in angle brackets; the end of a link's text; an entity. Not `numpy<2`."""
EMPHASIS: Final = re.compile(r"\*(?! )|(?<! )\*|(?<![^\W_])_|_(?![^\W_])")
"""A star or underscore that may begin or end emphasis: not `a * b`, nor one inside a word."""
BLOCK: Final = re.compile(
    r"(?P<number>\d{1,9})[.)](?=\s|$)|(?:#{1,6}|[-+*])(?=\s|$)|>|~{3}|=+\s*$|(?:[-*_]\s*){2,}$|\[[ xX]\](?=\s)"
)
"""How a line begins that Markdown takes for a list, heading, quotation, fence, rule or check box."""
MAX_CELL_CHARS: Final = 300
"""Of a text in a table of Markdown: longer ones hide the rest of the row."""
MIN_FENCE: Final = 3


def visible(text: str) -> str:
    """Return a name on one line, with invisible characters as escapes.

    These are line ends, controls, direction marks and zero-width characters.
    """
    return _escaped(text).replace("\t", r"\t").replace("\n", r"\n")


def visible_lines(text: str) -> str:
    """Return a text for a terminal or a code block: as `visible`, but lines and tabs stay."""
    return _escaped(text.replace("\r\n", "\n"))


def flat(text: str) -> str:
    """Return a sentence on one line: its line ends and tabs as blanks, the rest as `visible`."""
    return _escaped(BREAKS.sub(" ", text))


def code(text: str) -> str:
    """Return a code span of Markdown that shows `text`, whatever backticks and tags it holds."""
    name = visible(text)
    fence = "`" * (_longest_run(name) + 1)
    # CommonMark 6.1 takes one blank off each end where both have one.
    is_bare = name.strip("` ") == name != ""
    return f"{fence}{name}{fence}" if is_bare else f"{fence} {name} {fence}"


def prose(text: str) -> str:
    """Return a sentence for a line of Markdown: code spans stay; tags, links and blocks become plain text."""
    line = flat(text).strip()
    found = BLOCK.match(line)
    lead = ""
    if found:
        at = found.end("number") if found["number"] else 0
        lead, line = line[:at] + _entity(line[at]), line[at + 1 :]
    return lead + "".join(piece if is_code else _inert(piece) for piece, is_code in _pieces(line))


def cell(text: str) -> str:
    """Return a sentence for a cell of a Markdown table, cut to `MAX_CELL_CHARS`."""
    line = " ".join(flat(text).split())[:MAX_CELL_CHARS]
    parts = []
    for piece, is_code in _pieces(line):
        # A table is cut at its bars first, and renderers differ in what a backslash before one means.
        if is_code and "\\|" not in piece:
            parts.append(piece.replace("|", "\\|"))
        else:
            parts.append(_inert(piece).replace("|", "\\|"))
    return "".join(parts)


def fenced(text: str, language: str = "") -> str:
    """Return a code block of Markdown whose fence is longer than any that `text` holds."""
    body = visible_lines(text)
    fence = "`" * max(_longest_run(body) + 1, MIN_FENCE)
    return f"{fence}{language}\n{body}\n{fence}"


def csv_cell(text: str) -> str:
    """Return a text for a cell of a CSV file: one line, and a formula for no spreadsheet."""
    line = flat(text)
    # A tab or carriage return in front is a blank by now.
    return f"'{line}" if line.lstrip().startswith(FORMULA) else line


def _escaped(text: str) -> str:
    return HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _longest_run(text: str) -> int:
    return max(map(len, BACKTICKS.findall(text)), default=0)


def _pieces(line: str) -> Iterator[tuple[str, bool]]:
    """Yield the text and the code spans of a line in order; backticks without an equal partner are text."""
    runs = list(BACKTICKS.finditer(line))
    after: dict[int, list[int]] = {}
    for number, run in enumerate(runs):
        after.setdefault(len(run[0]), []).append(number)
    end = number = 0
    while number < len(runs):
        run = runs[number]
        same = after[len(run[0])]
        while same and same[0] <= number:
            same.pop(0)
        if same:
            closing = runs[same[0]]
            yield line[end : run.start()], False
            yield line[run.start() : closing.end()], True
            end, number = closing.end(), same[0]
        number += 1
    yield line[end:], False


def _inert(text: str) -> str:
    """Return text outside code spans with entities for the characters that Markdown interprets.

    Entities are never markup themselves. Stars and underscores get a backslash: a path stays legible.
    """
    plain = MARKUP.sub(lambda found: _entity(found[0]), text)
    plain = BACKSLASH.sub(_entity("\\"), plain)
    plain = EMPHASIS.sub(lambda found: f"\\{found[0]}", plain)
    return plain.replace("`", _entity("`"))


def _entity(character: str) -> str:
    return {"<": "&lt;", "&": "&amp;"}.get(character, f"&#{ord(character)};")
