"""Numbers whose names in the paper differ from those that the program prints."""

import pytest

from paper2run.claims.aliases import aliases_in
from paper2run.claims.choosing import Outputs
from paper2run.claims.matching import judged, judged_anywhere
from paper2run.claims.names import likeness, name_of
from paper2run.claims.numbers import numbers_in, value_of
from paper2run.claims.sentences import numbers_of
from paper2run.claims.stated import claims_in
from paper2run.claims.ties import Text
from paper2run.model.claims import Claim
from paper2run.model.environment import SmokeChoice
from paper2run.model.repo import PaperTable
from paper2run.model.value import Source

PAPER = Source(kind="paper", path="paper.pdf", line=2)
RUN = "python soil.py"


def claims_of(
    paper: str, *tables: PaperTable, caption: str = "", usage: str = f"{RUN}\n"
) -> list[Claim]:
    choices = [
        SmokeChoice(
            kind="documented",
            command=line,
            proves="it runs",
            source=Source(kind="file", path="README.md", line=number),
        )
        for number, line in enumerate(usage.splitlines(), 1)
        if line.startswith("python")
    ]
    texts = [Text("paper.md", "", PAPER, table=one, caption=caption) for one in tables]
    texts.append(Text("paper.md", paper, PAPER))
    return list(claims_in(texts, choices))


def verdicts(claims: list[Claim], output: str) -> dict[str, str]:
    return {claim.printed: judged(claim, output, "d").verdict for claim in claims}


def table(*rows: tuple[str, ...]) -> PaperTable:
    return PaperTable(page=2, number="1", rows=rows)


@pytest.mark.parametrize(
    ("stated", "printed"),
    [
        ("Prec. (%)", "precision"),
        ("root mean square error", "RMSE"),
        ("Water content θ", "theta"),
        ("C/N ratio", "cn_ratio"),
        ("k s (cm/d)", "ks"),
        ("Total N (g kg−1)", "total_n"),
        ("$\\sigma_{max}$", "sigma_max"),
        ("x̄ (observed)", "x_mean_obs"),
    ],
)
def test_one_name_holds_the_other(stated, printed):
    assert likeness(name_of(stated), name_of(printed)) >= 1


@pytest.mark.parametrize(
    ("stated", "printed"),
    [
        ("mean depth", "mean_error"),
        ("train recall", "test_recall"),
        ("max depth", "min_depth"),
        ("upper limit", "lower_limit"),
        ("pH", "bulk_density"),
    ],
)
def test_other_quantities_are_not_alike(stated, printed):
    assert likeness(name_of(stated), name_of(printed)) == 0


def test_a_table_is_found_in_nested_json_by_shortened_heads():
    claims = claims_of(
        "",
        table(
            ("Site", "Prec. (%)", "Rec. (%)", "AUC"),
            ("Upper slope", "71.4", "", "0.913"),
            ("Lower slope", "", "64.0", "0.877"),
        ),
    )
    output = (
        '{"upper_slope": {"precision": 0.71402, "recall": 0.52, "auc": 0.9131},'
        ' "lower_slope": {"precision": 0.66, "recall": 0.6103, "auc": 0.8799}, "n": 40}'
    )

    assert verdicts(claims, output) == {
        "71.4": "reproduced",
        "0.913": "reproduced",
        "64.0": "differs",
        "0.877": "close",
    }


def test_a_column_that_is_not_printed_is_not_found():
    claims = claims_of("", table(("Plot", "pH", "Lime"), ("A", "6.21", "4.75"), ("B", "5.98", "")))

    output = "plot   ph     clay\nA      6.2104  4.75\nB      5.9811  3.11\n"

    assert verdicts(claims, output) == {
        "6.21": "reproduced",
        "4.75": "not-found",
        "5.98": "reproduced",
    }


def test_rows_and_columns_may_be_printed_the_other_way_round():
    claims = claims_of("", table(("", "α", "β"), ("Sand (%)", "41.2", "38.0")))

    output = "soil   sand    clay\nalpha  0.41204 0.3\nbeta   0.35103 0.2\n"

    assert verdicts(claims, output) == {"41.2": "reproduced", "38.0": "differs"}


