"""Statements on runs: what they say, how they are signed, and what a check of them finds."""

import base64
import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult as Result
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as Parsed

from paper2run.errors import UserError
from paper2run.proofs.statement import PAYLOAD_TYPE, HandedOver, mismatches, statement_of
from tasks.signed_statement import check_pair, sealed, trouble_with
from tests.run_folders import ENDS, IMAGE_ID, PINNED, TREE

DIGESTS = {"Dockerfile": "d" * 64, "requirements.lock": "e" * 64, "record.json": "f" * 64}
KINDS = {
    "ed25519": Ed25519PrivateKey.generate,
    "ecdsa P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
}


def handed(kind: str = "success", **fields: object) -> HandedOver:
    metadata, attempt = ENDS[kind]
    metadata = metadata.changed(grade="documented-run" if kind == "success" else "none")
    given = {
        "checkout": PINNED, "address": "https://forge.test/lab/mesh", "metadata": metadata, "best": attempt,
        "sha256": DIGESTS,
    }  # fmt: skip
    return HandedOver.model_validate({**given, **fields})


def valid(statement: dict[str, object]) -> dict[str, object]:
    """Return the predicate of a statement that the framework's own library takes."""
    Statement.copy_from_pb(
        ParseDict(
            {"type" if key == "_type" else key: value for key, value in statement.items()}, Parsed()
        )
    ).validate()
    predicate = statement["predicate"]
    ParseDict(predicate, Result())
    return predicate


# What is said.


def test_a_statement_names_image_repository_and_files_and_what_passed():
    said = statement_of(handed())
    predicate = valid(said)

    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert said["subject"] == [{"name": "paper2run/mesh:1", "digest": {"sha256": IMAGE_ID[7:]}}]
    repository, *files = predicate["configuration"]
    assert repository == {
        "name": "lab/mesh", "uri": "https://forge.test/lab/mesh",
        "digest": {"gitCommit": PINNED.commit, "gitTree": TREE},
    }  # fmt: skip
    assert {one["name"]: one["digest"]["sha256"] for one in files} == DIGESTS
    assert predicate["passedTests"] == ["built", "imports", "smoke"]
    assert predicate["failedTests"] == ["tests"]
    assert predicate["result"] == "WARNED"


@pytest.mark.parametrize(
    ("kind", "fields", "result"),
    [("success", {}, "WARNED"), ("crash", {}, "FAILED"), ("failure", {}, "FAILED")],
)
def test_the_result_follows_the_grade_and_what_failed(kind, fields, result):
    assert valid(statement_of(handed(kind, **fields)))["result"] == result


def test_a_success_in_which_nothing_failed_has_passed():
    best = ENDS["success"][1]
    rungs = tuple(rung for rung in best.verification.rungs if rung.passed)
    best = best.changed(verification=best.verification.changed(rungs=rungs))

    assert valid(statement_of(handed(best=best)))["result"] == "PASSED"


def test_a_run_without_an_image_is_about_its_commit():
    said = statement_of(handed("failure", address="", best=None, sha256={}))

    assert valid(said)["configuration"] == said["subject"]
    assert said["subject"] == [
        {"name": "lab/mesh", "digest": {"gitCommit": PINNED.commit, "gitTree": TREE}}
    ]


# The comparison.


def test_the_statement_of_a_run_is_about_it_whatever_its_names_and_further_fields():
    run = handed()
    said = statement_of(run.changed(address="", checkout=PINNED.changed(name="other")))

    assert list(mismatches({**said, "x": 1}, run)) == []


@pytest.mark.parametrize(
    ("changed", "item"),
    [
        ({"sha256": {**DIGESTS, "Dockerfile": "0" * 64}}, "Dockerfile"),
        ({"sha256": {**DIGESTS, "requirements.lock": "0" * 64}}, "requirements.lock"),
        ({"sha256": {"Dockerfile": "d" * 64}}, "record.json"),
        ({"checkout": PINNED.changed(commit="9" * 40)}, "configuration"),
        (
            {"metadata": ENDS["success"][0].changed(grade="tests", image_id=f"sha256:{'0' * 64}")},
            "subject",
        ),
        ({"metadata": ENDS["success"][0].changed(grade="none")}, "result"),
        ({"best": ENDS["crash"][1]}, "passedTests"),
    ],
)
def test_each_digest_and_each_result_counts(changed, item):
    found = list(mismatches(statement_of(handed()), handed(**changed)))

    assert any(line.startswith(f"{item}: the statement says ") for line in found), found


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        7,
        "x",
        {},
        {"subject": [7], "predicate": []},
        {"subject": {"digest": 1}, "predicate": {"configuration": [[]]}},
    ],
)
def test_what_is_no_statement_is_about_nothing(said):
    assert len(list(mismatches(said, handed()))) > 4


def test_a_second_digest_of_a_file_is_not_overlooked():
    said = statement_of(handed())
    said["predicate"]["configuration"].append(
        {"name": "Dockerfile", "digest": {"sha256": "0" * 64}}
    )

    assert [line.partition(":")[0] for line in mismatches(said, handed())] == ["configuration"]


# The signature.


