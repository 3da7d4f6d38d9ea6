"""A bill of materials of a run's image: CycloneDX 1.6 as JSON, the same for the same run.

https://cyclonedx.org/docs/1.6/json/. The library is the extra `export`; only what exports imports this module.
"""

from collections.abc import Iterable
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as Part
from cyclonedx.model.component import ComponentType, Swhid
from cyclonedx.model.contact import OrganizationalContact
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from paper2run.exports.packages import Component, Origin, components_of
from paper2run.exports.run_record import RunRecord, public_address
from paper2run.exports.traces import Traces
from paper2run.text_gate import flat

PREFIX: Final = "paper2run:"
"""Of our properties. https://github.com/CycloneDX/cyclonedx-property-taxonomy"""
FROM: Final[dict[Origin, str]] = {
    "image": "listed in the image by its package managers",
    "plan": "pinned by the plan; the image was not listed",
    "none": "none: there was neither an image nor a plan",
}
HASHES: Final = {64: HashAlgorithm.SHA_256, 32: HashAlgorithm.MD5}
"""By the digest's hexadecimal digits."""


def sbom(record: RunRecord, traces: Traces) -> tuple[str, Origin]:
    """Return the bill as JSON text, and where its list of packages comes from."""
    found, origin = components_of(record)
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, _identity(record)))
    metadata = record.metadata
    bom.metadata.timestamp = metadata.ended_at or metadata.started_at
    tool = Part(
        name="paper2run", version=metadata.versions.paper2run, type=ComponentType.APPLICATION
    )
    bom.metadata.tools.components.add(tool)
    image = _image(record)
    bom.metadata.component = image
    bom.metadata.properties.update(_properties(_told(record, origin), traces))
    repository = _repository(record)
    parts = [repository, *(_part(one) for one in found)]
    bom.components.update(parts)
    bom.register_dependency(image, parts)
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n", origin


def _identity(record: RunRecord) -> str:
    metadata = record.metadata
    return (
        f"paper2run {record.checkout.commit} {metadata.image_id} {metadata.started_at.isoformat()}"
    )


def _told(record: RunRecord, origin: Origin) -> dict[str, str]:
    metadata, inventory = record.metadata, record.inventory
    return {
        "packages-from": FROM[origin],
        "status": metadata.status,
        "grade": metadata.grade,
        "image-id": metadata.image_id,
        "image-tree-sha256": inventory.tree_sha256 if inventory else "",
        "base-image": record.planned.plan.base_image if record.planned else "",
        "python": metadata.python,
        "cutoff": metadata.cutoff,
    }


def _properties(told: dict[str, str], traces: Traces) -> Iterable[Property]:
    return [
        Property(name=f"{PREFIX}{name}", value=flat(traces.out_of(value)))
        for name, value in told.items()
        if value
    ]


def _image(record: RunRecord) -> Part:
    name, _, tag = record.metadata.image.rpartition(":")
    if not name:
        built = Property(name=f"{PREFIX}image", value="not built")
        return Part(
            name=flat(record.name),
            type=ComponentType.CONTAINER,
            bom_ref="image",
            properties=[built],
        )
    return Part(name=flat(name), version=flat(tag), type=ComponentType.CONTAINER, bom_ref="image")


def _repository(record: RunRecord) -> Part:
    checkout, citation = record.checkout, record.citation
    address = public_address(checkout.url)
    swhids = [*filter(None, (checkout.swhid_revision, checkout.swhid_directory))]
    licences = [LicenseFactory().make_from_string(citation.licence)] if citation.licence else []
    vcs = [ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(address))] if address else []
    return Part(
        name=flat(record.name),
        version=checkout.commit,
        type=ComponentType.APPLICATION,
        bom_ref="repository",
        swhids=map(Swhid, swhids),
        licenses=licences,
        authors=[OrganizationalContact(name=author.name) for author in citation.authors],
        external_references=vcs,
    )


def _part(one: Component) -> Part:
    purl = _purl(one)
    algorithm = HASHES.get(len(one.digest))
    where = ExternalReferenceType.DISTRIBUTION
    return Part(
        name=flat(one.name),
        version=flat(one.version) or None,
        type=ComponentType.LIBRARY,
        bom_ref=str(purl),
        purl=purl,
        hashes=[HashType(alg=algorithm, content=one.digest)] if algorithm else [],
        external_references=[ExternalReference(type=where, url=XsUri(one.address))]
        if one.address
        else [],
        properties=[Property(name=f"{PREFIX}place", value=flat(place)) for place in one.places],
    )


def _purl(one: Component) -> PackageURL:
    """Return the package's address. https://github.com/package-url/purl-spec/tree/main/types"""
    name, version = flat(one.name), flat(one.version) or None
    if one.kind == "deb":
        arch = {"arch": flat(one.architecture)} if one.architecture else None
        return PackageURL("deb", "debian", name, version, arch)
    if one.kind == "npm" and name.startswith("@") and "/" in name:
        scope, _, below = name.partition("/")
        return PackageURL("npm", scope, below, version)
    return PackageURL(one.kind, None, name, version)
