"""The benchmark of import resolution on folders and tables of single files."""

import csv

import pytest

from benchmarks.imports import codes_of, measure, report, write
from paper2run.errors import UserError

SCRIPT = "import os\nimport cv2\nimport helper\nfrom . import near\n"


@pytest.fixture
def folder(tmp_path):
    files = {
        "a.py": SCRIPT,
        "sub/b.py": "try:\n    import cv2\nexcept ImportError:\n    cv2 = None\nimport rospy\n",
        "helper.py": "print 'old', 1\nimport numpy\n",
        "c.py": "import numpy\nthis is no Python\n",
        "d.py": "\0\0",
        "notes.txt": "import pandas\n",
    }
    (tmp_path / "sub").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def modules(measured):
    return [
        (found.file, found.line, found.guess.module, found.guess.certainty, found.guarded)
        for found in measured.found
    ]


def test_each_file_of_a_folder_stands_alone(folder):
    measured = measure(codes_of(folder))
    assert modules(measured) == [
        ("a.py", 2, "cv2", "known", False),
        ("a.py", 3, "helper", "absent", False),
        ("c.py", 1, "numpy", "known", False),
        ("helper.py", 2, "numpy", "known", False),
        ("sub/b.py", 2, "cv2", "known", True),
        ("sub/b.py", 5, "rospy", "absent", False),
    ]
    assert (measured.files, measured.broken, measured.unreadable) == (4, 1, 1)


def test_a_repository_needs_no_distribution_for_its_own_modules(folder):
    found = measure(codes_of(folder, together=True)).found
    assert "helper" not in {each.guess.module for each in found}


def test_rows_bring_code_or_name_a_file_beside_the_table(folder):
    table = folder / "rows.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["id", "code"], ["1", SCRIPT], ["2", "import sklearn\n" * 9999]]
        )
    assert [row[2] for row in modules(measure(codes_of(table)))] == ["cv2", "helper", "sklearn"]
    table.write_text("path\na.py\n../a.py\nd.py\n")
    measured = measure(codes_of(table))
    assert [row[:3] for row in modules(measured)] == [("a.py", 2, "cv2"), ("a.py", 3, "helper")]
    assert measured.unreadable == 2


def test_the_report_counts_modules_and_imports_by_certainty(folder, tmp_path):
    measured = measure(codes_of(folder))
    text = report(measured)
    assert "opencv-python-headless" in text
    assert "known           2 modules,       4 imports" in text
    assert "4 files (1 broken), 1 unreadable" in text
    write(tmp_path / "out.csv", measured.found)
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(measured.found)
    assert rows[0]["distribution"] == "opencv-python-headless"


@pytest.mark.parametrize("name", ["nothing", "notes.txt"])
def test_what_is_neither_a_folder_nor_such_a_table_is_refused(folder, name):
    with pytest.raises(UserError):
        list(codes_of(folder / name))
