"""Turns a paper's raw text into titled sections: Markdown, reStructuredText, page texts of a PDF.

It knows nothing of files. It also mends what PDF extraction leaves behind (ligatures, words cut at
line ends, running headers).
"""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt

from paper2run.formats import yaml_text
from paper2run.model.repo import Section

MAX_HEADING_CHARS: Final = 120
"""A longer line is prose, whatever it looks like."""
MAX_HEADED_CHARS: Final = 300_000
"""Of a Markdown text, in which headings are looked for: 75 dense pages. The parser needs up to 15 us for a character
(nested lists of short lines), so this is 5 s."""
MAX_LINE_CHARS: Final = 2_000
"""Of each of its lines: longer ones are images that stand in the text."""
LIGATURES: Final = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u00ad": ""}
)
"""Unicode's Latin presentation forms, and the soft hyphen. NFKC would also flatten superscripts (10⁶ → 106)."""
CUT_WORD: Final = re.compile(r"(?<!\w)(\w+)[-‐]\n(\w+)")
CUT_ADDRESS: Final = re.compile(r"(\b(?:https?://|www\.)\S{0,500}+(?<=[/._-]))\n(?=\w)")
NUMBERED_HEADING: Final = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.)\s+(\D.*)$")
KNOWN_HEADING: Final = re.compile(
    r"^(?:abstract|introduction|related work|background|methods?|methodology|experiments?"
    r"|experimental setup|results|discussion|conclusions?|references|bibliography|appendix|acknowledge?ments?"
    r"|(?:code|data|software)(?: and (?:code|data|software))? availability|implementation details)$",
    re.IGNORECASE,
)
UNDERLINE: Final = re.compile(r"^([=\-~^\"'`#*+.:_])\1{2,}\s*$")
"""Section adornment of reStructuredText; its own documentation allows more characters, people use these."""
RUNNING_LINES: Final = 2
"""Lines at the top and at the bottom of each page that may be a running header or a page number."""


def sections_of_markdown(text: str) -> tuple[str, tuple[Section, ...]]:
    """Return the title and sections of a Markdown paper; text before the first heading has heading `""`.

    The title is that of a YAML front matter (as JOSS papers have it), else the first level-1
    heading. Text after the first MAX_HEADED_CHARS belongs to the last section found in them.
    """
    title, body = _without_front_matter(text)
    lines = body.split("\n")
    marks = [(0, 0, "")]
    # Headings are blocks: the rules for links and emphasis took 18 s for 1 MB of `[`, and find none.
    parser = MarkdownIt("commonmark").disable(["inline", "text_join"])
    headed = "\n".join(line[:MAX_LINE_CHARS] for line in lines)[:MAX_HEADED_CHARS]
    tokens = parser.parse(headed)
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.map and token.level == 0:
            heading = inline.content.strip()
            title = title or (heading if token.tag == "h1" else "")
            marks.append((token.map[0], token.map[1], heading))
    return title, _cut(lines, marks)


def sections_of_plain_text(text: str) -> tuple[str, tuple[Section, ...]]:
    """Return the title and the sections of plain or reStructuredText, told by underlined lines."""
    lines = text.split("\n")
    marks = [(0, 0, "")]
    for number, (line, below) in enumerate(pairwise(lines)):
        is_heading = 0 < len(line.strip()) <= len(below.rstrip()) and not UNDERLINE.match(line)
        if is_heading and UNDERLINE.match(below):
            overlined = number > 0 and UNDERLINE.match(lines[number - 1])
            marks.append((number - 1 if overlined else number, number + 2, line.strip()))
    title = marks[1][2] if len(marks) > 1 else ""
    return title, _cut(lines, marks)


def sections_of_pages(pages: Iterable[str]) -> tuple[Section, ...]:
    """Return the sections of a PDF's page texts, in order, each with the page on which it starts.

    Text before the first heading has heading `""`. Lines that come back on most pages are left out.
    """
    cleaned = _without_running_lines([page.translate(LIGATURES) for page in pages])
    sections: list[tuple[str, int, list[str]]] = [("", 1, [])]
    for number, page in enumerate(cleaned, start=1):
        for line in page.split("\n"):
            heading = _heading(line.strip())
            if heading:
                sections.append((heading, number, []))
            else:
                sections[-1][2].append(line)
    words = Counter(re.findall(r"\w+(?:-\w+)*", "\n".join(cleaned).lower()))
    found = (
        Section(heading=heading, page=page, text=mend("\n".join(lines), words).strip())
        for heading, page, lines in sections
    )
    return tuple(section for section in found if section.heading or section.text)


