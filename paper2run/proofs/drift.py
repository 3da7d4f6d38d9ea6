"""What differs between the image that was handed over and the rebuilt one, and what caused it.

A package of another version speaks for its index, Debian or the base image; a file of a package whose version is the
same speaks for a package that was published anew. What every build writes anew is no drift: EXPLAINED has the reasons.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.inventory import Inventory, Package, PackageKind
from paper2run.model.rebuild import Drift, DriftCause, ExplainedFiles
from paper2run.model.value import Value
from paper2run.proofs.downloads import changed_downloads, of_addresses, unchanged_packages
from paper2run.proofs.engine_change import is_of_engine
from paper2run.proofs.file_list import FileEntry
from paper2run.rendering.debian_snapshot import LIVE, SNAPSHOT_FILE

CAUSES: Final[Mapping[PackageKind, DriftCause]] = {
    "deb": "debian", "pypi": "index", "conda": "index", "npm": "index", "cran": "index",
}  # fmt: skip
IN_ORDER: Final[tuple[DriftCause, ...]] = (
    "code", "base", "index", "debian", "link", "data", "engine", "unknown",
)  # fmt: skip
"""The order in which drifts are told: what decides first comes first."""
EXPLAINED: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(?:^|/)__pycache__(?:/|$)|\.py[co]$"), "byte code, which holds the time of its source"),
    (re.compile(r"^(?:var/(?:log|cache|lib/apt|lib/dpkg/(?:.*-old|lock|triggers/))|etc/(?:passwd|shadow|g?shadow|group)-$)"),
     "logs, caches and old copies of Debian's tools"),
    (re.compile(r"^etc/(?:machine-id|ld\.so\.cache|shadow|ssl/certs/java/cacerts)$"),
     "written anew by each installation, with its time or a random number"),
    (re.compile(r"^(?:tmp|var/tmp|run)(?:/|$)|^root/(?:\.cache/(?:pip|uv|go-build)|\.npm|\.wget-hsts|\.gnupg|\.config)(?:/|$)"
                r"|^root(?:/\.cache)?$"),
     "scratch folders of the build"),
    (re.compile(r"\.(?:dist-info|egg-info)/(?:RECORD|direct_url\.json|INSTALLER|REQUESTED|SOURCES\.txt)$|\.egg-link$"),
     "notes of pip on an installation"),
    (re.compile(re.escape(SNAPSHOT_FILE.strip("/")) + "$"), "which archive Debian's packages came from"),
    (re.compile(r"(?:^|/)\.git/"), "git's own files, which hold times"),
    (re.compile(r"/(?:site-library|library)/[^/]+/(?:DESCRIPTION$|Meta/|help/|R/[^/]+\.rd[bx]$)"),
     "R's index of a package, which holds the time of its installation"),
    (re.compile(r"(?:^|/)julia/(?:logs|registries|compiled|scratchspaces)/|(?:^|/)cargo/(?:registry/index|\.global-cache)"),
     "logs and indexes of Julia's and Rust's package managers"),
)  # fmt: skip
COMPILED: Final = "compiled again from the same source"
BY_THE_BUILD: Final = "made by a step of the build from the same source"
PRODUCT: Final = re.compile(
    r"\.(?:o|a|so|lo|la|mod|class|jar|exe|gch|d|ninja_log|ninja_deps|cmake)$|\.so\.[\d.]+$"
    r"|/(?:build|dist|target|CMakeFiles|_build|bin|classes|[^/]+\.egg-info)/|/(?:Makefile|config\.(?:log|status))$"
)
"""Below the source: what compilers and build systems write."""
CONFIGURATION: Final = "/__config__.py"
"""Written by Meson and numpy.distutils: the compilers of a build, and its scratch folder."""
OF_DEBIAN: Final = re.compile(
    r"^(?:bin|sbin|lib\w*|etc|var|boot|usr/(?:bin|sbin|lib\w*|share|include|libexec))(?:/|$)"
)
"""Where Debian's packages have their files; pip's, npm's and a build's lie elsewhere."""
SITE_PACKAGES: Final = re.compile(r"/(?:site|dist)-packages/|/node_modules/")
IN_SITE_PACKAGES: Final = re.compile(r".*/(?:site|dist)-packages/[^/]+")
NOTES_OF_PACKAGE: Final = re.compile(r"/(?:site|dist)-packages/([^/]+?)-[^/-]+\.dist-info(?:/|$)")
SOURCE: Final = SOURCE_FOLDER.strip("/") + "/"
MAX_DRIFTS: Final = 100
MAX_EXAMPLES: Final = 5


class Held(NamedTuple):
    """What an image holds."""

    inventory: Inventory
    files: Mapping[str, FileEntry]
    """By path."""
    base_image_id: str


class Origins(NamedTuple):
    """Where files of the rebuilt image come from."""

    owners: Mapping[str, str]
    """Normalised name of the Python package that lists a file, by path."""
    built_here: Collection[str]
    """Normalised names of the packages that were built inside the image; all others came as they are."""
    by_address: Collection[str]
    """Normalised names of the packages that pip fetched by their address."""
    fetches: bool
    """Whether a step of the build downloads files by their address."""
    other_engine: bool = False
    """Whether another engine than the run's built the image."""