def test_rows_that_two_columns_name_are_told_apart_by_both():
    claims = claims_of(
        "",
        table(
            ("n", "h", "K (sim.)"), ("2", "0.5", "7.31"), ("2", "1.5", "4.44"), ("4", "1.5", "2.20")
        ),
    )
    output = (
        "  n    h    K_theo   K_sim\n  2   0.50   7.000    7.3099\n  2   1.50   4.000    4.4402\n"
        "  4   1.50   2.000    2.9011\n"
    )

    found = verdicts([claim for claim in claims if claim.column == "K (sim.)"], output)

    assert found == {"7.31": "reproduced", "4.44": "reproduced", "2.20": "differs"}


def test_a_row_that_two_lines_may_be_is_left_open():
    claims = claims_of("", table(("n", "K (sim.)"), ("2", "7.31")))

    output = "  n    h    K_sim\n  2   0.50   7.3099\n  2   1.50   7.9001\n"

    assert verdicts(claims, output) == {"7.31": "not-found"}


@pytest.mark.parametrize(("printed", "verdict"), [("0.912", "reproduced"), ("0.934", "not-found")])
def test_the_last_row_that_is_left_shows_what_is_the_same_and_never_what_differs(printed, verdict):
    claims = claims_of(
        "",
        table(
            ("Method", "Recall"), ("Bare hands", printed), ("Drill", "0.801"), ("Auger", "0.766")
        ),
    )
    output = (
        "method   recall   cost\nmanual   0.9121   2\ndrill    0.8012   3\nauger    0.7659   4\n"
    )

    assert verdicts(claims, output)[printed] == verdict


def test_settings_in_a_sentence_choose_the_block_of_the_output():
    paper = "With Rc = 1.5 we obtain k = 0.731, and the slope is known to be k = 0.5 elsewhere."
    claims = claims_of(paper)
    output = "Rc=1.0:\n  k: 0.61204\nRc=1.5:\n  k: 0.73091\nRc=2.0:\n  k: 0.9911\n"

    assert verdicts(claims, output)["0.731"] == "reproduced"
    assert verdicts(claims_of("We obtain k = 0.991."), output) == {"0.991": "not-found"}


def test_a_line_that_does_not_name_the_setting_shows_what_is_the_same_and_never_what_differs():
    output = "dry loss: 0.6121\n"

    for printed, verdict in (("0.612", "reproduced"), ("0.655", "not-found")):
        claims = claims_of(f"With q = 7 the dry loss is {printed}.")
        assert verdicts(claims, output)[printed] == verdict


def test_blocks_below_settings_are_the_rows_of_a_table():
    claims = claims_of(
        "", table(("Rc", "m", "k", "σ k"), ("1.0", "", "0.612", ""), ("1.5", "88", "", "0.0412"))
    )
    output = "Rc=1.0:\n  m: 90\n  k: 0.61204\n  sigma_k: 0.0301\nRc=1.5:\n  m: 88\n  k: 0.73\n  sigma_k: 0.0391\n"

    assert verdicts(claims, output) == {
        "0.612": "reproduced",
        "88": "reproduced",
        "0.0412": "differs",
    }


@pytest.mark.parametrize(
    ("sentence", "number", "output"),
    [
        ("Auger sampling raised the mean absolute error to 0.214.", "0.214", "auger mae: 0.21388"),
        ("The profile holds a water share of 31.4 % in June.", "31.4", "water_share = 0.31402"),
        ("Its slope has a loss of 1.832 %.", "1.832", "slope loss [ppm] : 18320.4"),
        ("The total mass equals 2.31 × 10^15 kg.", "2.31 × 10^15", "mass_kg: 2.3104e+15"),
        ("The dry column has 3141 pores in all.", "3141", "n_pores: 3141"),
        (
            "Infiltration over bare soil: maize 4.31x, Wheat 2.07x.",
            "2.07",
            "Wheat infiltration: 2.066x",
        ),
    ],
)
def test_a_number_of_a_sentence_is_found_by_the_words_around_it(sentence, number, output):
    claims = [claim for claim in claims_of(sentence) if claim.printed == number]

    assert [judged(claim, f"start\n{output}\n", "d").verdict for claim in claims] == ["reproduced"]