def title_of_pages(pages: tuple[str, ...]) -> str:
    """Return the first line of the first page that could be a title; empty if there is none."""
    lines = pages[0].translate(LIGATURES).split("\n") if pages else []
    first = (line.strip() for line in lines[:15])
    return next((line for line in first if 12 <= len(line) <= 200 and " " in line), "")


def mend(text: str, words: Counter[str] | None = None) -> str:
    """Return `text` with ligatures spelled out and words that were cut at a line's end joined.

    `words` counts the document's lower-case words: a form with a hyphen that the document uses elsewhere
    more often than the joined one keeps its hyphen (`open-source`).
    """
    text = text.translate(LIGATURES)
    known = words if words is not None else Counter[str]()

    def join(match: re.Match[str]) -> str:
        left, right = match.groups()
        hyphenated, joined = f"{left}-{right}", f"{left}{right}"
        is_compound = known[hyphenated.lower()] > known[joined.lower()]
        # A capital or a digit after the cut (`COVID-19`, `Jean-Paul`) is never the rest of a word.
        return hyphenated if is_compound or not right[0].islower() else joined

    return CUT_WORD.sub(join, CUT_ADDRESS.sub(r"\1", text))


def _without_front_matter(text: str) -> tuple[str, str]:
    """Return the front matter's title (empty if none) and the text after it."""
    match = re.match(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", text, re.DOTALL)
    if not match:
        return "", text
    try:
        fields = yaml_text.parse(match[1])
    except yaml_text.YamlRefused:
        fields = None
    title = fields.get("title") if isinstance(fields, dict) else None
    # This reader returns numbers and dates as text; they are not titles.
    named = isinstance(title, str) and any(map(str.isalpha, title))
    return (str(title) if named else ""), text[match.end() :]


def _cut(lines: list[str], marks: list[tuple[int, int, str]]) -> tuple[Section, ...]:
    """Return the sections between marks (first line of the heading, first line after it, heading)."""
    ends = [start for start, _, _ in marks[1:]] + [len(lines)]
    found = (
        Section(heading=heading, text="\n".join(lines[first:end]).strip())
        for (_, first, heading), end in zip(marks, ends, strict=True)
    )
    return tuple(section for section in found if section.heading or section.text)


def _heading(line: str) -> str:
    """Return the heading that a PDF's line is, numbers included; empty if it is prose."""
    if not 0 < len(line) <= MAX_HEADING_CHARS:
        return ""
    if KNOWN_HEADING.match(line.rstrip(":.")):
        return line.rstrip(":.")
    match = NUMBERED_HEADING.match(line)
    if not match:
        return ""
    words = match[1].split()
    # Numbered list items and table rows end in a full stop, start small or run on; headings do not.
    is_short = len(words) <= 10 and not line.endswith((".", ",", ";", ":"))
    letters = sum(character.isalpha() or character.isspace() for character in match[1])
    return line if is_short and words[0][0].isupper() and letters > 0.8 * len(match[1]) else ""


def _without_running_lines(pages: list[str]) -> list[str]:
    """Return the pages without first and last lines that most pages share, page numbers aside."""
    if len(pages) < 3:
        return pages
    split = [page.strip("\n").split("\n") for page in pages]
    edges = Counter(
        shape for lines in split for shape in {_shape(line) for line in _edges(lines)} if shape
    )
    running = {shape for shape, count in edges.items() if count > len(pages) / 2}
    kept = []
    for lines in split:
        last = len(lines) - RUNNING_LINES
        kept.append(
            "\n".join(
                line
                for place, line in enumerate(lines)
                if RUNNING_LINES <= place < last or _shape(line) not in running
            )
        )
    return kept


def _edges(lines: list[str]) -> list[str]:
    return lines[:RUNNING_LINES] + lines[-RUNNING_LINES:]


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line.strip())
