"""Cells of tables and numbers of sentences are found by all the words around a printed number."""

import pytest

from paper2run.claims.aliases import aliases_in
from paper2run.claims.choosing import Outputs, of_file
from paper2run.claims.matching import judged_anywhere
from paper2run.claims.stated import claims_in
from paper2run.claims.ties import Text
from paper2run.model.repo import PaperTable
from paper2run.model.value import Source

PAPER = Source(kind="paper", path="paper.pdf", line=2)
CLAY, SAND = "python soil.py clay", "python soil.py sand"
MODELS = {
    CLAY: "RandomForest     rmse  0.412 +/- 0.031  bias  0.052\nGradientBoosting rmse  0.387 +/- 0.027  bias -0.018\n",
    SAND: "RandomForest     rmse  0.733 +/- 0.040  bias  0.101\nGradientBoosting rmse  0.690 +/- 0.035  bias  0.064\n",
}


def verdicts(
    outputs: dict[str, str],
    *rows: tuple[str, ...],
    caption: str = "",
    text: str = "",
    told: dict[str, str] | None = None,
) -> dict[str, str]:
    """Return the verdicts of a paper's numbers by what commands printed, which no document ties to them."""
    table = PaperTable(page=2, number="1", rows=rows)
    texts = [Text("paper.md", "", PAPER, table=table, caption=caption)] if rows else []
    claims = claims_in([*texts, Text("paper.md", text, PAPER)], [])
    aliases = aliases_in([text])
    found = Outputs(outputs, told)
    digests = dict.fromkeys(outputs, "d")
    return {
        claim.printed: judged_anywhere(claim.changed(aliases=aliases), found, digests).verdict
        for claim in claims
    }


def test_rows_are_spelt_out_and_columns_are_arguments_of_the_commands():
    found = verdicts(
        MODELS,
        ("Model", "Clay", "Sand"),
        ("RF", "0.41", "0.73"),
        ("GB", "0.39", "0.96"),
        ("kNN", "0.44", "0.71"),
        caption="RMSE by soil",
    )

    assert found == {
        "0.41": "reproduced",
        "0.73": "reproduced",
        "0.39": "reproduced",
        "0.96": "differs",
        "0.44": "not-run",
        "0.71": "not-run",
    }


def test_the_caption_says_which_of_several_quantities_is_meant():
    rows = (("", "RF", "GB"), ("Clay", "0.05", "−0.02"), ("Sand", "0.10", "0.06"))

    assert verdicts(MODELS, *rows, caption="Mean bias of both models") == dict.fromkeys(
        ("0.05", "−0.02", "0.10", "0.06"), "reproduced"
    )
    assert set(verdicts(MODELS, *rows, caption="Both models").values()) == {"not-run"}


def test_lines_of_a_log_name_their_case_before_several_numbers():
    log = (
        "INFO fit: high-density OLS slope=1.412 se=0.031\nINFO fit: high-density Theil-Sen slope=1.377 se=0.044\n"
        "INFO fit: low-density OLS slope=0.873 se=0.029\nINFO fit: low-density Theil-Sen slope=0.902 se=0.038\n"
    )
    rows = (("Plots", "Slope, OLS", "Slope, TS"), ("HD", "1.41", "1.38"), ("LD", "0.87", "0.90"))

    assert set(verdicts({"python fit.py": log}, *rows).values()) == {"reproduced"}


@pytest.mark.parametrize(
    ("caption", "verdict"),
    [
        ("Coverage, n = 50", "reproduced"),
        ("Coverage at n = 200", "differs"),
        ("Coverage, n = 75", "not-run"),
    ],
)
def test_a_setting_of_another_value_is_another_case(caption, verdict):
    outputs = {
        "python cover.py --n 50": "method   normal   gamma\nwald   0.931   0.902\nscore   0.947   0.921\n",
        "python cover.py --n 200": "method   normal   gamma\nwald   0.949   0.938\nscore   0.951   0.944\n",
    }
    rows = (("", "Normal", "Gamma"), ("Wald", "0.931", "0.902"))

    assert set(verdicts(outputs, *rows, caption=caption).values()) == {verdict}


def test_a_remark_beside_the_command_says_what_it_prints():
    outputs = {
        "make fig2": "site   north   south\na1   3.21   4.02\n",
        "make fig3": "site   north   south\na1   0.61   0.72\n",
    }
    told = {"make fig2": "biomass", "make fig3": "evenness of plots"}
    rows = (("Site", "North", "South"), ("A1", "0.61", "0.72"))

    assert set(verdicts(outputs, *rows, caption="Evenness", told=told).values()) == {"reproduced"}


