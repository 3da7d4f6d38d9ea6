"""The time that an image is dated with: that of the commit, in seconds since 1970.

BuildKit from 0.11 on dates image and history with the argument SOURCE_DATE_EPOCH; others ignore it.
https://reproducible-builds.org/specs/source-date-epoch/
"""

import re
from datetime import datetime
from typing import Final

VARIABLE: Final = "SOURCE_DATE_EPOCH"
CREATED: Final = re.compile(
    r'^LABEL org\.opencontainers\.image\.created="(?P<time>[0-9T:+.Z-]+)"$', re.MULTILINE
)


def source_date(dockerfile: str) -> dict[str, str]:
    """Return the build argument by which engines date an image; empty where no commit's time is known."""
    found = CREATED.search(dockerfile)
    if found is None:
        return {}
    try:
        seconds = int(datetime.fromisoformat(found["time"]).timestamp())
    except ValueError:
        return {}
    return {VARIABLE: str(seconds)} if seconds > 0 else {}
