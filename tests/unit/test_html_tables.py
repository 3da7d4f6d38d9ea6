"""Tables that a README has as HTML."""

import pytest

from paper2run.claims.html_tables import html_tables
from paper2run.claims.stated import claims_in
from paper2run.claims.ties import Text
from paper2run.model.value import Source

GROUPED = """\
<p>Table 2. Scores by model</p>
<table>
<tr><th rowspan="2">Project</th><th colspan="2">AUC</th><th colspan=2>MCC</th></tr>
<tr><th>LR</th><th>RF</th><th>LR</th><th>RF</th></tr>
<tr><td rowspan="2"><b>ant</b></td><td>0.757<td>0.688</td><td>0.120</td><td>0.080</td></tr>
<tr><td>0.808</td><td>0.781</td><td>0.372</td><td>0.368</td></tr>
</table>
"""
HEADS = ["Project", "AUC LR", "AUC RF", "MCC LR", "MCC RF"]


def test_cells_over_several_rows_or_columns_stand_in_all_of_them():
    [rows] = html_tables(GROUPED)

    assert rows == [
        (3, HEADS),
        (5, ["ant", "0.757", "0.688", "0.120", "0.080"]),
        (6, ["ant", "0.808", "0.781", "0.372", "0.368"]),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no tables here, but a < b",
        "<table>",
        "<table><tr></tr></table>",
        "<table><tr><td>1</td></tr></table>",
        "<table><tr><td>a<td>b</table>",
        "<table><tr><th>a</th><th>b</th></tr></table>",
        "<table><tr><th colspan='-1' rowspan='x'>a</th></tr>",
        "</td></tr></table><td>",
    ],
)
def test_what_is_no_table(text):
    assert html_tables(text) == []


def test_a_table_of_thousands_of_cells_ends():
    row = "<tr>" + "<td colspan=50 rowspan=50>1</td>" * 200 + "</tr>"

    assert html_tables(f"<table>{row * 200}</table>") == []


def test_a_table_within_a_cell_is_no_part_of_the_outer_one():
    inner = "<table><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table>"
    text = f"<table><tr><th>a</th><th>b</th></tr><tr><td>{inner}</td><td>4.5</td></tr></table>"

    [rows] = html_tables(text)

    assert rows[0][1] == ["a", "b"]
    assert rows[1][1][1] == "4.5"


def test_a_readme_states_the_cells_with_the_line_above_as_caption():
    source = Source(kind="file", path="README.md")

    claims = claims_in([Text("README.md", f"# Models\n\n{GROUPED}", source)], [])

    found = {(one.row, one.column, one.printed): one for one in claims if one.form == "table"}
    assert ("ant", "MCC RF", "0.368") in found
    assert len(found) == 8
    assert {one.placed.caption for one in found.values()} == {"Table 2. Scores by model"}