@pytest.mark.parametrize(
    ("sentence", "output"),
    [
        ("Field tests gave a recall of 0.871.", "recall a: 0.8711\nrecall b: 0.9012\n"),
        ("The validation recall of 0.871 is high.", "recall: 0.8711\n"),
        ("Farmers saved 0.871 hours.", "recall: 0.8711\n"),
        ("A drop of 0.871 was seen.", "cost per drop of water and litre of fuel: 0.8711\n"),
    ],
)
def test_a_number_is_never_found_by_its_value(sentence, output):
    assert set(verdicts(claims_of(sentence), output).values()) == {"not-found"}


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("The yield fell from 66.5% to 39.8%.", ["66.5", "39.8"]),
        ("It has 412 rows, 455 of which are wet.", ["412", "455"]),
        ("A capacity of 1912 veh/h is reached.", ["1912"]),
        ("Scatter 342 ppm, drawn in 7.4 ms.", ["342", "7.4"]),
        ("It closed 57 of 61 cracks; nodes visited: 41.", ["57", "41"]),
        ("The search converges after 38 iterations.", ["38"]),
        ("Losses rose by 12 per cent, 1.7×-2.6× in all.", ["12", "1.7"]),
        ("See Section 3.3, Table 2 and Fig. 4.1.", []),
        ("Needs Python 3.7 and Xcode 14.2 or gpt-3.5.", []),
        ("Previous trials had a recall of 0.77 (Haug 2011).", []),
        ("Haug et al. (2011) measured 0.77 of it.", []),
        ("We train for 100 epochs on 2000 samples.", []),
        ("An Xeon CPU at 2.40GHz with 512GB of memory.", []),
        ("Released in 2019 under Apache 2.0.", []),
    ],
)
def test_numbers_that_sentences_state(line, printed):
    assert [one.number.printed for one in numbers_of([(1, line)])] == printed


def test_a_sentence_may_run_over_lines():
    prose = [(4, "The sandy profile has a"), (5, "porosity of 0.431."), (7, "Loam has 0.512.")]

    found = list(numbers_of(prose))

    assert [(one.number.printed, one.line) for one in found] == [("0.431", 5), ("0.512", 7)]
    assert found[0].sentence.strip() == "The sandy profile has a porosity of 0.431."


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2.3 × 10^4", "2.3e4"),
        ("2.3 × 1018", "2.3e18"),
        ("2.3 · 10⁻³", "2.3e-3"),
        ("8.2e-3", "8.2e-3"),
    ],
)
def test_powers_of_ten_are_read_as_people_write_them(text, value):
    [one] = numbers_in(f"is {text} N")

    assert value_of(one.printed) == value_of(value)


def test_what_a_paper_says_that_a_name_means_is_used():
    paper = "We use one field (harkau) and one bog (linde). The drainage rate $\\Gamma$ is low."
    claims = claims_of(paper, table(("Measure", "Field", "Bog"), ("Depth", "1.204", "3.117")))

    assert ("field", "harkau") in aliases_in([paper])
    assert ("Gamma", "drainage rate") in aliases_in([paper])
    assert verdicts(claims, "name    harkau  linde\ndepth   1.2041  3.5501\n") == {
        "1.204": "reproduced",
        "3.117": "differs",
    }


def test_a_claim_without_a_command_is_looked_for_in_the_outputs_of_all():
    usage = "python soil.py  # k = 3\npython soil.py -k 5\n"
    told = {"python soil.py": " k = 3"}
    outputs = Outputs(
        {"python soil.py": "drift: 0.1204\n", "python soil.py -k 5": "drift: 0.3107\n"}, told
    )
    sentences = {
        "With k = 5 the drift is 0.311.": ("reproduced", "python soil.py -k 5"),
        "With k = 3 the drift is 0.311.": ("differs", "python soil.py"),
        "The drift is 0.311.": ("not-run", ""),
    }

    for sentence, expected in sentences.items():
        [claim] = claims_of(sentence, usage=usage)
        found = judged_anywhere(claim, outputs, dict.fromkeys(outputs.printed, "d"))
        if expected[0] == "differs":
            assert found.verdict != "reproduced"
        else:
            assert (found.verdict, found.claim.command) == expected


