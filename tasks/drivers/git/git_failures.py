"""Maps git's output (LC_ALL=C) to our errors: cause, next step, whether to retry.

The patterns match messages of git 2.30 to 2.49, of its libcurl and of OpenSSH; the first match
wins.
"""

import re
import signal
from pathlib import Path
from typing import Final, NamedTuple

from paper2run.errors import HostError, Paper2RunError, Trouble, UserError
from tasks.drivers.host.process import Finished
from tasks.drivers.host.room import low_disk

CRASHES: Final = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)
"""Signals by which input ends a program; git's recursion ends at the stack (2.39: SIGSEGV)."""
QUOTED_LINES: Final = 3
"""How many of git's own last lines are quoted."""
MAKE_ROOM: Final = "free space below PAPER2RUN_HOME or set it to a folder on a larger disk"
_NOISE = re.compile(
    r"^(?:remote: )?(?:Counting|Compressing|Enumerating|Receiving|Resolving|Updating|Total|From |warning:|hint:|"
    r"Please make sure you have|and the repository exists)"
)
_USER_INFO = re.compile(r"(?<=://)[^/@\s']+@")


class _Words(NamedTuple):
    pattern: str
    kind: type[UserError] | type[HostError]
    what: str
    hint: str
    transient: bool = False
    trouble: Trouble = ""


# The order matters: a refused password also prints "Could not read from remote repository", a broken
# certificate also "unable to access", so the specific comes before the general.
_KNOWN: Final = (
    _Words(
        r"could not read (?:Username|Password)|Authentication failed|terminal prompts disabled|"
        r"HTTP Basic: Access denied|returned error: 40[13]|Permission denied \(|Invalid username or",
        UserError,
        what="{where} asks for a password: it is private or does not exist",
        hint="check the address; for a private repository set up a git credential helper or an SSH key, or give a"
        " local clone as --repo",
    ),
    _Words(
        r"Host key verification failed|REMOTE HOST IDENTIFICATION",
        UserError,
        what="the SSH key of the host of {where} is not known or has changed",
        hint="connect once with ssh by hand and accept the key, or use the https:// address",
    ),
    _Words(
        r"Could not resolve host|Temporary failure in name resolution|Name or service not known|"
        r"unable to look up",
        HostError,
        what="the host of {where} cannot be found",
        hint="check the address and this machine's network and DNS",
        transient=True,
        trouble="network",
    ),
    _Words(
        r"SSL certificate problem|certificate verif|self.signed certificate|error setting certificate",
        HostError,
        what="the certificate of the host of {where} is not trusted here",
        hint="tell git the site's authority: git config --global http.sslCAInfo FILE",
    ),
    # Before the damage: git ends the transfer of such a tree with a message about corruption.
    _Words(
        r"error: invalid path '|empty filename in tree entry",
        UserError,
        what="{where} names a path that no checkout may have",
        hint="use another commit with --ref; such a path would lie outside of the checkout or in its .git",
    ),
    _Words(
        r"maximum allowed tree depth",
        UserError,
        what="{where} nests its folders deeper than git can follow",
        hint="use another commit with --ref",
    ),
    _Words(
        r"malformed mode in tree entry|too-short tree",
        UserError,
        what="{where} holds a folder that git cannot read",
        hint="use another commit with --ref",
    ),
    _Words(
        r"unable to read(?: sha1 file of .*)?|missing (?:blob|tree|commit)|bad object|"
        r"repository corruption|object file .* is empty|loose object .* is corrupt",
        UserError,
        what="{where} is damaged: it lacks objects that the commit needs",
        hint="use another commit with --ref, or a complete clone",
    ),
    _Words(
        r"returned error: 404|[Rr]epository .*not found|does not appear to be a git repository|"
        r"not a git repository|not valid: is this a git repository|no such repository|does not exist",
        UserError,
        what="{where} is not a git repository",
        hint="check the address; it must be the one that git clone takes",
    ),
    _Words(
        r"dubious ownership",
        UserError,
        what="{where} belongs to another user, so git refuses to read it",
        hint="allow it: git config --global --add safe.directory PATH",
    ),
    _Words(
        r"No space left on device|Disk quota exceeded",
        HostError,
        what="the disk is full",
        hint=MAKE_ROOM,
        trouble="disk",
    ),
    _Words(
        r"cannot run ssh|ssh: not found",
        HostError,
        what="ssh is not installed",
        hint="install it (on Debian: apt-get install openssh-client) or use the https:// address",
    ),
    _Words(
        r"is not a git command|unable to find remote helper",
        HostError,
        what="this git cannot speak the protocol of {where}",
        hint="install git with its network helpers (on Debian: apt-get install git)",
    ),
    _Words(
        r"transport '.*' not allowed",
        UserError,
        what="git's configuration forbids the protocol of {where}",
        hint="use an https:// or SSH address",
    ),
    _Words(
        r"Connection refused|Failed to connect|Couldn't connect|timed out|Network is unreachable|"
        r"No route to host|Connection reset|early EOF|RPC failed|hung up|Recv failure|Empty reply|"
        r"gnutls_handshake|GnuTLS|SSL_|returned error: (?:5\d\d|429)|unexpected disconnect|"
        r"Connection closed|unable to access|Could not read from remote",
        HostError,
        what="{where} cannot be reached",
        hint="check this machine's network and proxy; try again later",
        transient=True,
        trouble="network",
    ),
)


