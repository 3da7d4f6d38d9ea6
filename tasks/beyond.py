"""Looks of a model beyond the checkout: releases on the index, one command in the last image.

The command is the model's, so it is hostile input: it meets the deny list of smoke commands, their lock-down, less of
everything, and a root file system that cannot be written to. Nothing of it enters an image.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, assert_never

from packaging.utils import canonicalize_name, is_normalized_name
from pydantic import TypeAdapter

from paper2run.errors import HostError
from paper2run.index.releases import Release
from paper2run.model.outcome import Built
from paper2run.planners.looks import MAX_PROBES, Look, nowhere
from paper2run.planners.policy import unprobed
from paper2run.settings import Settings
from tasks.build import has_image
from tasks.drivers.engine import containers
from tasks.drivers.engine.containers import Limits, RunResult
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.index.index_cache import IndexCache
from tasks.drivers.index.package_index import PackageIndex
from tasks.resolve import CACHE_FOLDER
from tasks.running.engine_slot import engine_slot
from tasks.running.records import RunFolder, run_id_of

PROBE_S: Final = 60
MAX_MEMORY_MB: Final = 1024
MAX_PIDS: Final = 128
DISK_MB: Final = 64
MAX_PROBE_CHARS: Final = 4000
"""Of the end of what a probe printed."""
MAX_RELEASES: Final = 40
TRACED: Final = {"PYTHONFAULTHANDLER": "1", "PYTHONDONTWRITEBYTECODE": "1"}
"""A signal in compiled code then names the Python line that led to it."""


class Looking:
    """Looks beyond the checkout, for one exchange."""

    def __init__(
        self, run: RunFolder, settings: Settings, day: date | None, built: object = None
    ) -> None:
        """Look into the image that was built, if it was; releases are those around the commit's `day`."""
        self._run = run
        self._settings = settings
        self._day = day
        self._built = built if isinstance(built, Built) else None
        self._kept = IndexCache(settings.home / "probes", TypeAdapter(list[str]))
        self._probes = 0

    def __call__(self, look: Look) -> Sequence[str]:
        """Return the lines that a look shows; what cannot be looked into is said in them."""
        match look.kind:
            case "releases":
                return self._releases(look.text)
            case "probe":
                return self._probe(look.text)
            case "list" | "read" | "grep" | "log":
                return nowhere(look)
            case _:
                assert_never(look.kind)

    def _releases(self, text: str) -> list[str]:
        name, _, beginning = text.strip().partition(" ")
        if not is_normalized_name(canonicalize_name(name)):
            return ["that is no name of a distribution"]
        cache_dir: Path = self._settings.home / CACHE_FOLDER
        try:
            with PackageIndex(self._settings, cache_dir, quick=True) as index:
                project = index.project(name)
        except HostError:
            return ["the package index does not answer"]
        if project is None:
            # Without the name, which is the model's own word: a quote of this line shows that alone.
            return ["the package index has no distribution of this name"]
        fitting = [
            release
            for release in project.releases
            if str(release.version).startswith(beginning.strip().lstrip("="))
        ]
        day = self._day or date.max
        late = sum(1 for one in fitting if one.day is not None and one.day > day)
        # Those around the commit's day: half of them later.
        start = max(0, late - MAX_RELEASES // 2)
        shown = fitting[start : start + MAX_RELEASES]
        lines = [f"{start} newer ones, up to {fitting[0].version}"] if start else []
        lines += [_release_line(release) for release in shown]
        left = len(fitting) - start - len(shown)
        return [*lines, *([f"{left} older ones, down to {fitting[-1].version}"] if left else [])]

    def _probe(self, command: str) -> list[str]:
        why_not = unprobed(command)
        if why_not:
            return [f"not run: {why_not}"]
        if self._built is None:
            return ["not run: there is no image; the last build failed, or nothing was built yet"]
        if self._probes == MAX_PROBES:
            return [f"not run: {MAX_PROBES} probes are all there are"]
        self._probes += 1
        try:
            return self._kept_or_ran(self._built, command)
        except HostError:
            # A look is not worth a run: the model is told, and the rules go on.
            return ["not run: the engine does not run it"]

    def _kept_or_ran(self, built: Built, command: str) -> list[str]:
        key = f"{built.image_id} {command}"
        lines = self._kept.get(key)
        if lines is not None:
            return lines
        if not has_image(built):
            return ["not run: the image is gone"]
        lines = self._ran(built.image, command)
        self._kept.put(key, lines)
        return lines

    def _ran(self, image: str, command: str) -> list[str]:
        settings, engine = self._settings, connect()
        limits = Limits(
            memory_mb=min(MAX_MEMORY_MB, settings.memory_mb),
            cpus=settings.cpus,
            pids=min(MAX_PIDS, settings.pids),
            disk_mb=DISK_MB,
            read_only=True,
        )
        with engine_slot(engine, settings):
            result = containers.run(
                engine,
                image,
                command,
                limits=limits,
                run_id=run_id_of(self._run),
                home=settings.home,
                timeout_s=PROBE_S,
                env=TRACED,
                min_free_mb=settings.min_free_mb,
            )
        return _probe_lines(result, settings.secrets())


def _release_line(release: Release) -> str:
    """Return `1.5.1 2016-01-10 source, wheels: cp27 cp35`, the interpreters as the files' names have them."""
    tags = sorted({wheel.filename.rsplit("-", 3)[1] for wheel in release.wheels})
    forms = [
        *(["source"] if release.source else []),
        *([f"wheels: {' '.join(tags)}"] if tags else []),
        *(["withdrawn"] if release.yanked else []),
    ]
    return f"{release.version} {release.day or 'without a day'} {', '.join(forms)}"


def _probe_lines(result: RunResult, secrets: tuple[str, ...]) -> list[str]:
    log = result.log.redacted(secrets)
    how = f"exit code {result.exit_code}"
    if result.alive_at_timeout:
        how = f"still running after {PROBE_S} seconds"
    elif result.limit:
        how = f"ended by a limit: {result.limit}"
    printed = "\n".join(filter(None, (log.stdout.strip(), log.stderr.strip())))[-MAX_PROBE_CHARS:]
    return [how, *printed.splitlines()]
