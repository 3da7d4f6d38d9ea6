"""What a run leaves for a later check: the list of the image's packages and files."""

from paper2run.errors import HostError
from paper2run.model.outcome import Built
from paper2run.model.report import Attempt, Verdict
from paper2run.rendering.debian_snapshot import LIVE, wanted_time
from paper2run.rendering.pinned_addresses import pinned
from paper2run.settings import Settings
from tasks.build import has_image
from tasks.inventory import inventory
from tasks.running.keep_space import using_image
from tasks.running.records import RunFolder
from tasks.running.stages import Stages


def inventoried(
    run: RunFolder,
    verdict: Verdict,
    attempts: tuple[Attempt, ...],
    settings: Settings,
    run_id: str,
) -> None:
    """Write `inventory.json` and `files.tsv.gz` of the image that is handed over, if one is.

    What is installed by an address gets its digest or its commit in the Dockerfile.
    """
    best = attempts[verdict.best_attempt - 1] if verdict.best_attempt else None
    if not settings.inventory or verdict.grade == "none" or best is None:
        return
    if not isinstance(best.built, Built) or not has_image(best.built):
        return
    try:
        with using_image(best.built.image, settings):
            dockerfile = (run.path / "Dockerfile").read_text("utf-8")
            listed = Stages(run).run(inventory, best.built, dockerfile, run_id, settings)
    except (HostError, ValueError, TimeoutError) as error:
        # The verdict is earned; only a later check has less to compare.
        run.note(f"the image was not listed: {str(error)[:300]}", stage="inventory")
        return
    if listed.inventory.debian_snapshot == LIVE:
        run.note(
            f"Debian's packages are those of the live archive: no snapshot of {wanted_time(dockerfile)} served them",
            stage="inventory",
        )
    found = listed.inventory
    run.write("Dockerfile", pinned(dockerfile, found.downloads, found.revisions))
    run.write("inventory.json", listed.inventory)
    run.write("files.tsv.gz", listed.packed_files)
