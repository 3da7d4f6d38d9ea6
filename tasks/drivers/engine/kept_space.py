"""Finds and removes what our builds left on the engine's disk: images of our runs, our build cache.

Cache records are removed one at a time, by id, and never while the engine reports them in use.
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemDataUsage
"""

import json
import re
import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from paper2run.errors import EngineError
from paper2run.rendering.build_marks import CacheRecord, own_records
from paper2run.rendering.keeping import Kept, OwnImage, own_part
from tasks.drivers.engine.engine import RUN_LABEL, Engine, engine_faults

OWN_TAG: Final = re.compile(r"(?:localhost/)?paper2run/")
"""Names of our images; an image with another name too is a person's. Podman spells the host out."""
NEWEST_API: Final = (1, 44)
"""Newer engines answer in another form (1.52), and still speak this one (Docker 29)."""
BUSY: Final = "disk usage operation is already running"
"""Docker 20.10 counts for one caller at a time."""
BUSY_TRIES: Final = 20
BUSY_WAIT_S: Final = 0.5
FOREIGN_AGE: Final = timedelta(days=1)
"""Age of images whose run belongs to another home: we cannot see whether it is alive."""


def look(
    engine: Engine,
    known_runs: Collection[str],
    in_use: Collection[str] = (),
    *,
    enough_bytes: float = 0,
) -> Kept:
    """Return our images and cache records on the engine's disk.

    Images named by `in_use` are spared, and so are recent images of unknown runs. If all layers of
    the engine and our cache take at most `enough_bytes`, no image is inspected (two requests each)
    and each counts with what it shares with no other.
    """
    usage = _disk_usage(engine)
    records = tuple(_record(found) for found in usage.get("BuildCache") or ())
    listed = [found for found in usage.get("Images") or () if _own_name(found) is not None]
    own = own_records(records)
    # Podman does not say what the layers take together.
    layers_bytes = usage.get("LayersSize") or sum(int(found["Size"]) for found in listed)
    at_most = Kept((), own, records).cache_bytes + int(layers_bytes)
    images = []
    for found in listed:
        image = _own_image(found, known_runs, in_use)
        if at_most > enough_bytes:
            image = _seen_closer(engine, found, image, known_runs)
        images.append(image)
    return Kept(tuple(images), own, records)


def remove(engine: Engine, gone: OwnImage | CacheRecord) -> None:
    """Remove it; a record that is gone or in use by now is not an error."""
    if isinstance(gone, OwnImage):
        engine.remove_image(gone.name)
        return
    client = engine.http
    # Docker 20.10 compares the whole id, 23 and later match it as a regular expression.
    parameters = {"filters": json.dumps({"id": [gone.id]})}
    with engine_faults("pruning the build cache"):
        answer = client._post(client._url("/build/prune"), params=parameters)
        client._raise_for_status(answer)


def images_of(engine: Engine, run_id: str) -> Iterator[str]:
    """Yield the names of the images that the run built, except images that a person has tagged."""
    with engine_faults("listing images"):
        found = engine.client.api.images(filters={"label": f"{RUN_LABEL}={run_id}"})
    for each in found:
        if (name := _own_name(each)) is not None:
            yield name


def touch(engine: Engine, image: str) -> None:
    """Let the engine note that the image is in use again."""
    repository, _, tag = image.rpartition(":")
    with engine_faults(f"naming the image {image}"):
        engine.client.api.tag(image, repository, tag)


def named_at(details: dict[str, Any]) -> datetime:
    """Return when the engine last named an image; the earliest possible time if it does not say.

    `Created` is the time of an image's newest layer, which a build may take from the cache, however old that is.
    """
    return _time((details.get("Metadata") or {}).get("LastTagTime"))


def _disk_usage(engine: Engine) -> dict[str, Any]:
    client = engine.http
    version = min(NEWEST_API, tuple(int(part) for part in str(client._version).split(".")))
    url = f"{client.base_url}/v{version[0]}.{version[1]}/system/df"
    for tries_left in reversed(range(BUSY_TRIES)):
        try:
            with engine_faults("asking the engine what its disk holds"):
                usage: dict[str, Any] = client._result(client._get(url), json=True)
        except EngineError as error:
            if BUSY not in error.says or not tries_left:
                raise
            time.sleep(BUSY_WAIT_S)
        else:
            return usage
    raise AssertionError("unreachable")


def _own_image(
    found: dict[str, Any], known_runs: Collection[str], in_use: Collection[str]
) -> OwnImage:
    name = _own_name(found) or found["Id"]
    created = datetime.fromtimestamp(int(found["Created"]), UTC)
    run_id = found["Labels"][RUN_LABEL]
    return OwnImage(
        name=name,
        run_id=run_id,
        layers=((name, _unshared_bytes(found)),),
        last_used=created,
        spared=(
            name in in_use
            or int(found.get("Containers") or 0) > 0
            or (_is_young(created) and run_id not in known_runs)
        ),
    )


def _is_young(last_used: datetime) -> bool:
    return datetime.now(UTC) - last_used < FOREIGN_AGE


def _seen_closer(
    engine: Engine, found: dict[str, Any], image: OwnImage, known_runs: Collection[str]
) -> OwnImage:
    """Return the image with the layers that its build added and the time when a run last used it.

    An image that was removed meanwhile is spared.
    """
    from docker.errors import ImageNotFound

    api = engine.http
    with engine_faults(f"looking for the image {image.name}"):
        try:
            steps = api.history(found["Id"])
            details = api.inspect_image(found["Id"])
        except ImageNotFound:
            return image._replace(layers=(), spared=True)
    layers = own_part(
        (int(step["Created"]), step.get("CreatedBy") or "", int(step["Size"]))
        for step in reversed(steps)
    )
    last_used = max(image.last_used, named_at(details))
    return image._replace(
        # Images of older versions carry no mark.
        layers=tuple(layers) or image.layers,
        last_used=last_used,
        spared=image.spared or (_is_young(last_used) and image.run_id not in known_runs),
    )


def _unshared_bytes(found: dict[str, Any]) -> int:
    return int(found["Size"]) - max(int(found.get("SharedSize") or 0), 0)


def _own_name(found: dict[str, Any]) -> str | None:
    """Return the image's name; None if it is not of our runs, or has a person's tag too."""
    if RUN_LABEL not in (found.get("Labels") or {}):
        return None
    tags = [tag for tag in found.get("RepoTags") or () if tag != "<none>:<none>"]
    if not all(OWN_TAG.match(tag) for tag in tags):
        return None
    return str(tags[0] if tags else found["Id"])


def _record(found: dict[str, Any]) -> CacheRecord:
    # Engines name one parent or, since API 1.42, several.
    parents = found.get("Parents") or ([found["Parent"]] if found.get("Parent") else [])
    return CacheRecord(
        id=found["ID"],
        parents=tuple(parents),
        description=found.get("Description") or "",
        size_bytes=max(int(found.get("Size") or 0), 0),
        in_use=bool(found.get("InUse")),
        shared=bool(found.get("Shared")),
        last_used=_time(found.get("LastUsedAt") or found.get("CreatedAt")),
    )


def _time(text: str | None) -> datetime:
    """Return the time; the earliest possible one if the engine names none."""
    if not text or text.startswith("0001"):
        return datetime.min.replace(tzinfo=UTC)
    return datetime.fromisoformat(text).astimezone(UTC)
