"""Keeps files on a store that several machines reach.

fsspec understands the address (`s3://bucket/prefix`, `file:///mnt`). The store finds its own
credentials and endpoints: for S3 the usual AWS_* variables and files.
https://filesystem-spec.readthedocs.io
"""

import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from paper2run.errors import HostError, UserError

MARKER: Final = "PAPER2RUN.txt"
MARKER_TEXT: Final = (
    b"results/ holds kept results of stages, runs/ one folder a run. Written by Paper2Run.\n"
)
ARCHIVE: Final = "run.tar.gz"
SHOWN: Final = ("report.html", "report.md", "metadata.json")
"""Files beside the archive, readable without it; the last one is written when the rest is complete."""
LEFT_OUT: Final = ".git"
COMPRESSION: Final = 1
"""zlib's fastest: ten times the speed of its best for a tenth more bytes."""


class ObjectStore:
    """One address of a store."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        with store_faults(f"opening {url}"):
            self._files, self._root = _filesystem(self.url)

    def check(self) -> None:
        """Check that the store can be read and written; HostError naming it otherwise."""
        marker = f"{self._root}/{MARKER}"
        with store_faults(f"using {self.url}"):
            if not self._files.exists(marker):
                self._files.pipe_file(marker, MARKER_TEXT)

    def put_run(self, folder: Path, name: str) -> str:
        """Copy a run folder to `runs/<name>`, replacing what is there, and return its address."""
        target = f"{self._root}/runs/{name}"
        with tempfile.TemporaryDirectory(prefix="paper2run-") as temporary:
            archive = Path(temporary) / ARCHIVE
            _pack(folder, archive)
            with store_faults(f"copying {folder.name} to {self.url}"):
                self._files.put_file(str(archive), f"{target}/{ARCHIVE}")
                for shown in SHOWN:
                    if (folder / shown).exists():
                        self._files.put_file(str(folder / shown), f"{target}/{shown}")
        return f"{self.url}/runs/{name}"

    def read_run(self, name: str, shown: str) -> str | None:
        """Return the text of one of the `SHOWN` files of a copied run folder; None without it."""
        with store_faults(f"reading {name} from {self.url}"):
            try:
                content: bytes = self._files.cat_file(f"{self._root}/runs/{name}/{shown}")
            except FileNotFoundError:
                return None
        return content.decode()


@contextmanager
def store_faults(doing: str) -> Iterator[None]:
    """Turn what the store's library raises into HostError; `doing` says what failed."""
    try:
        yield
    except (OSError, _s3_error()) as error:
        raise HostError(
            f"{doing}: {type(error).__name__}: {error}",
            hint="see PAPER2RUN_STORAGE, and for S3 AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            transient=True,
            trouble="network",
        ) from error


def _s3_error() -> type[Exception]:
    """Return the base class of the errors that S3's library raises besides OSError.

    fsspec loads that library for S3 addresses only.
    """
    loaded: type[Exception] = getattr(
        sys.modules.get("botocore.exceptions"), "BotoCoreError", OSError
    )
    return loaded


def _filesystem(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs  # type: ignore[import-untyped]

    # Folders are created on the way; a missing bucket is a mistake and is not created.
    options = {"auto_mkdir": True} if url.startswith("file:") else {}
    try:
        files, root = url_to_fs(url, **options)
    except (ValueError, ImportError) as error:
        raise UserError(
            f"PAPER2RUN_STORAGE={url} cannot be used: {error}",
            hint="for s3:// addresses: pip install 'paper2run[s3]'",
        ) from error
    return files, root.rstrip("/")


def _pack(folder: Path, archive: Path) -> None:
    def wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if LEFT_OUT in Path(member.name).parts else member

    with tarfile.open(archive, "w:gz", compresslevel=COMPRESSION) as tar:
        tar.add(folder, arcname=folder.name, filter=wanted)
