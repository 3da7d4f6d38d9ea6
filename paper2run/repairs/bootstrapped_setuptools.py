"""Replaces bootstrap scripts that download setuptools with an empty `use_setuptools`.

The image has setuptools. Reads CPython's traceback through `ez_setup.py` and `distribute_setup.py`, whose addresses
are gone since 2017 (https://setuptools.pypa.io/en/latest/deprecated/easy_install.html).
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed

NAME: Final = "bootstrapped_setuptools"
BOOTSTRAP: Final = re.compile(r'File "[^"]*(?:ez_setup|distribute_setup)\.py", line \d+')
SCRIPTS: Final = r"\( -name ez_setup.py -o -name distribute_setup.py \)"
STEP: Final = (
    rf"find . {SCRIPTS} -exec sh -c "
    """'printf "def use_setuptools(*_, **__):\\n    pass\\n" > "$1"' sh {} \\;"""
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan that empties the scripts before every other step; None where it does so already."""
    hit = last_hit(failed.lines, BOOTSTRAP)
    if not isinstance(failed.failure, BuildFailed) or hit is None:
        return None
    if STEP in failed.plan.install_steps:
        return None
    return repaired(
        failed,
        NAME,
        {"install_steps": (STEP, *failed.plan.install_steps)},
        reason="setup.py fetches setuptools from an address that is gone; the image has its own",
        evidence=hit.line,
    )
