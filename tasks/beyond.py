"""Looks of a model beyond the checkout: into index, Debian's lists, and the image that was built.

The command is the model's, so it is hostile input: it meets the deny list of smoke commands, their lock-down, less of
everything, and a root file system that cannot be written to. Nothing of it enters an image.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, assert_never

from pydantic import TypeAdapter

from paper2run.errors import HostError
from paper2run.model.outcome import Built
from paper2run.planners.look_arguments import BadLookError
from paper2run.planners.looks import MAX_PROBES, MAX_SEARCHES, Look, nowhere
from paper2run.planners.policy import unprobed
from paper2run.settings import Settings
from tasks import debian_look, index_looks
from tasks.build import has_image
from tasks.drivers.engine import containers
from tasks.drivers.engine.containers import Limits, RunResult
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.index.index_cache import IndexCache
from tasks.running.engine_slot import engine_slot
from tasks.running.records import RunFolder, run_id_of

PROBE_S: Final = 60
MAX_MEMORY_MB: Final = 1024
MAX_PIDS: Final = 128
DISK_MB: Final = 64
MAX_PROBE_CHARS: Final = 4000
"""Of the end of what a probe printed."""
TRACED: Final = {"PYTHONFAULTHANDLER": "1", "PYTHONDONTWRITEBYTECODE": "1"}
"""A signal in compiled code then names the Python line that led to it."""


class Looking:
    """Looks beyond the checkout, for one exchange."""

    def __init__(
        self,
        run: RunFolder,
        settings: Settings,
        day: date | None,
        built: object = None,
        base_image: str = "",
    ) -> None:
        """Look into the image that was built, if it was; releases are those around the commit's `day`.

        Debian is that of `base_image`; without one, none.
        """
        self._run = run
        self._settings = settings
        self._day = day
        self._base = base_image
        self._built = built if isinstance(built, Built) else None
        self._kept = IndexCache(settings.home / "probes", TypeAdapter(list[str]))
        self._probes = 0
        self._searches = 0

    def __call__(self, look: Look) -> Sequence[str]:
        """Return the lines that a look shows; what cannot be looked into is said in them."""
        try:
            return self._shown(look)
        except BadLookError as error:
            return [f"not shown: {error}"]

    def _shown(self, look: Look) -> Sequence[str]:
        settings = self._settings
        match look.kind:
            case "releases":
                return index_looks.releases(look.text, self._day, settings)
            case "installable":
                return index_looks.installables(look.text, look.path, self._day, settings)
            case "resolve":
                return self._resolved(look)
            case "debian":
                return debian_look.packages(look.text, self._base, self._run.path.name, settings)
            case "probe":
                return self._probe(look.text)
            case "list" | "read" | "grep" | "log":
                return nowhere(look)
            case _:
                assert_never(look.kind)

    def _resolved(self, look: Look) -> list[str]:
        if self._searches == MAX_SEARCHES:
            return [f"not shown: {MAX_SEARCHES} searches are all there are"]
        self._searches += 1
        return index_looks.resolved(look.text, look.path, self._day, self._settings)

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


def _probe_lines(result: RunResult, secrets: tuple[str, ...]) -> list[str]:
    log = result.log.redacted(secrets)
    how = f"exit code {result.exit_code}"
    if result.alive_at_timeout:
        how = f"still running after {PROBE_S} seconds"
    elif result.limit:
        how = f"ended by a limit: {result.limit}"
    printed = "\n".join(filter(None, (log.stdout.strip(), log.stderr.strip())))[-MAX_PROBE_CHARS:]
    return [how, *printed.splitlines()]
