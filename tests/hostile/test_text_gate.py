"""The gate keeps any text in its line, span or cell; ordinary text is unchanged."""

import csv
import io
import time
import unicodedata
from collections.abc import Iterable
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from paper2run.logs import plain
from paper2run.text_gate import cell, code, csv_cell, fenced, flat, prose, visible, visible_lines

SPECIAL = [
    "`", "``", "```", "\\", "\\`", "|", "\\|", "<", ">", "[", "]", "](", "](javascript:alert(1))", "]: ", "!", "&", ";",
    "&#60;", "&lt;", "~~~", "#", "- ", "1. ", "> ", "=", "+", "@", "-", "*", "_", " ", "  ", "\t", "\n", "\r", "\r\n",
    "\x1b", "\x9b", "\x85", "\u2028", "\u202e", "\u200d", "\ufeff", "\ud800", "\0", "\b", "'", '"', ",",
    "<img src=x onerror=y>", "<a href='b'>", "<!-- ", "<javascript:z>", "<1@b.c>", "www.evil.example", "x", "ü",
]  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(SPECIAL), max_size=24).map("".join),
    st.text(max_size=60),
    st.text(alphabet="`|\\<>[]()&#; a\n", max_size=40),
)
# How long the texts take to make says nothing of the gate, and a busy machine takes long.
SAME_EVERY_TIME = settings(
    derandomize=True,
    deadline=None,
    max_examples=300,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Shape(HTMLParser):
    """The tags and addresses of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def shape(markdown: str) -> Shape:
    return Shape(MARKDOWN.render(markdown))


def hidden(text: str) -> Iterable[str]:
    """Return the control characters, line ends, half characters and marks of direction."""
    return [c for c in text if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"} or c == "\u202e"]


@SAME_EVERY_TIME
@given(TEXTS)
def test_every_line_of_the_gate_is_one_line_without_control(text: str) -> None:
    for gate in (visible, flat, code, prose, cell, csv_cell):
        found = gate(text)
        assert not hidden(found), gate.__name__
        assert len(found.splitlines()) <= 1
    for line in visible_lines(text).replace("\t", " ").split("\n"):
        assert not hidden(line)
    assert not [c for c in plain(text) if unicodedata.category(c) == "Cc" and c not in "\n\t"]


@SAME_EVERY_TIME
@given(TEXTS)
def test_a_code_span_shows_exactly_the_name(text: str) -> None:
    found = shape(f"- before {code(text)} after")
    assert found.tags == ["ul", "li", "code"]
    shown = found.text.strip("\n")
    assert shown.split() == f"before {visible(text)} after".split()


@SAME_EVERY_TIME
@given(TEXTS, TEXTS)
@example("--", "**")
def test_prose_brings_no_tag_link_or_block(one: str, other: str) -> None:
    for frame in ("- {}", "{}", "text: {}, {} [{}]", "a **b** {} `c` {}."):
        markdown = frame.replace("{}", prose(one), 1).replace("{}", prose(other))
        found = shape(f"{markdown}\n\nlast")
        assert set(found.tags) <= {"ul", "li", "p", "code", "strong"}
        assert found.tags.count("strong") == frame.count("**b**")
        assert found.attributes == []
        assert found.tags.count("li") == frame.startswith("-")
        assert found.text.endswith("last\n")


@SAME_EVERY_TIME
@given(TEXTS)
def test_prose_without_code_reads_as_it_was_written(text: str) -> None:
    written = text.replace("`", "")
    assert shape(f"a {prose(written)} z").text.split() == f"a {flat(written)} z".split()


@SAME_EVERY_TIME
@given(TEXTS, TEXTS)
def test_a_cell_stays_in_its_row_and_column(one: str, other: str) -> None:
    table = f"| a | b | c |\n|---|---|---|\n| {cell(one)} | {cell(other)} | end |\n\nlast\n"
    found = shape(table)
    assert set(found.tags) <= {
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "p",
        "code",
    }
    assert found.attributes == []
    assert (found.tags.count("tr"), found.tags.count("td")) == (2, 3)
    assert found.text.split()[-2:] == ["end", "last"]


@SAME_EVERY_TIME
@given(TEXTS)
def test_a_code_block_ends_where_it_should(text: str) -> None:
    found = shape(f"{fenced(text, 'text')}\n\nlast")
    assert found.tags == ["pre", "code", "p"]
    assert found.attributes == [("class", "language-text")]
    assert found.text == f"{visible_lines(text)}\n\nlast\n"


@SAME_EVERY_TIME
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_cells_of_csv_are_read_back_and_are_no_formulas(texts: list[str]) -> None:
    held = io.StringIO()
    csv.writer(held, lineterminator="\n").writerow(["first", *map(csv_cell, texts), 7, "12.5"])
    [row] = csv.reader(io.StringIO(held.getvalue()))
    assert row[0] == "first"
    assert row[-2:] == ["7", "12.5"]
    for found, text in zip(row[1:-2], texts, strict=True):
        assert not found.lstrip().startswith(FORMULA)
        assert found.removeprefix("'") == flat(text).removeprefix("'")


@SAME_EVERY_TIME
@given(
    st.text(
        alphabet=st.characters(categories=["L", "N"], include_characters=" .,:/()'\""), max_size=80
    )
)
def test_ordinary_text_is_unchanged(text: str) -> None:
    words = " ".join(text.split())
    ordinary = f"a {words}".strip()
    assert prose(ordinary) == ordinary
    assert cell(ordinary) == ordinary[:300]
    assert csv_cell(ordinary) == visible(ordinary) == flat(ordinary) == ordinary
    assert code(ordinary) == f"`{ordinary}`"


@pytest.mark.parametrize(
    "text",
    [
        "numpy<2 and python>=3.7,<3.10, because x[extra] wants it",
        "`python main.py --n 3` exited with status 0 (a documented example runs)",
        "python_version<\"3\" or platform_system == 'Linux' & more",
        "--smoke CMD tries another command; 3. of them",
        "C:\\Users\\me, a_b.py, 2 * 3, #include, a~b, -1",
        "naïve 日本語 🦆 👩‍💻 می‌خواهم",
        "dependency: pyyaml==6.0: declared [requirements.txt:6 (key)]",
    ],
)
def test_what_reports_say_is_unchanged(text: str) -> None:
    assert prose(text) == text
    assert flat(text) == text
    assert visible_lines(text) == text


@pytest.mark.parametrize(
    "text", ["dnnlib/__init__.py:21", "b**3 + a**2 = *args", "_private_ and __"]
)
def test_stars_and_underscores_are_shown_and_no_emphasis(text: str) -> None:
    assert shape(prose(text)).text.strip() == text
    assert shape(f"| a |\n|---|\n| {cell(text)} |\n").text.split()[-1] == text.split()[-1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", r"a\nb\tc"),
        ("user\u202egpj.exe", r"user\u202egpj.exe"),
        ("pay\u200bpal", r"pay\u200bpal"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_hides_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(1)", "+1", "-1+cmd", "@SUM(1)", "\t=1", "\r=1", " =1", "\uff1d1"]
)
def test_a_formula_is_quoted(text: str) -> None:
    assert csv_cell(text).startswith("'")


@pytest.mark.parametrize("unit", ["`a", "`", "``a`", "<a", "](", "&", "\\", "|", "- ", "*"])
def test_the_gate_reads_a_long_text_in_time(unit: str) -> None:
    started = time.process_time()
    for gate in (visible, flat, code, prose, fenced, csv_cell):
        gate(unit * 100_000)
    assert time.process_time() - started < 10  # under 1 s here
