"""Requests for bundles that cannot be served: told before Prefect or an engine is asked."""

import hashlib
import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from paper2run.errors import UserError
from paper2run.exports.bundle import Bundle, without_login
from paper2run.settings import Settings
from tasks.bundle import need_clean
from tests.run_folders import run_folder


def refused(*arguments: str) -> UserError:
    ended = CliRunner().invoke(app, list(arguments))
    assert isinstance(ended.exception, UserError), (ended.output, ended.exception)
    return ended.exception


def bundle_of(run: Path, **fields: object) -> Path:
    """Return a bundle that says it is of that run."""
    record = (run / "record.json").read_bytes()
    said = Bundle.model_validate(
        {
            "run": run.name,
            "record_sha256": hashlib.sha256(record).hexdigest(),
            "rebuilds": True,
            "paper2run": "0.1.0",
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            "architecture": "amd64",
            **fields,
        }
    )
    path = run.parent / "demo.tar"
    with tarfile.open(path, "w") as archive:
        for name, text in (
            ("bundle.json", said.model_dump_json().encode()),
            ("run/record.json", record),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = run_folder(tmp_path, "success")
    (folder / "record.json").write_text('{"files": []}\n')
    return folder


def test_a_bundle_of_another_run_is_refused(run: Path) -> None:
    path = bundle_of(run, record_sha256="0" * 64)

    assert "is of another run than" in refused("verify", str(run), "--offline", str(path)).what


def test_a_bundle_that_does_not_rebuild_says_why(run: Path) -> None:
    path = bundle_of(run, rebuilds=False, reason="it asks the clock")

    error = refused("verify", "--offline", str(path))

    assert error.what == "demo.tar does not rebuild: it asks the clock"
    assert "docker load" in error.hint


def test_a_file_of_another_kind_is_refused(run: Path) -> None:
    assert "is no bundle" in refused("verify", "--offline", str(run / "metadata.json")).what
    assert "is no bundle" in refused("verify", "--offline", str(run / "none.tar")).what


def test_a_bundle_and_all_runs_do_not_go_together(run: Path) -> None:
    assert "--all" in refused("verify", "--all", "--offline", str(bundle_of(run))).what


def test_a_bundle_replaces_nothing(run: Path) -> None:
    path = bundle_of(run)
    before = path.read_bytes()

    assert "exists already" in refused("export", str(run), "--bundle", str(path)).what
    assert path.read_bytes() == before


def test_a_bundle_shows_no_login_of_this_site(tmp_path: Path) -> None:
    assert without_login("https://ada:secret@host:8/simple/") == "https://host:8/simple/"
    assert without_login("") == ""
    need_clean(Settings(home=tmp_path, index_url="https://ada:secret@host/simple/"))
    with pytest.raises(UserError, match="a token in the path"):
        need_clean(Settings(home=tmp_path, conda_channel_alias="https://host/t/abcdefghij/conda"))
