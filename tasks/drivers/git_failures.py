"""Says in our words what git failed of, from what it printed (LC_ALL=C), and whether trying again may help.

The patterns are words of git 2.30 to 2.49, of the libcurl under it and of OpenSSH; the first that is found wins.
"""

import re
from typing import Final, NamedTuple

from paper2run.errors import HostError, Paper2RunError, UserError
from tasks.drivers.process import Finished

QUOTED_LINES: Final = 3
"""How many of git's own last lines are quoted."""
_NOISE = re.compile(
    r"^(?:remote: )?(?:Counting|Compressing|Enumerating|Receiving|Resolving|Updating|Total|From |warning:|hint:|"
    r"Please make sure you have|and the repository exists)"
)
_USER_INFO = re.compile(r"(?<=://)[^/@\s']+@")


class _Words(NamedTuple):
    pattern: str
    kind: type[UserError] | type[HostError]
    what: str
    next_step: str
    transient: bool = False


# The order matters: a refused password also prints "Could not read from remote repository", a broken
# certificate also "unable to access", so the particular stands before the general.
_KNOWN: Final = (
    _Words(
        r"could not read (?:Username|Password)|Authentication failed|terminal prompts disabled|"
        r"HTTP Basic: Access denied|returned error: 40[13]|Permission denied \(|Invalid username or",
        UserError,
        "{where} asks for a password: it is private or does not exist",
        "Check the address. For a private repository set up a git credential helper or an SSH key, or give a"
        " local clone as --repo.",
    ),
    _Words(
        r"Host key verification failed|REMOTE HOST IDENTIFICATION",
        UserError,
        "the SSH key of the host of {where} is not known or has changed",
        "Connect once with ssh by hand and accept the key, or use the https:// address.",
    ),
    _Words(
        r"Could not resolve host|Temporary failure in name resolution|Name or service not known|"
        r"unable to look up",
        HostError,
        "the host of {where} cannot be found",
        "Check the address and this machine's network and DNS.",
        transient=True,
    ),
    _Words(
        r"SSL certificate problem|certificate verif|self.signed certificate|error setting certificate",
        HostError,
        "the certificate of the host of {where} is not trusted here",
        "Tell git the site's authority: git config --global http.sslCAInfo FILE.",
    ),
    _Words(
        r"unable to read(?: sha1 file of .*)?|missing (?:blob|tree|commit)|bad object|"
        r"repository corruption|object file .* is empty|loose object .* is corrupt",
        UserError,
        "{where} is damaged: it lacks objects that the commit needs",
        "Use another commit with --ref, or a complete clone.",
    ),
    _Words(
        r"returned error: 404|[Rr]epository .*not found|does not appear to be a git repository|"
        r"not a git repository|not valid: is this a git repository|no such repository|does not exist",
        UserError,
        "{where} is not a git repository",
        "Check the address; it must be the one that git clone takes.",
    ),
    _Words(
        r"dubious ownership",
        UserError,
        "{where} belongs to another user, so git refuses to read it",
        "Allow it: git config --global --add safe.directory PATH.",
    ),
    _Words(
        r"No space left on device|Disk quota exceeded",
        HostError,
        "the disk is full",
        "Free space below PAPER2RUN_HOME or set it to a folder on a larger disk.",
    ),
    _Words(
        r"cannot run ssh|ssh: not found",
        HostError,
        "ssh is not installed",
        "Install it (on Debian: apt-get install openssh-client) or use the https:// address.",
    ),
    _Words(
        r"is not a git command|unable to find remote helper",
        HostError,
        "this git cannot speak the protocol of {where}",
        "Install git with its network helpers (on Debian: apt-get install git).",
    ),
    _Words(
        r"transport '.*' not allowed",
        UserError,
        "git's configuration forbids the protocol of {where}",
        "Use an https:// or SSH address.",
    ),
    _Words(
        r"Connection refused|Failed to connect|Couldn't connect|timed out|Network is unreachable|"
        r"No route to host|Connection reset|early EOF|RPC failed|hung up|Recv failure|Empty reply|"
        r"gnutls_handshake|GnuTLS|SSL_|returned error: (?:5\d\d|429)|unexpected disconnect|"
        r"Connection closed|unable to access|Could not read from remote",
        HostError,
        "{where} cannot be reached",
        "Check this machine's network and proxy; try again later.",
        transient=True,
    ),
)


def failure(finished: Finished, where: str, limit_s: float) -> Paper2RunError:
    """Return the error that says why git ended so; `where` is the address as it may be shown."""
    if finished.timed_out:
        return HostError(
            f"git took longer than {limit_s:.0f} s for {where}",
            next_step="Raise PAPER2RUN_CLONE_TIMEOUT, or try again when the network is faster.",
            transient=True,
        )
    said = quote(finished.stderr)
    for words in _KNOWN:
        if re.search(words.pattern, finished.stderr):
            what = f"{words.what.format(where=where)} (git: {said})"
            if words.kind is HostError:
                return HostError(what, next_step=words.next_step, transient=words.transient)
            return UserError(what, next_step=words.next_step)
    return HostError(
        f"git failed on {where} with exit code {finished.exit_code} (git: {said})",
        next_step="Run git fetch on that address by hand to see more.",
    )


def quote(stderr: str) -> str:
    """Return git's own last lines as one, without progress and without credentials in addresses."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", stderr)]
    telling = [line for line in lines if line and not _NOISE.match(line)]
    return _USER_INFO.sub("", "; ".join(telling[-QUOTED_LINES:])) or "said nothing"
