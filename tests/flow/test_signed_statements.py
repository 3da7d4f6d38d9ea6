"""`verify` with a signed statement: what does not hold ends it before anything is built."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from flows.verification import verify
from paper2run.errors import UserError
from paper2run.model.rebuild import Rebuild
from paper2run.settings import Settings
from tasks.console.file_exports import write_statement
from tasks.console.run_exports import read_run, traces_in
from tasks.folder_record import keep_record
from tasks.running.records import RunFolder
from tests.run_folders import run_folder

pytestmark = pytest.mark.docker


def keys(folder: Path, name: str) -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = run_folder(tmp_path / "runs", grade="imports")
    keep_record(RunFolder(found))
    return found


def statement_on(folder: Path, out: Path, key: Path) -> Path:
    record = read_run(folder)
    return write_statement(record, folder, out, traces_in(record, folder, Settings()), key)


def checked(folder: Path, statement: Path, public: Path) -> Rebuild:
    state = verify(str(folder), str(statement), str(public), return_state=True)
    found, records = state.result()
    assert state.name == "Tampered"
    assert json.loads((Path(records) / "verify.json").read_text())["outcome"] == "tampered"
    assert found.image_id == ""
    assert found.build_seconds == 0
    return found


def test_a_signature_of_another_key_ends_it(folder, tmp_path):
    private, _ = keys(tmp_path, "ours")
    _, other = keys(tmp_path, "other")

    found = checked(folder, statement_on(folder, tmp_path / "out", private), other)

    assert found.tampered == ()
    assert found.statement == (
        f"signature: none in {folder.name}.intoto.json is by the key other.pub",
    )
    assert found.reason.startswith("the signed statement is not about this folder: signature: none")


def test_a_folder_whose_own_record_was_written_anew_is_found_by_the_statement(folder, tmp_path):
    private, public = keys(tmp_path, "ours")
    statement = statement_on(folder, tmp_path / "out", private)
    (folder / "repo" / "README.md").write_text("# Other\n")
    assert checked(folder, statement, public).tampered == ("repo/README.md: changed",)

    keep_record(RunFolder(folder))
    found = checked(folder, statement, public)

    assert found.tampered == ()
    assert [line.partition(":")[0] for line in found.statement] == ["record.json"]


def test_a_statement_without_a_key_is_a_bad_request(folder):
    state = verify(str(folder), "statement", return_state=True)

    assert state.name == "Bad request"
    with pytest.raises(UserError, match="without --public-key"):
        state.result()
