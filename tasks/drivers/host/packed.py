"""What is fetched of an archive, before anything is unpacked."""

from datetime import datetime
from typing import NamedTuple


class Packed(NamedTuple):
    """The content of an archive."""

    data: bytes
    day: datetime | None = None
    """Of the code, where its archive knows it."""
    fresh: bool = False
    """The files were written when the archive was put together: their times mean nothing."""
