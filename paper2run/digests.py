"""Short names for values, for cache keys and records."""

import hashlib

from pydantic import BaseModel


def digest_of(*values: BaseModel | str) -> str:
    """Return the first 16 hex digits of the sha256 of the values' canonical JSON.

    Equal values give equal digests.
    """
    digest = hashlib.sha256()
    for value in values:
        text = value if isinstance(value, str) else value.model_dump_json()
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:16]
