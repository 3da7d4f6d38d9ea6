"""Reads which host a build could not reach.

Of git (`unable to access 'https://host/…': Could not resolve host: host`), curl, wget, ssh, npm, Java, Go, R and pip.
"""

import re
from typing import Final

from paper2run.failures.failure_log import Hit, last_hit, last_traceback
from paper2run.failures.silent_index import RETRYING

HOST: Final = r"(?<![\w.-])(?P<host>[A-Za-z0-9][\w.-]*\.[\w-]+)"
UNREACHED: Final = (
    re.compile(r"unable to access '?https?://(?:[^@/']*@)?" + HOST),
    re.compile(r"unable to access index for repository https?://" + HOST),
    re.compile(r"Could not resolve host(?:name)?:? '?" + HOST),
    re.compile(r"unable to resolve host address [‘'`]" + HOST),
    re.compile(r"Failed to connect to " + HOST),
    re.compile(r"ssh: connect to host " + HOST),
    re.compile(r"getaddrinfo (?:EAI_AGAIN|ENOTFOUND) " + HOST),
    re.compile(r"UnknownHostException: " + HOST),
    re.compile(r"dial tcp: lookup " + HOST),
    re.compile(r"ConnectionPool\(host='" + HOST + r"'.*(?:Errno -\d\]|NewConnectionError)"),
    re.compile(HOST + r".*: (?:Temporary failure in name resolution|Name or service not known)"),
    re.compile(r"(?P<host>)(?:Temporary failure in name resolution|Name or service not known)"),
)


def unreached(lines: list[str]) -> Hit | None:
    """Return the last line that names a host out of reach, as group `host`; None without one.

    A try that failed is no end, and an error that came after is another one.
    """
    return last_hit(
        [line for line in last_traceback(lines) if RETRYING not in line],
        *UNREACHED,
    )
