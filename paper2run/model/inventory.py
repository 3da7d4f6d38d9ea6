"""What an image holds: its packages, and a digest of its whole file tree."""

import base64
from typing import Literal

from paper2run.model.value import Value

PackageKind = Literal["pypi", "deb", "conda", "npm", "cran"]
"""Types of package URLs. https://github.com/package-url/purl-spec"""


class Package(Value):
    """One installed package."""

    kind: PackageKind
    name: str
    """As its manager writes it; normalised for pypi, `@scope/name` for npm."""
    version: str
    architecture: str = ""
    """Of a Debian package: `amd64`, `all`."""
    place: str = ""
    """Folder that holds it, absolute; empty for Debian's, which have one database."""


class Download(Value):
    """One file that a step of the build fetched by its address."""

    address: str
    """As the step names it, or as pip notes it."""
    sha256: str
    """Of the file, hexadecimal."""
    path: str
    """Where the image has it, absolute; what pip installed from it, for a package."""
    package: str = ""
    """Normalised name of the Python package that it is; empty for a file."""


class Revision(Value):
    """One git repository that a step of the build installed from, at the commit that it took."""

    address: str
    """As git gets it."""
    commit: str
    """Its full id, hexadecimal."""
    package: str = ""
    """Normalised name of the Python package, where pip cloned it; empty for a clone of a step."""


class Inventory(Value):
    """`inventory.json`: what an image holds."""

    image_id: str
    """`sha256:…`, the engine's id."""
    packages: tuple[Package, ...] = ()
    """By kind, name and place."""
    files: int = 0
    """Files, folders and links; the list is `files.tsv.gz` beside this record."""
    size_bytes: int = 0
    """Of all regular files."""
    downloads: tuple[Download, ...] = ()
    """By address; those whose digest is known. What was unpacked and removed leaves its files alone."""
    revisions: tuple[Revision, ...] = ()
    """In the order of the steps, then those that pip cloned, by address."""
    debian_snapshot: str = ""
    """Time of the snapshot that Debian's packages came from, or `live` where none served them; empty if none was
    asked."""
    tree_sha256: str = ""
    """sha256 of that list, hexadecimal."""


class ListedImage(Value):
    """What an image holds, with the list of its files."""

    inventory: Inventory
    files: str
    """`files.tsv.gz`, base64."""

    @property
    def packed_files(self) -> bytes:
        """The gzipped list."""
        return base64.b64decode(self.files)
