"""`paper2run export` on run folders as runs leave them: what is written, and what it leaves out."""

import json
import socket
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from paper2run.errors import UserError
from paper2run.model.inventory import Inventory, Package
from paper2run.model.repo import Paper
from paper2run.settings import Settings
from tasks.console import run_exports
from tasks.console.invocation import Invocation
from tests.run_folders import INVENTORY, PINNED, TREE, run_folder

WITH_A_PATH = "ran in {folder}, as /home/ada/mesh says, in /srv/p2r/mirrors/mesh.git\n"


def export(folder: Path, *flags: str) -> dict[str, str]:
    """Return what the command prints as JSON."""
    ended = CliRunner().invoke(app, ["export", str(folder), *flags, "--json"])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    assert ended.exit_code == 0, ended.output
    found: dict[str, str] = json.loads(ended.stdout)
    return found


def graph_of(crate: str) -> dict[str, dict[str, object]]:
    text = Path(crate, "ro-crate-metadata.json").read_text("utf-8")
    return {node["@id"]: node for node in json.loads(text)["@graph"]}


def all_text(folder: str) -> str:
    files = (path for path in Path(folder).rglob("*") if path.is_file())
    return "".join(f"{path}\n{path.read_text('utf-8')}" for path in files)


@pytest.mark.parametrize("kind", ["success", "failure", "crash"])
def test_a_crate_lists_exactly_the_files_that_it_holds(tmp_path, kind) -> None:
    found = export(run_folder(tmp_path, kind), "--crate", "--out", str(tmp_path / "out"))

    crate = Path(found["crate"])
    assert crate == tmp_path / "out" / "mesh-20260101T000000Z-crate"
    held = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file()}
    graph = graph_of(found["crate"])
    files = {name for name, node in graph.items() if node["@type"] == "File"}
    assert held == files | {"ro-crate-metadata.json"}
    assert {"repository/CITATION.cff", "repository/requirements.lock", "repository/LICENSE"} < held
    assert "run.log" not in held
    assert {part["@id"] for part in graph["./"]["hasPart"]} == files
    assert graph["metadata.json"]["contentSize"] == str((crate / "metadata.json").stat().st_size)


def test_a_crate_and_a_bill_hold_no_trace_of_this_machine(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "ada-laptop")
    local = PINNED.changed(url="/home/ada/mesh", name="mesh", mirror="/srv/p2r/mirrors/mesh.git")
    paper = Paper(path="/home/ada/papers/mesh.pdf", origin="given")
    folder = run_folder(
        tmp_path / "somewhere",
        checkout=local,
        paper=paper,
        log=WITH_A_PATH.format(folder=tmp_path / "somewhere/mesh-20260101T000000Z")
        + "ada-laptop\n",
        reason=f"{tmp_path}/somewhere/mesh-20260101T000000Z was slow on ada-laptop",
    )

    found = export(folder, "--crate", "--sbom", "--out", str(tmp_path / "out"))

    text = all_text(found["crate"]).replace(found["crate"], "") + Path(found["sbom"]).read_text()
    for trace in ("/home/ada", "/srv/p2r", "somewhere", "ada-laptop"):
        assert trace not in text
    assert graph_of(found["crate"])["#repository"]["name"] == "mesh"
    assert json.loads(Path(found["crate"], "metadata.json").read_text())["repo"] == "mesh"


def test_names_of_strangers_lead_nowhere_and_break_no_json(tmp_path) -> None:
    odd = 'a"\n\u202e#?/../../..%00'
    packages = (*INVENTORY.packages, Package(kind="pypi", name=odd, version=odd, place=odd))
    folder = run_folder(
        tmp_path / "runs",
        checkout=PINNED.changed(name=odd),
        paper=Paper(path=odd, origin="given", title=odd),
        inventory=Inventory(image_id="x", packages=packages),
        log="\x1b[31m\x00\ufffd\n",
    )
    (folder / "repo/CITATION.cff").unlink()
    (folder / "repo/LICENSE").unlink()
    (folder / "repo/LICENSE").symlink_to("/etc/passwd")
    (folder / "repo/COPYING a&b #1").write_bytes(b"\xff\x00 free")
    (folder / "attempts/01/odd.log").symlink_to("/etc/passwd")

    found = export(folder, "--crate", "--sbom", "--out", str(tmp_path / "out"))

    graph, crate = graph_of(found["crate"]), Path(found["crate"])
    assert (crate / "repository/COPYING a&b #1").read_bytes() == b"\xff\x00 free"
    assert graph["./"]["license"] == {"@id": "repository/COPYING%20a%26b%20%231"}
    assert "repository/COPYING%20a%26b%20%231" in graph
    assert not (crate / "repository/LICENSE").exists()
    assert not (crate / "attempts/01/odd.log").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "out"}
    json.loads(Path(found["sbom"]).read_text("utf-8"))


