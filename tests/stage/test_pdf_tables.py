"""Tables of PDF files, read by the places of their words."""

from pathlib import Path

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject

from tasks.drivers.host.pdf_tables import read_tables
from tests.stage.test_paper import add_page

PROSE = "It is by no means obvious that all of the models agree here, and we say so."


def text(x: float, y: float, shown: str, size: int = 10) -> str:
    return f"BT /F1 {size} Tf {x} {y} Td ({shown}) Tj ET"


def table(
    left: float, top: float, caption: str, rows: list[list[str]], *, below: bool = False, wide=90
) -> list[str]:
    """A caption and rows, each cell at its column's left edge, 14 points a line."""
    start = top if below else top - 18
    shown = [
        text(left + column * wide, start - 14 * line, cell)
        for line, row in enumerate(rows)
        for column, cell in enumerate(row)
        if cell
    ]
    at = top - 14 * len(rows) - 4 if below else top
    return [text(left, at, caption), *shown]


def prose(left: float, top: float, lines: int, words: str = PROSE) -> list[str]:
    return [text(left, top - 12 * line, words) for line in range(lines)]


def pdf(path: Path, *pages: list[str]) -> Path:
    writer = PdfWriter()
    for shown in pages:
        stream = DecodedStreamObject()
        stream.set_data("\n".join(shown).encode("latin-1"))
        add_page(writer, stream)
    writer.write(path)
    return path


ROWS = [["Model", "RMSE", "R2"], ["linear", "0.52", "0.91"], ["k-NN \\(5\\)", "0.61", "0.88"]]
READ = (("Model", "RMSE", "R2"), ("linear", "0.52", "0.91"), ("k-NN (5)", "0.61", "0.88"))


def test_a_table_below_its_caption_has_heads_and_rows(tmp_path):
    page = [*prose(72, 760, 4), *table(72, 690, "Table 2: Errors of the models.", ROWS)]
    page += prose(72, 600, 6)
    path = pdf(tmp_path / "a.pdf", prose(72, 700, 3), page)

    [found] = read_tables(path)

    assert (found.page, found.number, found.rows) == (2, "2", READ)


def test_a_page_of_two_columns_has_its_tables_side_by_side(tmp_path):
    words = "It is by no means obvious that all agree."
    page = [*prose(50, 760, 6, words), *prose(320, 760, 6, words)]
    page += table(50, 640, "TABLE I", ROWS, wide=80)
    page += table(320, 640, "TABLE II", [["Set", "F1"], ["dev", "71.5"], ["test", "70.2"]], wide=80)
    page += [*prose(50, 500, 12, words), *prose(320, 500, 12, words)]

    first, second = read_tables(pdf(tmp_path / "a.pdf", page))

    assert (first.number, first.rows) == ("I", READ)
    assert (second.number, second.rows) == (
        "II",
        (("Set", "F1"), ("dev", "71.5"), ("test", "70.2")),
    )


def test_captions_below_their_tables_do_not_take_the_next_one(tmp_path):
    other = [["Set", "F1"], ["dev", "71.5"], ["test", "70.2"]]
    page = table(72, 760, "Table 1: Errors.", ROWS, below=True)
    page += table(72, 690, "Table 2: Scores.", other, below=True)
    page += prose(72, 600, 5)

    found = read_tables(pdf(tmp_path / "a.pdf", page))

    assert {one.number: one.rows[1] for one in found} == {
        "1": ("linear", "0.52", "0.91"),
        "2": ("dev", "71.5"),
    }


def test_heads_of_two_lines_and_empty_cells_keep_their_columns(tmp_path):
    rows = [
        ["", "Valid set", "Test set"],
        ["Model", "loss", "SDR"],
        ["no LSTM", "0.171", "5.40"],
        ["MSE", "", "5.99"],
        ["full", "0.150", "6.28"],
    ]
    page = [*table(72, 700, "Table 4: What matters.", rows), *prose(72, 590, 5)]

    [found] = read_tables(pdf(tmp_path / "a.pdf", page))

    assert found.rows == (
        ("Model", "Valid set loss", "Test set SDR"),
        ("no LSTM", "0.171", "5.40"),
        ("MSE", "", "5.99"),
        ("full", "0.150", "6.28"),
    )


def test_prose_that_names_a_table_is_none(tmp_path):
    page = prose(72, 760, 8, "Table 3 shows 0.52 and 0.61 for the two models of 2019, as we said.")

    assert read_tables(pdf(tmp_path / "a.pdf", page)) == ()


def test_a_file_that_cannot_be_read_has_no_tables(tmp_path):
    page = [*prose(72, 760, 4), *table(72, 690, "Table 2: Errors.", ROWS)]
    whole = pdf(tmp_path / "a.pdf", page).read_bytes()
    (tmp_path / "cut.pdf").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "no.pdf").write_bytes(b"%PDF-1.7 nothing")

    assert read_tables(tmp_path / "missing.pdf") == ()
    assert read_tables(tmp_path / "no.pdf") == ()
    assert len(read_tables(tmp_path / "cut.pdf")) <= 1


def test_a_page_of_thousands_of_captions_ends(tmp_path):
    captions = [
        text(20 + 90 * column, 820 - 9 * line, f"Table {line % 10} 0.5", 8)
        for line in range(90)
        for column in range(6)
    ]

    found = read_tables(pdf(tmp_path / "a.pdf", captions))

    assert len(found) <= 10 * 90