def failure(
    finished: Finished, where: str, limit_s: float = 0.0, *, is_local: bool = False
) -> Paper2RunError:
    """Return the error that says why git ended so; `where` is the address as it may be shown.

    With `is_local` git only read a disk of this machine, so neither the network nor another host is to blame.
    """
    if finished.timed_out:
        return _too_slow(where, finished.seconds) if is_local else _slow_network(where, limit_s)
    if finished.exit_code < 0:
        return _ended_by_signal(-finished.exit_code, where)
    said = quote(finished.stderr)
    for words in _KNOWN:
        if is_local and words.trouble == "network":
            continue
        if re.search(words.pattern, finished.stderr):
            what = f"{words.what.format(where=where)} (git: {said})"
            if words.kind is HostError:
                return HostError(
                    what,
                    hint=words.hint,
                    transient=words.transient,
                    trouble=words.trouble,
                )
            return UserError(what, hint=words.hint)
    # Where git cannot write a lock it does not say why.
    if is_local and Path(where).is_absolute() and (low := low_disk(Path(where))):
        return HostError(f"{low} (git: {said})", hint=MAKE_ROOM, trouble="disk")
    advice = "git fsck in that folder" if is_local else "git fetch on that address by hand"
    return HostError(
        f"git failed on {where} with exit code {finished.exit_code} (git: {said})",
        hint=f"run {advice} to see more",
    )


def _slow_network(where: str, limit_s: float) -> HostError:
    return HostError(
        f"git took longer than {limit_s:.0f} s for {where}",
        hint="raise PAPER2RUN_CLONE_TIMEOUT, or try again when the network is faster",
        transient=True,
        trouble="network",
    )


def _too_slow(where: str, seconds: float) -> UserError:
    return UserError(
        f"git had not read {where} after {seconds:.0f} s: it holds too much, or its disk is slow",
        hint="use another commit with --ref, or a copy on a faster disk",
    )


def _ended_by_signal(number: int, where: str) -> Paper2RunError:
    name = signal.Signals(number).name
    if number in CRASHES:
        return UserError(
            f"git itself crashes ({name}) on {where}: its folders may lie too deep in each other",
            hint="use another commit with --ref",
        )
    return HostError(
        f"git was ended from outside ({name}) while it read {where}",
        hint="see that this machine has memory to spare, and try again",
        transient=True,
        trouble="machine",
    )


def quote(stderr: str) -> str:
    """Return git's own last lines as one, without progress and without credentials in addresses."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", stderr)]
    telling = [line for line in lines if line and not _NOISE.match(line)]
    return _USER_INFO.sub("", "; ".join(telling[-QUOTED_LINES:])) or "said nothing"
