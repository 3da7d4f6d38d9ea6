"""Numbers that authors state, beside what their commands print."""

import base64
import json
import shlex
import subprocess
import sys
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import pytest

from paper2run.claims.answers import Printed, read_answer
from paper2run.claims.collecting import stated_claims
from paper2run.claims.examples import Example, command_for, examples_in
from paper2run.claims.labels import tokens
from paper2run.claims.matching import judged
from paper2run.claims.notebooks import Line, has_another_order, stored_lines, working_folder
from paper2run.claims.notebooks import command_for as notebook_command
from paper2run.claims.numbers import compared, logical_lines, numbers_in
from paper2run.claims.pictures import stored_figures
from paper2run.claims.result_files import MAX_LINES, file_claims, lines_of
from paper2run.claims.spread import with_spread
from paper2run.claims.stated import claims_in
from paper2run.claims.ties import Text
from paper2run.detectors import read_facts
from paper2run.formats.code_blocks import read_document
from paper2run.formats.tree import RepoTree
from paper2run.model.claims import Claim, ClaimLedger, JudgedClaim
from paper2run.model.environment import SmokeChoice
from paper2run.model.repo import Paper, PaperTable, Section
from paper2run.model.value import Source
from paper2run.verdicts.claims_page import claims_section, in_words, shown_claims
from paper2run.verdicts.junit import claims_as_junit
from tasks.running.records import RunFolder, read_claims_of

README = Source(kind="file", path="README.md")
PAPER = Source(kind="paper", path="paper.pdf", line=4, note="Results")


def runs(command: str, line: int, path: str = "README.md") -> SmokeChoice:
    source = Source(kind="file", path=path, line=line)
    return SmokeChoice(kind="documented", command=command, proves="it runs", source=source)


def stated(text: str, *choices: SmokeChoice, paper: str = "") -> tuple[Claim, ...]:
    texts = [Text("README.md", text, README)]
    if paper:
        texts.append(Text("paper.md", paper, PAPER))
    return claims_in(texts, choices)


def verdicts(claims: tuple[Claim, ...], output: str) -> list[tuple[str, str]]:
    return [(claim.printed, judged(claim, output, "d1").verdict) for claim in claims]


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("delta = 4.6692", ["4.6692"]),
        ("α = −2.5029 and 1,024 steps", ["−2.5029", "1,024"]),
        ("loss 1.2e-05, 91.3 %, .5", ["1.2e-05", "91.3", ".5"]),
        ("python 3.11.2 on 2019-03-01 at 12:30, v1.2", []),
        ("ResNet50 in data/2019/x_7.csv, layer3", []),
        ("between 3-4 and f(2), acc:0.91", ["2", "0.91"]),
    ],
)
def test_numbers_are_no_parts_of_names_versions_dates_and_paths(line, printed):
    assert [one.printed for one in numbers_in(line)] == printed


@pytest.mark.parametrize(
    ("told", "obtained", "verdict"),
    [
        ("4.6692", "4.66920161", "reproduced"),
        ("4.6692", "4.6693", "close"),
        ("4.6692", "4.7210", "differs"),
        ("−2.50", "-2.496", "reproduced"),
        ("0.6931", "0.69", "close"),
        ("12", "12", "reproduced"),
        ("1200", "1201", "differs"),
        ("1,200", "1200", "reproduced"),
        ("1.2e-05", "0.0000121", "reproduced"),
        ("1.2e-05", "0.0000126", "differs"),
        ("0.0", "0.3", "differs"),
    ],
)
def test_a_number_is_reproduced_where_it_rounds_to_what_is_printed(told, obtained, verdict):
    assert compared(told, obtained) == verdict


def test_a_percentage_may_come_out_as_a_share():
    assert compared("91.3", "0.9131", as_percent=True) == "reproduced"
    assert compared("91.3", "0.9131") == "differs"
    assert compared("91.3", "0.9031", as_percent=True) == "differs"


@pytest.mark.parametrize(
    ("kept", "obtained", "verdict"),
    [
        ("0.7", "0.6666666666666666", "differs"),
        ("0.3", "0.30000000000000004", "reproduced"),
        ("0.3333333333333333", "0.3333", "close"),
        ("0.3333333333333333", "0.33333333333333337", "reproduced"),
        ("0.67", "0.67", "reproduced"),
        ("12", "12", "reproduced"),
        ("12", "12.2", "differs"),
    ],
)
def test_what_the_same_code_printed_has_no_further_digits(kept, obtained, verdict):
    assert compared(kept, obtained, verbatim=True) == verdict


