"""A whole run that compares what authors state with what their commands print."""

import base64
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from flows.reproduce import reproduce
from tests.flow.conftest import commit_all
from tests.flow.test_verdicts import verdict_of
from tests.stage.test_pdf_tables import pdf, prose, table

pytestmark = pytest.mark.docker

FIT = """\
import math


def best(size):
    return math.sqrt(size) / 2


print("model     rmse    r2")
print(f"linear    {math.sqrt(2) / 10:.5f}  {math.cos(0.5):.5f}")
print("quintic   0.02500  0.99900")
print(f"cubic     {math.sqrt(2) / 20:.5f}  {math.cos(0.25):.5f}")
print("best rmse =", round(math.sqrt(2) / 20, 4))
"""
README = """\
# Fit

## Usage

```bash
python fit.py
```

```
best rmse = 0.0707
```

## Results

| model | rmse | r2 |
|---|---|---|
| linear | 0.1414 | 0.878 |
| cubic | 0.0711 | 0.969 |
| spline | 0.0500 | 0.991 |

## In Python

```python
>>> from fit import best
>>> best(2)
0.7071067811865476
>>> best("2")
0.5
```
"""


def test_true_numbers_are_reproduced_altered_ones_are_not(tmp_path, repository, no_containers_left):
    repo = repository({"fit.py": FIT, "README.md": README})
    rows = [["Model", "rmse", "r2"], ["quintic", "0.0250", "0.998"]]
    page = [*prose(72, 760, 4), *table(72, 690, "Table 2: Errors of the models.", rows)]
    paper = pdf(tmp_path / "paper.pdf", [*page, *prose(72, 600, 6)])

    state = reproduce(
        repo=repo,
        paper=str(paper),
        out=str(tmp_path / "runs"),
        target="claims",
        claims_timeout=60,
        return_state=True,
    )

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.grade) == ("success", "results"), metadata.reason
    assert metadata.rung == "claims"
    ledger = json.loads((folder / "claims.json").read_text())
    found = {
        one["claim"]["label"]: (one["claim"]["printed"], one["verdict"]) for one in ledger["claims"]
    }
    assert found == {
        "best rmse = #": ("0.0707", "reproduced"),
        "linear | rmse": ("0.1414", "reproduced"),
        "linear | r2": ("0.878", "reproduced"),
        "cubic | rmse": ("0.0711", "close"),
        "cubic | r2": ("0.969", "reproduced"),
        "spline | rmse": ("0.0500", "not-found"),
        "spline | r2": ("0.991", "not-found"),
        "quintic | rmse": ("0.0250", "reproduced"),
        "quintic | r2": ("0.998", "close"),
        "best(2)": ("0.7071067811865476", "reproduced"),
        'best("2")': ("0.5", "not-run"),
    }
    [failed] = [one["need"] for one in ledger["claims"] if one["verdict"] == "not-run"]
    assert failed.startswith("its example failed: TypeError")
    evidence = {one["evidence"] for one in ledger["claims"] if one["verdict"] == "close"}
    assert evidence == {"cubic     0.07071  0.96891", "quintic   0.02500  0.99900"}
    of_paper = [one["claim"]["source"] for one in ledger["claims"] if "quintic" in one["evidence"]]
    assert {(one["path"], one["line"], one["note"]) for one in of_paper} == {
        ("paper.pdf", 1, "Table 2")
    }
    assert [run["command"] for run in ledger["runs"]] == ["python fit.py", "examples of README.md"]
    counts = metadata.claims
    assert counts is not None
    assert (counts.stated, counts.reproduced, counts.close, counts.not_found) == (11, 6, 2, 2)
    for name in ("report.md", "report.html"):
        shown = (folder / name).read_text()
        assert "11 numbers stated: 6 reproduced, 2 close, 2 not in the output, 1 not run" in shown
    assert "cubic     0.07071" in (folder / "attempts" / "01" / "claims_1.log").read_text()


def test_a_command_that_fails_leaves_its_numbers_not_run(tmp_path, repository, no_containers_left):
    text = README.replace("best rmse = 0.0707", "best rmse = 0.0707\nend = 0.5")
    repo = repository({"fit.py": f"{FIT}raise SystemExit(3)\n", "README.md": text})

    state = reproduce(
        repo=repo,
        out=str(tmp_path / "runs"),
        smoke="test -f fit.py",
        target="claims",
        return_state=True,
    )

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert metadata.status == "success", metadata.reason
    ledger = json.loads(Path(folder, "claims.json").read_text())
    ends = [one for one in ledger["claims"] if one["claim"]["label"] == "end = #"]
    assert [(one["verdict"], one["need"]) for one in ends] == [
        ("not-run", "its command ended with status 3")
    ]
    assert metadata.grade == "results", "what was printed before the end counts"


