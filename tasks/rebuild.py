"""Stages `rebuild` and `compare`: an image built again from a run folder, and what differs."""

from pathlib import Path
from typing import Final

from paper2run.errors import HostError, UserError
from paper2run.model.inventory import Inventory
from paper2run.model.outcome import BuildFailed, Built
from paper2run.model.report import Attempt
from paper2run.proofs.downloads import addressed_in
from paper2run.proofs.drift import Compared, Held, Origins, compared, owners_in
from paper2run.proofs.file_list import entries_of
from paper2run.rendering.injection import Injection, base_images
from paper2run.settings import Settings
from tasks.build import built
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.host.unpacking import Unpacked, UnpackingError
from tasks.inventory import look_into
from tasks.offline import build_input, offline_build, opened
from tasks.running.caching import stage
from tasks.running.progress_log import PROGRESS

TIMEOUT_S: Final = 86_400
RECORD_OF_PIP: Final = ".dist-info/RECORD"
MAX_LISTING_BYTES: Final = 1_000_000_000
"""Of the list of files, unpacked: five million files."""
FETCHES: Final = ("wget ", "curl ", "http://", "https://", "git clone")
"""Words of a step that downloads by address."""


@stage("rebuild", timeout_s=TIMEOUT_S)
def rebuild(
    folder: str, image: str, log_folder: str, run_id: str, settings: Settings, bundle: str = ""
) -> Built | BuildFailed:
    """Return the image built from the folder's Dockerfile and `repo/`, every step anew.

    Without our download caches. A base image that came from a registry is asked for again; where that does not
    answer, the local one is taken. With a bundle everything comes from that, and the network is off.
    """
    engine, run = connect(), Path(folder)
    if bundle:
        with (
            opened(Path(bundle), run, settings.home) as kept,
            offline_build(engine, run, kept, image, run_id, settings) as given,
        ):
            return built(engine, given, log_folder, run_id, settings)
    given = build_input(run, image, Injection.of(settings))
    for base in base_images(given.injection.apply(given.dockerfile)):
        here = engine.image(base)
        if here is not None and here.digest and "@" not in base:
            try:
                engine.pull(base)
            except HostError as error:
                PROGRESS.info(f"{base}: the local image is taken: {error.what}")
    return built(engine, given, log_folder, run_id, settings)


@stage("compare", timeout_s=TIMEOUT_S)
def compare(
    folder: str,
    best: Attempt,
    rebuilt: Built,
    run_id: str,
    settings: Settings,
    other_engine: bool = False,
) -> Compared:
    """Return how the rebuilt image compares with what the folder's lists say of the one before.

    Nothing but the base images is compared where the run kept no lists.
    """
    root = Path(folder)
    before_base = best.built.base_image_id if isinstance(best.built, Built) else ""
    kept = root / "inventory.json"
    if not kept.is_file():
        nothing = Inventory(image_id="")
        return compared(
            Held(nothing, {}, before_base),
            Held(nothing, {}, rebuilt.base_image_id),
            Origins({}, (), (), fetches=False),
        )
    text = _listing(root / "files.tsv.gz")
    dockerfile = (root / "Dockerfile").read_text("utf-8")
    found = look_into(
        rebuilt.image_id,
        dockerfile,
        run_id,
        settings,
        lambda path: path.endswith(RECORD_OF_PIP),
    )
    resolution = best.planned.resolution
    addressed = addressed_in(found.contents)
    return compared(
        Held(
            Inventory.model_validate_json(kept.read_bytes()),
            {entry.path: entry for entry in entries_of(text)},
            before_base,
        ),
        Held(
            found.inventory,
            {entry.path: entry for entry in found.entries},
            rebuilt.base_image_id,
        ),
        Origins(
            owners_in(found.contents),
            {pin.name for pin in (resolution.pins if resolution else ()) if pin.sdist}
            | addressed.here,
            addressed.elsewhere,
            fetches=any(
                word in step for step in best.planned.plan.install_steps for word in FETCHES
            ),
            other_engine=other_engine,
        ),
    )


def _listing(path: Path) -> str:
    """Return the text of a run's list of files. UserError if it is damaged or absurdly large."""
    try:
        unpacked = Unpacked(path.read_bytes(), MAX_LISTING_BYTES)
        return unpacked.read(MAX_LISTING_BYTES).decode()
    except (OSError, UnpackingError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} is no list of files: {error}",
            hint="verify a run folder as the run left it, or run the repository again",
        ) from error
