"""Commands of READMEs that need nothing but the checkout: scripts, modules, patterns of files."""

from pathlib import Path

import pytest

from paper2run.claims.collecting import stated_claims
from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.repo import Paper
from paper2run.smoke.documented_uses import documented_uses

FILES = {
    "waves/__init__.py": "",
    "waves/fit.py": "print(1.5)\n",
    "waves/__main__.py": "print(2.5)\n",
    "01_clean.py": "open('clean.csv', 'w')\n",
    "02_tests.py": "print(open('clean.csv').read())\n",
    "sites/a.csv": "1\n",
    "sites/b.csv": "2\n",
}


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Write texts below a folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def uses(folder: Path, *lines: str, ending: str = ".md", **options: bool) -> list[str]:
    """Return the commands that a README with these lines gives."""
    fence = "" if ending == ".txt" else "```\n"
    text = "Usage\n\n" + fence + "".join(f"{line}\n" for line in lines) + fence
    write_files(folder, FILES | {f"README{ending}": text})
    tree = RepoTree.of(folder)
    found = documented_uses(read_facts(tree), frozenset(tree.files), **options)
    return [one.command for one in found if one.kind == "documented"]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("python -m waves.fit --n 20", "python -m waves.fit --n 20"),
        ("python3 -m waves sites/a.csv -o out.json", "python -m waves sites/a.csv -o out.json"),
        ("$ python -m waves.fit", "python -m waves.fit"),
        ("python -m waves", ""),
        ("python -m waves.plot", ""),
        ("python -m http.server", ""),
        ("python -m waves /data/all.csv", ""),
        ("python -m waves sites/*.csv", "python -m waves sites/a.csv sites/b.csv"),
        ("python -m waves sites/*.json", ""),
        ("python -m waves sites/*.csv | sort", ""),
    ],
)
def test_a_module_of_the_repository_is_a_command_like_a_script(tmp_path, line, command):
    assert uses(tmp_path, line) == ([command] if command else [])


def test_a_module_below_the_folder_of_sources_is_one_where_it_is_installed(tmp_path):
    setup = "from setuptools import setup, find_packages\nsetup(name='tides', packages=find_packages('src'),"
    write_files(
        tmp_path,
        {
            "setup.py": f"{setup} package_dir={{'': 'src'}})\n",
            "src/tides/__init__.py": "",
            "src/tides/run.py": "print(1)\n",
        },
    )

    assert uses(tmp_path, "python -m tides.run") == ["python -m tides.run"]


def test_words_behind_a_label_belong_to_the_command(tmp_path):
    lines = ("2. Table 1:  python 01_clean.py low", "Or say python 01_clean.py and wait.")

    assert uses(tmp_path, *lines, ending=".txt") == [
        "python 01_clean.py low",
        "python 01_clean.py",
    ]


def test_for_claims_a_command_may_read_what_one_before_it_wrote(tmp_path):
    lines = ("python 01_clean.py -o sites/c.csv", "python 02_tests.py sites/c.csv")

    assert uses(tmp_path, *lines) == [lines[0]]
    assert uses(tmp_path, *lines, all_in_order=True) == list(lines)
    assert uses(tmp_path, "python -m waves", all_in_order=True) == ["python -m waves"]


def test_a_command_that_fails_alone_runs_behind_those_before_it(tmp_path):
    uses(tmp_path, "python 01_clean.py", "python 02_tests.py")
    tree = RepoTree.of(tmp_path)

    stated = stated_claims(tree, read_facts(tree), Paper(path="", origin="none"))

    assert stated.otherwise == {
        "python 02_tests.py": "{ python 01_clean.py\n} >/dev/null 2>&1\npython 02_tests.py"
    }
