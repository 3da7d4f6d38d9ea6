"""Finds settings files that a Makefile includes and that the checkout holds only as samples to copy.

Programs of physics are built by `cp config/make.inc.gfort make.inc` and `make`, with one sample for each compiler.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import BuildFile, Fact
from paper2run.model.value import Source

NAME: Final = "makefile_settings"

SYSTEM: Final = "make-settings"
MAKEFILE: Final = re.compile(r"(?:^|/)(?:GNU)?[Mm]akefile[\w.-]*$|\.mk$")
INCLUDE: Final = re.compile(r"^include[ \t]+([\w./$(){}-]+)[ \t]*$", re.MULTILINE)
"""Without a dash before it: make goes on without what `-include` names."""
VARIABLE: Final = re.compile(r"\$\([\w.-]+\)|\$\{[\w.-]+\}")
FITTING: Final = (
    "gfort",
    "gnu",
    "gcc",
    "linux",
    "ubuntu",
    "debian",
    "example",
    "sample",
    "template",
    "default",
)
FOREIGN: Final = re.compile(
    r"mac|darwin|osx|intel|ifort|icc|icx|ifx|pgi|pgf|nag|cray|ibm|xlf|aix|sun|alpha|win|mingw|cuda|gpu|nvhpc|travis|dyn"
)
MAX_MAKEFILES: Final = 50


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one fact for each missing file: `path` is the sample to copy, `name` where to."""
    seen: set[str] = set()
    for path in [path for path in tree.files if MAKEFILE.search(path)][:MAX_MAKEFILES]:
        for target, line in _missing(tree, path):
            sample = _sample(tree, posixpath.basename(target))
            if sample and posixpath.basename(target) not in seen:
                seen.add(posixpath.basename(target))
                source = Source(kind="file", path=path, line=line, note=f"includes {target}")
                yield BuildFile(system=SYSTEM, path=sample, name=target, source=source)


def _missing(tree: RepoTree, path: str) -> Iterator[tuple[str, int]]:
    """Yield the included files that the checkout lacks.

    A path that leads out of the checkout is taken from a folder that make enters.
    """
    text = tree.text(path)
    for match in INCLUDE.finditer(text):
        named = VARIABLE.sub(".", match[1])
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
        if "$" in named or posixpath.isabs(target):
            continue
        if target.startswith(".."):
            target = posixpath.basename(target)
        if not tree.has(target):
            yield target, text.count("\n", 0, match.start()) + 1


def _sample(tree: RepoTree, name: str) -> str:
    """Return the sample that fits GNU compilers on Linux best; nothing where there is none."""
    samples = []
    for path in tree.files:
        stem = posixpath.basename(path).lower()
        extra = stem.replace(name.lower(), "", 1) if name.lower() in stem else ""
        if extra and not FOREIGN.search(extra):
            rank = next(
                (place for place, word in enumerate(FITTING) if word in extra), len(FITTING)
            )
            samples.append((rank, len(extra), path.count("/"), path))
    return min(samples)[-1] if samples else ""
