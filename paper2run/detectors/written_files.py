"""Names the files of data that the repository's own code writes.

What one script lacks another one may make.
"""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from paper2run.detectors.data_needs import DATA_ENDINGS, WRITERS
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, WrittenFile
from paper2run.model.value import Source
from paper2run.python.python_modules import modules_of

NAME: Final = "written_files"
WRITES: Final = re.compile(
    rf"\b(?:{'|'.join(sorted(WRITERS))})\(|\bopen\([^)\n]*,\s*(?:mode=)?['\"][wax]"
)
"""A call of a writer; its path stands on the same line, also where it is joined there."""
QUOTED: Final = re.compile(r"""['"](?:[^'"\n]*/)?([^'"/\n]+\.\w{1,11})['"]""")
MAX_FILES: Final = 200


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each file name of data that stands on a line which writes one; tests write for themselves."""
    found: dict[str, WrittenFile] = {}
    for module in modules_of(tree):
        if module.role == "test":
            continue
        text = tree.text(module.path)
        for match in WRITES.finditer(text):
            start, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
            number = text.count("\n", 0, start) + 1
            for name in QUOTED.findall(text, start, end if end >= 0 else len(text)):
                if name.lower().endswith(DATA_ENDINGS):
                    where = Source(kind="file", path=module.path, line=number)
                    found.setdefault(name, WrittenFile(name=name, source=where))
    return islice(found.values(), MAX_FILES)