def test_names_of_quantities_are_compared_by_their_words():
    assert tokens("δ_n") == tokens("delta_n") == tokens(r"$\delta_n$") == ("delta", "n")
    assert tokens("Test acc. (%)") == tokens("test_acc") == ("test", "acc")


OUTPUT_BELOW = """# Fit
## Usage
```bash
python fit.py
```
prints
```
rows: 120
slope = 1.482 (r=0.98)
```
## Other
```
size = 7.25
```
"""


def test_a_block_below_a_command_is_its_output():
    claims = stated(OUTPUT_BELOW, runs("python fit.py", 4))

    assert [(claim.printed, claim.source.line) for claim in claims] == [("120", 8), ("1.482", 9)]
    assert {claim.command for claim in claims} == {"python fit.py"}
    assert verdicts(claims, "rows: 120\nslope = 1.482 (r=0.98)\n") == [
        ("120", "reproduced"),
        ("1.482", "reproduced"),
    ]
    assert verdicts(claims, "rows: 99\nslope = 1.4825 (r=0.97)\n") == [
        ("120", "differs"),
        ("1.482", "reproduced"),
    ]
    assert verdicts(claims, "1.482\n120\n") == [("120", "not-found"), ("1.482", "not-found")], (
        "a value alone is no evidence"
    )


def test_lines_below_a_prompt_are_its_output_up_to_the_next():
    text = "```console\n$ python a.py\nmean 0.25\n$ python b.py\nmean 0.75\n```\n"

    claims = stated(text, runs("python a.py", 2), runs("python b.py", 4))

    assert [(claim.command, claim.printed) for claim in claims] == [
        ("python a.py", "0.25"),
        ("python b.py", "0.75"),
    ]


def test_of_many_like_lines_the_one_with_the_same_first_number_counts():
    text = "```\npython a.py\n```\n```\nepoch 1 loss 0.50\nepoch 9 loss 0.25\n```\n"
    claims = stated(text, runs("python a.py", 2))

    output = "epoch 1 loss 0.51\nepoch 5 loss 0.25\nepoch 9 loss 0.26\n"

    assert verdicts(claims, output) == [
        ("1", "reproduced"),
        ("0.50", "differs"),
        ("9", "reproduced"),
        ("0.25", "differs"),
    ]


TABLE = """## Results

Table 1 compares them; `python table.py` prints Table 1.

| model | Acc. (%) | F1 |
|---|---|---|
| base | 81.2 | 0.790 |
| **ours** | 84.9 | 0.833 |
"""


def test_a_cell_is_compared_below_the_same_head_in_the_same_row():
    claims = stated(TABLE, runs("python table.py", 40), runs("python other.py", 50))

    assert {claim.command for claim in claims} == {"python table.py"}
    assert [claim.label for claim in claims] == [
        "base | Acc. (%)", "base | F1", "ours | Acc. (%)", "ours | F1",
    ]  # fmt: skip
    output = "model    f1      acc\nours     0.8331  0.849\nbase     0.791   0.8121\n"
    assert verdicts(claims, output) == [
        ("81.2", "reproduced"),
        ("0.790", "close"),
        ("84.9", "reproduced"),
        ("0.833", "reproduced"),
    ]
    as_words = "base acc = 81.20\nbase f1 = 0.79\nours f1 = 0.833\n"
    assert verdicts(claims, as_words) == [
        ("81.2", "reproduced"),
        ("0.790", "close"),
        ("84.9", "not-found"),
        ("0.833", "reproduced"),
    ]


def test_a_table_of_the_paper_belongs_to_the_only_command_that_names_it():
    paper = "Table 2 has the errors.\n\n| n | rmse |\n|---|---|\n| 10 | 0.52 |\n"
    both = "Table 1:\n```\npython one.py\n```\n## Second\nReproduces Table 2.\n```\npython two.py\n```\n"

    claims = stated(both, runs("python one.py", 3), runs("python two.py", 8), paper=paper)

    assert [(claim.command, claim.printed, str(claim.source)) for claim in claims] == [
        ("python two.py", "0.52", "paper paper.pdf:4 (Results)")
    ]


