"""Builds a run from a bundle alone: base image loaded, downloads served, network off."""

import dataclasses
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from paper2run.errors import UserError
from paper2run.exports.bundle import DOWNLOADS, LAYOUT, MANIFEST, PLACES, RUN, Bundle
from paper2run.exports.oci_layout import LayoutImage
from paper2run.proofs.folder_record import RECORD
from paper2run.rendering.hash_lock import LOCK
from paper2run.rendering.injection import Injection
from paper2run.rendering.kept_downloads import KeptDownloads
from paper2run.settings import Settings
from tasks.drivers.engine import (
    download_server,
    host_certificates,
    image_archive,
    kept_answers,
    network_client,
)
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.engine import Engine
from tasks.drivers.host.bundle_archive import first_member, need_room, unpack
from tasks.drivers.host.removal import remove_tree
from tasks.running.keep_space import using_image

MAX_MANIFEST_BYTES: Final = 4 * 1024 * 1024
SCRATCH: Final = ".new-bundle-"
"""Below the home; `clean` takes what a killed process left there."""
BASE: Final = "paper2run/bundle-base"
RUNTIME: Final = "paper2run/bundle-runtime"
CERTIFICATE: Final = "ca.pem"
WRITTEN_BY: Final = "name a file that `paper2run export --bundle` wrote"


class Opened(NamedTuple):
    """A bundle, unpacked."""

    folder: Path
    manifest: Bundle


@contextmanager
def scratch(home: Path) -> Iterator[Path]:
    """Yield a new folder below the home, which is removed afterwards."""
    home.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=home))
    try:
        yield place
    finally:
        remove_tree(place)


def manifest_of(bundle: Path) -> Bundle:
    """Return what a bundle says it holds. UserError if the file is no bundle."""
    text = first_member(bundle, MANIFEST, MAX_MANIFEST_BYTES)
    try:
        return Bundle.model_validate_json(text)
    except ValidationError as error:
        raise UserError(
            f"{bundle} is a bundle of another version or damaged ({error.error_count()} wrong fields)",
            hint=WRITTEN_BY,
        ) from None


def need_rebuilding(bundle: Path, run: Path) -> Bundle:
    """Return what the bundle says. UserError if it is of another run, or does not rebuild."""
    manifest = manifest_of(bundle)
    if not manifest.rebuilds:
        raise UserError(
            f"{bundle.name} does not rebuild: {manifest.reason}",
            hint=f"it has the finished image: unpack it, and pack its folder {LAYOUT} for `docker load`",
        )
    record = run / RECORD
    digest = hashlib.sha256(record.read_bytes()).hexdigest() if record.is_file() else ""
    if digest != manifest.record_sha256:
        raise UserError(
            f"{bundle.name} is of another run than {run.name}",
            hint="leave RUN out to verify the run that is in the bundle",
        )
    return manifest


def run_in(bundle: Path, out: Path, home: Path) -> Path:
    """Return the run folder of the bundle: the one in the folder of runs, unpacked if it is not there."""
    manifest = manifest_of(bundle)
    target = out / Path(manifest.run).name
    if target.exists():
        need_rebuilding(bundle, target)
        return target
    with scratch(home) as place:
        need_room(place, bundle.stat().st_size, "unpacking the bundle")
        unpack(bundle, place, PLACES.fullmatch)
        need_rebuilding(bundle, place / RUN)
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=out) as beside:
            # Not one rename: the home may lie on another disk.
            shutil.copytree(place / RUN, Path(beside, RUN), symlinks=True)
            Path(beside, RUN).rename(target)
    return target


@contextmanager
def opened(bundle: Path, run: Path, home: Path) -> Iterator[Opened]:
    """Yield the bundle unpacked below the home. UserError if it is none, or of another run."""
    manifest = need_rebuilding(bundle, run)
    with scratch(home) as place:
        need_room(place, bundle.stat().st_size, "unpacking the bundle")
        unpack(bundle, place, PLACES.fullmatch)
        yield Opened(place, manifest)


@contextmanager
def offline_build(
    engine: Engine, run: Path, kept: Opened, image: str, run_id: str, settings: Settings
) -> Iterator[BuildInput]:
    """Yield what builds the run's image from the bundle alone; its images are on the engine meanwhile."""
    manifest, layout = kept.manifest, kept.folder / LAYOUT
    if manifest.base is None:
        raise UserError("the bundle has no base image", hint=WRITTEN_BY)
    with (
        _loaded(engine, layout, manifest.base, f"{BASE}:{run_id[:12]}", settings) as base,
        _loaded(
            engine, layout, manifest.runtime or manifest.base, f"{RUNTIME}:{run_id[:12]}", settings
        ) as runtime,
    ):
        injection = KeptDownloads.serving(
            manifest.access,
            runtime,
            proxy_program(),
            (kept.folder / DOWNLOADS / CERTIFICATE).read_text("utf-8"),
            base,
        )
        given = build_input(run, image, injection)
        yield dataclasses.replace(given, kept=kept.folder / DOWNLOADS, network="none")


def build_input(run: Path, image: str, injection: Injection) -> BuildInput:
    """Return what builds the image of a run folder, every step anew."""
    lock = run / LOCK
    return BuildInput(
        dockerfile=(run / "Dockerfile").read_text("utf-8"),
        lock=lock.read_text("utf-8") if lock.is_file() else "",
        repo=run / "repo",
        tag=image,
        injection=injection,
        from_scratch=True,
    )


def proxy_program() -> tuple[tuple[str, str], ...]:
    """Return the modules of the proxy that runs beside the steps, by path; the first one is run."""
    return tuple(
        (f"{module.__name__.replace('.', '/')}.py", Path(str(module.__file__)).read_text("utf-8"))
        for module in (download_server, kept_answers, host_certificates, network_client)
    )


@contextmanager
def _loaded(
    engine: Engine, layout: Path, image: LayoutImage, tag: str, settings: Settings
) -> Iterator[str]:
    """Load an image of the bundle under a tag of our own, which is removed afterwards; yield the tag."""
    try:
        with using_image(tag, settings):
            image_archive.load(engine, layout, image, tag)
            yield tag
    finally:
        engine.remove_image(tag)
