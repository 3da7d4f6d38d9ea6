"""Holds what is installed by its address to what the run saw: a digest, or a commit of git.

Both are known once the image is built, from a note of pip (23.1 and newer for digests) and from a file that our own
steps write, so they go into the Dockerfile that is handed over. Every pip checks `…/a.zip#sha256=…`, and `git+…@COMMIT`
names a commit: https://pip.pypa.io/en/stable/topics/secure-installs/, https://pip.pypa.io/en/stable/topics/vcs-support/.
"""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.model.inventory import Download, Revision
from paper2run.rendering.injection import instructions

FOLDER: Final = "/opt/required"
"""Where a required repository is built; nothing of it stays."""
REVISIONS: Final = "/etc/required_revisions"
"""In the image: a line `COMMIT ADDRESS` for each of them, in the order of the steps."""
PINNED: Final = re.compile(r"(?P<address>https?://[^\s#'\"]+)#sha256=(?P<sha256>[0-9a-f]{64})")
HELD: Final = re.compile(
    rf"git clone -q (?P<address>\S+) {FOLDER} && cd {FOLDER} && {{ git cat-file -e (?P<commit>[0-9a-f]{{40,64}})\^"
)
"""A clone that `pinned` has written."""
CHOSEN: Final = (
    r"(?: && (?:git checkout -q (?:'[^'\s]*'|[\w./+-]+) --"
    r"|if git symbolic-ref -q HEAD > /dev/null; then git checkout -q \"[^\";]*\" --; fi))*"
)
"""How a step chooses its commit: a revision, then the last commit of a branch before a day."""
LINE: Final = re.compile(
    r"([0-9a-f]{40}(?:[0-9a-f]{24})?) (https?://[^\s'\"$`#@]{1,500})", re.ASCII
)
MAX_REVISIONS: Final = 100


def read_revisions(content: bytes) -> tuple[Revision, ...]:
    """Return what the image's file REVISIONS says, in its order; lines of another form are left out.

    Whatever runs in the build may write there, so a line is no more than its address and a commit.
    """
    lines = content[:100_000].decode("utf-8", "replace").splitlines()
    found = (LINE.fullmatch(line) for line in lines)
    return tuple(Revision(address=line[2], commit=line[1]) for line in found if line)[
        :MAX_REVISIONS
    ]


def note_of(address: str) -> str:
    """Return the command that notes in the image which commit of `address` is checked out."""
    return f'echo "$(git rev-parse HEAD) {address}" >> {REVISIONS}'


def pinned(
    dockerfile: str, downloads: Iterable[Download], revisions: Iterable[Revision] = ()
) -> str:
    """Return the Dockerfile with digest or commit behind each address that a step of pip or a clone names."""
    digests = {each.address: each.sha256 for each in downloads if each.package}
    waiting = list(revisions)
    parts = []
    for instruction in instructions(dockerfile):
        text = instruction.text
        if instruction.name == "RUN" and "pip install" in text:
            for address, digest in digests.items():
                text = re.sub(
                    rf"(?<=\s){re.escape(address)}(?=\s|$)", f"{address}#sha256={digest}", text
                )
            text = _with_commits(text, waiting)
        parts.append(text)
    return "".join(parts)


def _with_commits(text: str, waiting: list[Revision]) -> str:
    """Return a step at the commits of its addresses; what it takes of `waiting`, in order, is taken out."""
    for revision in tuple(waiting):
        address, commit = revision.address, revision.commit
        clone = re.compile(
            rf"git clone -q '?{re.escape(address)}'? {FOLDER} && cd {FOLDER}(?! && {{ git){CHOSEN}"
        )
        held = (
            f"git clone -q {address} {FOLDER} && cd {FOLDER} && {{ git cat-file -e {commit}^{{commit}} 2>/dev/null"
            f" || git fetch -q origin {commit}; }} && git checkout -q {commit} --"
        )
        if revision.package:
            named = rf"(?<![\w+])git\+{re.escape(address)}(?:@[\w./+-]+)?(?=[\s#'\"]|$)"
            text = re.sub(named, f"git+{address}@{commit}", text)
        elif clone.search(text):
            text = clone.sub(lambda _, held=held: held, text, count=1)  # type: ignore[misc]
            waiting.remove(revision)
    return text