def test_without_a_tie_to_one_command_nothing_is_guessed():
    text = "The accuracy is 0.91.\n```\npython a.py\n```\n```\npython b.py\n```\n"

    [claim] = stated(text, runs("python a.py", 3), runs("python b.py", 6))

    assert (claim.printed, claim.command) == ("0.91", "")


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("We obtain δ = 4.6692 and α = −2.5029.", ["4.6692", "−2.5029"]),
        ("The test accuracy of 91.3 % beats it.", ["91.3"]),
        ("We use n = 40 trees and Python 3.7.", []),
        ("It took 3.5 hours.", []),
    ],
)
def test_sentences_state_named_numbers_with_a_point(sentence, found):
    assert [claim.printed for claim in stated(sentence)] == found


def test_the_last_line_that_says_the_same_and_hardly_more_counts():
    [claim] = stated("The test accuracy is 0.913.", runs("python a.py", 9))

    assert verdicts((claim,), "test accuracy: 0.5\nFinal test accuracy: 0.9131\n") == [
        ("0.913", "reproduced")
    ]
    assert verdicts((claim,), "accuracy: 0.913\n") == [("0.913", "not-found")]
    far = "validation loss and test accuracy of the second run 0.913\n"
    assert verdicts((claim,), far) == [("0.913", "not-found")]


def test_a_line_of_data_is_no_evidence():
    [claim] = stated("The test accuracy is 0.913.", runs("python a.py", 9))
    data = "test accuracy 0.913" + " 0.1" * 600

    assert verdicts((claim,), f"test accuracy 0.5\n{data}\n") == [("0.913", "differs")]
    assert stored_lines(notebook(("run()", f"{data}\nacc 0.9\n", ""))) == [
        Line(1, "run()", "acc 0.9", 0)
    ]


def test_numbers_of_references_are_of_others():
    cited = Text("paper.md", "Accuracy is 0.91.", PAPER, "References")

    assert claims_in([cited], [runs("python a.py", 1)]) == ()


def test_the_claims_of_a_checkout_have_their_places_and_tell_what_the_code_holds(tmp_path):
    (tmp_path / "README.md").write_text("# Fit\n```bash\npython fit.py\n```\nThe rmse is 0.25.\n")
    (tmp_path / "fit.py").write_text(
        "RATE = 0.125\nprint('rmse', 0.5 * 0.5)\nprint('rate', RATE)\n"
    )
    tree = RepoTree.of(tmp_path)
    sections = (Section(heading="Results", page=3, text="We set rate = 0.125; rmse = 0.25."),)
    paper = Paper(path="/x/p.pdf", origin="given", sections=sections)

    claims = stated_claims(tree, read_facts(tree), paper).claims

    assert [(claim.label, claim.printed, claim.in_code, str(claim.source)) for claim in claims] == [
        ("rmse", "0.25", False, "README.md:5"),
        ("rate", "0.125", True, "paper p.pdf:3 (Results)"),
    ]
    assert {claim.command for claim in claims} == {"python fit.py"}


def test_a_table_of_a_pdf_belongs_to_the_command_that_documents_name_with_it(tmp_path):
    (tmp_path / "README.md").write_text(
        "# Fit\n## Table II\nThis prints Table II:\n```bash\npython fit.py\n```\n## Other\n"
        "```bash\npython other.py\n```\n"
    )
    for name in ("fit.py", "other.py"):
        (tmp_path / name).write_text("print(1)\n")
    tree = RepoTree.of(tmp_path)
    paper = Paper(path="/x/p.pdf", origin="given", sections=(Section(heading="", text="Maps."),))
    rows = (("Model", "RMSE", "Note"), ("linear", "0.52", "see 3.1 below"), ("k-NN", "61.5%", "–"))
    tables = [PaperTable(page=4, number=number, rows=rows) for number in ("II", "III")]

    claims = stated_claims(tree, read_facts(tree), paper, tables).claims

    assert [(one.label, one.printed, one.unit, str(one.source)) for one in claims] == [
        ("linear | RMSE", "0.52", "", "paper p.pdf:4 (Table II)"),
        ("k-NN | RMSE", "61.5", "%", "paper p.pdf:4 (Table II)"),
    ], "the same table twice is one"
    assert {one.command for one in claims} == {"python fit.py"}
    output = "model   rmse\nlinear  0.5199\nk-NN    0.61\n"
    assert [judged(one, output, "d").verdict for one in claims] == ["reproduced", "close"]


