"""The index of an OCI image layout: what names the blobs of an image, for engines old and new.

https://specs.opencontainers.org/image-spec/image-layout/ ; `manifest.json` beside it is what `docker load` of every
version reads (https://github.com/moby/docker-image-spec).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import Field

from paper2run.model.value import Value

BLOBS: Final = "blobs/sha256"
LAYOUT_FILE: Final = "oci-layout"
LAYOUT: Final = b'{"imageLayoutVersion":"1.0.0"}'
INDEX_FILE: Final = "index.json"
DOCKER_FILE: Final = "manifest.json"
OF_OCI: Final = "application/vnd.oci.image"
NAME: Final = "org.opencontainers.image.ref.name"
CONTAINERD_NAME: Final = "io.containerd.image.name"
LABEL: Final = "org.opencontainers.image."
"""Start of the labels that are annotations too."""
PACKINGS: Final[Mapping[bytes, str]] = {b"\x1f\x8b": "+gzip", b"\x28\xb5\x2f\xfd": "+zstd"}
"""First bytes of a layer, and the end of its media type."""


class Blob(Value):
    """One file of the layout."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size_bytes: int
    packing: str = ""
    """`+gzip` or `+zstd` of a packed layer."""

    @property
    def path(self) -> str:
        """Where it lies in the layout."""
        return f"{BLOBS}/{self.sha256}"


class LayoutImage(Value):
    """One image of the layout."""

    name: str
    """Its reference, `name:tag`."""
    config: Blob
    layers: tuple[Blob, ...]
    architecture: str
    os: str
    labels: tuple[tuple[str, str], ...] = ()


def packing_of(first_bytes: bytes) -> str:
    """Return the end of a layer's media type; empty for a plain tar."""
    return next((end for start, end in PACKINGS.items() if first_bytes.startswith(start)), "")


def manifest(image: LayoutImage) -> bytes:
    """Return the image's manifest, the same bytes for the same image."""
    said = {name: value for name, value in sorted(image.labels) if name.startswith(LABEL)}
    layers = [_descriptor(layer, f"{OF_OCI}.layer.v1.tar{layer.packing}") for layer in image.layers]
    return _json(
        {
            "schemaVersion": 2,
            "mediaType": f"{OF_OCI}.manifest.v1+json",
            "config": _descriptor(image.config, f"{OF_OCI}.config.v1+json"),
            "layers": layers,
            **({"annotations": said} if said else {}),
        }
    )


def index(images: Sequence[tuple[LayoutImage, Blob]]) -> bytes:
    """Return `index.json` of the images with their manifests."""
    manifests = [
        {
            **_descriptor(blob, f"{OF_OCI}.manifest.v1+json"),
            "annotations": {CONTAINERD_NAME: image.name, NAME: image.name.rpartition(":")[2]},
            "platform": {"architecture": image.architecture, "os": image.os},
        }
        for image, blob in images
    ]
    whole = {
        "schemaVersion": 2,
        "mediaType": f"{OF_OCI}.index.v1+json",
        "manifests": manifests,
    }
    return _json(whole)


def docker_manifest(images: Sequence[LayoutImage]) -> bytes:
    """Return the `manifest.json` that `docker load` reads."""
    return _json(
        [
            {
                "Config": image.config.path,
                "RepoTags": [image.name],
                "Layers": [layer.path for layer in image.layers],
            }
            for image in images
        ]
    )


def _descriptor(blob: Blob, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{blob.sha256}", "size": blob.size_bytes}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
