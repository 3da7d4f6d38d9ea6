"""Repairs: one module per known failure. The first answer wins, so their order is a decision."""

from typing import Protocol

from paper2run.broken import Broken
from paper2run.model.diagnosis import Diagnosis
from paper2run.repairs import (
    failed_source_build,
    missing_compiler,
    missing_data,
    missing_header,
    missing_module,
    missing_program,
    missing_shared_library,
    missing_std_header,
    needs_gpu,
    out_of_memory,
    python2_source,
    wrong_smoke_command,
)


class Repair(Protocol):
    """What a module in this package provides."""

    NAME: str

    def repair(self, broken: Broken) -> Diagnosis | None:
        """Return a whole new plan or a stop with proof; None where this is not the failure it knows."""
        ...


# The engine's own word first; then signs of the interpreter before missing modules, since `urllib2` is both;
# CUDA's own files before those that Debian has; shells also miss programs that nobody needs, so these come late;
# a package is left out only where nothing is known that would build it;
# missing files last, since logs hold such lines for many reasons, and another command may not need them.
REPAIRS: tuple[Repair, ...] = (
    out_of_memory,
    python2_source,
    missing_compiler,
    missing_std_header,
    missing_shared_library,
    needs_gpu,
    missing_header,
    missing_module,
    missing_program,
    failed_source_build,
    wrong_smoke_command,
    missing_data,
)


def diagnose(broken: Broken) -> Diagnosis | None:
    """Return the first rule's answer; None where all abstain."""
    for rule in REPAIRS:
        diagnosis = rule.repair(broken)
        if diagnosis is not None:
            return diagnosis
    return None
