"""Stops where data, weights or a service outside the repository are wanted at run time.

Reads Python's own errors: `FileNotFoundError … 'path'`, `IOError: [Errno 2] …`, failed name resolution (smoke
containers have no network unless told), NLTK's `Resource punkt not found`, and what R, readr, readxl and data.table
say of a file that is not there. Code that opens a connection by `socket`
itself wants another machine, and code that asks a web service wants its answers: no data. The stop names the line of
code that wants it, by the traceback, and the line of the documents that says where to get it.
"""

import re
from pathlib import PurePosixPath
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import code_line, connects_itself, last_hit, last_traceback
from paper2run.failures.unreached_hosts import unreached
from paper2run.knowledge.network_words import NO_NETWORK
from paper2run.model.diagnosis import Diagnosis, Lack
from paper2run.model.facts import DataNeed, MissingPart, OutsideNeed, WrittenFile
from paper2run.model.outcome import SmokeFailed
from paper2run.model.value import Source

NAME: Final = "missing_data"
NO_FILE: Final = re.compile(
    r"(?:FileNotFoundError: |(?:IOError|OSError): (?=\[Errno 2\]|File |Unable to open file |\S+ not found))"
    r"(?:\[Errno 2\] No such file or directory: |File |Unable to open file )?"
    r"(?!\S*\.so\b)['\"]?(?P<path>[\w./ ~+-]+\.\w{1,8}|[\w./~+-]*/[\w./+-]*)['\"]?"
)
"""A bare OSError speaks of anything; numpy's `OSError: data.txt not found` does of a file. Libraries are no data."""
OF_THE_IMAGE: Final = re.compile(r"/(?:usr|opt|etc|lib|root|home|tmp)/|.*/(?:site|dist)-packages/")
"""What an installation brings, or a machine: another release may have the file, or not ask for it."""
UNREACHED: Final = re.compile(NO_NETWORK)
NLTK: Final = re.compile(r"Resource (?P<path>\S+) not found|Please use the NLTK Downloader")
R: Final = re.compile(r"\bRscript\b")
R_FILE: Final = re.compile(
    r"cannot open (?:compressed )?file ['‘](?P<path>[^'’]+)['’](?:: No such file|, probable reason '?No such file)"
    r"|['‘](?P<readr>[^'’]+)['’] does not exist(?: in current working directory| or is non-readable)"
    r"|`path` does not exist: ['‘](?P<readxl>[^'’]+)['’]"
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop; None where no own code ran. A build's network trouble is the host's."""
    if not failed.ran_own_code:
        return None
    # Of the network many imports only warn.
    ended = last_traceback(failed.lines)
    is_run = isinstance(failed.failure, SmokeFailed)
    hit = last_hit(ended, NO_FILE, *((UNREACHED, NLTK) if is_run else ()))
    if hit is None and is_run:
        hit = last_hit(failed.lines, NO_FILE, NLTK)
    if hit is None:
        return _of_r(failed)
    path = hit.match.groupdict().get("path") or ""
    wanted = path or "data from the network"
    code = code_line(failed.lines, hit.line)
    made = _made_by(failed, path, code)
    if not path and connects_itself(ended):
        return _other_machine(failed, hit.line, code, "connects to another machine by itself")
    if not path and (service := _web_service(failed, ended, code)):
        return _other_machine(failed, hit.line, code, f"asks {service}")
    change = (
        f"Provide {wanted}"
        if path
        else "Let the containers reach the network (PAPER2RUN_SMOKE_NETWORK=bridge)"
    )
    by = f", wanted by {code.path}:{code.line}" if code else ""
    return stopped(
        NAME,
        "missing_data",
        reason=f"The command wants {wanted}, which is not in the repository{by}{made and f'; {made} writes it'}.",
        evidence=hit.line,
        smallest_change=f"{change}, or use --smoke to name a command that needs no data."
        + _where(failed, path),
        source=code,
        excludes="this-plan" if made or OF_THE_IMAGE.match(path) else failed.reach_of(hit.line),
        lacks=Lack(kind="file", name=path) if path and NLTK is not hit.match.re else None,
    )


def _of_r(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop for a file that an R script reads or sources; None where the run was none of R.

    The file is not there at all if the scripts name it as they would one that the checkout lacks; else the folder from
    which the script was started may be wrong.
    """
    hit = last_hit(failed.lines, R_FILE)
    if hit is None or not R.search(failed.plan.smoke_command):
        return None
    path = next(filter(None, hit.match.groups()))
    name = PurePosixPath(path).name.lower()
    facts = failed.facts
    wanted = [(fact.what, fact.source) for fact in facts.of(DataNeed)]
    wanted += [(fact.path, fact.source) for fact in facts.of(MissingPart)]
    source = next((at for what, at in wanted if PurePosixPath(what).name.lower() == name), None)
    parts = [part for part in facts.of(MissingPart) if part.source == source]
    by = f", wanted by {source}" if source else ""
    return stopped(
        NAME,
        "absent_module" if parts else "missing_data",
        reason=f"The command wants {path}, which is not in the repository{by}.",
        evidence=hit.line,
        smallest_change=f"Provide {path}, or use --smoke to name a command that needs no data."
        + _where(failed, path),
        source=source,
        excludes="every-install" if source and path != "NA" else "this-plan",
        lacks=Lack(kind="file", name=path),
    )


def _web_service(failed: FailedAttempt, ended: list[str], code: Source | None) -> str:
    """Return the web service that the error names, else that the file or all work asks; or empty."""
    asked = [need for need in failed.facts.of(OutsideNeed) if need.host]
    told = "\n".join(ended)
    named = (need for need in asked if need.host in told)
    here = (need for need in asked if need.hard or (code and code.path == need.source.path))
    elsewhere = unreached(ended)
    others = here if elsewhere is None or not elsewhere.match["host"] else ()
    return next((need.what for need in (*named, *others)), "")


def _other_machine(
    failed: FailedAttempt, evidence: str, code: Source | None, does: str
) -> Diagnosis:
    by = f", at {code.path}:{code.line}" if code else ""
    return stopped(
        NAME,
        "external_service",
        reason=f"The command {does}{by}, which this run could not reach.",
        evidence=evidence,
        smallest_change="Let the containers reach the network (PAPER2RUN_SMOKE_NETWORK=bridge), or use --smoke to name"
        " a command that works without it.",
        source=code,
        excludes=failed.reach_of(evidence),
    )


def _made_by(failed: FailedAttempt, path: str, code: Source | None) -> str:
    """Return the place of another own file that writes what is wanted; empty without one."""
    name = PurePosixPath(path).name
    written = (fact for fact in failed.facts.of(WrittenFile) if name and fact.name == name)
    others = (fact for fact in written if code is None or fact.source.path != code.path)
    return next((str(fact.source) for fact in others), "")


def _where(failed: FailedAttempt, path: str) -> str:
    """Return a sentence with the place that says where to get the data.

    A place that names the file comes before any other.
    """
    needs = failed.facts.of(DataNeed)
    name = PurePosixPath(path).stem
    named = [need for need in needs if name and name in need.address]
    readme = [need for need in needs if need.source.kind == "readme"]
    chosen = next(iter((*named, *readme, *needs)), None)
    return f" {chosen.source} names {chosen.what}." if chosen else ""
