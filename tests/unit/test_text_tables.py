"""Tables that are set with spaces, in plain text and in reStructuredText."""

import pytest

from paper2run.claims.stated import claims_in
from paper2run.claims.text_tables import table_at
from paper2run.claims.ties import Text
from paper2run.model.value import Source

HEADS, BASE, OURS = (
    ["Coder", "dna", "prose"],
    ["Huffman", "4,876", "11,372"],
    ["LZ 77", "8,103", "6,183"],
)
RST = """\
=======  =======  =======
Coder    dna      prose
=======  =======  =======
Huffman  4,876    11,372
LZ 77    8,103    **6,183**
=======  =======  =======
"""
GRID = """\
+---------+--------+--------+
| Coder   | dna    | prose  |
+=========+========+========+
| Huffman | 4,876  | 11,372 |
+---------+--------+--------+
| LZ 77   | 8,103  | 6,183  |
+---------+--------+--------+
"""
DASHED = "Coder      dna    prose\n-------  -----  -------\nHuffman  4,876   11,372\nLZ 77    8,103    6,183\n"
SPACED = "    Coder     dna    prose\n    Huffman   4,876  11,372\n    LZ 77     8,103  6,183\n"


def numbered(text: str) -> list[tuple[int, str]]:
    """Return the lines of a text that are not empty, with their numbers."""
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


@pytest.mark.parametrize(("text", "taken"), [(RST, 6), (GRID, 7), (DASHED, 4), (SPACED, 3)])
def test_rows_of_a_table(text, taken):
    rows, count = table_at(numbered(text), 0)

    assert [cells for _, cells in rows] == [HEADS, BASE, OURS]
    assert count == taken


@pytest.mark.parametrize(
    "text",
    [
        "Runs in 2.5 seconds.  It needs 3 GB.\nIt is fast.  It has 2 parts.\n",
        "a  b\nx  y\nz  w\n",
        "name  value\nx  1.5\n",
        "name  value\nx  1.5\n\ny  2.5\n",
        "",
    ],
)
def test_what_is_no_table(text):
    lines = numbered(text)

    assert [table_at(lines, start) for start in range(len(lines))] == [([], 0)] * len(lines)


@pytest.mark.parametrize("ending", [".rst", ".txt", ".md"])
def test_a_table_of_a_readme_states_numbers_with_its_caption(ending):
    shown = SPACED if ending != ".rst" else RST.replace("\n", "\n   ").strip()
    text = f"Sizes of the files (Table 2):\n\n{shown}\n\nThat is all.\n"
    if ending == ".rst":
        text = f".. table:: Sizes of the files (Table 2)\n\n   {shown}\n"

    claims = claims_in(
        [Text(f"README{ending}", text, Source(kind="file", path=f"README{ending}"))], []
    )

    found = {(one.row, one.column, one.printed) for one in claims if one.form == "table"}
    assert ("LZ 77", "prose", "6,183") in found
    assert len(found) == 4
    assert "Sizes of the files" in claims[0].placed.caption