def test_files_that_a_command_writes_are_read_below_their_names():
    output = "done\n" + "".join(
        (
            of_file("out/lakes.json", '{"Ness": {"depth": 132.4}, "Lomond": {"depth": 37.1}}'),
            of_file("out/rivers.json", '{"Ness": {"depth": 2.31}, "Tay": {"depth": 3.42}}'),
        )
    )
    rows = (("", "Depth"), ("Ness", "132"), ("Lomond", "37.1"))

    assert set(verdicts({"python waters.py": output}, *rows, caption="Lakes").values()) == {
        "reproduced"
    }


def test_names_in_part_are_no_other_names():
    """`strain1` is no `strain2`, `Best Fit` no `Best Fit Decreasing`, `naive` no `sNaive`."""
    output = "BestFit   bins 310.5\nBestFitDecreasing   bins 290.5\nsnaive   bins 400.5\nnaive   bins 410.5\n"
    rows = (("", "BF", "BFD", "sNaive", "Naive"), ("Bins", "310.5", "290.5", "400.5", "410.5"))

    assert set(verdicts({"python pack.py": output}, *rows).values()) == {"reproduced"}
    strains = "strain1 size 40.12\nstrain2 size 41.34\n"
    rows = (("Strain", "Size"), ("1", "40.12"), ("2", "41.34"))
    assert set(verdicts({"python sizes.py": strains}, *rows).values()) == {"reproduced"}


def test_a_sentence_names_quantity_case_and_setting():
    text = (
        "On clay the random forest has an RMSE of 0.412 on average. On sand gradient boosting reaches an RMSE of 0.699."
        " In a field trial the random forest had an RMSE of 0.555 on loam."
    )

    assert verdicts(MODELS, text=text) == {
        "0.412": "reproduced",
        "0.699": "differs",
        "0.555": "not-run",
    }


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("the Student interval (STU) is exact", ("STU", "Student")),
        ("a percentile interval (PCT) is short", ("PCT", "percentile")),
        ("a bootstrap-t interval (BT)", ("BT", "bootstrap-t")),
        ("root mean square (RMS)", ("RMS", "root mean square")),
        ("one letter (harbour)", ("harbour", "letter")),
    ],
)
def test_a_name_in_brackets_stands_for_the_word_that_it_shortens(text, pair):
    assert pair in aliases_in([text])


def test_an_abbreviation_of_something_else_stands_for_none_of_the_words_before_it():
    assert aliases_in(["measured in the harbour (ABC)"]) == ()


def test_a_setting_is_known_by_its_number_under_another_name():
    output = "# motifs of chain A\nw=5: motifs 812 share 0.331\nw=40: motifs 207 share 0.049\n"
    text = "In the chain we found 207 motifs with a window of 40."

    assert verdicts({"python motifs.py": output}, text=text)["207"] == "reproduced"


@pytest.mark.parametrize(
    ("text", "names", "pair"),
    [
        ("softmax regression (LR; 200 steps)", {"LR"}, ("LR", "softmax regression")),
        ("Breast Cancer Wisconsin (BCW, 569 rows)", (), ("BCW", "Breast Cancer Wisconsin")),
        ("interpolation with a unigram model (INT)", (), ("INT", "interpolation")),
        ("the nearest centroid (NC) rule", (), ("NC", "nearest centroid")),
        ("tokens (N), types (V)", {"N", "V"}, ("V", "types")),
        ("the Heaps exponent β and more", {"β"}, ("β", "Heaps exponent")),
        ("the Binder cumulant is U here", {"U"}, ("U", "Binder cumulant")),
        ("and Yule's K of all", {"K"}, ("K", "Yule's")),
    ],
)
def test_documents_say_what_names_of_tables_mean(text, names, pair):
    assert pair in aliases_in([text], frozenset(names))


def test_another_name_of_the_table_is_no_meaning():
    assert (
        aliases_in(["Language N V TTR and 1 2 3"], frozenset({"Language", "N", "V", "TTR"})) == ()
    )


SCAN = "python -m ising.measure -L 16 -T 1.8 2.2 -o scan.json"
RECORDS = '[{"L": 16, "T": 1.8, "mag": 0.9568, "chi": 0.114}, {"L": 16, "T": 2.2, "mag": 0.7908, "chi": 2.663}]'


def test_an_option_with_several_numbers_holds_for_each_of_them():
    said = "For L = 16 the magnetisation at T = 2.2 is 0.791. For L = 16 the magnetisation at T = 1.8 is 0.957."
    table = (("T", "mag", "chi"), ("1.8", "0.957", "0.11"), ("2.2", "0.791", "2.66"))
    outputs = {SCAN: RECORDS}

    found = verdicts(outputs, text=said)

    assert (found["0.791"], found["0.957"]) == ("reproduced", "reproduced")
    assert set(verdicts(outputs, *table).values()) == {"reproduced"}


def test_a_number_under_a_setting_that_a_sentence_does_not_have_is_another_one():
    outputs = {
        "python vote.py spatial": "Condorcet winner exists: 0.9920\n",
        "python vote.py spatial -m 3": "Condorcet winner exists: 0.9980\n",
    }

    assert verdicts(outputs, text="A Condorcet winner exists in 99.20% of spatial elections.") == {
        "99.20": "reproduced"
    }