def test_a_list_of_tables_and_commands_ties_them():
    readme = "| table | command |\n|---|---|\n| 1 | `python soil.py` |\n| 2 | `python soil.py --deep` |\n"
    choices = [
        SmokeChoice(
            kind="documented",
            command=command,
            proves="it runs",
            source=Source(kind="file", path="README.md", line=line),
        )
        for command, line in (("python soil.py", 3), ("python soil.py --deep", 4))
    ]
    texts = [
        Text("README.md", readme, Source(kind="file", path="README.md")),
        Text("paper.md", "**Table 2.** Deep.\n\n| site | pH |\n|---|---|\n| A | 6.21 |\n", PAPER),
    ]

    assert [claim.command for claim in claims_in(texts, choices)] == ["python soil.py --deep"]


def test_an_output_with_numbers_left_out_is_compared_with_the_line_that_says_the_same():
    readme = "# Run\n```\npython soil.py\n```\nprints\n```\nloam ... 29.00\nclay 7.50 ...\n```\n"
    choice = SmokeChoice(
        kind="documented",
        command=RUN,
        proves="it runs",
        source=Source(kind="file", path="README.md", line=3),
    )
    claims = claims_in([Text("README.md", readme, Source(kind="file", path="README.md"))], [choice])

    found = verdicts(list(claims), "loam   0.031  29.00\nclay   7.90  21.10\n")

    assert found == {"29.00": "reproduced", "7.50": "differs"}


def test_a_printed_table_of_latex_is_read():
    claims = claims_of(
        "",
        table(
            ("Density", "Mean speed (m/s)", "Speed variance"),
            ("0.05", "4.73", ""),
            ("0.35", "", "1.63"),
        ),
    )
    output = (
        "\\begin{tabular}{lrrr}\n$\\rho$ & flow & speed & var \\\\ \\hline\n"
        "0.05 & 0.2365 & 4.7302 & 0.1988 \\\\\n0.35 & 0.4088 & 1.1679 & 1.7313 \\\\\n\\end{tabular}\n"
    )

    assert verdicts(claims, output) == {"4.73": "reproduced", "1.63": "differs"}


def test_a_table_of_one_row_is_named_by_its_caption():
    claims = claims_of(
        "", table(("α", "β"), ("5.95", "5.12")), caption="Shannon entropy of the pores (bits)"
    )
    output = "soil\tlength\tentropy_bits\nalpha\t200\t5.9505\nbeta\t180\t5.8447\n"

    assert verdicts(claims, output) == {"5.95": "reproduced", "5.12": "not-found"}


@pytest.mark.parametrize(
    ("sentence", "output"),
    [
        ("Its precision is 92.1 for all runs.", "pre-processing took 92.1 s\n"),
        ("Our full model reaches an accuracy of 92.1 on average.", "baseline accuracy: 92.1\n"),
        ("The accuracy is 0.921 on lakes.", "rivers accuracy: 0.921\n"),
    ],
)
def test_names_that_agree_in_part_give_no_result(sentence, output):
    for claim in claims_of(sentence):
        told = judged(claim, output, "d")
        assert told.verdict == "not-found" or told.by_part


@pytest.mark.parametrize(
    ("sentence", "output", "verdict"),
    [
        ("The runtime is 12.5 seconds.", "runtime: 12.5 minutes\n", "not-found"),
        ("The mean latency is 45.2 ms.", "mean latency: 45.2 s\n", "not-found"),
        ("The average error is 1.250 mm.", "average error: 1.250 cm\n", "not-found"),
        ("The runtime is 12.5 seconds.", "runtime: 12.5 s\n", "reproduced"),
        ("The runtime is 12.5 seconds.", "runtime: 12.5\n", "reproduced"),
    ],
)
def test_a_number_in_another_unit_is_another_number(sentence, output, verdict):
    assert list(verdicts(claims_of(sentence), output).values()) == [verdict]
