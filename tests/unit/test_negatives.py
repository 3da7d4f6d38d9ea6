"""The benchmark's faults and harmless changes on small repositories, and the table of verdicts."""

import ast
import csv
import subprocess
from pathlib import Path
from random import Random

import pytest

from benchmarks.constructed import UNCHANGED, Case, Works, choose, selected, write
from benchmarks.corpus_entries import Entry
from benchmarks.corpus_results import Result
from benchmarks.fault_places import Change, Places, with_first
from benchmarks.faults import FAULTS, dead_download
from benchmarks.harmless_changes import HARMLESS
from benchmarks.negatives_table import as_csv, judge, summarise, table
from paper2run.formats.tree import RepoTree

GONE = "https://example.org/gone.tar.gz"
SETUP = """# A package.
from setuptools import setup

setup(
    name="waves",
    packages=["waves"],
    install_requires=["numpy>=1.9"],
)
"""
PACKAGE = {
    "setup.py": SETUP,
    "README.md": "# Waves\n\n    >>> from waves import height\n",
    "waves/__init__.py": '"""Waves."""\nfrom __future__ import print_function\nfrom .core import height\n',
    "waves/core.py": "import numpy\n\n\ndef height(x):\n    return numpy.sin(x)\n",
    "waves/plot.py": 'import waves\n\nif __name__ == "__main__":\n    print(waves.height(1))\n',
    "waves/tests/test_core.py": "from waves import height\n",
    "tests/test_height.py": "def test_height():\n    open('tests/known.csv')\n",
    "tests/known.csv": "1,2\n",
    "docs/conf.py": "project = 'waves'\n",
}
SCRIPTS = {
    "README.md": "# Walks\n\n```\npython walk.py data/graph.txt\n```\n",
    "walk.py": "import sys\nfrom steps import step\n\nif __name__ == '__main__':\n    print(step(sys.argv[1]))\n",
    "steps.py": "def step(text):\n    return text.split()\n",
    "data/graph.txt": "1 2\n",
    "requirements.txt": "numpy",
}
ALL = {**FAULTS, "dead-download": dead_download(GONE)}
ONLY_OF_SCRIPTS = {"documented-data-deleted", "documented-script-removed"}
ONLY_OF_PACKAGES = {"module-deleted", "package-left-out", "nvcc-in-build", "dead-download"}


@pytest.fixture
def make(tmp_path):
    def make(files):
        write(tmp_path, Change(files))
        return Places(tmp_path)

    return make


@pytest.fixture
def entry(tmp_path):
    """An entry of a corpus whose repository is the package, dated 2019."""
    root = tmp_path / "origin" / "waves"
    write(root, Change(PACKAGE))
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    dated = {
        "GIT_AUTHOR_DATE": "2019-05-01T10:00:00Z",
        "GIT_COMMITTER_DATE": "2019-05-01T10:00:00Z",
    }
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "Waves"]):
        subprocess.run([*git, *arguments], check=True, env={"PATH": "/usr/bin:/bin", **dated})
    commit = subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()
    return Entry(id="waves-2019", url=str(root), commit=commit, oracle={})


def changed(places, kind):
    change = {**ALL, **HARMLESS}[kind](places, Random(1))
    assert change is not None
    return change


def test_first_statement_comes_after_docstring_comments_and_future_imports():
    future = "from __future__ import (division,\n    print_function)\n"
    head = f"#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n'''Doc.\n\nMore.'''\n\n{future}"

    assert with_first(f"{head}import os\n", "X = 1") == f"{head}X = 1\nimport os\n"
    assert with_first("", "X = 1") == "X = 1\n"
    assert with_first('"""Only words."""', "X = 1") == '"""Only words."""\nX = 1\n'
    assert with_first("from .a import b\n", "X = 1") == "X = 1\nfrom .a import b\n"


def test_hearts_are_what_every_use_of_a_package_or_of_scripts_runs(tmp_path):
    package, scripts = tmp_path / "package", tmp_path / "scripts"
    write(package, Change(PACKAGE))
    write(scripts, Change(SCRIPTS))

    assert Places(package).hearts == ("waves/__init__.py", "waves/plot.py")
    assert Places(scripts).hearts == ("steps.py", "walk.py")


@pytest.mark.parametrize("kind", sorted(set(ALL) - ONLY_OF_SCRIPTS))
def test_fault_stands_on_every_path_into_a_package(make, kind):
    places = make(PACKAGE)

    change = changed(places, kind)

    heart = change.files.get("waves/__init__.py", places.text("waves/__init__.py"))
    assert change.causes
    assert heart != PACKAGE["waves/__init__.py"] or change.files.get("waves/core.py", "") is None
    assert all(text is None or text != PACKAGE.get(path) for path, text in change.files.items())


