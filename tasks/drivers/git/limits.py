"""How long and how large fetching may become, and the way that it takes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from paper2run.settings import Settings

Environment = Mapping[str, str | None]
"""Variables of git; None removes one."""


@dataclass(frozen=True)
class Limits:
    """Limits for fetching a repository with all its submodules."""

    timeout_s: float
    deadline: float
    """On the monotonic clock."""
    max_mb: int
    on_line: Callable[[str], None] | None = None
    proxies: Environment = field(default_factory=dict)
    """As `proxies_of` has them."""

    @classmethod
    def from_now(
        cls,
        timeout_s: float,
        max_mb: int,
        on_line: Callable[[str], None] | None = None,
        proxies: Environment | None = None,
    ) -> Self:
        """Return limits that start to count now."""
        return cls(timeout_s, time.monotonic() + timeout_s, max_mb, on_line, proxies or {})

    @property
    def left_s(self) -> float:
        """Seconds that are left, never below 0."""
        return max(self.deadline - time.monotonic(), 0.0)


def proxies_of(settings: Settings) -> Environment:
    """Return the variables by which git takes the settings' proxies; none where they name no proxy.

    The environment has the choice then, as for all our requests. The user's own configuration of git (`http.proxy`)
    counts before both.
    """
    if not settings.http_proxy and not settings.https_proxy:
        return {}
    # curl reads http_proxy in small letters alone, and the small ones of the others first.
    return {
        "http_proxy": settings.http_proxy or None,
        "https_proxy": settings.https_proxy or None,
        "HTTPS_PROXY": None,
        "all_proxy": None,
        "ALL_PROXY": None,
        "no_proxy": settings.no_proxy or None,
        "NO_PROXY": None,
    }