def key_files(folder: Path, kind: str = "ed25519", name: str = "key") -> tuple[Path, Path]:
    """Write a new private key and its public one."""
    key = KINDS[kind]() if kind in KINDS else rsa.generate_private_key(65537, 2048)
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


def signed(folder: Path, private: Path, said: object | None = None) -> Path:
    path = folder / "mesh.intoto.json"
    payload = json.dumps(statement_of(handed()) if said is None else said).encode()
    path.write_text(json.dumps(sealed(payload, private)))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_statement_of_the_run_holds(tmp_path, kind):
    private, public = key_files(tmp_path, kind)

    assert trouble_with(signed(tmp_path, private), public, handed()) == ()


def test_the_signature_is_over_the_protocol_s_encoding(tmp_path):
    private, public = key_files(tmp_path)
    envelope = json.loads(signed(tmp_path, private).read_text())
    payload = base64.b64decode(envelope["payload"])
    # https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
    encoded = b"DSSEv1 %d %b %d %b" % (28, b"application/vnd.in-toto+json", len(payload), payload)

    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert json.loads(payload) == statement_of(handed())
    key = load_pem_public_key(public.read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded)


def test_openssl_s_keys_are_taken(tmp_path):
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    for words in (
        ["genpkey", "-algorithm", "ed25519", "-out", private],
        ["pkey", "-in", private, "-pubout", "-out", public],
    ):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    assert trouble_with(signed(tmp_path, private), public, handed()) == ()


def test_the_name_of_a_key_in_the_envelope_is_only_a_hint(tmp_path):
    private, public = key_files(tmp_path)
    path = signed(tmp_path, private)
    envelope = json.loads(path.read_text())
    other = key_files(tmp_path, name="other")[0]
    strange = json.loads(signed(tmp_path, other).read_text())["signatures"][0]
    kept = envelope["signatures"][0]
    envelope["payload"] = envelope["payload"].replace("+", "-").replace("/", "_")
    envelope["signatures"] = [{**strange, "keyid": kept["keyid"]}, {"sig": kept["sig"]}]
    path.write_text(json.dumps(envelope))

    assert trouble_with(path, public, handed()) == ()


def test_another_key_a_changed_payload_and_no_signature_are_found(tmp_path):
    private, public = key_files(tmp_path)
    path = signed(tmp_path, private)
    envelope = json.loads(path.read_text())
    _, other = key_files(tmp_path, name="other")
    of_no_key = "signature: none in mesh.intoto.json is by the key "

    assert trouble_with(path, other, handed()) == (f"{of_no_key}other.pub",)
    forged = base64.b64encode(json.dumps({"_type": "x"}).encode()).decode()
    for changed in (
        {"payload": forged},
        {"payloadType": "text/plain"},
        {"signatures": []},
        {"signatures": [{"sig": "AAAA"}, {"sig": "no base64"}]},
    ):
        path.write_text(json.dumps({**envelope, **changed}))
        assert trouble_with(path, public, handed()) == (f"{of_no_key}key.pub",)
    path.write_text(json.dumps({**envelope, "payload": "no base64"}))
    assert trouble_with(path, public, handed()) == ("signature: the envelope is damaged",)


def test_a_signature_of_something_else_is_no_statement(tmp_path):
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner

    key = Ed25519PrivateKey.generate()
    public, path = tmp_path / "key.pub", tmp_path / "x.json"
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    for payload, kind, words in (
        (b"{}", "text/plain", "no in-toto"),
        (b"{", PAYLOAD_TYPE, "no JSON"),
    ):
        envelope = Envelope(payload, kind, {})
        envelope.sign(CryptoSigner(key))
        path.write_text(json.dumps(envelope.to_dict()))
        [found] = trouble_with(path, public, handed())
        assert words in found


def test_a_statement_on_another_run_is_found(tmp_path):
    private, public = key_files(tmp_path)
    other = handed(sha256={**DIGESTS, "record.json": "0" * 64})

    [found] = trouble_with(signed(tmp_path, private, statement_of(other)), public, handed())

    assert found.startswith("record.json: the statement says sha256:000")


def test_files_that_are_no_keys_and_no_envelopes_are_errors_with_a_hint(tmp_path):
    private, public = key_files(tmp_path)
    path = signed(tmp_path, private)
    plain, rsa_private, rsa_public = tmp_path / "plain", *key_files(tmp_path, "rsa", "rsa")
    plain.write_text(json.dumps(statement_of(handed())))
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
        )
    )
    for call, match in (
        (lambda: trouble_with(plain, public, handed()), "no signed statement"),
        (lambda: trouble_with(tmp_path / "none", public, handed()), "cannot be read"),
        (lambda: trouble_with(path, private, handed()), "no public key"),
        (lambda: trouble_with(path, rsa_public, handed()), "no public key"),
        (lambda: trouble_with(path, tmp_path, handed()), "cannot be read"),
        (lambda: sealed(b"", rsa_private), "no private key"),
        (lambda: sealed(b"", public), "no private key"),
        (lambda: sealed(b"", locked), "has a password"),
        (lambda: check_pair("x", ""), "without --public-key"),
        (lambda: check_pair("", "x"), "without --statement"),
    ):
        with pytest.raises(UserError, match=match) as caught:
            call()
        assert caught.value.hint
    check_pair("", "")
    check_pair("x", "y")
