"""Finds programs that a Makefile builds beside a Python package and that documents start.

Bindings of a command-line tool live in the tool's own repository; installing them alone leaves the
tool unbuilt.
"""

import re
from typing import Final, NamedTuple

from paper2run.knowledge import debian
from paper2run.model.environment import Reason, SmokeChoice
from paper2run.model.facts import BuildProduct, Command, SystemHeader
from paper2run.planning.evidence import Evidence
from paper2run.planning.plan_builder import GIVE
from paper2run.smoke.program_smoke import documented

COMPILERS: Final = ("g++", "gcc", "libc6-dev", "make")


class Programs(NamedTuple):
    """What building them takes."""

    packages: tuple[str, ...]
    step: str
    reasons: tuple[Reason, ...]
    smoke: SmokeChoice | None
    """A documented run of one of them that needs nothing but the checkout."""


def programs_beside(evidence: Evidence) -> Programs | None:
    """Return the programs of the root's Makefile that documents start; None without such."""
    made = {
        product.name: product
        for product in evidence.facts.of(BuildProduct)
        if product.system == "make" and product.form == "program" and "/" not in product.source.path
    }
    started = [name for name in made if _is_started(name, evidence)]
    if not started:
        return None
    source = made[started[0]].source
    packages, reasons = _libraries(evidence)
    step = f"make && {GIVE}"
    return Programs(
        packages=(*COMPILERS, *packages),
        step=step,
        reasons=(
            Reason(topic="system package", decision=f"{', '.join(COMPILERS)}: make", source=source),
            *reasons,
            Reason(topic="install", decision=f"{step}: makes {', '.join(started)}", source=source),
        ),
        smoke=documented(evidence, (made[name].path for name in started)),
    )


def _is_started(name: str, evidence: Evidence) -> bool:
    start = re.compile(rf"(?:\./|(?:\S+/)?bin/)?{re.escape(name)}\s")
    return any(
        start.match(command.line) is not None
        for command in evidence.facts.of(Command)
        if command.purpose == "run" and command.source.kind == "readme"
    )


def _libraries(evidence: Evidence) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    found: dict[str, Reason] = {}
    for header in evidence.facts.of(SystemHeader):
        for package in debian.packages_of_header(header.header):
            decision = f"{package}: <{header.header}>"
            reason = Reason(topic="system package", decision=decision, source=header.source)
            found.setdefault(package, reason)
    return tuple(found), tuple(found.values())
