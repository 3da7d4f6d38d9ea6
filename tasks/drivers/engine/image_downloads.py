"""Takes the kept downloads out of an image; nothing of the image runs."""

import re
import uuid
from pathlib import Path
from typing import Final

from paper2run.errors import HostError
from paper2run.rendering.kept_downloads import KEPT
from tasks.drivers.engine.engine import RUN_LABEL, Engine, engine_faults, remove_container
from tasks.drivers.engine.image_files import CHUNK_BYTES, Chunks
from tasks.drivers.host.owner import OWNER_LABEL, this_process
from tasks.drivers.host.tar_members import TarDamaged, members

OURS: Final = re.compile(
    rf"{re.escape(KEPT.strip('/'))}/((?:exchanges|bodies|hosts)/[A-Za-z0-9_][A-Za-z0-9._-]*)"
)


def take_downloads(
    engine: Engine, image: str, folder: Path, *, run_id: str, home: Path
) -> tuple[int, int]:
    """Write the downloads into the folder; return how many files were downloaded and their bytes.

    None and no bytes where no step of the build ran. HostError if the engine's archive breaks off.
    """
    from docker.errors import NotFound

    name = f"paper2run-{uuid.uuid4().hex}"
    labels = {RUN_LABEL: run_id, OWNER_LABEL: this_process(home)}
    files = size_bytes = 0
    for each in ("exchanges", "bodies", "hosts"):
        (folder / each).mkdir(exist_ok=True)
    try:
        with engine_faults(f"reading the downloads of {image}"):
            # A command must be given, also where the image has none; it is never started.
            container = engine.client.containers.create(
                image, ["/bin/true"], name=name, labels=labels, network_mode="none"
            )
            try:
                chunks, _ = container.get_archive(KEPT, chunk_size=CHUNK_BYTES)
            except NotFound:
                return 0, 0
            for member in members(Chunks(iter(chunks))):
                found = OURS.fullmatch(member.name)
                if found is None or not member.is_file:
                    continue
                with (folder / found[1]).open("wb") as file:
                    for piece in member.pieces():
                        file.write(piece)
                if found[1].startswith("bodies/"):
                    files, size_bytes = files + 1, size_bytes + member.size_bytes
    except TarDamaged as error:
        raise HostError(
            f"the engine's archive of {image} cannot be read: {error}",
            hint="try again; where it fails each time, see the engine's log",
            transient=True,
            trouble="engine",
        ) from error
    finally:
        remove_container(engine, name)
    return files, size_bytes
