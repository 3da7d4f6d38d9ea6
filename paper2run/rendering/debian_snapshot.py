"""Installs Debian's packages as they were at one time, from a snapshot of its archive.

Who rebuilds gets the packages of that time, not of today. The Dockerfile names the public snapshots; our own builds ask
the site's mirrors of them (injection.py). Where none serves the packages, the live archive does, and the image says so.
https://snapshot.debian.org
"""

import re
from datetime import datetime
from typing import Final

PUBLIC: Final = "http://snapshot.debian.org/archive/debian"
"""Without TLS, as Debian's own mirror in its images: slim ones have no certificates, and apt checks signatures."""
MIRRORS: Final = f"for mirror in {PUBLIC};"
"""Where the step names its mirrors, by which our own builds replace them."""
SNAPSHOT_FILE: Final = "/etc/debian_snapshot"
"""In the image: the time of the snapshot that its packages came from, or LIVE."""
LIVE: Final = "live"
FOLDER: Final = "/tmp/debian-snapshot"
LISTS: Final = "/var/lib/apt/lists/*"
TIME: Final = re.compile(r"\d{8}T\d{6}Z")
IN_DOCKERFILE: Final = re.compile(
    rf"^RUN kept=; {re.escape(MIRRORS)}.* kept=({TIME.pattern});", re.M
)
AT_THE_MIRROR: Final = (
    r"-e 's#https?://([^/ ]+/debian-security|security\.debian\.org)/?( |$)#'$mirror-security/{time}'\2#g'"
    r" -e 's#https?://[^/ ]+/debian/?( |$)#'$mirror/{time}'\1#g'"
)
"""Debian's own places, whatever host mirrors them; those of others, as download.docker.com/linux/debian, stay."""
OPTIONS: Final = (
    f"-o Dir::Etc::sourcelist={FOLDER}/sources.list -o Dir::Etc::sourceparts={FOLDER}/sources.list.d"
    " -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 -o APT::Update::Error-Mode=any"
    " ${SSL_CERT_FILE:+-o Acquire::https::CAInfo=$SSL_CERT_FILE}"
)
"""A snapshot's lists have expired. apt reads no variable for the authorities that it trusts."""


def time_of(day: datetime) -> str:
    """Return the time of the snapshots of a run that began then: the first moment of its day in UTC.

    Not the commit's day: the base image is newer, and its packages go with none that old. A moment a day keeps layers.
    """
    return day.strftime("%Y%m%dT000000Z")


def from_snapshot(packages: str, live: str, time: str) -> str:
    """Return the command that installs the packages of that time.

    It tries the mirrors in order and then runs `live`, which leaves the image's own sources as they are, too. apt's own
    words of a try that failed are no errors of the build, so they do not begin as such.
    """
    return (
        f"kept=; {MIRRORS} do rm -rf {FOLDER} {LISTS} && mkdir {FOLDER}"
        f" && find /etc/apt -maxdepth 1 -name 'sources.list*' -exec cp -r '{{}}' {FOLDER} ';'"
        f" && find {FOLDER} -type f -exec sed -i -E {AT_THE_MIRROR.format(time=time)} '{{}}' +"
        f' && apt="apt-get {OPTIONS}";'
        f' if {{ grep -qrF "$mirror/{time}" {FOLDER} && $apt update && DEBIAN_FRONTEND=noninteractive'
        f" $apt install -y --no-install-recommends {packages}; }} 2> {FOLDER}.txt; then kept={time}; break; fi;"
        f" sed -E 's/^[EW]:/snapshot:/' {FOLDER}.txt; done;"
        f' if [ -z "$kept" ]; then echo "no snapshot of {time} serves the packages: the live archive is asked";'
        f" rm -rf {LISTS}; {live} || exit 1; fi;"
        f' rm -rf {FOLDER} {FOLDER}.txt {LISTS}; echo "${{kept:-{LIVE}}}" > {SNAPSHOT_FILE}'
    )


def wanted_time(dockerfile: str) -> str:
    """Return the time of the snapshot that a Dockerfile of ours asks for; empty if it asks for none."""
    found = IN_DOCKERFILE.search(dockerfile)
    return found[1] if found else ""


def read_time(content: bytes) -> str:
    """Return what the image's own file says: a time, or LIVE; empty for anything else."""
    text = content[:64].decode("ascii", "replace").strip()
    return text if text == LIVE or TIME.fullmatch(text) else ""
