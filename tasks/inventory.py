"""Stage `inventory`: lists packages and files of an image, for a comparison with a later rebuild."""

import base64
from collections.abc import Callable
from typing import Final, NamedTuple

from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.inventory import Inventory, ListedImage
from paper2run.model.outcome import Built
from paper2run.proofs.downloads import cloned_in, downloads_in, is_note_of_pip
from paper2run.proofs.file_list import FileEntry, packed
from paper2run.proofs.installed import is_record, packages_in
from paper2run.rendering.debian_snapshot import SNAPSHOT_FILE, read_time
from paper2run.rendering.pinned_addresses import REVISIONS, read_revisions
from paper2run.settings import Settings
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.engine.image_files import image_files
from tasks.running.caching import stage

TIMEOUT_S: Final = 3600
SNAPSHOT_NOTE: Final = SNAPSHOT_FILE.strip("/")
REVISIONS_NOTE: Final = REVISIONS.strip("/")
MAX_RECORDS_BYTES: Final = 256_000_000
"""Of all package databases of an image together; a large environment has 30 MB."""


class HeldFiles(NamedTuple):
    """An image, looked into."""

    inventory: Inventory
    entries: list[FileEntry]
    listing: bytes
    """`files.tsv.gz`"""
    contents: dict[str, bytes]
    """Of the records and the wanted files, by path."""


@stage(
    "inventory",
    timeout_s=TIMEOUT_S,
    key=lambda given: (given["built"].image_id, given["dockerfile"]),
)
def inventory(built: Built, dockerfile: str, run_id: str, settings: Settings) -> ListedImage:
    """Return the packages, downloads and files of the image; nothing of it runs."""
    held = look_into(built.image_id, dockerfile, run_id, settings)
    return ListedImage(inventory=held.inventory, files=base64.b64encode(held.listing).decode())


def look_into(
    image_id: str,
    dockerfile: str,
    run_id: str,
    settings: Settings,
    wants: Callable[[str], bool] = lambda path: False,
) -> HeldFiles:
    """Return what the image of a Dockerfile holds, with its records and the wanted files."""
    entries: list[FileEntry] = []
    contents: dict[str, bytes] = {}
    kept_bytes = 0
    for entry, content in image_files(
        connect(),
        image_id,
        run_id=run_id,
        home=settings.home,
        wants=lambda path: wants(path) or is_record(path) or _is_note(path),
    ):
        entries.append(entry)
        kept_bytes += len(content)
        if content and kept_bytes <= MAX_RECORDS_BYTES:
            contents[entry.path] = content
    listing, digest = packed(entries)
    records = {path: content for path, content in contents.items() if is_record(path)}
    found = Inventory(
        image_id=image_id,
        packages=packages_in(records, SOURCE_FOLDER),
        files=len(entries),
        size_bytes=sum(entry.size_bytes for entry in entries),
        downloads=downloads_in(dockerfile, entries, contents),
        revisions=(*read_revisions(contents.get(REVISIONS_NOTE, b"")), *cloned_in(contents)),
        debian_snapshot=read_time(contents.get(SNAPSHOT_NOTE, b"")),
        tree_sha256=digest,
    )
    return HeldFiles(found, entries, listing, contents)


def _is_note(path: str) -> bool:
    """Whether a file says where something of the image came from."""
    return is_note_of_pip(path) or path in (SNAPSHOT_NOTE, REVISIONS_NOTE)
