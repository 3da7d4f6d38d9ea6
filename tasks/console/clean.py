"""Removes what killed runs left on this machine; if asked, also orphaned images and our build cache."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType

from paper2run.errors import EngineError, HostError
from paper2run.settings import Settings
from tasks.drivers.engine import leftovers
from tasks.drivers.engine.engine import remove_container
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.engine.leftovers import Leftover
from tasks.drivers.host.removal import remove_tree
from tasks.running.flow_runs import ALIVE, PAGE
from tasks.running.keep_space import RUNS, empty_cache, images_in_use, look, told


def find_leftovers(
    settings: Settings, older_than: timedelta, *, images: bool, server: bool, cache: bool = False
) -> Iterator[Leftover]:
    """Yield what may be removed: nothing of a live run, nothing that another host may still use.

    Without an engine only files; without a `server` nothing of other homes.
    """
    yield from leftovers.files(settings.home, older_than, settings.out)
    try:
        engine = connect()
    except EngineError:
        return
    alive = _alive_runs() if server else None
    yield from leftovers.containers(engine, settings.home, older_than, alive)
    yield from leftovers.of_checks(engine, older_than, images_in_use(settings), alive)
    if images:
        gone, used = _known_images(settings.home / RUNS)
        yield from leftovers.images(engine, older_than, gone, used)
    if cache:
        kept = look(engine, settings)
        for name, records in kept.own._asdict().items():
            free = [record for record in records if not record.in_use and not record.shared]
            if size_bytes := sum(record.size_bytes for record in free):
                words = f"{len(free)} {name}"
                yield Leftover("cache", words, "no build and no image uses them", size_bytes)


def remove(found: Iterable[Leftover], settings: Settings) -> None:
    """Remove the leftovers; skip those already gone and images that a container uses."""
    for leftover in found:
        match leftover.kind:
            case "container":
                remove_container(connect(), leftover.name)
            case "image":
                connect().remove_image(leftover.name)
            case "cache":
                empty_cache(connect(), settings)
            case "folder":
                remove_tree(Path(leftover.name))
            case _:
                Path(leftover.name).unlink(missing_ok=True)


def disk(settings: Settings) -> str:
    """Return a line on the engine's disk: free space and what we use; empty without an engine."""
    try:
        engine = connect()
        return told(engine, settings)
    except HostError:
        return ""


def _alive_runs() -> set[str]:
    """Return the ids of the flow runs that are alive according to the server."""
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=ALIVE))
    found: set[str] = set()
    with get_client(sync_client=True) as client:
        while True:
            page = client.read_flow_runs(
                flow_run_filter=FlowRunFilter(state=state), limit=PAGE, offset=len(found)
            )
            found |= {str(run.id) for run in page}
            if len(page) < PAGE:
                return found


def _known_images(notes: Path) -> tuple[set[str], set[str]]:
    """Return the runs whose folders are gone, and the images that the other folders name."""
    gone, used = set(), set()
    for note in notes.glob("*"):
        record = _folder(note) / "metadata.json"
        if record.exists():
            used.add(str(json.loads(record.read_text(encoding="utf-8")).get("image")))
        else:
            gone.add(note.name)
    return gone, used


def _folder(note: Path) -> Path:
    return Path(note.read_text(encoding="utf-8").strip())
