"""Holds what pip installs by its address to the digest that the run saw: `…/a.zip#sha256=…`.

The digest is known once the image is built, from a note of pip 23.1 and newer, so it goes into the Dockerfile that is
handed over. Every pip checks the fragment: https://pip.pypa.io/en/stable/topics/secure-installs/
"""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.model.inventory import Download
from paper2run.rendering.injection import instructions

PINNED: Final = re.compile(r"(?P<address>https?://[^\s#'\"]+)#sha256=(?P<sha256>[0-9a-f]{64})")


def pinned(dockerfile: str, downloads: Iterable[Download]) -> str:
    """Return the Dockerfile with the digest behind each address that a step of pip names."""
    digests = {each.address: each.sha256 for each in downloads if each.package}
    parts = []
    for instruction in instructions(dockerfile):
        text = instruction.text
        if instruction.name == "RUN" and "pip install" in text:
            for address, digest in digests.items():
                text = re.sub(
                    rf"(?<=\s){re.escape(address)}(?=\s|$)", f"{address}#sha256={digest}", text
                )
        parts.append(text)
    return "".join(parts)