@pytest.mark.parametrize("kind", sorted(set(ALL) - ONLY_OF_PACKAGES))
def test_fault_stands_in_scripts_or_takes_what_they_are_started_with(make, kind):
    change = changed(make(SCRIPTS), kind)

    touched = {path for path in change.files if path in ("walk.py", "steps.py", "data/graph.txt")}
    assert touched
    assert all(text is None or text != SCRIPTS.get(path) for path, text in change.files.items())


@pytest.mark.parametrize("kind", sorted(ONLY_OF_SCRIPTS))
def test_fault_of_documented_commands_has_no_place_in_a_package(make, kind):
    assert ALL[kind](make(PACKAGE), Random(1)) is None


@pytest.mark.parametrize("kind", sorted(ONLY_OF_PACKAGES))
def test_fault_of_packages_has_no_place_among_scripts(make, kind):
    assert ALL[kind](make(SCRIPTS), Random(1)) is None


def test_what_is_deleted_is_what_documents_or_the_package_name(make):
    places = make(SCRIPTS)

    assert changed(places, "documented-data-deleted").files == {"data/graph.txt": None}
    assert changed(places, "documented-script-removed").files == {"walk.py": None}
    assert set(changed(places, "code-withheld").files) == {
        "README.md", "requirements.txt", "steps.py", "walk.py",
    }  # fmt: skip


def test_deleted_module_is_one_that_the_package_imports(make):
    places = make(PACKAGE)

    assert changed(places, "module-deleted").files == {"waves/core.py": None}
    assert set(changed(places, "package-left-out").files) == {
        "waves/__init__.py", "waves/core.py", "waves/plot.py", "waves/tests/test_core.py",
    }  # fmt: skip


@pytest.mark.parametrize("kind", sorted({*ALL, *HARMLESS} - {"two-pythons", "unterminated-merge"}))
@pytest.mark.parametrize("files", [PACKAGE, SCRIPTS], ids=["package", "scripts"])
def test_changed_code_still_parses(make, kind, files):
    change = {**ALL, **HARMLESS}[kind](make(files), Random(2))
    for path, text in change.files.items() if change else ():
        if path.endswith(".py") and text and path != "contrib/old_plots.py":
            ast.parse(text)


def test_two_pythons_leave_modules_that_no_interpreter_parses_both(make):
    files = changed(make(PACKAGE), "two-pythons").files

    with pytest.raises(SyntaxError):
        ast.parse(files["waves/banner_old.py"])
    ast.parse(files["waves/banner_new.py"])
    assert "import banner_old\nimport banner_new" in files["waves/__init__.py"]


@pytest.mark.parametrize(
    ("manifest", "text", "expected"),
    [
        ("setup.py", SETUP, 'install_requires=["six==1.10.0", "numpy>=1.9"]'),
        ("setup.py", "setup(\n    name='x',\n)\n", 'setup(\n    install_requires=["six==1.10.0", ],\n'),
        ("pyproject.toml", '[project]\ndependencies = ["numpy"]\n', 'dependencies = ["six==1.10.0", "numpy"]'),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "3"\n', 'ies]\nsix = "1.10.0"\npython'),
        ("requirements.txt", "numpy", "numpy\nsix==1.10.0\n"),
    ],
)  # fmt: skip
def test_requirement_is_declared_where_the_manifest_lists_them(make, manifest, text, expected):
    files = make({manifest: text, "x.py": ""}).declared("six==1.10.0")

    assert list(files) == [manifest]
    assert expected in files[manifest]


def test_requirements_computed_by_setup_py_are_declared_beside_it(make):
    text = "lines = open('requirements.txt')\ninstall_requires = [x for x in lines]\n"

    assert list(make({"setup.py": text}).declared("six")) == ["requirements.txt"]


@pytest.mark.parametrize("kind", sorted(HARMLESS))
def test_harmless_change_breaks_neither_the_package_nor_its_imports(make, kind):
    change = changed(make(PACKAGE), kind)

    assert not change.causes
    assert change.files
    assert "waves/core.py" not in change.files
    heart = change.files.get("waves/__init__.py", PACKAGE["waves/__init__.py"])
    tops = [node.names[0].name for node in ast.parse(heart).body if isinstance(node, ast.Import)]
    assert set(tops) <= {"os", "sys"}


