"""Keeps the settings of this process's run: the parent flow reads them once, its attempts use them.

An attempt is a flow, and Prefect sends the parameters of a flow to its server, which shows them.
Settings hold keys and addresses with logins, so they must not be a parameter. A subflow runs in its
parent's context.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from paper2run.settings import Settings

_CURRENT: Final[ContextVar[Settings]] = ContextVar("settings of the run")


@contextmanager
def settings_of_run(settings: Settings) -> Iterator[None]:
    """Let `current_settings` return these settings for the block."""
    token = _CURRENT.set(settings)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_settings() -> Settings:
    """Return the settings of the run. LookupError outside of one."""
    return _CURRENT.get()
