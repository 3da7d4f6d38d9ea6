"""What counts as source code, and what a folder of pictures may hide."""

from pathlib import Path

import pytest

from paper2run.detectors import languages, read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import Asked
from paper2run.model.facts import LanguageShare, NoCode
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence


def tree_of(root: Path, *paths: str, max_files: int = 1000) -> RepoTree:
    for path in paths:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("x\n")
    return RepoTree.of(root, max_files=max_files)


@pytest.mark.parametrize(
    ("path", "language"),
    [("a.tsx", "javascript"), ("a.v", "verilog"), ("a.tla", "tla+"), ("a.ql", "codeql"),
     ("a.strange", ".strange"), ("a.FOR", "fortran"), ("a.sol", "solidity"),
     ("include/a.hpp", "c++"), ("a.nb", "mathematica"), ("a.sql", "sql")],
)  # fmt: skip
def test_sources_of_rarer_languages_are_code(tmp_path: Path, path: str, language: str) -> None:
    found = list(languages.detect(tree_of(tmp_path, path, "README.md")))
    assert [fact.language for fact in found if isinstance(fact, LanguageShare)] == [language]
    assert len(found) == 1


def test_headers_beside_sources_are_not_counted(tmp_path: Path) -> None:
    found = list(languages.detect(tree_of(tmp_path, "a.py", "b.h")))
    assert [fact.language for fact in found if isinstance(fact, LanguageShare)] == ["python"]


def test_of_a_tree_that_was_cut_nobody_says_that_it_holds_no_code(tmp_path: Path) -> None:
    data = [f"data/{number}.txt" for number in range(10)]
    whole = tree_of(tmp_path, *data)
    assert any(isinstance(fact, NoCode) for fact in languages.detect(whole))
    cut = tree_of(tmp_path, "src/main.py", max_files=10)
    assert cut.truncated
    assert list(languages.detect(cut)) == []


def test_pictures_leave_room_for_the_sources_behind_them(tmp_path: Path) -> None:
    pictures = [f"data/{number}.png" for number in range(20)]
    tree = tree_of(tmp_path, *pictures, "src/main.py", max_files=10)
    assert tree.truncated
    assert tree.has("src/main.py")


@pytest.mark.parametrize(("path", "cause"), [("notes.txt", "no_code"), ("Makefile", "")])
def test_what_a_build_file_builds_is_code(tmp_path: Path, path: str, cause: str) -> None:
    tree = tree_of(tmp_path, "words.csv", path)
    asked = Asked(name="lab/code", commit="1" * 40)
    found = rules.plan(Evidence(read_facts(tree), frozenset(tree.files), asked))
    if cause:
        assert isinstance(found, Diagnosis)
        assert found.cause == cause
    else:
        assert not isinstance(found, Diagnosis) or found.cause != "no_code"


@pytest.mark.parametrize(
    ("text", "is_code"),
    [
        ("3\nwater\nO 0.00 0.00 0.11\nH 0.00 0.75 -0.46\nH 0.00 -0.75 -0.46\n", False),
        ("1,2.5e-3,4\n2,2.6e-3,5\n", False),
        ("pen 0 1\nmove 10 20\nlet x = rotate(90)\ndraw x\n", True),
    ],
)
def test_a_table_of_numbers_is_no_code_whatever_its_ending(
    tmp_path: Path, text: str, is_code: bool
) -> None:
    (tmp_path / "a.strange").write_text(text)
    found = list(languages.detect(RepoTree.of(tmp_path)))
    assert [isinstance(fact, LanguageShare) for fact in found] == [is_code]
