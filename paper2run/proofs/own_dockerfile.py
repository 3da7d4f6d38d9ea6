"""Whether a Dockerfile is of the form that a run writes.

What others write is not built with this site's access.
"""

import re
from typing import Final

from paper2run.rendering.hash_lock import COPY_LOCK
from paper2run.rendering.injection import instructions

OURS: Final = frozenset(
    {"", "FROM", "SHELL", "LABEL", "ENV", "ARG", "RUN", "COPY", "WORKDIR", "CMD"}
)
FLAG: Final = re.compile(r"\s*RUN\s+--", re.IGNORECASE)
DIRECTIVE: Final = re.compile(r"#\s*(?:syntax|escape|check)\s*=", re.IGNORECASE)
"""Parser directives stand before all else. https://docs.docker.com/reference/dockerfile/#parser-directives"""
COPY_SOURCE: Final = re.compile(r"COPY --chown=\S+ repo/ \S+/")


def strangeness(dockerfile: str) -> str:
    """Return what no run writes into its Dockerfile; empty if there is nothing.

    Mounts could reach the caches of other repositories, a syntax line another builder, further stages other images.
    """
    if DIRECTIVE.match(dockerfile.lstrip()):
        return "a parser directive"
    found = list(instructions(dockerfile))
    if sum(each.name == "FROM" for each in found) != 1:
        return "more or fewer than one FROM"
    for each in found:
        if each.name not in OURS:
            return f"the instruction {each.name[:40]}"
        if FLAG.match(each.text):
            return "a flag of RUN"
        text = each.text.strip()
        if each.name == "COPY" and text != COPY_LOCK and not COPY_SOURCE.fullmatch(text):
            return "a COPY of something else"
    return ""
