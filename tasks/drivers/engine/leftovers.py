"""Finds and removes what killed processes left on this machine and in its engine.

Label, name and age tell leftovers from what is in use.
"""

import os
import re
import tempfile
from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tasks.drivers.engine.engine import RUN_LABEL, Engine, engine_faults, remove_container
from tasks.drivers.engine.kept_space import named_at
from tasks.drivers.host.owner import FOLDER as PROCESSES
from tasks.drivers.host.owner import OWNER_LABEL, is_dead, is_held, is_of_our_home
from tasks.drivers.host.removal import SCRATCH

UNFINISHED: Final = (
    "mirrors/*.new", "**/.new-*", "**/.writing-*",
)  # fmt: skip
"""Below the home: files and folders that are renamed once they are complete."""
IN_RUNS: Final = (".new-bundle-*", ".writing-*")
"""The same in the folder of runs."""
OF_ONE_CHECK: Final = re.compile(
    r"paper2run/(?:bundle-(?:base|runtime):(?P<run>[0-9a-f-]{12})|[a-z0-9-]+:[\w.-]+-(?:verify|keep|check)-(?P<start>[0-9a-f]{8}))"
)
"""Images that `verify` and `export --bundle` make and remove, with the beginning of their flow run's id."""


@dataclass(frozen=True)
class Leftover:
    """A thing that may be removed."""

    kind: str
    """`container`, `image`, `cache`, `folder` or `file`."""
    name: str
    """The engine's name for it, or its path; of the build cache, what it is."""
    why: str
    size_bytes: int = 0
    """Of an image or of cached records; 0 if it was not measured."""


def sweep(engine: Engine, run_id: str) -> int:
    """Remove the containers of a run, one at a time; return how many there were."""
    found = engine.labelled(f"{RUN_LABEL}={run_id}")
    # A container that a person starts from the image has the image's labels, but no owner.
    return _remove(engine, [each for each in found if OWNER_LABEL in each["Labels"]])


def sweep_abandoned(engine: Engine, home: Path) -> int:
    """Remove the containers whose run was killed; return how many there were."""
    found = engine.labelled(OWNER_LABEL)
    return _remove(engine, [each for each in found if is_dead(each["Labels"][OWNER_LABEL], home)])


def containers(
    engine: Engine, home: Path, older_than: timedelta, alive: Collection[str] | None
) -> Iterator[Leftover]:
    """Yield the containers of dead runs.

    Of our home, those whose process is gone, at any age. Of another home, whose processes we cannot see, old
    ones whose run is not in `alive`; none if `alive` is unknown.
    """
    for found in engine.labelled(OWNER_LABEL):
        labels, name = found["Labels"], found["Names"][0].lstrip("/")
        if is_dead(labels[OWNER_LABEL], home):
            yield Leftover("container", name, "its process was killed")
        elif (
            alive is not None
            and labels.get(RUN_LABEL) not in alive
            and not is_of_our_home(labels[OWNER_LABEL], home)
            and _age(found["Created"]) > older_than
        ):
            yield Leftover("container", name, "its run with another home is over")


def images(
    engine: Engine, older_than: timedelta, gone: Collection[str], used: Set[str]
) -> Iterator[Leftover]:
    """Yield the images that runs in `gone` have built and that no tag in `used` names."""
    with engine_faults("listing images"):
        listed: list[dict[str, Any]] = engine.client.api.images(filters={"label": RUN_LABEL})
    for found in listed:
        tags = [tag for tag in found.get("RepoTags") or () if tag != "<none>:<none>"]
        if found["Labels"][RUN_LABEL] not in gone or used & {*tags}:
            continue
        if _age_of(engine, found) > older_than:
            name = tags[0] if tags else found["Id"]
            yield Leftover("image", name, "its run folder is gone", int(found["Size"]))


def of_checks(
    engine: Engine, older_than: timedelta, used: Set[str], alive: Collection[str] | None
) -> Iterator[Leftover]:
    """Yield the images that killed checks and exports have left; base images keep their other names.

    Of no run in `alive`, if that is known, and none that is `used` by a process with our home.
    """
    with engine_faults("listing images"):
        listed: list[dict[str, Any]] = engine.client.api.images()
    for found in listed:
        for name in {*(found.get("RepoTags") or ())} - used:
            match = OF_ONE_CHECK.fullmatch(name.removeprefix("localhost/"))
            if match is None or _is_of(match["run"] or match["start"], alive or ()):
                continue
            if _age_of(engine, found) > older_than:
                yield Leftover("image", name, "the check or export that made it was killed")


def _is_of(start: str, runs: Collection[str]) -> bool:
    return any(run.startswith(start) for run in runs)


def _age_of(engine: Engine, found: dict[str, Any]) -> timedelta:
    from docker.errors import ImageNotFound

    with engine_faults(f"looking for the image {found['Id']}"):
        try:
            named = named_at(engine.http.inspect_image(found["Id"]))
        except ImageNotFound:
            return timedelta(0)
    return min(_age(found["Created"]), datetime.now(UTC) - named)


def files(home: Path, older_than: timedelta, out: Path | None = None) -> Iterator[Leftover]:
    """Yield our temporary folders, unfinished files below the home, and marks of killed processes.

    Those of the folder of runs as well, if it is given.
    """
    scratch = Path(tempfile.gettempdir()).glob(f"{SCRATCH}*")
    unfinished = (path for pattern in UNFINISHED for path in home.glob(pattern))
    killed = (path for path in (home / PROCESSES).glob("[!.]*") if not is_held(path))
    exports = (path for pattern in IN_RUNS for path in (out.glob(pattern) if out else ()))
    for path in (*scratch, *unfinished, *killed, *exports):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        if status.st_uid == os.getuid() and _age(status.st_mtime) > older_than:
            kind = "folder" if path.is_dir() and not path.is_symlink() else "file"
            yield Leftover(kind, str(path), "it was never finished")


def _remove(engine: Engine, found: list[dict[str, Any]]) -> int:
    for container in found:
        remove_container(engine, container["Id"])
    return len(found)


def _age(timestamp: float) -> timedelta:
    return datetime.now(UTC) - datetime.fromtimestamp(timestamp, UTC)