def test_a_run_of_an_earlier_version_gets_the_swhid_of_its_files_from_its_checkout(
    forge, tmp_path
) -> None:
    code = forge.repository("lab/mesh", {"a.py": "a = 1\n"})
    commit = forge.git(code, "rev-parse", "HEAD")
    folder = run_folder(tmp_path, checkout=PINNED.changed(commit=commit, tree=""))
    (code / ".git").rename(folder / "repo/.git")

    crate = export(folder, "--crate", "--out", str(tmp_path / "out"))["crate"]

    tree = forge.git(folder / "repo", "rev-parse", "HEAD^{tree}")
    assert tree != TREE
    assert graph_of(crate)["https://forge.test/lab/mesh"]["identifier"] == [
        f"swh:1:rev:{commit}", f"swh:1:dir:{tree}",
    ]  # fmt: skip


def test_a_bill_of_a_run_without_an_inventory_says_so_on_the_terminal(tmp_path) -> None:
    folder = run_folder(tmp_path, inventory=None)
    ended = CliRunner().invoke(app, ["export", str(folder), "--sbom", "--out", str(tmp_path)])

    assert ended.exit_code == 0
    assert "did not list the packages of its image" in ended.stderr
    assert f"sbom: {tmp_path}/mesh-20260101T000000Z.cdx.json" in ended.stdout


def test_without_a_folder_the_exports_go_where_the_command_was_started(
    tmp_path, monkeypatch
) -> None:
    folder, here = run_folder(tmp_path / "runs"), tmp_path / "here"
    monkeypatch.setattr("flows.export_command.invocation", lambda: Invocation(here))

    assert export(folder, "--sbom")["sbom"] == str(here / "mesh-20260101T000000Z.cdx.json")


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        ([], "nothing to export was named"),
        (["--crate"], "crate exists"),
        (["--sbom"], "json exists"),
    ],
)
def test_nothing_is_overwritten_and_nothing_is_guessed(tmp_path, flags, what) -> None:
    folder = run_folder(tmp_path)
    (tmp_path / "mesh-20260101T000000Z-crate").mkdir()
    (tmp_path / "mesh-20260101T000000Z.cdx.json").write_text("mine")

    with pytest.raises(UserError, match=what) as caught:
        export(folder, *flags, "--out", str(tmp_path))

    assert caught.value.hint
    assert (tmp_path / "mesh-20260101T000000Z.cdx.json").read_text() == "mine"
    assert not list((tmp_path / "mesh-20260101T000000Z-crate").iterdir())


def test_a_crate_that_fails_leaves_nothing_behind(tmp_path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_exports, "write_graph", full)
    with pytest.raises(OSError, match="No space"):
        export(run_folder(tmp_path / "runs"), "--crate", "--out", str(tmp_path / "out"))

    assert list((tmp_path / "out").iterdir()) == []


def test_without_the_extra_the_command_says_how_to_get_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(
        run_exports, "find_spec", lambda name: None if name == "rocrate" else find_spec(name)
    )
    with pytest.raises(UserError, match="not installed: rocrate") as caught:
        export(run_folder(tmp_path), "--crate")

    assert "[export]" in caught.value.hint


def test_a_run_that_has_not_ended_or_fetched_nothing_cannot_be_exported(tmp_path) -> None:
    running = run_folder(tmp_path / "a", status="running", ended_at=None)
    with pytest.raises(UserError, match="has not ended"):
        export(running, "--crate")

    without_code = run_folder(tmp_path / "b", status="preflight-failed")
    (without_code / "repo.json").unlink()
    with pytest.raises(UserError, match="before its code was fetched"):
        export(without_code, "--crate")


def test_a_record_of_another_version_is_told(tmp_path) -> None:
    folder = run_folder(tmp_path)
    (folder / "attempts/01/attempt.json").write_text('{"number": 1}')

    with pytest.raises(UserError, match="another version"):
        run_exports.read_run(folder)


def test_the_settings_home_is_a_place_of_this_machine(tmp_path) -> None:
    folder = run_folder(tmp_path)
    traces = run_exports.traces_in(
        run_exports.read_run(folder), folder, Settings(home=tmp_path / "state")
    )

    assert traces.out_of(f"{tmp_path}/state/mirrors") == "[path removed]/mirrors"
