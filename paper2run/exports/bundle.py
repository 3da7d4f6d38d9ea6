"""`bundle.json`: what a bundle holds, and whether a run rebuilds from it with the network off."""

import re
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit, urlunsplit

from paper2run.exports.oci_layout import LayoutImage
from paper2run.model.value import Value
from paper2run.rendering.injection import Injection

MANIFEST: Final = "bundle.json"
RUN: Final = "run"
"""Folder of the bundle with the run folder, without the repository's history and later checks."""
DOWNLOADS: Final = "downloads"
LAYOUT: Final = "oci"
LOGS: Final = "logs"
LEFT_OUT: Final = re.compile(r"verify(?:/|$)|repo/\.git(?:/|$)|\.writing-")
"""Of the run folder."""
PLACES: Final = re.compile(
    rf"{MANIFEST}|{RUN}/.+|{LOGS}/[a-z]+\.log"
    rf"|{DOWNLOADS}/(?:ca\.pem|(?:exchanges|bodies|hosts)/[A-Za-z0-9_][A-Za-z0-9._-]*)"
    rf"|{LAYOUT}/(?:oci-layout|index\.json|manifest\.json|blobs/sha256/[0-9a-f]{{64}})"
)
"""Names of the files of a bundle; every other one is none of ours."""


class Bundle(Value):
    """The first member of the archive."""

    version: Literal[1] = 1
    run: str
    """Name of the run folder."""
    record_sha256: str
    """Of the run's `record.json`, which has the digest of every other file of the run."""
    rebuilds: bool
    """Whether the image was built from this bundle with the network off, when it was made."""
    reason: str = ""
    """Why it does not rebuild: the bundle has the finished image then."""
    paper2run: str
    created_at: datetime
    architecture: str
    base: LayoutImage | None = None
    """The base image; None where the bundle does not rebuild."""
    runtime: LayoutImage | None = None
    """The image whose Python serves the downloads beside the steps; None: the base image."""
    image: LayoutImage | None = None
    """The finished image; only where the bundle does not rebuild."""
    index_url: str = ""
    """Package index that the steps asked, without a login; empty: the public one."""
    torch_index_url: str = ""
    conda_alias: str = ""
    downloads: int = 0
    """Answers that were kept."""
    downloads_bytes: int = 0

    @property
    def images(self) -> tuple[LayoutImage, ...]:
        """All images of the layout."""
        return tuple(image for image in (self.base, self.runtime, self.image) if image is not None)

    @property
    def access(self) -> Injection:
        """What led the steps to their indexes."""
        return Injection(
            index_url=self.index_url,
            torch_index_url=self.torch_index_url,
            conda_alias=self.conda_alias,
        )


def without_login(address: str) -> str:
    """Return an address without its user and password."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
