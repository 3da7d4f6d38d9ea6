"""The room tables of docs/architecture.md match the folders, import contracts and stages' imports."""

import re
import tomllib
from pathlib import Path, PurePosixPath

import pytest

from tasks.running.rules_version import closure

ROOT = Path(__file__).parents[2]
ROW = re.compile(
    r"^\| (?P<layer>\d+|–) \| `(?P<room>[\w/]+)/` \| [^|]+ \| (?P<stages>[^|]+) \|$", re.M
)
ROWS = [match.groupdict() for match in ROW.finditer((ROOT / "docs/architecture.md").read_text())]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]


@pytest.mark.parametrize("parent", ["paper2run", "tasks", "tasks/drivers"])
def test_every_room_has_one_row(parent):
    rooms = sorted(row["room"] for row in ROWS if row["room"].rpartition("/")[0] == parent)
    folders = sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / parent).iterdir()
        if path.is_dir() and path.name != "__pycache__"
    )

    assert rooms == folders


@pytest.mark.parametrize("parent", ["paper2run", "tasks", "tasks/drivers"])
def test_layers_are_those_of_the_import_contract(parent):
    [contract] = [one for one in CONTRACTS if one.get("containers") == [parent.replace("/", ".")]]
    layers = [{name.strip() for name in line.split("|")} for line in contract["layers"]]
    numbers = {
        row["room"].rpartition("/")[2]: int(row["layer"])
        for row in ROWS
        if row["room"].rpartition("/")[0] == parent and row["layer"] != "–"
    }
    written = [
        {name for name, number in numbers.items() if number == layer}
        for layer in sorted(set(numbers.values()))
    ]

    # Single modules have layers too; the tables list rooms.
    assert written == [rooms for names in layers if (rooms := names & numbers.keys())]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["room"])
def test_a_room_is_part_of_the_answers_of_its_stages(row):
    for stage in re.findall(r"`(\w+)`", row["stages"]):
        files = [path.relative_to(ROOT).as_posix() for path in closure(f"tasks.{stage}")]
        assert any(file.startswith(f"{row['room']}/") for file in files), stage


def test_the_guide_for_contributors_names_every_room():
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    names = [PurePosixPath(row["room"].rstrip("/")).name for row in ROWS]

    assert [name for name in names if f"{name}/`" not in guide] == []