def test_a_remark_behind_a_command_says_which_table_it_prints(tmp_path):
    (tmp_path / "README.md").write_text(
        "# Cache\n```console\n$ python bench.py             # Table 1 and Table 3\n"
        "$ python bench.py --slots 200 # Table 2\n```\n"
    )
    (tmp_path / "bench.py").write_text("print(1)\n")
    tree = RepoTree.of(tmp_path)
    paper = Paper(path="/x/p.pdf", origin="given", sections=(Section(heading="", text="Maps."),))
    tables = [
        PaperTable(page=1, number=number, rows=(("Policy", "hits"), ("LRU", value)))
        for number, value in (("1", "0.52"), ("2", "0.61"), ("3", "0.71"), ("4", "0.81"))
    ]

    claims = stated_claims(tree, read_facts(tree), paper, tables).claims

    assert [one.command for one in claims] == [
        "python bench.py",
        "python bench.py --slots 200",
        "python bench.py",
        "",
    ]


@pytest.mark.parametrize(
    ("printed", "output", "verdict"),
    [
        ("47.1", "hits: 0.4708", "reproduced"),
        ("47.3", "hits: 0.4708", "differs"),
        ("0.25", "hits: 0.0025", "differs"),
        ("47.1", "hits: 61.2", "differs"),
    ],
)
def test_a_number_without_a_unit_may_come_out_as_a_share(printed, output, verdict):
    claim = Claim(form="text", label="hits", printed=printed, source=README)
    assert judged(claim, output, "d").verdict == verdict


def test_a_symbol_is_no_part_of_another_one():
    claim = Claim(form="text", label="b", printed="0.73", source=README)
    assert judged(claim, "b: 0.7284\nsigma_b: 0.03", "d").verdict == "reproduced"
    assert judged(claim, "sigma_b: 0.03", "d").verdict == "not-found"
    squared = Claim(form="text", label="R²", printed="0.73", source=README)
    assert judged(squared, "R²: 0.7284", "d").verdict == "reproduced"


def ledger(*verdicts_of: str, in_code: bool = False, printed: str = "0.25") -> ClaimLedger:
    claim = Claim(form="text", label="rmse|x", printed=printed, in_code=in_code, source=README)
    return ClaimLedger(
        claims=tuple(JudgedClaim(claim=claim, verdict=verdict) for verdict in verdicts_of)
    )


def test_a_result_is_a_number_with_a_point_that_the_code_does_not_hold():
    assert ledger("differs", "reproduced").has_result
    assert not ledger("close", "differs", "not-run").has_result
    assert not ledger("reproduced", in_code=True).has_result
    assert not ledger("reproduced", printed="2019").has_result
    in_part = ledger("reproduced").claims[0].changed(by_part=True)
    assert not ClaimLedger(claims=(in_part,)).has_result


def test_the_report_begins_with_what_differs():
    found = ledger("reproduced", "not-run", "differs")

    section = claims_section(found)

    assert in_words(found.counts) == "3 numbers stated: 1 reproduced, 1 differs, 1 not run"
    assert [line.split("|")[1].strip() for line in section.splitlines() if "0.25" in line] == [
        "differs", "reproduced", "not-run",
    ]  # fmt: skip
    assert r"rmse\|x" in section
    assert claims_section(ClaimLedger()) == ""


EXAMPLES = """# Fit
```python
>>> from math import sqrt
>>> sqrt(2)
1.4142135623730951
>>> for n in (1, 2):
...     print("root", round(sqrt(n), 3))
root 1.0
root 1.414
```
Then
```python
total = 3 * 1.5
print(total)  # -> 4.5
total * 2  # 9.1
total + 1  # adds 1 to it
total - 1  # prints 3.5, the rest
```
```python
def broken(
```
"""


def printed_by(
    examples: list[Example], folder: Path | None = None, *, installed: bool = False
) -> dict[int, Printed]:
    command = shlex.split(command_for(examples, installed=installed))
    command[0] = sys.executable
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return read_answer(ran.stdout)


def test_examples_of_a_document_are_run_in_order_in_one_process():
    examples = examples_in(read_document("README.md", EXAMPLES).blocks)

    assert [(one.line, one.want) for one in examples] == [
        (3, ""), (4, "1.4142135623730951"), (6, "root 1.0\nroot 1.414"), (13, ""),
        (14, "4.5"), (15, "9.1"), (16, ""), (17, "3.5"),
    ]  # fmt: skip
    printed = printed_by(examples)
    assert printed[4] == Printed("1.4142135623730951\n", "")
    assert printed[15].output == "9.0\n"


def test_an_example_that_fails_does_not_end_the_others():
    text = "```\n>>> 1 / 0\n0\n>>> 0.5 + 0.5\n1.0\n```\n"

    printed = printed_by(examples_in(read_document("README.md", text).blocks))

    assert "ZeroDivisionError" in printed[2].error
    assert printed[4] == Printed("1.0\n", "")


