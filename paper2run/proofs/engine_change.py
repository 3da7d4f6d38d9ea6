"""What another container engine explains: files with other rights, and features that it lacks.

Messages of Docker 20.10 to 28, its classic builder and BuildKit (frontend/dockerfile, builder-next).
"""

import re
from typing import Final

from paper2run.model.rebuild import Drift
from paper2run.proofs.file_list import FileEntry

OF_THE_ENGINE: Final = re.compile(
    r"\.dockerenv$|run/\.containerenv$|(?:dev|proc|sys)(?:/|$)|etc/(?:hosts|hostname|resolv\.conf|mtab)$"
)
"""What engines put into the root of a container, and some into its image."""
STORED: Final = frozenset({"file", "hard link"})
"""Kinds in which engines keep one file with two names."""
LACKS: Final = (
    re.compile(r"the (?P<item>--\w+) option requires BuildKit"),
    re.compile(r"[Uu]nknown flag: (?P<item>[\w-]+)"),
    re.compile(r"(?P<item>[Nn]etwork mode \S+) (?:is )?not (?:supported|allowed)"),
    re.compile(r"(?P<item>network\.host|security\.insecure) is not allowed"),
    re.compile(r"no matching manifest for (?P<item>\S+)"),
    re.compile(r"(?P<item>client version \S+) is too (?:new|old)"),
)
"""What an engine says that does not know what a build asks of it."""


def is_other(before: str, now: str) -> bool:
    """Whether two engines differ, as far as the records tell.

    Records of earlier versions have the name and the version alone.
    """
    if not before or not now:
        return False
    if " (" not in before or " (" not in now:
        before, now = before.partition(" (")[0], now.partition(" (")[0]
    return before != now


def is_of_engine(path: str, old: FileEntry | None, new: FileEntry | None) -> bool:
    """Whether a file differs only by how an engine makes or stores it: rights, owner, a second name."""
    if OF_THE_ENGINE.match(path):
        return True
    if old is None or new is None:
        return False
    if old.kind != new.kind:
        return {old.kind, new.kind} <= STORED
    return old.content == new.content and (old.mode, old.owner) != (new.mode, new.owner)


def lacking(words: str, before: str, now: str) -> Drift | None:
    """Return what an engine lacks according to its refusal; None if it says nothing of the kind."""
    for sign in LACKS:
        if match := sign.search(words):
            return Drift(cause="engine", item=match["item"], before=before, after=now)
    return None
