import csv
from pathlib import Path

import pytest

from benchmarks.list_rows import Row, oracles, part_of, read_rows
from benchmarks.list_sample import HEAVY_REQUIREMENT, Group, draw
from paper2run.errors import UserError

NAMES = [f"owner/project{number}" for number in range(40)]
TRAIN = [name for name in NAMES if part_of(name) == "train"]


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    write(tmp_path / "repo2run.csv", [{"repo": name, "commit_prefix": ""} for name in NAMES])
    upper = [{"repo": name.upper(), "commit_prefix": ""} for name in NAMES[:20]]
    write(tmp_path / "installamatic.csv", upper)
    write(
        tmp_path / "papers.csv",
        [
            paper("small", code_kb="12.5"),
            paper("large", code_kb="300"),
            paper("unknown", code_kb=""),
            paper("in-r", language="R"),
            paper("elsewhere", source="paperbench"),
            paper(""),
        ],
    )
    return tmp_path


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def paper(name: str, **columns: str) -> dict[str, str]:
    repo = f"trainer/{name}" if name else ""
    default = {"source": "joss", "language": "Python", "code_kb": "1", "year": "2020"}
    return {"repo": repo, **default, **columns}


def names(lists: Path, *groups: str, seed: int = 7, **skipped: list[str]) -> list[list[str]]:
    drawn = draw(lists, [Group.of(words) for words in groups], "train", seed, **skipped)
    return [[row.repo for row in group.rows] for group in drawn]


def test_part_is_the_last_digit_of_the_lower_case_names_hash() -> None:
    # printf %s owner/name | sha256sum | cut -c64
    assert part_of("a/b") == part_of("A/B") == "train"
    assert part_of("geohot/tinygrad") == "train"
    assert {part_of(name) for name in NAMES} == {"train", "check"}


def test_same_seed_draws_the_same_rows_of_one_part_in_the_same_order(lists: Path) -> None:
    [first] = names(lists, "repo2run:8")

    assert names(lists, "repo2run:8") == [first]
    assert names(lists, "repo2run:5") == [first[:5]]
    assert set(first) < set(TRAIN)
    assert names(lists, "repo2run:8", seed=8) != [first]


def test_repository_of_two_lists_is_drawn_once(lists: Path) -> None:
    first, second = names(lists, "repo2run:8", "installamatic:99")

    assert not {name.lower() for name in second} & set(first)
    assert len(second) == len({name for name in TRAIN if name in NAMES[:20]} - set(first))


def test_spent_rows_never_come_and_the_next_comes_for_one_out_of_reach(lists: Path) -> None:
    [order] = names(lists, "repo2run:99")

    assert names(lists, "repo2run:2", spent=[order[0].upper()]) == [order[1:3]]
    assert names(lists, "repo2run:2", unavailable=[order[1]]) == [[order[0], order[2]]]
    [group] = draw(lists, [Group.of("repo2run:2")], "train", 7, unavailable=order[1:2])
    assert group.unavailable == (order[1],)


def test_papers_are_small_python_with_a_repository(lists: Path) -> None:
    found = [row.repo for part in ("train", "check") for row in read_rows(lists, "papers", part)]

    assert found == ["trainer/small"]


def test_lists_together_are_one_pool(lists: Path) -> None:
    [together] = names(lists, "repo2run+installamatic:99")

    assert {name.lower() for name in together} == set(TRAIN)
    assert len(together) == len(TRAIN)


def test_list_that_is_not_known_or_not_counted_is_refused(lists: Path) -> None:
    with pytest.raises(UserError, match="there is no list other"):
        names(lists, "other:3")
    with pytest.raises(UserError, match="repo2run is no sample"):
        Group.of("repo2run")


def test_gists_are_drawn_by_their_ids(tmp_path: Path) -> None:
    ids = [f"{number:020x}" for number in range(30)]
    write(tmp_path / "gists.csv", [{"gist_id": name, "py3": "1"} for name in ids])

    [drawn] = names(tmp_path, "gists:99")

    assert sorted(drawn) == [name for name in ids if part_of(name) == "train"]


def program(command: str, folder: str) -> Row:
    return Row("pyego_github", "owner/name", {"run_cmd": command, "folder": folder})


def test_program_starts_where_its_checkout_lies_under_its_own_name() -> None:
    found, remark = oracles(program("cd name/src && python run.py -x", "name/src"), {"src/run.py"})

    assert found["L2"]["cmd"] == 'ln -sfn "$REPO" name && { cd name/src && python run.py -x; }'
    assert found["L2"]["cwd"] == "outside"
    assert remark == ""


def test_import_stands_in_for_a_script_that_was_never_published() -> None:
    row = program("cd name && python test.py", "name/src/name")

    found, remark = oracles(row, {"src/name/__init__.py"})
    nothing, said = oracles(row, {"README"})

    assert found == {
        "L1": {
            "cmd": "python -c 'import name'",
            "cwd": "repo/src",
            "measures": "program",
            "timeout_s": 180,
        }
    }
    assert remark == "name/test.py is not in the repository at this commit: the import of name instead"  # fmt: skip
    assert nothing == {}
    assert "nothing but the hand-over" in said


def test_collection_decides_of_a_paper_only_where_it_has_tests() -> None:
    row = Row("papers", "owner/name", {})

    assert oracles(row, {"name/__init__.py", "latest_test.txt"})[0] == {}
    assert oracles(row, {"a/tests/test_a.py"})[0]["L2"]["measures"] == "collection"


def test_lists_of_whole_test_suites_run_the_tests_too() -> None:
    assert set(oracles(Row("installamatic", "owner/name", {}), set())[0]) == {"L2", "L3"}
    assert set(oracles(Row("repo2run", "owner/name", {}), set())[0]) == {"L2"}


@pytest.mark.parametrize(
    ("text", "is_heavy"),
    [
        ("numpy\ntorch>=1.8\n", True),
        ("Torchvision==0.9", True),
        ("tensorflow-gpu ==1.15", True),
        ("install_requires=['numpy', 'jax[cpu]']", True),
        ("dependencies:\n  - mxnet=1.5\n", True),
        ("torch ; python_version > '3'", True),
        ('[tool.poetry.dependencies]\ntorch = "^2"', True),
        ("torchbearer\npytest-torchx", False),
        ("# needs torch if you want a GPU", False),
        ("description = 'a wrapper of torch for people'", False),
    ],
)
def test_requirement_of_a_heavy_library_is_seen(text: str, is_heavy: bool) -> None:
    assert bool(HEAVY_REQUIREMENT.search(text)) is is_heavy