def test_examples_read_files_of_the_checkout_and_import_what_is_installed(tmp_path):
    (tmp_path / "size.txt").write_text("2.5")
    (tmp_path / "fit_here.py").write_text("SIZE = 3.5\n")
    text = "```\n>>> print(open('size.txt').read())\n2.5\n>>> import fit_here\n>>> fit_here.SIZE\n3.5\n```\n"
    examples = examples_in(read_document("README.md", text).blocks)

    beside, installed = (printed_by(examples, tmp_path, installed=flag) for flag in (False, True))

    assert beside[2].output == installed[2].output == "2.5\n"
    assert (beside[5].output, installed[4].error) == (
        "3.5\n", "ModuleNotFoundError: No module named 'fit_here'",
    )  # fmt: skip


def test_blocks_that_show_nothing_are_no_examples():
    text = "```python\nimport fit\nfit.run(3)\n```\n```python\nfit(x)  # version 2.5 of it\n```\n"

    assert examples_in(read_document("README.md", text).blocks) == []


def test_a_number_of_an_example_is_compared_in_its_own_line(tmp_path):
    (tmp_path / "README.md").write_text(EXAMPLES)
    tree = RepoTree.of(tmp_path)

    found = stated_claims(tree, read_facts(tree), Paper(path="", origin="none"))

    claims = {(claim.source.line, claim.line): claim for claim in found.claims}
    assert {claim.command for claim in found.claims} == {"examples of README.md"}
    assert set(found.commands) == {"examples of README.md"}
    assert judged(claims[4, 0], "1.41421356\n", "d").verdict == "close"
    assert judged(claims[6, 1], "root 1.0\nroot 1.4141\n", "d").verdict == "reproduced"
    assert judged(claims[6, 1], "root 1.414\n", "d").verdict == "not-found"
    assert judged(claims[6, 1], "1.0\n1.414\n", "d").verdict == "not-found"
    assert judged(claims[15, 0], "9.0\n", "d").verdict == "differs"


def notebook(*cells: tuple[str, str, str]) -> str:
    """Return a notebook; each cell has its code, what it printed, and its value."""

    def stored(code: str, printed: str, value: str) -> dict[str, object]:
        outputs: list[dict[str, object]] = []
        if printed:
            outputs.append({"output_type": "stream", "name": "stdout", "text": [printed]})
        if value:
            outputs.append({"output_type": "execute_result", "data": {"text/plain": [value]}})
        return {"cell_type": "code", "source": code.splitlines(keepends=True), "outputs": outputs}

    text = {"cell_type": "markdown", "source": ["rmse = 9.5"]}
    return json.dumps({"nbformat": 4, "cells": [text, *(stored(*cell) for cell in cells)]})


BOOK = notebook(
    ("from math import sqrt\nsqrt(2)", "", "1.4142135623730951"),
    ("for n in (1, 2):\n    print('root', sqrt(n))", "root 1.0\nroot 1.4142135623730951\n", ""),
    ("%time\nprint(0.5)\nsqrt(0)", "Wall time: 3.2 ms\n0.5\n", "0.25"),
)


def test_stored_outputs_are_compared_with_what_the_cells_print(tmp_path):
    (tmp_path / "fit.ipynb").write_text(BOOK)
    tree = RepoTree.of(tmp_path)

    found = stated_claims(tree, read_facts(tree), Paper(path="", origin="none"))

    assert [(claim.cell, claim.line, claim.printed) for claim in found.claims] == [
        (1, 0, "1.4142135623730951"), (2, 0, "1.0"), (2, 1, "1.4142135623730951"), (3, 0, "0.5"), (3, 1, "0.25"),
    ]  # fmt: skip
    assert [claim.printed for claim in found.claims if claim.in_code] == ["0.5"]
    assert {str(claim.source) for claim in found.claims if claim.cell == 2} == {
        "fit.ipynb (cell 2)"
    }
    command = shlex.split(found.commands["notebook fit.ipynb"])
    command[0] = sys.executable
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    cells = read_answer(ran.stdout)
    assert set(cells) == {1, 2, 3}, ran.stderr
    assert [judged(claim, cells[claim.cell].output, "d").verdict for claim in found.claims] == [
        "reproduced", "reproduced", "reproduced", "reproduced", "differs",
    ]  # fmt: skip


