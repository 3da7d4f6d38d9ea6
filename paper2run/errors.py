"""Our own failures. A repository's failure is a value and never one of these."""

import errno
from collections.abc import Iterable
from typing import Final, Literal

from paper2run.redaction import redact

Trouble = Literal["", "engine", "index", "disk", "network", "server", "machine"]
"""What of this machine is at fault and may recover: the container engine, the package index, a disk, another host of
the network, the Prefect server, the machine itself (its memory). Empty if a person must act first: a missing
program, a folder of another user."""
FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class Paper2RunError(Exception):
    """The base class of our expected failures: carries what was found and what to do next.

    Both begin in lower case and end without a full stop (tests/unit/test_house_rules.py); users see
    `error: <what>` and `hint: <hint>`.
    """

    exit_code = 1

    def __init__(self, what: str, *, hint: str = "") -> None:
        # Prefect makes an exception that it kept as JSON again out of its words alone.
        # Whatever prints or keeps it: the words of a library may quote an address with its login.
        self.what = redact(what)
        self.hint = redact(hint)
        super().__init__(self.what)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with all fields: Prefect carries exceptions between processes."""
        return _rebuild, (type(self), self.what, self.__dict__)


class UserError(Paper2RunError):
    """The request cannot be served as it stands; changing it helps."""

    exit_code = 2


class HostError(Paper2RunError):
    """The machine, its engine, its disk or its network failed; `transient` means that a retry may help."""

    exit_code = 3

    def __init__(
        self,
        what: str,
        *,
        hint: str = "",
        transient: bool = False,
        trouble: Trouble = "",
        says: str = "",
    ) -> None:
        super().__init__(what, hint=hint)
        self.transient = transient
        self.trouble = trouble
        self.says = redact(says)
        """What the program that failed said itself, for rules; empty if unknown. `what` is for people."""


class EngineError(HostError):
    """No container engine answers, or it answered that it cannot."""

    def __init__(
        self,
        what: str,
        *,
        hint: str,
        transient: bool = False,
        trouble: Trouble = "engine",
        says: str = "",
    ) -> None:
        super().__init__(what, hint=hint, transient=transient, trouble=trouble, says=says)


class ModelError(Paper2RunError):
    """The language model's service failed or returned nothing usable.

    `transient` means that a retry may help.
    """

    exit_code = 4

    def __init__(
        self,
        what: str,
        *,
        hint: str,
        transient: bool = False,
        retry_after_s: float = 0.0,
    ) -> None:
        super().__init__(what, hint=hint)
        self.transient = transient
        self.retry_after_s = retry_after_s
        """Seconds that the service asks to wait for; 0 where it says nothing."""


def redacted(error: HostError, secrets: Iterable[str]) -> HostError:
    """Return the same error without these secrets."""
    known = tuple(secrets)
    copy = type(error)(redact(error.what, known), hint=redact(error.hint, known))
    copy.transient, copy.trouble = error.transient, error.trouble
    copy.says = redact(error.says, known)
    return copy


def trouble_of(error: BaseException) -> Trouble:
    """Return which part of this machine is at fault; empty if unknown."""
    if isinstance(error, HostError):
        return error.trouble
    return "disk" if isinstance(error, OSError) and error.errno in FULL else ""


def _rebuild(kind: type[Paper2RunError], what: str, state: dict[str, object]) -> Paper2RunError:
    # Prefect may keep exceptions of an earlier version, which had no hint.
    error = kind(what, hint=str(state.get("hint", "")))
    error.__dict__.update(state)
    return error
