"""The packages of an image, from the databases that their managers keep in it.

pip: `METADATA` of a `.dist-info` and `PKG-INFO` of an `.egg-info` (core metadata); Debian: `/var/lib/dpkg/status`
(deb822); conda: `conda-meta/*.json`; npm: `package.json` below `node_modules`; R: `DESCRIPTION` of a library's folder.
"""

import json
import re
from collections.abc import Iterator, Mapping
from email.parser import HeaderParser
from pathlib import PurePosixPath
from typing import Any, Final

from packaging.utils import canonicalize_name

from paper2run.model.inventory import Package, PackageKind

DEBIAN: Final = re.compile(r"var/lib/dpkg/(?:status|status\.d/[^/]+)")
PYTHON: Final = re.compile(r"(?:.+/)?[^/]+\.(?:dist-info/METADATA|egg-info/PKG-INFO|egg-info)")
CONDA: Final = re.compile(r"(?:.+/)?conda-meta/[^/]+\.json")
NODE: Final = re.compile(r"(?:.+/)?node_modules/(?:@[^/]+/)?[^/]+/package\.json")
R_LIBRARY: Final = re.compile(r"(?:.+/)?(?:site-library|library)/[^/]+/DESCRIPTION")
OTHERS: Final = (PYTHON, CONDA, NODE, R_LIBRARY)
MAX_NAME_CHARS: Final = 200
HEADERS_CHARS: Final = 200_000
"""Of a package's metadata; a long description follows its headers."""
OUTSIDE: Final = re.compile(r"(?:tmp|proc|sys|dev|root/\.cache)/")


def is_record(path: str) -> bool:
    """Whether a file is of a package manager's database."""
    if OUTSIDE.match(path):
        return False
    return bool(DEBIAN.fullmatch(path)) or any(form.fullmatch(path) for form in OTHERS)


def packages_in(records: Mapping[str, bytes], source: str = "") -> tuple[Package, ...]:
    """Return the packages that the records name, by kind, name and place; those below `source` left out.

    A record that cannot be read names none. What the repository itself ships below its own folder is not installed.
    """
    below = source.strip("/") + "/"
    found = {
        package
        for path, content in records.items()
        # A manager of packages puts npm's below the source, too.
        if below == "/" or not path.startswith(below) or NODE.fullmatch(path)
        for package in _packages(path, content.decode("utf-8", "replace"))
        if _is_name(package.name) and _is_name(package.version)
    }
    return tuple(sorted(found, key=lambda each: (each.kind, each.name, each.place, each.version)))


def _is_name(text: str) -> bool:
    """Whether a text can be a name or a version: short, and without what no record can hold."""
    return len(text) <= MAX_NAME_CHARS and text.isprintable()


def _packages(path: str, text: str) -> Iterator[Package]:
    if DEBIAN.fullmatch(path):
        yield from _of_debian(text)
    elif CONDA.fullmatch(path):
        yield from _of_json("conda", path, text)
    elif NODE.fullmatch(path):
        yield from _of_json("npm", path, text)
    elif R_LIBRARY.fullmatch(path):
        yield from _of_headers("cran", path, text, "Package")
    elif PYTHON.fullmatch(path):
        yield from _of_headers("pypi", path, text, "Name")


def _of_debian(text: str) -> Iterator[Package]:
    for paragraph in re.split(r"\n\s*\n", text):
        fields = _headers(paragraph)
        name, version = fields.get("Package", ""), fields.get("Version", "")
        status = fields.get("Status", "install ok installed")
        if name and version and status.endswith(" installed"):
            yield Package(
                kind="deb", name=name, version=version, architecture=fields.get("Architecture", "")
            )


def _of_headers(kind: PackageKind, path: str, text: str, key: str) -> Iterator[Package]:
    fields = _headers(text)
    name, version = fields.get(key, ""), fields.get("Version", "")
    if name and version:
        named = canonicalize_name(name) if kind == "pypi" else name
        yield Package(kind=kind, name=named, version=version, place=_place(path))


def _of_json(kind: PackageKind, path: str, text: str) -> Iterator[Package]:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict):
        return
    name, version = found.get("name"), found.get("version")
    if isinstance(name, str) and isinstance(version, str) and name and version:
        yield Package(kind=kind, name=name, version=version, place=_place(path))


def _headers(text: str) -> dict[str, str]:
    """Return the headers of a text of `Name: value` lines, the first of each name."""
    parsed = HeaderParser().parsestr(text[:HEADERS_CHARS])
    return {name: str(value).strip() for name, value in reversed(parsed.items())}


def _place(path: str) -> str:
    """Return the folder that holds the package of a record, absolute."""
    record = PurePosixPath("/", path)
    # An .egg-info may be the record itself; all others lie in a folder of the package.
    return str(record.parent if record.suffix == ".egg-info" else record.parent.parent)
