"""Finds the Debian package that brings a file, in a Contents index of the image's own release.

Index: https://wiki.debian.org/DebianRepository/Format#A.22Contents.22_indices; sources: sources.list(5).
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from paper2run.failures.wanted_files import Kind, WantedFile

LIBRARIES: Final = r"(?:usr/)?lib/(?:[\w-]+-linux-\w+/)?"
PLACES: Final[dict[Kind, tuple[str, ...]]] = {
    "library": (LIBRARIES, LIBRARIES + r"[^/]+/"),
    "header": (r"usr/include/(?:[\w-]+-linux-\w+/)?", r"usr/include/[^/]+/"),
    "program": (r"(?:usr/)?s?bin/", r"usr/games/"),
    "pkgconfig": (LIBRARIES + r"pkgconfig/", r"usr/share/pkgconfig/"),
    "link": (LIBRARIES, LIBRARIES + r"[^/]+/"),
    "opened": (LIBRARIES,),
    "cmake": (
        r"usr/(?:lib|share)/(?:[\w-]+-linux-\w+/)?cmake/(?:[^/]+/)?",
        r"usr/(?:lib|share)/[^/]+/(?:cmake/)?",
    ),
}
"""Folders by kind: those that programs search by default, then those of alternatives and flags."""
KEPT: Final = re.compile(
    rb"(?:usr/include/|(?:usr/)?s?bin/|usr/games/|usr/share/pkgconfig/"
    rb"|usr/(?:lib|share)/\S+(?:Config|-config)\.cmake\s"
    rb"|(?:usr/)?lib/(?:[\w-]+-linux-\w+/)?(?:pkgconfig/|(?:[^/\s]+/)?lib[^/\s]+\.(?:so[.\d]*|a)\s))"
)
"""The lines of an index that can ever answer; a tenth of all."""
FOR_DEVELOPMENT: Final[frozenset[Kind]] = frozenset({"header", "link", "pkgconfig", "cmake"})
UNFIT_SECTIONS: Final = frozenset({"python", "debug"})
"""What is made for Debian's own interpreter, which the plan's does not see; what only debuggers read."""
FIELD: Final = re.compile(r"^(Types|URIs|Suites|Components):[ \t]*(.*)$", re.MULTILINE)
ONE_LINE: Final = re.compile(
    r"^deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<parts>.+)$"
)
ARCHITECTURE: Final = re.compile(r"^architecture (\w[\w-]*)$", re.MULTILINE)
SUITE: Final = re.compile(r"[a-z]+")
"""A release itself: neither its updates nor its security fixes, whose indexes are empty or small."""


class Release(NamedTuple):
    """The Debian release of an image, and the mirror that the image installs from."""

    suite: str
    architecture: str
    mirror: str
    """Address without a slash at its end."""


def read_release(text: str) -> Release | None:
    """Return the release named by apt's sources; None for other systems.

    A line `architecture amd64` follows the sources. Both forms of sources are read: one line each
    (`deb …`) and deb822.
    """
    architecture = ARCHITECTURE.search(text)
    if architecture is None:
        return None
    for uri, suites, parts in _sources(text):
        suite = next(filter(SUITE.fullmatch, suites), "")
        if suite and "main" in parts and uri.startswith(("http://", "https://")):
            return Release(suite, architecture[1], uri.rstrip("/"))
    return None


def _sources(text: str) -> Iterable[tuple[str, list[str], list[str]]]:
    for line in text.splitlines():
        match = ONE_LINE.match(line)
        if match:
            yield match["uri"], [match["suite"]], match["parts"].split()
    for paragraph in re.split(r"\n\s*\n", text):
        fields = {name: value.split() for name, value in FIELD.findall(paragraph)}
        if "deb" in fields.get("Types", ()) and fields.get("URIs"):
            yield fields["URIs"][0], fields.get("Suites", []), fields.get("Components", [])


def parts(wanted: WantedFile) -> tuple[str, ...]:
    """Return the texts of which any line of an index that brings `wanted` holds one."""
    if wanted.kind == "opened":
        return tuple(f"/lib{stem}{end}" for stem in _stems(wanted.name) for end in (".so", "-"))
    return tuple(f"/{name} " for name in _file_names(wanted))


def _file_names(wanted: WantedFile) -> tuple[str, ...]:
    """Return the names of the file that `wanted` may be, the best first."""
    match wanted.kind:
        case "link":
            return f"lib{wanted.name}.so", f"lib{wanted.name}.a"
        case "pkgconfig":
            return (f"{wanted.name}.pc",)
        case _:
            return (wanted.name,)


def _patterns(wanted: WantedFile) -> tuple[str, ...]:
    """Return the patterns of the file's name, the best first."""
    if wanted.kind != "opened":
        return tuple(map(re.escape, _file_names(wanted)))
    stems = map(re.escape, _stems(wanted.name))
    # Debian puts a version behind some names: libenchant-2.so.2.
    return tuple(
        rf"lib{stem}{more}" for stem in stems for more in (r"\.so\.\d+", r"-[\d.]+\.so\.\d+")
    )


def _stems(name: str) -> tuple[str, ...]:
    """Return the bare names that a library may have in Debian, which code writes as it likes.

    `ecCodes`, `libsndfile.so`, `gobject-2.0-0` (the name of its file on Windows).
    """
    bare = re.sub(r"\.so[.\d]*$", "", name).removeprefix("lib")
    return tuple(dict.fromkeys((bare, bare.lower(), re.sub(r"-\d+$", "", bare.lower()))))


def package_of(wanted: WantedFile, lines: Iterable[str]) -> str:
    """Return the package that brings the file, from index lines ending in one of its names; empty if none.

    Preference: standard folders first, `-dev` for what builds, names without a version, the
    shortest name.
    """
    ranked = [
        (*rank, *_preference(wanted.kind, package), package)
        for line in lines
        for path, _, packages in [line.rpartition(" ")]
        for rank in _ranks(wanted, path.rstrip())
        for package in _names(packages)
    ]
    if not ranked:
        return ""
    *_, package = best = min(ranked)
    # `config.h` is in many folders: there, only a header that a single package has is evidence.
    if wanted.kind == "header" and best[0] and len({row[-1] for row in ranked}) > 1:
        return ""
    return str(package)


def _ranks(wanted: WantedFile, path: str) -> list[tuple[int, int]]:
    return [
        (far, late)
        for far, folder in enumerate(PLACES[wanted.kind])
        for late, name in enumerate(_patterns(wanted))
        if re.fullmatch(folder + name, path)
    ]


def _preference(kind: Kind, package: str) -> tuple[bool, bool, int]:
    develops = package.endswith("-dev")
    if kind == "opened":
        return develops, False, len(package)
    return not (develops and kind in FOR_DEVELOPMENT), any(map(str.isdigit, package)), len(package)


def _names(packages: str) -> list[str]:
    """Return the packages of `libdevel/libyaml-dev,python/python3-yaml` that any plan may install."""
    found = [entry.rpartition("/") for entry in packages.split(",")]
    return [name for section, _, name in found if section.rpartition("/")[2] not in UNFIT_SECTIONS]
