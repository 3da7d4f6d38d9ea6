"""Exports that are one file: a patch in real checkouts, a definition, a statement and its check."""

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from paper2run.errors import UserError
from paper2run.model.facts import Import, RepoFacts
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt
from paper2run.model.resolution import Pin
from paper2run.model.value import Source
from paper2run.rendering.dockerfile import render
from paper2run.rendering.pip_steps import pinned_steps
from tasks.console import run_exports
from tasks.folder_record import keep_record
from tasks.running.records import RunFolder
from tests.run_folders import ENDS, PINNED, run_folder
from tests.stage.test_export import export

HASH = "a" * 64
ODD = 'Ünï côde/it\'s "q" $HOME\t--- a.py'
IMPORT = Import(
    module="numpy", where="script", files=1, source=Source(kind="import", path=ODD, line=3)
)


def attempt_with(**fields: object) -> Attempt:
    """Return an attempt that took numpy for an import alone, and passed."""
    attempt = ENDS["success"][1]
    pins = (Pin(name="numpy", version="1.20.1", sha256=(HASH,)),)
    reason = attempt.planned.reasons[0].changed(topic="dependency", source=IMPORT.source)
    plan = attempt.planned.plan.changed(install_steps=pinned_steps(pins), **fields)
    resolution = attempt.planned.resolution.changed(pins=pins)
    planned = attempt.planned.changed(plan=plan, reasons=(reason,), resolution=resolution)
    return attempt.changed(planned=planned)


def run_of(
    forge, place: Path, files: dict[str, bytes], monkeypatch, url: str = PINNED.url
) -> tuple[Path, Path]:
    """Return the folder of a graded run of a real commit, and its repository."""
    repository = forge.repository("lab/mesh", files)
    commit = forge.git(repository, "rev-parse", "HEAD")
    attempt, checkout = attempt_with(), PINNED.changed(commit=commit, url=url)
    monkeypatch.setitem(ENDS, "success", (ENDS["success"][0], attempt))
    folder = run_folder(place, checkout=checkout, grade="imports")
    for path in [path for path in (folder / "repo").iterdir() if path.is_file()]:
        path.unlink()
    forge.git(repository, "worktree", "add", "-q", "--detach", "-f", str(folder / "laid"))
    (folder / "repo").rmdir()
    (folder / "laid").rename(folder / "repo")
    keep(folder, checkout, attempt)
    return folder, repository


def keep(folder: Path, checkout: Checkout, attempt: Attempt) -> None:
    """Write what a run leaves beside its records."""
    rendered = render(checkout, attempt.planned)
    (folder / "Dockerfile").write_text(rendered.dockerfile)
    (folder / "requirements.lock").write_text(rendered.lock)
    (folder / "repo_facts.json").write_text(RepoFacts(facts=(IMPORT,)).model_dump_json())
    keep_record(RunFolder(folder))


@pytest.mark.parametrize(
    "requirements",
    [
        b"pandas\n",
        b"pandas",
        b"pandas\r\nsix\r\n",
        b"pandas\r\nsix",
        b"",
        b"# caf\xe9\npandas\n",
        b"a\x0cb\x85\n" * 20,
    ],
)
def test_a_patch_applies_to_a_checkout_and_keeps_what_is_there(
    forge, tmp_path, monkeypatch, requirements
):
    files = {"requirements.txt": requirements, ODD: b"import numpy\n", "a 'b'.txt": b"x"}
    folder, repository = run_of(forge, tmp_path / "runs", files, monkeypatch)
    patch = export(folder, "--patch", "--out", str(tmp_path / "out"))["patch"]

    forge.git(repository, "-c", "core.autocrlf=false", "apply", "--check", patch)
    forge.git(repository, "apply", "--index", patch)

    status = forge.git(repository, "-c", "core.quotePath=false", "status", "--porcelain").split(
        "\n"
    )
    assert [line.strip() for line in status] == [
        "A  .dockerignore", "A  .github/workflows/paper2run.yml", "A  Dockerfile", "A  requirements-lock.txt",
        "M  requirements.txt",
    ]  # fmt: skip
    after = (repository / "requirements.txt").read_bytes()
    end = b"\r\n" if b"\r\n" in requirements else b"\n"
    kept = requirements if requirements.endswith(b"\n") or not requirements else requirements + end
    assert after.startswith(kept + b"numpy  # imported by ")
    assert after.endswith(end)
    assert after.count(end) == kept.count(end) + 1
    assert not (forge.git(repository, "diff", "--cached", "--stat", "--", "a 'b'.txt"))


def test_a_patch_of_a_repository_with_all_of_it_adds_beside_it(forge, tmp_path, monkeypatch):
    files = {
        "requirements.txt": b"numpy\n", "Dockerfile": b"FROM scratch\n", "requirements-lock.txt": b"mine\n",
        ".github": b"a file, and no folder",
    }  # fmt: skip
    folder, repository = run_of(forge, tmp_path / "runs", files, monkeypatch)
    (folder / "repo_facts.json").write_text(RepoFacts().model_dump_json())

    patch = export(folder, "--patch", "--out", str(tmp_path / "out"))["patch"]
    forge.git(repository, "apply", "--index", patch)

    assert forge.git(repository, "status", "--porcelain").split("\n") == [
        "A  Dockerfile.paper2run", "A  Dockerfile.paper2run.dockerignore",
    ]  # fmt: skip


