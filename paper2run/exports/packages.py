"""The packages of a run's image: as listed in it, else as the plan pins them."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from paper2run.exports.run_record import RunRecord
from paper2run.model.conda import PACKAGE_URL, CondaArchive
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.inventory import Package, PackageKind
from paper2run.model.value import Value

Origin = Literal["image", "plan", "none"]
"""Where a list comes from: the databases in the image, the pins of the plan, or there is neither."""
CONDA_ARCHIVE: Final = re.compile(
    rf"(?P<url>{PACKAGE_URL.removeprefix('^').removesuffix('$')})#(?P<digest>[0-9a-f]{{64}}|[0-9a-f]{{32}})\b"
)
"""A line of conda's explicit list, which stands in a step of the plan."""


class Component(Value):
    """One package, wherever it lies and however often."""

    kind: PackageKind
    name: str
    version: str = ""
    """Empty for a Debian package of a plan, which takes what the release has."""
    architecture: str = ""
    places: tuple[str, ...] = ()
    """Folders of the image that hold it."""
    address: str = ""
    digest: str = ""
    """sha256, or md5 of conda's older packages; empty where the record has none."""


def components_of(record: RunRecord) -> tuple[tuple[Component, ...], Origin]:
    """Return the packages by kind and name, each once, and where the list comes from."""
    if record.inventory is not None:
        return _merged(map(_listed, record.inventory.packages)), "image"
    best = record.best
    planned = best.planned if best else record.planned
    if planned is None:
        return (), "none"
    return _merged(_pinned(planned)), "plan"


def _listed(package: Package) -> Component:
    return Component(
        kind=package.kind,
        name=package.name,
        version=package.version,
        architecture=package.architecture,
        places=(package.place,) if package.place else (),
    )


def _pinned(planned: PlannedEnvironment) -> Iterator[Component]:
    resolution = planned.resolution
    for pin in resolution.pins if resolution else ():
        yield Component(kind="pypi", name=pin.name, version=pin.version)
    of_pins = resolution.system_packages if resolution else ()
    for name in (*planned.plan.system_packages, *of_pins):
        yield Component(kind="deb", name=name)
    for step in planned.plan.install_steps:
        for found in CONDA_ARCHIVE.finditer(step):
            archive = CondaArchive(url=found["url"], digest=found["digest"])
            yield Component(
                kind="conda",
                name=archive.name,
                version=archive.version,
                address=archive.url,
                digest=archive.digest,
            )


def _merged(found: Iterable[Component]) -> tuple[Component, ...]:
    """Return each package once, with all its places."""
    by_identity: dict[tuple[str, str, str, str], Component] = {}
    for one in found:
        key = (one.kind, one.name, one.version, one.architecture)
        known = by_identity.get(key)
        places = {*one.places, *(known.places if known else ())}
        by_identity[key] = (known or one).changed(places=tuple(sorted(places)))
    return tuple(by_identity[key] for key in sorted(by_identity))
