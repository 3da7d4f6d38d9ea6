"""Fetches archives: files, addresses, and records of Zenodo, figshare, OSF and Software Heritage.

APIs: https://developers.zenodo.org/#records, https://docs.figshare.com/#articles_files,
https://waterbutler.readthedocs.io/en/latest/api.html#get (the files of OSF, a folder as a zip),
https://archive.softwareheritage.org/api/1/vault/flat/doc/.
"""

import json
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from paper2run.archive_source import ENDINGS, ArchivedSource, archived
from paper2run.errors import HostError, UserError
from paper2run.settings import Settings
from tasks.drivers.host.packed import Packed
from tasks.drivers.index.index_connection import (
    Answer,
    BadAddressError,
    IndexConnection,
    TooLargeError,
)
from tasks.drivers.index.site_proxies import SiteProxies

HOSTS: Final = {
    "zenodo": "https://zenodo.org",
    "figshare": "https://api.figshare.com",
    "osf": "https://files.osf.io",
    "software-heritage": "https://archive.softwareheritage.org",
    "doi": "https://doi.org",
}
MAX_BYTES: Final = 512 * 1024 * 1024
"""Of an archive, which is held in memory while it is unpacked."""
MAX_RECORD_BYTES: Final = 16 * 1024 * 1024
WITHIN_S: Final = 1800.0
"""For the whole of one download."""
COOKING_S: Final = 900.0
"""How long Software Heritage may take to put an archive together."""
POLL_S: Final = 5.0
NAMED: Final = 5
"""Files of a record that an error names."""
HINT: Final = "give the address of the archive with the code, or of its git repository"


def fetched_archive(source: ArchivedSource, settings: Settings) -> Packed:
    """Return the archive.

    UserError for a missing file, or a record without one archive of code; HostError if a host does not answer.
    """
    if source.kind == "file":
        return Packed(_of_file(Path(source.given).expanduser()))
    if source.kind == "doi":
        return fetched_archive(_behind(source, settings), settings)
    if source.kind == "software-heritage":
        return _cooked(source, settings)
    address = source.given if source.kind == "url" else _address_of(source, settings)
    return Packed(_ask(address, settings, MAX_BYTES, source.given).body)


def _of_file(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(
                f"{path} is larger than {MAX_BYTES // 1024**2} MB",
                hint="unpack it, and give the folder",
            )
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}", hint="give an archive or a folder"
        ) from error


def _behind(source: ArchivedSource, settings: Settings) -> ArchivedSource:
    """Return the archive that a DOI leads to."""
    reached = _ask(f"{HOSTS['doi']}/{source.id}", settings, MAX_RECORD_BYTES, source.given).url
    found = archived(reached)
    if found is None or found.kind in ("doi", "file"):
        raise UserError(
            f"{source.given} leads to {reached}, which is no archive that is known here", hint=HINT
        )
    return found


def _address_of(source: ArchivedSource, settings: Settings) -> str:
    host = HOSTS[source.kind]
    if source.kind == "osf":
        return f"{host}/v1/resources/{source.id}/providers/osfstorage/?zip="
    if source.kind == "zenodo":
        record = _json(f"{host}/api/records/{source.id}", settings, source.given)
        files = [(one["key"], one["links"]["self"]) for one in record["files"]]
    else:
        version = f"/versions/{source.version}" if source.version else ""
        record = _json(f"{host}/v2/articles/{source.id}{version}", settings, source.given)
        files = [(one["name"], one["download_url"]) for one in record["files"]]
    packed = [(name, address) for name, address in files if name.lower().endswith(ENDINGS)]
    # The integration of GitHub calls its archive owner/name-version.zip.
    of_forge = [one for one in packed if "/" in one[0]]
    chosen = of_forge if len(of_forge) == 1 else packed
    if len(chosen) != 1:
        names = ", ".join(name for name, _ in (packed or files)[:NAMED]) or "no files"
        problem = "several archives" if packed else "no archive"
        places = (
            f"; their addresses: {', '.join(address for _, address in packed[:NAMED])}"
            if packed
            else ""
        )
        raise UserError(f"{source.given} has {problem}: {names}{places}", hint=HINT)
    return str(chosen[0][1])


def _cooked(source: ArchivedSource, settings: Settings) -> Packed:
    """Return the archive that Software Heritage puts together of a folder, with the day of its revision."""
    host, swhid = HOSTS["software-heritage"], source.id
    kind, digest = swhid.split(":")[2:]
    day = ""
    if kind == "rel":
        release = _json(f"{host}/api/1/release/{digest}/", settings, source.given)
        kind = "rev" if release["target_type"] == "revision" else "dir"
        digest, day = release["target"], release.get("date") or ""
    if kind == "rev":
        revision = _json(f"{host}/api/1/revision/{digest}/", settings, source.given)
        digest, day = revision["directory"], revision.get("date") or day
    place = f"{host}/api/1/vault/flat/swh:1:dir:{digest}/"
    cooking = _json(place, settings, source.given, post=True)
    until = time.monotonic() + COOKING_S
    while cooking["status"] in ("new", "pending") and time.monotonic() < until:
        time.sleep(POLL_S)
        cooking = _json(place, settings, source.given)
    if cooking["status"] != "done":
        raise HostError(
            f"the archive Software Heritage did not put {source.given} together: {cooking['status']}",
            hint="try again later",
            transient=True,
            trouble="network",
        )
    data = _ask(str(cooking["fetch_url"]), settings, MAX_BYTES, source.given).body
    return Packed(data, datetime.fromisoformat(day) if day else None, fresh=True)


def _json(address: str, settings: Settings, given: str, *, post: bool = False) -> Mapping[str, Any]:
    answer = _ask(address, settings, MAX_RECORD_BYTES, given, post=post)
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise HostError(
            f"{address} answered with no record", hint="try again later", trouble="network"
        )
    return found


def _ask(
    address: str, settings: Settings, limit_bytes: int, given: str, *, post: bool = False
) -> Answer:
    connection = IndexConnection(
        address,
        settings.ca_bundle,
        connections=1,
        proxies=SiteProxies.of(settings),
        called=f"the host of {given} ({address.split('/')[2]})",
    )
    try:
        answer = connection.ask(address, limit_bytes=limit_bytes, within_s=WITHIN_S, post=post)
    except (TooLargeError, BadAddressError) as error:
        raise UserError(f"{given} cannot be taken: {error}", hint=HINT) from error
    finally:
        connection.close()
    if answer is None:
        raise UserError(f"{given} is not there ({address})", hint="check the address or the number")
    return answer
