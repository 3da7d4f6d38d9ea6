"""A whole run that compares what authors state with what their commands print."""

import json
from pathlib import Path

import pytest

from flows.reproduce import reproduce
from tests.flow.test_verdicts import verdict_of

pytestmark = pytest.mark.docker

FIT = """\
import math


def best(size):
    return math.sqrt(size) / 2


print("model     rmse    r2")
print(f"linear    {math.sqrt(2) / 10:.5f}  {math.cos(0.5):.5f}")
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

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), target="claims", claims_timeout=60, return_state=True
    )

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.grade) == ("success", "results"), metadata.reason
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
        "best(2)": ("0.7071067811865476", "reproduced"),
        'best("2")': ("0.5", "not-run"),
    }
    [failed] = [one["need"] for one in ledger["claims"] if one["verdict"] == "not-run"]
    assert failed.startswith("its example failed: TypeError")
    evidence = {one["evidence"] for one in ledger["claims"] if one["verdict"] == "close"}
    assert evidence == {"cubic     0.07071  0.96891"}
    assert [run["command"] for run in ledger["runs"]] == ["python fit.py", "examples of README.md"]
    counts = metadata.claims
    assert counts is not None
    assert (counts.stated, counts.reproduced, counts.close, counts.not_found) == (9, 5, 1, 2)
    for name in ("report.md", "report.html"):
        shown = (folder / name).read_text()
        assert "9 numbers stated: 5 reproduced, 1 close, 2 not in the output, 1 not run" in shown
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
