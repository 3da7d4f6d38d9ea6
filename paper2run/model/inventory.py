"""What an image holds: its packages, and a digest of its whole file tree."""

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
    tree_sha256: str = ""
    """sha256 of that list, hexadecimal."""