def test_changes_of_manifests_and_tests_are_the_ones_that_their_names_promise(make):
    places = make(PACKAGE)

    assert '"numpy"]' in changed(places, "looser-limit").files["setup.py"]
    assert changed(places, "test-data-deleted").files == {"tests/known.csv": None}
    assert 'extras_require={"accelerated"' in changed(places, "unknown-extra").files["setup.py"]


def test_case_is_one_commit_on_the_entry_dated_like_it_and_the_same_each_time(entry, tmp_path):
    first = list(selected(Works(tmp_path / "a", 1), [entry], ALL, ["*.undefined-name"]))
    again = list(selected(Works(tmp_path / "b", 1), [entry], ALL, ["*.undefined-name"]))

    (case,) = first
    shown = subprocess.check_output(
        ["git", "-C", case.entry.url, "log", "-2", "--format=%H %cI", case.entry.commit], text=True
    )
    assert case.entry.commit == again[0].entry.commit
    assert [line.split()[0] for line in shown.splitlines()] == [case.entry.commit, entry.commit]
    assert {line.split()[1][:10] for line in shown.splitlines()} == {"2019-05-01"}
    assert case.entry.expectation.causes == ("code_error",)
    assert (
        RepoTree.of(Path(case.entry.url)).text("waves/__init__.py") == PACKAGE["waves/__init__.py"]
    )


def test_cases_share_kinds_and_repositories_out_evenly(entry, tmp_path):
    works = Works(tmp_path / "works", 1)
    entries = [entry, entry.changed(id="other")]

    cases = choose(works, entries, ALL, 20, Random(1))

    assert len({case.kind for case in cases}) == 20
    assert [case.base for case in cases].count("other") == 10
    of_scripts = {kind: ALL[kind] for kind in ONLY_OF_SCRIPTS}
    assert choose(works, entries, of_scripts, 3, Random(1)) == []


def case(kind, base="waves", causes=(), objects=()):
    words = f"not-reproducible:{'+'.join(causes).replace('_', '-')}" if causes else "reproducible"
    entry = Entry(
        id=f"{base}.{kind}", url="x", commit="a" * 40, oracle={}, expected=words
    )  # fmt: skip
    return Case(entry, base, kind, Change({}, causes, objects))


def test_verdicts_are_counted_by_cause_and_a_repository_that_never_worked_is_left_out():
    gpu = case("cuda-at-import", causes=("needs_gpu",), objects=("cupy",))
    data = case("data-never-committed", causes=("missing_data",), objects=("table.csv",))
    link = case("dead-download", causes=("dead_link", "missing_data"))
    harmless = case("guarded-library")
    broken = [case(UNCHANGED, "broken"), case("guarded-library", "broken")]
    cases = [case(UNCHANGED), gpu, data, link, harmless, *broken]
    results = [
        Result.of(cases[0].entry, "success"),
        Result.of(gpu.entry, "stopped-by-rule").changed(cause="needs_gpu", reason="It needs CuPy."),
        Result.of(data.entry, "success"),
        Result.of(link.entry, "stopped-by-rule").changed(
            cause="missing_data", smallest_change="x", gets_past=True
        ),
        Result.of(harmless.entry, "stopped-by-rule").changed(cause="needs_gpu"),
        Result.of(broken[0].entry, "max-attempts-exhausted"),
        Result.of(broken[1].entry, "max-attempts-exhausted"),
    ]

    summary = summarise(judge(cases, results), 1)

    assert (summary.negatives, summary.right, summary.false_success) == (3, 2, 1)
    assert (summary.positives, summary.positives_right, summary.false_impossible) == (1, 0, 1)
    assert (summary.named, summary.stops, summary.with_smallest_change) == (1, 2, 1)
    assert (summary.tried, summary.confirmed) == (1, 1)
    assert summary.not_counted == 2
    totals = {total.cause: total for total in summary.causes}
    assert (totals["needs_gpu"].right, totals["needs_gpu"].said) == (1, 2)
    assert totals["needs_gpu"].said_rightly == 1
    assert (totals["missing_data"].right, totals["missing_data"].said_rightly) == (0, 1)
    assert (totals["dead_link"].negatives, totals["dead_link"].right) == (1, 1)
    words = table(summary)
    assert "by a class of their error | 2 of 3 (67 %) |" in words
    assert "| needs_gpu | 1 of 1 (100 %) | 1 of 2 (50 %) |" in words
    assert "| waves.data-never-committed | missing_data | success |" in words
    assert "broken.guarded-library" in words
    lines = list(csv.DictReader(as_csv(summary.cases).splitlines()))
    assert [line["truth"] for line in lines[3:5]] == ["dead_link or missing_data", "works"]
