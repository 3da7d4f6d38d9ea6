"""Stage `bundle`: packs a finished run with all that its image is built from, and tries that offline."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from paper2run.errors import HostError, UserError
from paper2run.exports.bundle import (
    DOWNLOADS,
    LAYOUT,
    LEFT_OUT,
    LOGS,
    MANIFEST,
    RUN,
    Bundle,
    without_login,
)
from paper2run.exports.oci_layout import LayoutImage
from paper2run.failures.failure_log import telling_line
from paper2run.model.outcome import BuildFailed, Built
from paper2run.model.report import Metadata
from paper2run.model.value import Value
from paper2run.proofs.folder_record import RECORD
from paper2run.redaction import secrets_in
from paper2run.rendering.injection import Injection, base_images
from paper2run.rendering.kept_downloads import KeptDownloads, runtime_for
from paper2run.settings import Settings
from tasks.build import built
from tasks.drivers.engine import image_archive
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.engine.image_downloads import take_downloads
from tasks.drivers.host.authority import new_authority
from tasks.drivers.host.bundle_archive import Packed, below, need_room, pack
from tasks.drivers.host.removal import remove_tree
from tasks.offline import CERTIFICATE, Opened, build_input, offline_build, proxy_program, scratch
from tasks.running.caching import stage
from tasks.running.keep_space import using_image
from tasks.running.progress_log import PROGRESS

TIMEOUT_S: Final = 3 * 86_400
"""Two builds and the copying; each build has a limit of its own."""
STAGE_OF_STEP: Final = re.compile(r"^\[[^\]]*\] ")
"""`[stage-0 3/9] ` of BuildKit."""


class Bundled(Value):
    """A bundle that was written."""

    path: str
    manifest: Bundle
    size_bytes: int


class Kept(NamedTuple):
    """What a build that keeps its downloads has left."""

    base: str
    """Name of the base image."""
    runtime: str
    files: int
    size_bytes: int


@stage("bundle", timeout_s=TIMEOUT_S)
def bundle(
    folder: str, target: str, metadata: Metadata, run_id: str, settings: Settings
) -> Bundled:
    """Return the new file from which the run's image is built with the network off.

    The image is built anew and its downloads are kept; then it is built from them alone. Where one of both fails, the
    bundle has the finished image in their place, and says why.
    """
    engine, run = connect(), Path(folder)
    need_clean(settings)
    with scratch(settings.home) as place:
        manifest = _filled(engine, run, place, metadata, run_id, settings)
        (place / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")
        path, size_bytes = Path(target), _size_of(place) + _size_of(run)
        path.parent.mkdir(parents=True, exist_ok=True)
        need_room(path.parent, size_bytes, "the bundle")
        PROGRESS.info(f"writing {path.name}: {size_bytes / 1e6:.0f} MB")
        pack(path, _members(place, run))
    return Bundled(path=str(path), manifest=manifest, size_bytes=path.stat().st_size)


def need_clean(settings: Settings) -> None:
    """UserError if an address of this site holds a token that a kept answer would show."""
    for address in (settings.index_url, settings.torch_index_url, settings.conda_channel_alias):
        if secrets_in(without_login(address)) - {""}:
            raise UserError(
                "an index of this site has a token in the path of its address, which a bundle would show",
                hint="give the login as user and password of the address",
            )


def _filled(
    engine: Engine, run: Path, place: Path, metadata: Metadata, run_id: str, settings: Settings
) -> Bundle:
    """Fill the folder with downloads, images and logs; return what it holds then."""
    dockerfile = (run / "Dockerfile").read_text("utf-8")
    (public_base,) = base_images(dockerfile)
    bare = Bundle(
        run=run.name,
        record_sha256=hashlib.sha256((run / RECORD).read_bytes()).hexdigest(),
        rebuilds=False,
        paper2run=version("paper2run"),
        created_at=datetime.now(UTC),
        architecture=engine.architecture,
    )
    kept = _kept(engine, run, place, metadata, run_id, settings)
    if isinstance(kept, BuildFailed):
        reason = f"it does not build while its downloads are kept: {_told(kept)}"
        return _finished(engine, place, metadata, bare.changed(reason=reason))
    PROGRESS.info(f"kept {kept.files} downloads, {kept.size_bytes / 1e6:.1f} MB")
    base = _saved(engine, place, kept.base, public_base.partition("@")[0])
    runtime = None
    if kept.runtime != kept.base:
        runtime = _saved(engine, place, kept.runtime, kept.runtime.partition("@")[0])
    full = bare.changed(
        rebuilds=True,
        base=base,
        runtime=runtime,
        index_url=without_login(settings.index_url),
        torch_index_url=without_login(settings.torch_index_url),
        conda_alias=without_login(settings.conda_channel_alias),
        downloads=kept.files,
        downloads_bytes=kept.size_bytes,
    )
    PROGRESS.info("building it again from what was kept, with the network off")
    tried = _tried(engine, run, Opened(place, full), metadata, run_id, settings)
    if isinstance(tried, BuildFailed):
        reason = f"it does not build with the network off: {_told(tried)}"
        return _finished(engine, place, metadata, bare.changed(reason=reason))
    image_archive.finish(place / LAYOUT, full.images)
    return full


def _kept(
    engine: Engine, run: Path, place: Path, metadata: Metadata, run_id: str, settings: Settings
) -> Kept | BuildFailed:
    """Build the image behind a proxy that keeps its downloads, and take them out of it."""
    site, image = Injection.of(settings), f"{metadata.image}-keep-{run_id[:8]}"
    (base,) = base_images(site.apply((run / "Dockerfile").read_text("utf-8")))
    here = engine.local_python_images(settings.registry_prefix)
    runtime = runtime_for(base, here, settings.registry_prefix)
    if engine.image(runtime) is None and engine.pull(runtime) is None:
        raise HostError(
            f"the registry has no image {runtime}, which keeps the downloads",
            hint="pull an image python:3.8-slim or newer",
        )
    authority = new_authority()
    injection = KeptDownloads.keeping(site, runtime, proxy_program(), *authority)
    PROGRESS.info(f"building it anew and keeping its downloads, with the Python of {runtime}")
    downloads = place / DOWNLOADS
    downloads.mkdir()
    (downloads / CERTIFICATE).write_text(authority.certificate)
    with _built(engine, image, settings), _log(place, "keep") as log_folder:
        outcome = built(engine, build_input(run, image, injection), log_folder, run_id, settings)
        if isinstance(outcome, BuildFailed):
            return outcome
        # The downloads are a part of that image.
        need_room(place, outcome.size_bytes, "taking the downloads")
        files, size_bytes = take_downloads(
            engine, outcome.image_id, downloads, run_id=run_id, home=settings.home
        )
    return Kept(base, runtime, files, size_bytes)


def _tried(
    engine: Engine, run: Path, kept: Opened, metadata: Metadata, run_id: str, settings: Settings
) -> Built | BuildFailed:
    image = f"{metadata.image}-check-{run_id[:8]}"
    with (
        _built(engine, image, settings),
        _log(kept.folder, "check") as log_folder,
        offline_build(engine, run, kept, image, run_id, settings) as given,
    ):
        return built(engine, given, log_folder, run_id, settings)


def _finished(engine: Engine, place: Path, metadata: Metadata, bare: Bundle) -> Bundle:
    """Return a bundle of the finished image alone. UserError if the engine has it no more."""
    if engine.image(metadata.image_id) is None:
        raise UserError(
            f"{bare.reason}; and the engine has the run's image no more, which a bundle could hold",
            hint="run the repository again, then export it",
        )
    for name in (DOWNLOADS, LAYOUT):
        if (place / name).is_dir():
            remove_tree(place / name)
    image = _saved(engine, place, metadata.image_id, metadata.image)
    image_archive.finish(place / LAYOUT, (image,))
    return bare.changed(image=image)


def _saved(engine: Engine, place: Path, reference: str, name: str) -> LayoutImage:
    found = engine.image(reference)
    need_room(place, 2 * found.size_bytes if found else 0, f"saving {name}")
    return image_archive.save(engine, found.id if found else reference, name, place / LAYOUT)


@contextmanager
def _built(engine: Engine, image: str, settings: Settings) -> Iterator[None]:
    """Spare the image during the block, and remove it afterwards."""
    try:
        with using_image(image, settings):
            yield
    finally:
        engine.remove_image(image)


@contextmanager
def _log(place: Path, name: str) -> Iterator[str]:
    """Yield a folder for a build's log, which becomes a file of the bundle."""
    folder = place / LOGS / name
    folder.mkdir(parents=True)
    yield str(folder)
    (folder / "build_stdout.log").rename(place / LOGS / f"{name}.log")
    folder.rmdir()


def _members(place: Path, run: Path) -> Iterator[Packed]:
    """Yield the members of the archive, the manifest first."""
    yield Packed(MANIFEST, place / MANIFEST)
    yield from below(run, RUN, LEFT_OUT.match)
    for name in (LOGS, DOWNLOADS, LAYOUT):
        if (place / name).is_dir():
            packed = below(place / name, name, lambda _: False)
            yield from (each for each in packed if each.path.is_file())


def _size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))


def _told(failed: BuildFailed) -> str:
    step = STAGE_OF_STEP.sub("", failed.step)
    return f"{step[:200]}: {telling_line(failed)[:300]}"