class Compared(Value):
    """How two images compare."""

    drifts: tuple[Drift, ...]
    explained: tuple[ExplainedFiles, ...]
    files: int
    """Of the image that was handed over."""
    files_same: int
    notes: tuple[str, ...] = ()
    """What a person should know beside the drifts."""


def compared(before: Held, after: Held, origins: Origins) -> Compared:
    """Return how the rebuilt image compares with the one that was handed over."""
    fetched = changed_downloads(before.inventory, after.inventory)
    addresses = {drift.item for drift in fetched}
    # What was fetched is told; its version and its files follow from it.
    follows = of_addresses((before.inventory, after.inventory), addresses)
    packages = [*_of_base(before, after), *_of_packages(before.inventory, after.inventory, follows)]
    drifts = [*packages, *fetched]
    moved = {drift.item for drift in drifts} | follows
    same_source = unchanged_packages(before.inventory, after.inventory)
    origins = origins._replace(built_here={*origins.built_here, *same_source})
    folders = _folders(origins.owners) if moved else {}
    explained: dict[str, list[str]] = {}
    same = 0
    for path in sorted(before.files.keys() | after.files.keys()):
        old, new = before.files.get(path), after.files.get(path)
        if old is not None and _is_same(old, new):
            same += 1
            continue
        owner = origins.owners.get(path, "")
        if not moved.isdisjoint((owner or _owner_by_place(path, folders), f"/{path}")):
            # The package or the download is told; its files follow from it.
            continue
        why = _explanation(path, owner, origins)
        if why:
            explained.setdefault(why, []).append(path)
        elif not _follows(path, owner, packages):
            is_engine = origins.other_engine and is_of_engine(path, old, new)
            drifts.append(
                Drift(
                    cause="engine" if is_engine else _cause(path, owner, origins),
                    item=f"/{path}",
                    before=_rights(old) if is_engine else _shown(old),
                    after=_rights(new) if is_engine else _shown(new),
                )
            )
    drifts.sort(key=lambda drift: (IN_ORDER.index(drift.cause), drift.item))
    return Compared(
        drifts=tuple(drifts[:MAX_DRIFTS]),
        explained=tuple(
            ExplainedFiles(why=why, count=len(paths), examples=tuple(paths[:MAX_EXAMPLES]))
            for why, paths in sorted(explained.items())
        ),
        files=len(before.files),
        files_same=same,
        notes=_notes(before.inventory, after.inventory),
    )


def _notes(before: Inventory, after: Inventory) -> tuple[str, ...]:
    """Return that Debian's packages came from elsewhere; equal packages are no drift all the same."""
    then, now = before.debian_snapshot, after.debian_snapshot
    if not then or then == now:
        return ()
    return (f"Debian's packages came from another state of its archive: {then} -> {now or LIVE}",)


