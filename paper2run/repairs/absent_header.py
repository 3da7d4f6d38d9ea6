"""Stops where own C or C++ code includes a header that nobody has, or that comes with a product.

Reads gcc's and clang's `fatal error: TimeMem.h: No such file or directory`. The include is in quotes, no file of the
checkout has the name, no build writes it, and no package of the image's Debian brings it.
"""

from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import code_line
from paper2run.failures.wanted_files import wanted_files
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import MissingPart
from paper2run.model.outcome import BuildFailed

NAME: Final = "absent_header"
LICENSED: Final = {
    "ilcplex/": "CPLEX", "ilconcert/": "CPLEX", "ilcp/": "CPLEX", "gurobi_c": "Gurobi", "mosek": "MOSEK",
    "xprs.h": "FICO Xpress", "knitro.h": "Knitro", "mex.h": "MATLAB", "tmwtypes.h": "MATLAB", "simstruc.h": "Simulink",
    "WolframLibrary.h": "Mathematica", "wstp.h": "Mathematica", "mathlink.h": "Mathematica", "idl_export.h": "IDL",
    "nag.h": "the NAG library", "NIDAQmx.h": "NI-DAQmx",
}  # fmt: skip
"""How the headers begin that come with a product alone."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop with the header and the line that includes it; None where a package may bring it."""
    if isinstance(failed.failure, BuildFailed) and not failed.builds_own_code:
        return None
    parts = {part.path: part for part in failed.facts.of(MissingPart) if part.form == "header"}
    for file, line in wanted_files(failed.lines).items():
        part = parts.get(file.name)
        if file.kind != "header":
            continue
        product = next((LICENSED[name] for name in LICENSED if file.name.startswith(name)), "")
        if product:
            return _licensed(failed, file.name, product, line)
        if part is None or failed.packages.get(file) != "":
            continue
        return stopped(
            NAME,
            "absent_module",
            reason=f"The code includes {file.name}, which neither the repository nor Debian has.",
            evidence=line,
            source=part.source,
            # A path names a library more often than a file of the authors': its own source may have it.
            excludes="this-plan" if "/" in file.name else "every-install",
            smallest_change=f"The author publishes {file.name}, or says which library has it.",
        )
    return None


def _licensed(failed: FailedAttempt, header: str, product: str, line: str) -> Diagnosis:
    return stopped(
        NAME,
        "proprietary_toolchain",
        reason=f"The code includes {header}, which comes with {product}.",
        evidence=line,
        source=code_line(failed.lines, line),
        excludes=failed.reach_of(line),
        smallest_change=f"Run where {product} is installed with its licence.",
    )