def test_a_cell_that_fails_ends_a_notebook_unless_it_failed_for_its_author(tmp_path):
    failing = json.loads(notebook(("1 / 0", "", ""), ("0.5", "", "0.5")))
    kept = {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "", "traceback": []}

    def cells() -> dict[int, Printed]:
        (tmp_path / "a.ipynb").write_text(json.dumps(failing))
        command = shlex.split(notebook_command("a.ipynb", str(tmp_path)))
        command[0] = sys.executable
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return read_answer(ran.stdout)

    assert {number: one.error for number, one in cells().items()} == {
        1: "ZeroDivisionError: division by zero"
    }
    failing["cells"][1]["outputs"].append(kept)
    assert cells()[2].output == "0.5\n"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}', "[" * 9000]
)
def test_what_is_no_notebook_has_no_stored_lines(text):
    assert stored_lines(text) == []


@pytest.mark.parametrize(
    "line",
    [
        "100%|####| 5/5 [00:01<00:00, 4.2it/s]",
        "Wall time: 3.2 s",
        "<Net at 0x7f3a2b 5>",
        "torch version 1.8",
    ],
)
def test_lines_that_come_out_differently_each_time_are_not_compared(line):
    assert stored_lines(notebook(("run()", f"{line}\n", ""))) == []


def test_build_servers_get_a_test_case_for_each_number():
    source = Source(kind="file", path="README.md", line=3)
    told = Claim(form="text", label="rmse <b>", printed="0.52", source=source)
    ledger = ClaimLedger(
        claims=(
            JudgedClaim(claim=told, verdict="reproduced", obtained="0.52", evidence="rmse 0.52"),
            JudgedClaim(claim=told, verdict="differs", obtained="0.61", evidence="rmse 0.61"),
            JudgedClaim(claim=told, verdict="not-found"),
            JudgedClaim(claim=told, verdict="not-run", need="its command ended with status 3"),
        )
    )

    suite = ElementTree.fromstring(claims_as_junit(ledger, "owner/name"))

    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "2")
    ends = [[(end.tag, end.get("message")) for end in case] for case in suite.iter("testcase")]
    assert ends == [
        [],
        [("failure", "0.52 is stated, 0.61 came out")],
        [("skipped", "0.52 is stated, and no line of the output is about it")],
        [("skipped", "its command ended with status 3")],
    ]
    assert next(case.get("name") for case in suite.iter("testcase")) == "rmse <b>: 0.52"


def read_file_claims(path: str, kept: str, written: str) -> dict[str, tuple[str, str]]:
    return {
        claim.label: (claim.printed, judged(claim, lines_of(path, written), "d").verdict)
        for claim in file_claims(path, kept, "python a.py")
    }


def test_the_numbers_of_a_table_in_a_file_have_row_and_column():
    kept = 'model,rmse,"r2, adj.",runtime\n"a, b",0.52,0.9,3.1\nc,1.5,0.8,2.0\n'
    written = kept.replace("0.52", "0.61").replace("3.1", "7.7").replace("\n", "\r\n")

    assert read_file_claims("out/t.csv", kept, written) == {
        "a, b | rmse": ("0.52", "differs"),
        "a, b | r2, adj.": ("0.9", "reproduced"),
        "c | rmse": ("1.5", "reproduced"),
        "c | r2, adj.": ("0.8", "reproduced"),
    }


def test_the_order_of_keys_and_the_white_space_of_json_do_not_matter_to_its_numbers():
    kept = '{"rmse": 0.52, "folds": [0.5, 0.25], "time": 12.5}'
    written = '{\n  "folds": [0.5, 0.26],\n  "rmse": 0.52\n}'

    assert read_file_claims("t.json", kept, written) == {
        '"rmse": #': ("0.52", "reproduced"),
        "#": ("0.25", "differs"),
    }
    assert read_file_claims("t.json", "no json 0.5", "no json 0.6") == {
        "no json #": ("0.5", "differs")
    }


def test_a_file_of_data_is_compared_in_its_first_lines():
    kept = "".join(f"point {n}.5\n" for n in range(10_000))

    claims = list(file_claims("points.txt", kept, "python a.py"))

    assert len(claims) == MAX_LINES
    assert [claims[0].line, claims[-1].line] == [0, MAX_LINES - 1]
    assert {judged(claim, kept, "d").verdict for claim in claims} == {"reproduced"}


