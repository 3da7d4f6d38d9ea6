"""Storage of kept results that hands out only records as our stages write them.

A record of Prefect's names its own reader: the serializer, and the class of each value. Whoever can write to the
storage could name one that runs code (pickle). Such a record is refused, and the stage computes its result anew.
"""

import json
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from prefect.filesystems import LocalFileSystem, RemoteFileSystem, WritableFileSystem
from prefect.serializers import JSONSerializer
from prefect.settings import get_current_settings

OWN_CLASSES: Final = "paper2run."
"""Every value of a stage is of a class of this package, or plain JSON."""
SERIALIZER: Final = JSONSerializer().model_dump()


def own_record(content: bytes) -> bytes:
    """Return the record unchanged; ValueError if it names a reader that our stages do not use."""
    record = json.loads(content)
    named = record["metadata"].get("serializer")
    if not isinstance(named, dict) or {**SERIALIZER, **named} != SERIALIZER:
        raise ValueError("a kept result asks for a serializer that no stage of paper2run uses")
    json.loads(record["result"], object_hook=_need_own_class)
    return content


def _need_own_class(value: dict[str, Any]) -> dict[str, Any]:
    named = value.get("__class__", OWN_CLASSES)
    if "__exc_type__" in value or not str(named).startswith(OWN_CLASSES):
        raise ValueError(f"a kept result asks for a class that is not paper2run's: {named!r}")
    return value


class LocalRecords(LocalFileSystem):
    """A folder of this machine."""

    _block_type_name = "Paper2Run records"
    _block_type_slug = "paper2run-local-records"

    async def aread_path(self, path: str) -> bytes:
        """Return one record. ValueError if it is missing, or names a reader that is not ours."""
        return own_record(await super().aread_path(path))

    def read_path(self, path: str, _sync: bool = True) -> Any:
        """Return one record. ValueError if it is missing, or names a reader that is not ours."""
        read: Any = super().read_path
        return own_record(read(path, _sync=True))


class RemoteRecords(RemoteFileSystem):
    """A folder of an object store."""

    _block_type_name = "Paper2Run shared records"
    _block_type_slug = "paper2run-remote-records"

    async def aread_path(self, path: str) -> bytes:
        """Return one record. ValueError if it names a reader that is not ours."""
        return own_record(await super().aread_path(path))

    def read_path(self, path: str, _sync: bool = True) -> Any:
        """Return one record. ValueError if it names a reader that is not ours."""
        read: Any = super().read_path
        return own_record(read(path, _sync=True))


def records_at(url: str) -> WritableFileSystem:
    """Return the storage at an address that fsspec knows; without one, Prefect's folder on this machine."""
    if not url:
        return LocalRecords(basepath=str(get_current_settings().results.local_storage_path))
    parts = urlsplit(url)
    if parts.scheme == "file":
        # Prefect's own remote file system refuses this scheme.
        return LocalRecords(basepath=unquote(parts.path))
    return RemoteRecords(basepath=url)
