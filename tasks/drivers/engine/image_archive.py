"""Saves images out of the engine as the blobs of an OCI layout, and loads them from there.

`docker save` writes an OCI layout since Docker 25, and folders named by layer before; both hold the `manifest.json`
that is read here, and configuration and layers are taken byte for byte, so that the image keeps its id.
https://github.com/moby/docker-image-spec
"""

import hashlib
import json
import posixpath
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from paper2run.errors import HostError
from paper2run.exports.oci_layout import (
    BLOBS,
    DOCKER_FILE,
    INDEX_FILE,
    LAYOUT,
    LAYOUT_FILE,
    Blob,
    LayoutImage,
    docker_manifest,
    index,
    manifest,
    packing_of,
)
from tasks.drivers.engine.engine import Engine, engine_faults
from tasks.drivers.engine.image_files import CHUNK_BYTES, Chunks
from tasks.drivers.host.tar_members import Member, TarDamaged, members

LINKS: Final = 64
"""Links one behind the other that are followed."""
MAX_JSON_BYTES: Final = 16 * 1024 * 1024
FIRST_BYTES: Final = 4


def save(engine: Engine, reference: str, name: str, layout: Path) -> LayoutImage:
    """Write the image's configuration and layers into the layout, and return what they are.

    `name` is what the layout calls it. The index is written by `finish`. HostError if the engine has no such image or
    its archive breaks off.
    """
    blobs = layout / BLOBS
    blobs.mkdir(parents=True, exist_ok=True)
    had = {path.name for path in blobs.iterdir()}
    if engine.image(reference) is None:
        raise HostError(
            f"the engine has no image {reference} any more",
            hint="run the repository again, or pull the image",
        )
    found: dict[str, Blob] = {}
    links: dict[str, str] = {}
    try:
        with engine_faults(f"saving {reference}"):
            chunks: Any = engine.client.api.get_image(reference, chunk_size=CHUNK_BYTES)
            for member in members(Chunks(iter(chunks))):
                path = posixpath.normpath(member.name)
                if member.is_file:
                    found[path] = _kept(member, blobs)
                elif member.is_link:
                    links[path] = posixpath.normpath(
                        posixpath.join(posixpath.dirname(path), member.target)
                    )
        image = _image(found, links, blobs, name)
    except (TarDamaged, ValueError, KeyError, LookupError) as error:
        raise HostError(
            f"the engine's archive of {reference} cannot be read: {error}",
            hint="try again; where it fails each time, see the engine's log",
            transient=True,
            trouble="engine",
        ) from error
    needed = {image.config.sha256, *(layer.sha256 for layer in image.layers)} | had
    for blob in blobs.iterdir():
        if blob.name not in needed:
            blob.unlink()
    return image


def finish(layout: Path, images: tuple[LayoutImage, ...]) -> None:
    """Write what names the blobs: manifests, index and the file that `docker load` reads."""
    pairs = []
    for image in images:
        content = manifest(image)
        blob = Blob(sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
        (layout / blob.path).write_bytes(content)
        pairs.append((image, blob))
    (layout / INDEX_FILE).write_bytes(index(pairs))
    (layout / DOCKER_FILE).write_bytes(docker_manifest(images))
    (layout / LAYOUT_FILE).write_bytes(LAYOUT)


def load(engine: Engine, layout: Path, image: LayoutImage, tag: str) -> str:
    """Load an image of the layout under this tag and no other; return its id.

    HostError if the layout lacks a file or the engine refuses it.
    """
    with engine_faults(f"loading {image.name}"):
        for item in engine.http.load_image(_archive(layout, image, tag)):
            if "error" in item:
                raise HostError(
                    f"the engine does not load {image.name}: {item['error']}",
                    hint="the file is damaged: get it again",
                )
    loaded = engine.image(tag)
    if loaded is None:
        raise HostError(
            f"the engine loaded {image.name} and has no {tag}", hint="see the engine's log"
        )
    return loaded.id


def _archive(layout: Path, image: LayoutImage, tag: str) -> Iterator[bytes]:
    """Yield the archive of one image as `docker load` reads it."""
    named = docker_manifest([image.changed(name=tag)])
    yield _header(DOCKER_FILE, len(named)) + named + bytes(-len(named) % tarfile.BLOCKSIZE)
    for blob in {blob.path: blob for blob in (image.config, *image.layers)}.values():
        path = layout / blob.path
        try:
            size_bytes = path.stat().st_size
            with path.open("rb") as file:
                yield _header(blob.path, size_bytes)
                while piece := file.read(CHUNK_BYTES):
                    yield piece
        except OSError as error:
            raise HostError(
                f"{image.name} lacks {blob.path}: {error.strerror}", hint="get the file again"
            ) from error
        yield bytes(-size_bytes % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(name: str, size_bytes: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size_bytes
    return member.tobuf(tarfile.PAX_FORMAT)


def _kept(member: Member, blobs: Path) -> Blob:
    """Write a member's content as a blob."""
    digest, first, size_bytes = hashlib.sha256(), b"", 0
    part = blobs / ".part"
    with part.open("wb") as file:
        for piece in member.pieces():
            first = first or piece[:FIRST_BYTES]
            digest.update(piece)
            size_bytes += len(piece)
            file.write(piece)
    shutil.move(part, blobs / digest.hexdigest())
    return Blob(sha256=digest.hexdigest(), size_bytes=size_bytes, packing=packing_of(first))


def _image(found: dict[str, Blob], links: dict[str, str], blobs: Path, name: str) -> LayoutImage:
    """Return the one image of an archive by its `manifest.json`."""

    def blob(path: str) -> Blob:
        for _ in range(LINKS):
            if path not in links:
                break
            path = links[path]
        return found[path]

    listed = _json(blobs, blob(DOCKER_FILE))
    if len(listed) != 1:
        raise ValueError(f"{len(listed)} images where one was asked for")
    config = blob(posixpath.normpath(listed[0]["Config"]))
    said = _json(blobs, config)
    labels = (said.get("config") or {}).get("Labels") or {}
    return LayoutImage(
        name=name,
        config=config.changed(packing=""),
        layers=tuple(blob(posixpath.normpath(path)) for path in listed[0]["Layers"]),
        architecture=said["architecture"],
        os=said["os"],
        labels=tuple(sorted(labels.items())),
    )


def _json(blobs: Path, blob: Blob) -> Any:
    if blob.size_bytes > MAX_JSON_BYTES:
        raise ValueError("a description of more than 16 MB")
    return json.loads((blobs / blob.sha256).read_bytes())
