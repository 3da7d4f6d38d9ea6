"""Removes folders of any depth: a stranger's checkout may be nested deeper than Python recurses."""

import shutil
from pathlib import Path
from typing import Final

from paper2run.errors import HostError
from tasks.drivers.host.process import run

SCRATCH: Final = "paper2run-scratch-"
"""Start of the names of our temporary folders."""
TIMEOUT_S: Final = 600.0


def remove_tree(folder: Path) -> None:
    """Remove the folder with everything in it; OSError or HostError if that fails."""
    try:
        shutil.rmtree(folder)
    except RecursionError:
        # Python 3.11's rmtree recurses; rm(1) walks.
        ended = run(["rm", "-rf", "--", str(folder)], timeout_s=TIMEOUT_S)
        if ended.exit_code != 0:
            raise HostError(
                f"{folder} could not be removed: {ended.stderr.strip()[-200:]}",
                hint="remove it by hand",
            ) from None
