"""Scripts and goals of make that READMEs name are run for the numbers that they print."""

import pytest

from paper2run.claims.documented_scripts import script_runs
from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree

MAKEFILE = "table1:\n\tpython run.py --n 20\n\tpython run.py --n 80\nsetup:\n\tpip install -r requirements.txt\n"


@pytest.mark.parametrize(
    ("usage", "line"),
    [
        ("make table1", "{ python run.py --n 20; } && { python run.py --n 80; }"),
        ("make setup", ""),
        ("make table9", ""),
        ("sh scripts/all.sh", "sh scripts/all.sh"),
        ("bash scripts/all.sh fast", "bash scripts/all.sh fast"),
        ("./scripts/all.sh", "bash scripts/all.sh"),
        ("bash scripts/fetch.sh", ""),
        ("bash scripts/absent.sh", ""),
    ],
)
def test_what_a_documented_call_runs(tmp_path, usage, line):
    files = {
        "README.md": f"# Runs\n\n```sh\n{usage}\n```\n",
        "Makefile": MAKEFILE,
        "run.py": "print(1.5)\n",
        "scripts/all.sh": "python run.py\n",
        "scripts/fetch.sh": "curl -O https://example.org/data.csv\npython run.py\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    tree = RepoTree.of(tmp_path)

    runs = [one for one in script_runs(tree, read_facts(tree)) if one.choice.command == usage]

    assert [one.line for one in runs] == ([line] if line else [])