def test_a_share_is_sought_among_shares():
    output = "site,chao1,completeness\nDry Meadow,61.0,0.6557\nAlder Fen,54.3,0.977\n"
    said = "Completeness (observed over Chao1) was 65.6 % at Dry Meadow."

    assert verdicts({"python run.py": output}, text=said)["65.6"] == "reproduced"


def test_a_number_that_the_sentence_states_itself_is_no_other_one():
    output = "wine softmax acc 89.41\n"
    said = "The softmax acc on wine falls from 98.90 to 89.41 under noise."

    assert verdicts({"python run.py": output}, text=said) == {
        "98.90": "not-run",
        "89.41": "reproduced",
    }


def test_names_between_aligned_neighbours_belong_together():
    output = (
        "              mean     std\nlwage       2.2854  0.4425\neduc        12.295  2.3187\n"
        "exper       14.172  7.7216\nunion       0.3506  0.4773\nfemale      0.4425  0.4968\n"
    )
    rows = (
        ("Variable", "Mean", "Std. dev."),
        ("Log wage per hour", "2.285", "0.443"),
        ("Schooling", "12.30", "2.319"),
        ("Experience", "14.17", "7.722"),
        ("Female", "0.443", "0.497"),
    )

    found = verdicts({"python describe.py": output}, *rows)

    assert (found["2.285"], found["12.30"], found["7.722"]) == ("reproduced",) * 3


LONG = (
    "model | soil | rmse\nforest | clay | 0.41251\nforest | sand | 0.73162\nboost | clay | 0.38733\n"
    "boost | sand | 0.69044\n"
)


@pytest.mark.parametrize(
    "rows",
    [
        (("Model", "Soil", "RMSE"), ("Forest", "Clay", "0.4125"), ("", "Sand", "0.7316"),
         ("Boost", "Clay", "0.3873"), ("", "Sand", "0.6904")),
        (("Model", "Soil", "RMSE"), ("", "Clay", "0.4125"), ("Forest", "Sand", "0.7316"),
         ("", "Clay", "0.3873"), ("Boost", "Sand", "0.6904")),
    ],
)  # fmt: skip
def test_a_name_of_several_rows_may_stand_in_one_of_them(rows):
    assert set(verdicts({"python fit.py": LONG}, *rows).values()) == {"reproduced"}


@pytest.mark.parametrize(
    ("head", "cell", "printed", "verdict"),
    [
        ("RMSE [cm]", "17.3", "rmse_m: 0.17345", "reproduced"),
        ("RMSE [cm]", "19.3", "rmse_m: 0.17345", "differs"),
        ("Time (s)", "93.6", "time: 1.56 min", "reproduced"),
        ("Energy (kJ)", "4.18", "energy: 4184 J", "reproduced"),
        ("Error (%)", "4.18", "error: 0.0418", "reproduced"),
    ],
)
def test_a_number_is_compared_in_the_unit_of_the_table(head, cell, printed, verdict):
    output = f"EKF\n  {printed}\nPF\n  {printed.replace('1', '2').replace('4', '9')}\n"

    found = verdicts({"python run.py": output}, ("Filter", head), ("EKF", cell))

    assert found == {cell: verdict}


def test_a_rate_in_percent_names_the_same_case_as_its_share():
    output = "density 0.1\n  length: 85.001\ndensity 0.25\n  length: 88.818\n"
    rows = (("Density", "Length"), ("10 %", "85.00"), ("25 %", "88.82"))

    assert set(verdicts({"python plan.py": output}, *rows).values()) == {"reproduced"}


def test_of_lines_that_tell_of_several_cases_none_is_the_last_word():
    output = "patch=4 lambda=2.1 psnr=27.7970\npatch=8 lambda=2.7 psnr=30.2130\npatch=12 lambda=3.3 psnr=28.7657\n"
    log = "epoch 1 psnr=27.7970\nepoch 2 psnr=30.2130\nepoch 3 psnr=28.7657\n"
    said = "It reaches a PSNR of 28.77 on average."

    assert verdicts({"python run.py": output}, text=said) == {"28.77": "not-run"}
    assert verdicts({"python run.py": log}, text=said) == {"28.77": "reproduced"}


def test_a_number_of_a_sentence_differs_only_right_behind_its_whole_name():
    output = "outlier rate: 0.2\naccuracy of NLM 92.15\n"
    said = "In the field 12.6 % of all rates were outliers. NLM has an accuracy of 91.07 here."

    found = verdicts({"python run.py": output}, text=said)

    assert found == {"12.6": "not-run", "91.07": "differs"}


def test_a_bound_is_no_number():
    rows = (("Contrast", "p"), ("Load", "< .001"), ("Age", ".195"))

    assert list(verdicts({"python run.py": "Load p=7.3e-16\nAge p=0.1951\n"}, *rows)) == [".195"]
