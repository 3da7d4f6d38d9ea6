"""Finds shared libraries that files of an image are linked against and that the image lacks.

glibc's `ldd` reports them for everything that was installed beside Debian's own packages, at once,
so that one repair brings all that is missing. A library anywhere among these files counts as
present: wheels load what they bundle by themselves.
https://man7.org/linux/man-pages/man1/ldd.1.html
"""

import re
from typing import Final

from paper2run.model.outcome import MissingLibrary

FOLDERS: Final = "/usr/local /opt /repo"
"""Where interpreters, wheels, environments and the checkout lie; Debian's own packages depend on what they need."""
MAX_FILES: Final = 4000
"""A few milliseconds each."""
MARK: Final = "=== paper2run libraries at hand ==="
LOOK: Final = (
    f"find {FOLDERS} -xdev -name lib-dynload -prune -o -type f -size +3"
    " \\( -name '*.so' -o -name '*.so.*' -o -perm -u+x \\)"
    " ! -name '*.py' ! -name '*.sh' -print0 2>/dev/null"
    f" | head -z -n {MAX_FILES}"
    # A first file that is always there: with a single one ldd does not print its name.
    " | xargs -0 -r ldd /bin/sh 2>/dev/null"
    f"; echo '{MARK}'; find {FOLDERS} -xdev -name '*.so*' -printf '%f\\n' 2>/dev/null"
)
"""Shell command for any Debian image; reads only. Python's own extensions are passed over: tkinter misses Tk in every
slim image, and a program that wants it says so."""
FILE: Final = re.compile(r"^(?P<path>/.*):$")
NOT_FOUND: Final = re.compile(r"^\s+(?P<name>\S+\.so\S*) => not found$")


def missing_libraries(stdout: str) -> tuple[MissingLibrary, ...]:
    """Return the libraries that the image lacks, sorted by name, from the output of `LOOK`."""
    linked, _, at_hand = stdout.partition(MARK)
    bundled = frozenset(at_hand.split("\n"))
    needed_by: dict[str, str] = {}
    path = ""
    for line in linked.splitlines():
        if match := FILE.match(line):
            path = match["path"]
        elif (match := NOT_FOUND.match(line)) and match["name"] not in bundled:
            needed_by.setdefault(match["name"], path)
    return tuple(MissingLibrary(name=name, needed_by=needed_by[name]) for name in sorted(needed_by))
