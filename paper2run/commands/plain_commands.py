"""Reduces a command to one plain program call in one folder, where it is one."""

import re
import shlex
from typing import Final

ACCELERATED: Final = re.compile(
    r"--?(?:gpus?|cuda|device|multi-?gpu|local_rank)\b|CUDA_VISIBLE|nvidia|torchrun|mpirun"
)
"""Commands that ask for hardware."""
UNSAFE: Final = re.compile(r"[;&|<>`$()*]|\.\.\.|https?://|\{|\}")
"""What makes a documented command more than one plain program call; placeholders such as `...` too."""
STAND_IN: Final = re.compile(
    r"(?i:path[_ ]?to|your)|^(?:[A-Z0-9]+_)*(?:ARGS?|CONFIG|DATA|DATASET|DIR|DIRECTORY|FILE|FOLDER|HOST|ID|INPUT|IP"
    r"|KEY|MODEL|N|NAME|NUM|NUMBER|OPTIONS?|OUTPUT|PATH|PORT|SEED|THREADS|URL|USER)S?(?:_[A-Z0-9]+)*(?:\.\w+)?$"
)
"""An argument that stands for one of its reader's own."""
IN_FOLDER: Final = re.compile(r"cd (?P<folder>[\w./-]+) && (?P<line>.+)")


def folder_and_line(line: str) -> tuple[str, str]:
    """Split `cd FOLDER && COMMAND`; any other line is in no folder."""
    match = IN_FOLDER.match(line)
    return (match["folder"].removeprefix("./").strip("/"), match["line"]) if match else ("", line)


def plain_words(line: str) -> list[str]:
    """Return the words of one call that needs no shell and no GPU; nothing for any other line."""
    if UNSAFE.search(line) or ACCELERATED.search(line):
        return []
    try:
        return shlex.split(line)
    except ValueError:
        return []