@pytest.mark.parametrize(
    ("stated", "unit", "given", "verdict"),
    [
        ("0.55", "", ["0.5", "0.6", "0.58"], "close"),
        ("0.62", "", ["0.5", "0.6", "0.58"], "differs"),
        ("0.62", "", ["0.5", "0.5", "0.5"], "differs"),
        ("0.62", "", ["0.5"], "differs"),
        ("85", "%", ["0.8", "0.9", "0.81"], "close"),
        ("85", "%", ["80%", "90%", "81%"], "close"),
        ("85", "", ["0.8", "0.9", "0.81"], "differs"),
    ],
)
def test_a_number_between_what_several_runs_gave_is_close(stated, unit, given, verdict):
    source = Source(kind="file", path="README.md", line=3)
    told = Claim(form="text", label="a", printed=stated, unit=unit, source=source)
    runs = [JudgedClaim(claim=told, verdict="differs", obtained=one) for one in given]

    found = with_spread(runs[0], runs)

    assert found.verdict == verdict
    assert found.spread == (tuple(given) if len(set(given)) > 1 else ())


def test_cells_that_their_author_executed_in_another_order_run_in_it(tmp_path):
    book = json.loads(
        notebook(("print(x)", "0.5\n", ""), ("x = 0.25 + 0.25", "", ""), ("y = 1", "", ""))
    )
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    for cell, count in zip(cells, (7, 3, None), strict=True):
        cell["execution_count"] = count
    (tmp_path / "fit.ipynb").write_text(json.dumps(book))
    tree = RepoTree.of(tmp_path)

    found = stated_claims(tree, read_facts(tree), Paper(path="", origin="none"))

    reached = {}
    for name, line in (("top down", found.commands), ("as stored", found.otherwise)):
        command = shlex.split(line["notebook fit.ipynb"])
        command[0] = sys.executable
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        reached[name] = read_answer(ran.stdout)
    assert {name: [*cells] for name, cells in reached.items()} == {
        "top down": [1],
        "as stored": [2, 1, 3],
    }
    assert reached["as stored"][1] == Printed("0.5\n", "")
    assert judged(found.claims[0], reached["as stored"][1].output, "d").verdict == "reproduced"
    assert not has_another_order(BOOK)
    assert not has_another_order("no notebook")


def test_a_run_that_compared_nothing_has_no_ledger(tmp_path):
    assert read_claims_of(RunFolder(tmp_path)) is None
    (tmp_path / "claims.json").write_text(ClaimLedger().model_dump_json())
    assert read_claims_of(RunFolder(tmp_path)) == ClaimLedger()


PYPLOT = """\
open_figures = []
class Figure:
    def savefig(self, place, bbox_inches=None):
        open(place, "w").write("figure %d" % open_figures[0])
def get_fignums():
    return list(open_figures)
def figure(number):
    return Figure()
def close(number):
    open_figures.remove(number)
"""


def test_the_figures_that_a_cell_leaves_open_are_what_it_shows(tmp_path):
    png = base64.b64encode(b"kept").decode()
    book = json.loads(
        notebook(
            ("from matplotlib import pyplot", "", ""),
            ("pyplot.open_figures += [4, 7]", "", ""),
            ("print(pyplot.get_fignums())", "[]\n", ""),
        )
    )
    shown = [cell for cell in book["cells"] if cell["cell_type"] == "code"][1]
    shown["outputs"] += [
        {"output_type": "display_data", "data": {"image/png": png}},
        {"output_type": "display_data", "data": {"image/png": [png]}},
        {"output_type": "display_data", "data": {"text/plain": "<Figure>"}},
    ]
    (tmp_path / "fit.ipynb").write_text(json.dumps(book))
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").write_text("")
    (tmp_path / "matplotlib" / "pyplot.py").write_text(PYPLOT)

    kept = stored_figures((tmp_path / "fit.ipynb").read_text())
    command = shlex.split(notebook_command("fit.ipynb", str(tmp_path / "figures")))
    command[0] = sys.executable
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout
    assert [(one.cell, one.number, one.content) for one in kept] == [
        (2, 0, b"kept"),
        (2, 1, b"kept"),
    ]
    drawn = {path.name: path.read_text() for path in (tmp_path / "figures").iterdir()}
    assert drawn == {"cell-2-0.png": "figure 4", "cell-2-1.png": "figure 7"}
    assert {PurePosixPath(one.path).name for one in kept} == {*drawn}
    assert read_answer(ran.stdout)[3].output == "[]\n"


def test_a_notebook_that_keeps_no_picture_has_none():
    assert stored_figures(BOOK) == []
    assert stored_figures("no notebook") == []
    large = json.loads(BOOK)
    large["cells"][0]["outputs"] = [
        {"output_type": "display_data", "data": {"image/png": "A" * 2_000_000}},
        {"output_type": "display_data", "data": {"image/png": "*"}},
    ]
    assert stored_figures(json.dumps(large)) == []


