"""Exports the image of a finished run as an OCI image layout: a folder, or one tar."""

import tempfile
from pathlib import Path
from shlex import quote
from typing import Final

from paper2run.errors import UserError
from paper2run.exports.run_record import RunRecord
from tasks.console.run_exports import refuse_existing
from tasks.drivers.engine import image_archive
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.host.bundle_archive import below, need_room, pack
from tasks.drivers.host.removal import remove_tree

WRITING: Final = ".writing-"


def write_layout(record: RunRecord, target: Path) -> tuple[Path, str]:
    """Return the new folder or file with the image, and how to load it.

    UserError if it exists, or if the engine has the image no more.
    """
    refuse_existing(target)
    engine, built = connect(), record.image
    image = engine.image(built.image_id) if built else None
    if built is None or image is None:
        raise UserError(
            f"the engine has no image of the run {record.folder}",
            hint="run the repository again; a run whose image was pushed says in metadata.json where it is",
        )
    is_file = target.suffix == ".tar"
    target.parent.mkdir(parents=True, exist_ok=True)
    need_room(target.parent, image.size_bytes * (2 if is_file else 1), "the image")
    part = Path(tempfile.mkdtemp(prefix=WRITING, dir=target.parent))
    try:
        saved = image_archive.save(engine, image.id, built.image, part)
        image_archive.finish(part, (saved,))
        if is_file:
            packed = sorted(below(part, "", lambda _: False), key=lambda each: each.name)
            pack(target, (each._replace(name=each.name.lstrip("/")) for each in packed))
        else:
            part.chmod(0o755)
            part.rename(target)
    finally:
        if part.exists():
            remove_tree(part)
    return target, _use(target, built.image, is_file=is_file)


def _use(target: Path, name: str, *, is_file: bool) -> str:
    """Return how to load it, one way a line."""
    path, tag = quote(str(target)), name.rpartition(":")[2]
    if is_file:
        return f"docker load -i {path}\nskopeo copy oci-archive:{path}:{tag} docker-daemon:{name}"
    return f"tar -C {path} -c . | docker load\nskopeo copy oci:{path}:{tag} docker-daemon:{name}"