WRITES = """\
import csv
import json
import os
import struct
import zlib

# Stands for what differs from run to run: chance would let this test fail now and then.
noise = 0.0 if os.path.exists("results/fit.csv") else 0.1
with open("results/fit.csv", "w") as file:
    rows = csv.writer(file)
    rows.writerow(["model", "rmse", "seconds"])
    rows.writerow(["linear", round(2 ** 0.5 / 10, 4), 1.5])
    rows.writerow(["cubic", round(2 ** 0.5 / 20, 4), 2.5])
seen = json.load(open("results/seen.json"))
json.dump({**seen, "runs": seen["runs"] + 1}, open("results/seen.json", "w"))
width, rows = 40, [b"\\0" + b"\\0" * (10 + line % 7) + b"\\xff" * (30 - line % 7) for line in range(20)]
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
head = struct.pack(">IIBBBBB", width, len(rows), 8, 0, 0, 0, 0)
for name in ("same", "other"):
    with open(f"results/{name}.png", "wb") as file:
        file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head))
        file.write(chunk(b"IDAT", zlib.compress(b"".join(rows), 9)) + chunk(b"IEND", b""))
print("noise =", 0.5 + noise)
print("offset =", 9.5 + noise)
"""
WRITTEN = {
    "study.py": WRITES,
    "README.md": (
        "# Study\n\n## Usage\n\n```bash\npython study.py\n```\n\n```\nnoise = 0.551\noffset = 2.125\n```\n"
    ),
    "results/fit.csv": "model,rmse,seconds\nlinear,0.1414,9.9\ncubic,0.0717,9.9\n",
    "results/seen.json": '{"runs": 1, "weight": 0.25}\n',
    "results/other.csv": "model,rmse\nlinear,0.1414\n",
}


def test_files_that_a_command_writes_are_compared_and_numbers_that_vary_have_a_spread(
    tmp_path, repository, no_containers_left
):
    repo = repository(WRITTEN)
    black = [0] * 800
    for name, pixels in (
        ("same", [0 if x < 10 + y % 7 else 255 for y in range(20) for x in range(40)]),
        ("other", black),
    ):
        picture = Image.new("L", (40, 20))
        picture.putdata(pixels)
        picture.save(Path(repo, "results", f"{name}.png"))
    commit_all(Path(repo))

    state = reproduce(repo=repo, out=str(tmp_path / "runs"), target="claims", return_state=True)

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.grade) == ("success", "results"), metadata.reason
    ledger = json.loads((folder / "claims.json").read_text())
    found = {one["claim"]["label"]: one for one in ledger["claims"]}
    assert {label: one["verdict"] for label, one in found.items()} == {
        "noise = #": "close",
        "offset = #": "differs",
        "linear | rmse": "reproduced",
        "cubic | rmse": "differs",
    }, "a column of times is left out, and a file that the command completes is none of its results"
    assert (found["cubic | rmse"]["obtained"], found["cubic | rmse"]["spread"]) == ("0.0707", [])
    assert found["cubic | rmse"]["evidence"] == "cubic | 0.0707 | 2.5"
    assert found["linear | rmse"]["claim"]["source"]["line"] == 2
    assert found["offset = #"]["spread"] == ["9.5", "9.6"]
    [run] = ledger["runs"]
    assert run["times"] == 3
    assert run["wrote"] == ["results/fit.csv", "results/other.png", "results/same.png"]
    pictures = {one["label"]: one for one in ledger["pictures"]}
    assert {label: one["verdict"] for label, one in pictures.items()} == {
        "results/other.png": "differs",
        "results/same.png": "reproduced",
    }
    strip = (folder / pictures["results/other.png"]["shown"]).read_bytes()
    assert base64.b64encode(strip).decode() in (folder / "report.html").read_text()
    assert "2 pictures compared: 1 alike" in (folder / "report.md").read_text()
    assert "9.5; in other runs 9.6" in (folder / "report.md").read_text()
    suite = ElementTree.fromstring((folder / "claims.xml").read_text())
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")


CHAIN = """\
# Sites

```
python -m sites.clean
python -m sites.count
```

A mean of 2.345 trees stands at each site.
"""


def test_a_command_that_reads_what_the_one_before_it_wrote_runs_behind_it(
    tmp_path, repository, no_containers_left
):
    repo = repository(
        {
            "sites/__init__.py": "",
            "sites/clean.py": "open('clean.csv', 'w').write('trees\\n2.345\\n')\nprint('done')\n",
            "sites/count.py": "print('mean trees:', open('clean.csv').read().split()[1])\n",
            "README.md": CHAIN,
        }
    )

    state = reproduce(repo=repo, out=str(tmp_path / "runs"), target="claims", return_state=True)

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert metadata.grade == "results"
    ledger = json.loads((folder / "claims.json").read_text())
    assert {one["command"]: one["behind_others"] for one in ledger["runs"]} == {
        "python -m sites.clean": False,
        "python -m sites.count": True,
    }
    [claim] = ledger["claims"]
    assert (claim["verdict"], claim["evidence"]) == ("reproduced", "mean trees: 2.345")