@pytest.mark.parametrize(
    ("stored", "obtained"),
    [
        ("array([ 1.,  2.5])", "array([1. , 2.5])"),
        ("[ 0.5  0.25\n  0.125]", "[0.5   0.25  0.125]"),
        ("[[0.5 0.25]\n [0.1 0.75]]", "[[ 0.5   0.25]\n [ 0.1   0.75]]"),
    ],
)
def test_how_numpy_pads_and_breaks_an_array_does_not_matter(tmp_path, stored, obtained):
    (tmp_path / "fit.ipynb").write_text(notebook(("fit()", f"{stored}\n", "")))
    tree = RepoTree.of(tmp_path)

    claims = stated_claims(tree, read_facts(tree), Paper(path="", origin="none")).claims

    assert [judged(claim, obtained, "d").verdict for claim in claims] == ["reproduced"] * len(
        claims
    )
    assert len(claims) == len(numbers_in(stored.replace("\n", " ")))


def test_a_bracket_that_is_never_closed_joins_a_bounded_number_of_lines():
    text = "[start\n" + "".join(f"epoch {n} loss 0.5\n" for n in range(500))

    assert len(logical_lines(text)) > 400
    assert logical_lines("a [1,\n2]\nb\n") == ["a [1, 2]", "b"]


def test_the_numbers_of_a_line_with_the_same_verdict_are_one_row_of_the_report():
    told = Claim(form="cell", label="fit()", cell=2, row="# # #", printed="1.5", source=README)
    claims = [
        JudgedClaim(claim=told, verdict="reproduced", obtained="1.5", evidence="1.5 2.5 3.5"),
        JudgedClaim(
            claim=told.changed(position=1, printed="2.5"),
            verdict="reproduced", obtained="2.5", evidence="1.5 2.5 3.5",
        ),
        JudgedClaim(
            claim=told.changed(position=2, printed="3"),
            verdict="differs", obtained="3.5", evidence="1.5 2.5 3.5",
        ),
    ]  # fmt: skip

    rows = shown_claims(ClaimLedger(claims=tuple(claims)))

    assert [(row.verdict, row.stated, row.obtained, row.numbers) for row in rows] == [
        ("differs", "3", "3.5", 1),
        ("reproduced", "1.5; 2.5", "1.5; 2.5", 2),
    ]


@pytest.mark.parametrize(
    ("code", "folder"),
    [
        ("open('data.csv')", "docs/notebooks"),
        ("read('../tests/data/a.shp')", "docs"),
        ("read('tests/data/a.shp'); read('absent.csv')", ""),
        ("read('absent.csv')", "docs/notebooks"),
        ("fit(0.5)", "docs/notebooks"),
    ],
)
def test_a_notebook_runs_where_it_finds_most_of_the_files_that_it_names(code, folder):
    files = ["docs/notebooks/a.ipynb", "docs/notebooks/data.csv", "tests/data/a.shp"]

    found = working_folder("docs/notebooks/a.ipynb", notebook((code, "", "")), files)

    assert found == folder


def test_a_notebook_that_runs_above_its_folder_still_finds_the_modules_beside_it(tmp_path):
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "beside.py").write_text("x = 0.5\n")
    (tmp_path / "data.csv").write_text("1\n")
    code = "import beside\nprint(beside.x, open('data.csv').read())"
    (tmp_path / "books" / "a.ipynb").write_text(notebook((code, "0.5 1\n", "")))
    tree = RepoTree.of(tmp_path)

    found = stated_claims(tree, read_facts(tree), Paper(path="", origin="none"))

    command = shlex.split(found.commands["notebook books/a.ipynb"])
    command[0] = sys.executable
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert read_answer(ran.stdout)[1] == Printed("0.5 1\n\n", "")


def test_a_long_file_is_compared_from_its_top():
    kept = "".join(f"{n}.5\n" for n in range(30_000))
    claims = list(file_claims("points.txt", kept, "python a.py"))

    written = lines_of("points.txt", kept.replace("2.5\n", "9.5\n", 1))
    verdicts = [judged(claim, written, "d").verdict for claim in claims]

    assert [claim.printed for claim in claims[:3]] == ["0.5", "1.5", "2.5"]
    assert verdicts.count("differs") == 1
    assert verdicts[2] == "differs"
