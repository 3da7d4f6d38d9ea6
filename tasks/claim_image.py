"""The image in which commands run for their claims, and what a run gave."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from paper2run.claims.result_files import ENDINGS
from paper2run.digests import digest_of
from paper2run.formats.tree import RepoTree
from paper2run.model.claims import ClaimRun
from paper2run.model.image import SOURCE_FOLDER
from paper2run.redaction import redact
from paper2run.settings import Settings
from tasks.drivers.engine import containers
from tasks.drivers.engine.changed_files import Wanted
from tasks.drivers.engine.engine import Engine
from tasks.running.engine_slot import engine_slot
from tasks.running.log_file import LogFile


class Ran(NamedTuple):
    """A command's run, and what it printed and wrote."""

    run: ClaimRun
    output: str
    files: dict[str, bytes]
    """Content of the files of interest that it changed, and of new result files, by path below the checkout."""
    why_not: str
    """Why numbers are missing from the output of a command that failed."""


@dataclass(frozen=True)
class ClaimImage:
    """The image in which commands run, and what they may use."""

    engine: Engine
    name: str
    run_id: str
    settings: Settings
    gpus: bool
    tree: RepoTree
    """The checkout."""
    files: frozenset[str]
    """Files of the checkout that are of interest where a command writes them."""

    def run(self, command: str, limit_s: float, log_path: Path, also: Iterable[str] = ()) -> Ran:
        """Run a line of shell in a fresh container; `also` are further files of interest."""
        settings, secrets = self.settings, self.settings.secrets()
        places = {str(PurePosixPath(SOURCE_FOLDER) / path): path for path in (*self.files, *also)}
        with LogFile(log_path, secrets) as log, engine_slot(self.engine, settings):
            result = containers.run(
                self.engine,
                self.name,
                command,
                limits=containers.Limits.of(settings),
                run_id=self.run_id,
                home=settings.home,
                timeout_s=limit_s,
                on_line=log.line,
                network=settings.smoke_network,
                gpus=self.gpus,
                min_free_mb=settings.min_free_mb,
                returns=Wanted(places, SOURCE_FOLDER, ENDINGS),
            )
        kept = result.log.redacted(secrets)
        run = ClaimRun(
            command=command,
            passed=result.exit_code == 0 and not result.alive_at_timeout,
            exit_code=result.exit_code,
            seconds=round(result.seconds, 3),
            log_digest=digest_of(kept),
        )
        ended = (
            "was ended at the limit"
            if result.alive_at_timeout
            else f"ended with status {result.exit_code}"
        )
        return Ran(
            run,
            f"{kept.stdout}\n{kept.stderr}",
            {
                places.get(place, place.removeprefix(f"{SOURCE_FOLDER}/")): content
                for place, content in result.files.items()
            },
            f"its command {ended}{result.limit and f': {result.limit}'}",
        )

    def text_of(self, ran: Ran, path: str) -> str:
        """Return the text of a file that a command wrote, without secrets."""
        return redact(ran.files[path].decode("utf-8", "replace"), self.settings.secrets())
