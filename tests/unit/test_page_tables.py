"""Tables of a page, by the places of its words alone."""

import pytest

from paper2run.papers.page_columns import Word
from paper2run.papers.page_tables import Page, Rule, carried_over, open_caption, tables_of


def line(y: float, *cells: tuple[float, str], size: float = 10) -> list[Word]:
    """Words of 5 points a letter, one space apart, each cell from its left edge."""
    found = []
    for left, text in cells:
        for word in text.split():
            found.append(Word(word, left, left + 5 * len(word), y, size))
            left += 5 * len(word) + 3
    return found


def page(*lines: list[Word], rules: tuple[Rule, ...] = ()) -> Page:
    return Page([word for one in lines for word in one], list(rules), 600)


ROWS = (
    line(140, (50, "Model"), (150, "Recall"), (250, "F1")),
    line(154, (50, "base"), (150, "0.52"), (250, "0.91")),
    line(168, (50, "ours"), (150, "0.61"), (250, "0.88")),
)
READ = [["Model", "Recall", "F1"], ["base", "0.52", "0.91"], ["ours", "0.61", "0.88"]]


@pytest.mark.parametrize(
    ("caption", "number"),
    [
        ("Table 3: Scores", "3"),
        ("TABLE IV", "IV"),
        ("Table 4.11: Scores", "4.11"),
        ("Table A1. Scores", "A1"),
        ("Tab. 2 Scores of all", "2"),
        ("Table3: Scores", "3"),
        ("Table 3 shows scores", ""),
        ("Tables of 2019", ""),
    ],
)
def test_the_number_of_a_caption_is_told_from_a_sentence(caption, number):
    found = list(tables_of(page(line(120, (50, caption)), *ROWS)))

    assert found == ([(number, READ)] if number else [])


def test_a_head_is_as_wide_as_the_rule_below_it():
    heads = line(130, (170, "dev"), (330, "test"))
    names = line(146, (50, "Model"), (150, "BLEU"), (220, "TER"), (310, "BLEU"), (380, "TER"))
    row = line(160, (50, "base"), (150, "26.1"), (220, "0.5"), (310, "25.2"), (380, "0.6"))
    rules = (Rule(145, 245, 132), Rule(305, 405, 132), Rule(40, 420, 149))

    [(_, rows)] = tables_of(page(line(115, (50, "Table 1:")), heads, names, row, rules=rules))

    assert rows == [
        ["Model", "dev BLEU", "dev TER", "test BLEU", "test TER"],
        ["base", "26.1", "0.5", "25.2", "0.6"],
    ]


def test_a_head_over_numbers_alone_and_a_title_of_all_columns():
    title = line(130, (100, "Results of all three models that we have tried here"))
    head = line(146, (150, "estimate"))
    row = line(160, (50, "intercept"), (150, "0.25"))

    assert list(tables_of(page(line(115, (50, "Table 1:")), title, head, row))) == [
        ("1", [["", "estimate"], ["intercept", "0.25"]])
    ]


def test_the_number_of_the_page_in_a_running_head_is_no_row():
    running = line(90, (50, "CHAPTER 4"), (250, "26"))

    below = page(running, line(110, (50, "Table 2:")), *ROWS)
    above = page(running, line(112, (50, "Model"), (150, "F1")), line(124, (50, "a"), (150, "0.5")))
    above.words.extend(line(140, (50, "Table 2:")))

    assert list(tables_of(below)) == [("2", READ)]
    assert list(tables_of(above)) == [("2", [["Model", "F1"], ["a", "0.5"]])]


def test_units_and_errors_beside_a_number_leave_it_one():
    row = line(154, (50, "base"), (150, "12.5 ms"), (250, "0.91 ±.02"))

    [(_, rows)] = tables_of(page(line(120, (50, "Table 1:")), ROWS[0], row))

    assert rows[1] == ["base", "12.5 ms", "0.91 ±.02"]


def test_a_table_goes_on_in_the_next_column():
    title = line(40, (100, "A title that runs over the gutter of both columns of this page"))
    prose = [line(60 + 14 * place, (50, "Prose of the left column")) for place in range(6)]
    caption = line(160, (50, "Table 1. Scores"))
    heads = line(174, (50, "Model"), (150, "Recall"))
    rows = [line(60, (350, "base"), (450, "0.52")), line(74, (350, "ours"), (450, "0.61"))]
    right = [line(110 + 14 * place, (350, "Prose of the right column")) for place in range(4)]

    [(_, found)] = tables_of(page(title, *prose, caption, heads, *rows, *right))

    assert found == [["Model", "Recall"], ["base", "0.52"], ["ours", "0.61"]]


def test_a_head_may_be_a_number_and_a_column_may_be_empty():
    heads = line(140, (50, "n"), (150, "Width"), (250, "95%"), (350, "Depth"))
    rows = [
        line(154, (50, "2"), (150, "0.52"), (250, "0.91")),
        line(168, (50, "4"), (250, "0.88")),
    ]

    [(_, found)] = tables_of(page(line(120, (50, "Table 1: Scores")), heads, *rows))

    assert found == [
        ["n", "Width", "95%", "Depth"],
        ["2", "0.52", "0.91", ""],
        ["4", "", "0.88", ""],
    ]


def test_heads_may_be_settings():
    heads = line(140, (150, "ρ = 0.7"), (250, "ρ = 0.9"))
    rows = [line(154, (50, "c = 2"), (250, "7.09")), line(168, (50, "c = 4"), (150, "0.59"))]

    [(_, found)] = tables_of(page(line(120, (50, "Table 2: Waits")), heads, *rows))

    assert found == [["", "ρ = 0.7", "ρ = 0.9"], ["c = 2", "", "7.09"], ["c = 4", "0.59", ""]]


def test_justified_prose_behind_a_table_is_no_row():
    caption = line(120, (100, "Table 3: Scores"))
    prose = line(182, (40, "Prose"), (120, "with"), (220, "wide"), (330, "spaces"), (420, "of 5"))
    table = [
        line(y, (left + 50, name), (left + 150, value))
        for left, y, name, value in (
            (50, 140, "Model", "Recall"),
            (50, 154, "base", "0.52"),
            (50, 168, "ours", "0.61"),
        )
    ]

    [(_, found)] = tables_of(page(caption, *table, prose))

    assert found == [["Model", "Recall"], ["base", "0.52"], ["ours", "0.61"]]


def test_growing_whole_numbers_name_columns():
    heads = line(140, (50, "Size"), (150, "100"), (250, "250"), (350, "1,000"))
    rows = [
        line(154, (50, "LRU"), (150, "27.9"), (250, "34.0"), (350, "41.9")),
        line(168, (50, "LFU"), (150, "35.5"), (250, "41.5"), (350, "48.8")),
    ]

    [(_, found)] = tables_of(page(line(120, (50, "Table 1.")), heads, *rows))

    assert found[0] == ["Size", "100", "250", "1,000"]
    assert len(found) == 3


def test_a_caption_at_the_end_of_a_page_has_its_table_on_the_next():
    prose = [line(60 + 14 * place, (50, "Prose above the caption")) for place in range(4)]
    first = page(*prose, line(700, (50, "Table 2. Scores of both")))
    second = page(*ROWS, line(300, (50, "Prose far below the table")))

    assert list(tables_of(first)) == []
    assert open_caption(first) == "2"
    assert carried_over(second) == READ
    assert open_caption(second) == ""