def owners_in(records: Mapping[str, bytes]) -> dict[str, str]:
    """Return the Python package that lists each file in its RECORD, by path below the root.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
    """
    found: dict[str, str] = {}
    for path, content in records.items():
        match = re.fullmatch(r"(.+)/([^/]+?)-[^/-]+\.dist-info/RECORD", path)
        if match is None:
            continue
        name = re.sub(r"[-_.]+", "-", match[2]).lower()
        prefix = match[1].partition("lib/")[0]
        for line in content.decode("utf-8", "replace").splitlines():
            listed = line.rsplit(",", 2)[0].strip('"')
            path = _below(match[1], listed)
            # A record may claim any file; a package has its own below the prefix of its environment.
            if path.startswith(prefix) and not path.startswith(SOURCE):
                found.setdefault(path, name)
    return found


def _folders(owners: Mapping[str, str]) -> dict[str, str]:
    """Return the package of each folder or module of an environment whose files are all of one package."""
    found: dict[str, set[str]] = {}
    for path, owner in owners.items():
        if place := IN_SITE_PACKAGES.match(path):
            found.setdefault(place[0], set()).add(owner)
    return {place: min(names) for place, names in found.items() if len(names) == 1}


def _owner_by_place(path: str, folders: Mapping[str, str]) -> str:
    """Return the package that a file belonged to, which no record lists any more; empty if unclear."""
    if notes := NOTES_OF_PACKAGE.search(path):
        return re.sub(r"[-_.]+", "-", notes[1]).lower()
    place = IN_SITE_PACKAGES.match(path)
    return folders.get(place[0], "") if place else ""


def _below(folder: str, listed: str) -> str:
    """Return the path of a file that is named from a folder, perhaps through `..`."""
    parts: list[str] = [] if listed.startswith("/") else folder.split("/")
    for part in listed.strip("/").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _is_same(old: FileEntry, new: FileEntry | None) -> bool:
    if new is None or (old.kind, old.mode, old.owner, old.content) != (
        new.kind,
        new.mode,
        new.owner,
        new.content,
    ):
        return False
    # Byte code has no digest; its size says nothing either.
    return old.size_bytes == new.size_bytes or not old.content


def _of_base(before: Held, after: Held) -> Iterator[Drift]:
    if before.base_image_id and before.base_image_id != after.base_image_id:
        yield Drift(
            cause="base",
            item="base image",
            before=before.base_image_id,
            after=after.base_image_id,
        )


def _of_packages(before: Inventory, after: Inventory, told: Collection[str]) -> Iterator[Drift]:
    old, new = _versions(before.packages), _versions(after.packages)
    for key in sorted(old.keys() | new.keys()):
        kind, name, _ = key
        if old.get(key) != new.get(key) and not (kind == "pypi" and name in told):
            yield Drift(
                cause=CAUSES[kind], item=name, before=old.get(key, ""), after=new.get(key, "")
            )


def _versions(packages: tuple[Package, ...]) -> dict[tuple[PackageKind, str, str], str]:
    # Debian installs some packages for two architectures, which have one version.
    return {(each.kind, each.name, each.place): each.version for each in packages}


def _explanation(path: str, owner: str, origins: Origins) -> str:
    """Return why a file may differ without a drift; empty for a drift."""
    for pattern, why in EXPLAINED:
        if pattern.search(path):
            return why
    if owner in origins.built_here:
        return COMPILED
    if owner in origins.by_address and (PRODUCT.search(f"/{path}") or path.endswith(CONFIGURATION)):
        # Python files of a package are what its address gives; only compilers write the others anew.
        return COMPILED
    if path.startswith(SOURCE) and PRODUCT.search(f"/{path}"):
        return BY_THE_BUILD
    return ""


def _cause(path: str, owner: str, origins: Origins) -> DriftCause:
    if owner:
        return "data" if owner in origins.by_address else "index"
    return "data" if origins.fetches else "unknown"


def _follows(path: str, owner: str, drifts: list[Drift]) -> bool:
    """Whether a file of Debian's folders follows from a base image or packages already told."""
    causes = {drift.cause for drift in drifts}
    if owner or SITE_PACKAGES.search(f"/{path}"):
        return "base" in causes and not owner
    return bool(OF_DEBIAN.match(path)) and bool(causes & {"base", "debian"})


def _shown(entry: FileEntry | None) -> str:
    if entry is None:
        return ""
    return entry.content[:16] or _rights(entry)


def _rights(entry: FileEntry | None) -> str:
    return f"{entry.kind} {entry.mode:o} {entry.owner}" if entry else ""
