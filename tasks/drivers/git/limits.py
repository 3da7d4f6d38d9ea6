"""How long and how large fetching may become."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits for fetching a repository with all its submodules."""

    timeout_s: float
    deadline: float
    """On the monotonic clock."""
    max_mb: int
    on_line: Callable[[str], None] | None = None

    @classmethod
    def from_now(
        cls, timeout_s: float, max_mb: int, on_line: Callable[[str], None] | None = None
    ) -> "Limits":
        """Return limits that start to count now."""
        return cls(timeout_s, time.monotonic() + timeout_s, max_mb, on_line)

    @property
    def left_s(self) -> float:
        """Seconds that are left, never below 0."""
        return max(self.deadline - time.monotonic(), 0.0)
