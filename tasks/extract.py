"""Stage `extract`: all detectors over a read-only view of the checkout."""

from pathlib import Path
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Checkout
from tasks.running.caching import stage

TIMEOUT_S: Final = 600


@stage("extract", timeout_s=TIMEOUT_S, key=lambda given: (given["checkout"].commit,))
def extract(checkout: Checkout, folder: str) -> RepoFacts:
    """Return the facts of the commit that lies in `folder`."""
    # Imported by the work alone, as in other stages: a kept answer needs none of it.
    from paper2run.detectors import read_facts

    return read_facts(RepoTree.of(Path(folder)))