def test_links_in_a_checkout_are_neither_followed_nor_replaced(forge, tmp_path, monkeypatch):
    folder, repository = run_of(forge, tmp_path / "runs", {"a.py": b"x\n"}, monkeypatch)
    outside = tmp_path / "outside"
    outside.mkdir()
    for root in (repository, folder / "repo"):
        (root / "requirements.txt").symlink_to("/etc/hostname")
        (root / ".github").symlink_to(outside)
        (root / "Dockerfile").symlink_to("nowhere")
    forge.commit(repository, {})

    patch = export(folder, "--patch", "--out", str(tmp_path / "out"))["patch"]
    forge.git(repository, "apply", "--index", patch)

    assert "workflows" not in Path(patch).read_text()
    assert "+++ b/requirements.txt" not in Path(patch).read_text()
    assert "+++ b/Dockerfile.paper2run\n" in Path(patch).read_text()
    assert list(outside.iterdir()) == []


def test_no_file_holds_a_trace_of_this_machine(forge, tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "ada-laptop")
    folder, _ = run_of(
        forge, tmp_path / "somewhere", {"requirements.txt": b"six\n"}, monkeypatch, "/home/ada/mesh"
    )
    text = (folder / "Dockerfile").read_text()
    (folder / "Dockerfile").write_text(
        f"# made on ada-laptop in {folder}, of /home/ada/mesh\n{text}"
    )

    found = export(folder, "--patch", "--apptainer", "--statement", "--out", str(tmp_path / "out"))

    assert set(found) == {"patch", "apptainer", "statement"}
    for path in found.values():
        content = Path(path).read_text()
        for trace in ("/home/ada", "somewhere", "ada-laptop", "mirrors"):
            assert trace not in content


def test_a_definition_is_of_the_image_s_own_attempt(forge, tmp_path, monkeypatch):
    folder, _ = run_of(forge, tmp_path / "runs", {"a.py": b"x\n"}, monkeypatch)
    path = Path(export(folder, "--apptainer", "--out", str(tmp_path / "out"))["apptainer"])

    assert path.name == "mesh-20260101T000000Z.def"
    assert "--require-hashes -r /opt/paper2run/requirements.lock'" in path.read_text()
    assert "exec /bin/sh -c 'python train.py'" in path.read_text()

    (folder / "requirements.lock").unlink()
    text = Path(
        export(folder, "--apptainer", "--out", str(tmp_path / "more"))["apptainer"]
    ).read_text()
    assert "numpy==1.20.1" in text
    assert "requirements.lock" not in text


def test_a_statement_is_plain_without_a_key_and_an_envelope_with_one(forge, tmp_path, monkeypatch):
    folder, _ = run_of(forge, tmp_path / "runs", {"a.py": b"x\n"}, monkeypatch)
    plain = export(folder, "--statement", "--out", str(tmp_path / "out"))["statement"]
    key = tmp_path / "key.pem"
    key.write_text(KEY)
    envelope = export(folder, "--statement", "--key", str(key), "--out", str(tmp_path / "more"))[
        "statement"
    ]

    assert Path(plain).name == "mesh-20260101T000000Z.intoto.json"
    assert json.loads(Path(plain).read_text())["_type"] == "https://in-toto.io/Statement/v1"
    assert set(json.loads(Path(envelope).read_text())) == {"payload", "payloadType", "signatures"}


KEY = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
"""
"""Of bytes 0 to 31."""


@pytest.mark.parametrize(
    ("kind", "flags", "what"),
    [
        ("failure", ["--apptainer"], "built no image"),
        ("failure", ["--patch"], "nothing was shown to run"),
        ("success", ["--patch"], "no repo_facts.json"),
        ("success", ["--crate", "--key", "k"], "none was asked for"),
        ("success", ["--statement", "--key", "nowhere"], "cannot be read"),
    ],
)
def test_what_cannot_be_exported_is_an_error_and_leaves_nothing(tmp_path, kind, flags, what):
    folder = run_folder(tmp_path / "runs", kind)
    if kind == "failure":
        (folder / "repo_facts.json").write_text("{}")
    with pytest.raises(UserError, match=what) as caught:
        export(folder, *flags, "--out", str(tmp_path / "out"))

    assert caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("ending", ["patch", "def", "intoto.json"])
def test_nothing_is_overwritten(forge, tmp_path, monkeypatch, ending):
    folder, _ = run_of(forge, tmp_path / "runs", {"a.py": b"x\n"}, monkeypatch)
    mine = tmp_path / f"mesh-20260101T000000Z.{ending}"
    mine.write_text("mine")
    flag = {"patch": "--patch", "def": "--apptainer", "intoto.json": "--statement"}[ending]

    with pytest.raises(UserError, match="exists already"):
        export(folder, flag, "--out", str(tmp_path))

    assert mine.read_text() == "mine"


def test_only_a_signature_needs_a_library(forge, tmp_path, monkeypatch):
    folder, _ = run_of(forge, tmp_path / "runs", {"a.py": b"x\n"}, monkeypatch)
    monkeypatch.setattr(run_exports, "find_spec", lambda name: None)

    export(folder, "--patch", "--apptainer", "--statement", "--out", str(tmp_path / "out"))
    with pytest.raises(UserError, match="not installed: securesystemslib"):
        export(folder, "--statement", "--key", "x", "--out", str(tmp_path / "more"))


def test_verify_wants_statement_and_key_together(tmp_path):
    ended = CliRunner().invoke(app, ["verify", str(tmp_path), "--statement", "x"])

    assert isinstance(ended.exception, UserError)
    assert "without --public-key" in ended.exception.what
