"""Finds Python code that loads a library of its own which only CUDA's compiler builds.

TensorFlow's `load_op_library` and ctypes name the file; a build script of the checkout names it beside nvcc.
https://www.tensorflow.org/guide/create_op
"""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, GpuNeed
from paper2run.model.value import Source
from paper2run.python.python_modules import modules_of

NAME: Final = "compiled_operators"

LOADS: Final = re.compile(
    r"\b(?:load_op_library|CDLL|LoadLibrary|load_library)\(.{0,200}?['\"]([\w./-]{1,100}\.so)['\"]"
)
BUILDERS: Final = ("*.sh", "Makefile", "makefile", "CMakeLists.txt")
CUDA_COMPILER: Final = re.compile(r"\bnvcc\b")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the first line that loads a library which a build has to make with nvcc.

    Libraries that are in the checkout do not count.
    """
    if not tree.matching("*.cu"):
        return
    for module in modules_of(tree):
        text = tree.text(module.path)
        for match in LOADS.finditer(text):
            library = match[1].rpartition("/")[2]
            built = "" if tree.matching(library) else _builder(tree, library)
            if built:
                line = text.count("\n", 0, match.start()) + 1
                note = f"loads {library}, which {built} builds with nvcc"
                place = Source(kind="file", path=module.path, line=line, note=note)
                yield GpuNeed(hard=True, sign="operator", source=place)
                return


def _builder(tree: RepoTree, library: str) -> str:
    """Return the place at which a script that makes `library` calls nvcc; nothing where none does."""
    for path in tree.matching(*BUILDERS):
        text = tree.text(path)
        match = CUDA_COMPILER.search(text)
        if match and library in text:
            return f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
    return ""
