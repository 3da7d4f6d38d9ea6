"""Makes a certificate authority that one build trusts, so that its downloads can be kept.

The library is the extra `export` and is imported where it is used. The key never leaves the build's own context.
https://cryptography.io/en/latest/x509/
"""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

DAYS: Final = 36_500
"""A bundle is rebuilt whenever somebody wants to know, decades later too."""


class Authority(NamedTuple):
    """PEM texts."""

    certificate: str
    key: str


def new_authority() -> Authority:
    """Return a new authority, which may sign certificates of hosts and nothing else."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, "kept downloads of one paper2run build")]
    )
    # A day earlier: the engine's clock need not be ours.
    begins = datetime.now(UTC) - timedelta(days=1)
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode(),
    )
