"""Statements on run folders: made, signed with a private key, and checked with its public one.

The envelope is DSSE. https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
The library is the extra `export`; it is imported where it is needed.
"""

import base64
import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ValidationError

from paper2run.errors import UserError
from paper2run.exports.run_record import public_address
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt, Metadata
from paper2run.proofs.statement import COVERED, PAYLOAD_TYPE, HandedOver, mismatches

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

LIBRARY: Final = "securesystemslib"
INSTALL: Final = (
    "in the clone of paper2run: `pipx install --force '.[export]'`, `uv tool install --force '.[export]'`, or"
    " `pip install '.[export]'` into this environment"
)
MAX_BYTES: Final = 10_000_000
"""Of a key or a statement."""
KEY_TYPES: Final = ("ed25519", "ecdsa")
MAKE_KEYS: Final = "make one with `openssl genpkey -algorithm ed25519 -out key.pem`"
TAKE_PUBLIC: Final = (
    "take it from the private one with `openssl pkey -in key.pem -pubout -out public.pem`"
)


class _Signature(BaseModel):
    sig: str
    keyid: str = ""


class _Envelope(BaseModel):
    """What the protocol says of an envelope; further fields are allowed."""

    payload: str
    payloadType: str
    signatures: tuple[_Signature, ...]


def handed_over(
    folder: Path, checkout: Checkout, metadata: Metadata, best: Attempt | None
) -> HandedOver:
    """Return what a run folder says of its test."""
    digests = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in COVERED
        if (folder / name).is_file() and not (folder / name).is_symlink()
    }
    address = public_address(checkout.url)
    return HandedOver(
        checkout=checkout, address=address, metadata=metadata, best=best, sha256=digests
    )


def sealed(payload: bytes, key: Path) -> dict[str, object]:
    """Return the envelope of a statement, signed with the private key in a PEM file.

    UserError for no such key."""
    from securesystemslib.dsse import Envelope

    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(_signer(key))
    found: dict[str, object] = envelope.to_dict()
    return found


def trouble_with(statement: Path, public_key: Path, found: HandedOver) -> tuple[str, ...]:
    """Return why a signed statement does not speak for a run folder; empty if it does.

    UserError for files that are no envelope and no public key.
    """
    need_library()
    key, envelope = _public_key(public_key), _envelope(statement)
    try:
        payload = _bytes(envelope.payload)
    except ValueError:
        return ("signature: the envelope is damaged",)
    if not any(_holds(one, envelope.payloadType, payload, key) for one in envelope.signatures):
        return (f"signature: none in {statement.name} is by the key {public_key.name}",)
    if envelope.payloadType != PAYLOAD_TYPE:
        return ("signature: it is by the key, of something that is no in-toto statement",)
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return ("signature: it is by the key, of something that is no JSON",)
    return tuple(mismatches(said, found))


def check_pair(statement: str, public_key: str) -> None:
    """UserError if a statement was given without a key, or a key without a statement."""
    if bool(statement) == bool(public_key):
        return
    given, other = ("--statement", "--public-key") if statement else ("--public-key", "--statement")
    raise UserError(
        f"{given} was given without {other}",
        hint="a statement is checked with the public key of who signed it: give both, or none",
    )


def need_library() -> None:
    """UserError if what signs and checks is not installed: it is the extra `export`."""
    if find_spec(LIBRARY) is None:
        raise UserError(f"what checks signatures is not installed: {LIBRARY}", hint=INSTALL)


def _holds(signature: _Signature, payload_type: str, payload: bytes, key: "SSlibKey") -> bool:
    """Whether a signature is by the key. Its own name of a key is a hint, which anybody can write."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature

    try:
        signed = Signature(key.keyid, _bytes(signature.sig).hex())
        key.verify_signature(signed, Envelope(payload, payload_type, {}).pae())
    except (UnverifiedSignatureError, ValueError):
        return False
    return True


def _bytes(text: str) -> bytes:
    """Return what base64 of either alphabet says, as the protocol allows; ValueError if it is none."""
    return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)


def _envelope(path: Path) -> _Envelope:
    try:
        return _Envelope.model_validate_json(_content(path, "name the file that the export wrote"))
    except ValidationError:
        raise UserError(
            f"{path} is no signed statement",
            hint="name one that `paper2run export --statement --key FILE` wrote",
        ) from None


def _signer(path: Path) -> "CryptoSigner":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    try:
        signer = CryptoSigner(load_pem_private_key(_content(path, MAKE_KEYS), None))
    except TypeError:
        raise UserError(
            f"the key {path} has a password",
            hint="name one without, or write one: `openssl pkey -in key.pem -out plain.pem`",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key(path, "private", MAKE_KEYS) from None
    if signer.public_key.keytype not in KEY_TYPES:
        raise _no_key(path, "private", MAKE_KEYS)
    return signer


def _public_key(path: Path) -> "SSlibKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    try:
        key = SSlibKey.from_crypto(load_pem_public_key(_content(path, TAKE_PUBLIC)))
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key(path, "public", TAKE_PUBLIC) from None
    if key.keytype not in KEY_TYPES:
        raise _no_key(path, "public", TAKE_PUBLIC)
    return key


def _no_key(path: Path, which: str, hint: str) -> UserError:
    return UserError(f"{path} is no {which} key of ed25519 or ECDSA in PEM", hint=hint)


def _content(path: Path, hint: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", hint=hint) from None
    if len(content) > MAX_BYTES:
        raise UserError(f"{path} is too large", hint=hint)
    return content
