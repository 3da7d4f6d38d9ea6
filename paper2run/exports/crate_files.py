"""Which files of a run folder go into a research object, and what each one is.

The paper's text stays out, for it is others' to publish; so do logs of this machine's own work (`run.log`, `logs/`).
"""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.exports.crate_entity import Entity, given
from paper2run.model.value import Value
from paper2run.text_gate import visible

TOP: Final = {
    "report.html": "The report for people",
    "report.md": "The report as text",
    "metadata.json": "The summary of the run for programs",
    "plan.json": "The plan of the environment, with the evidence of each decision",
    "Dockerfile": "Builds the image, with pinned versions",
    ".dockerignore": "What the build leaves out of the repository",
    "INSTRUCTIONS.md": "The commands that build the image and run it",
    "claims.json": "The numbers that the authors state, beside those that came out",
    "claims.xml": "The same as a JUnit report",
    "inventory.json": "The packages of the image",
    "files.tsv.gz": "The files of the image, each with its digest",
}
"""By name: what a file at the top of a run folder is."""
OF_ATTEMPT: Final = {
    "Dockerfile": "Dockerfile",
    "plan.json": "plan",
    "attempt.json": "record",
    "verification.json": "record of the checks",
    "diagnosis.json": "diagnosis",
}
LOCK: Final = re.compile(r"[\w.-]+\.lock|[\w.-]*lock\.(?:json|ya?ml|txt)")
"""A lock file at the top of a run folder."""
LOG: Final = re.compile(r"attempts/(?P<number>\d{2,4})/(?P<name>[\w.-]+)\.log")
RECORD: Final = re.compile(r"attempts/(?P<number>\d{2,4})/(?P<name>[\w.]+)")
FROM_REPOSITORY: Final = "repository/"
"""Folder of the crate that holds the authors' files which decided: lock files, licence, citation."""
MEDIA_TYPES: Final = {
    "json": "application/json", "md": "text/markdown", "html": "text/html", "xml": "application/xml",
    "gz": "application/gzip", "toml": "application/toml", "yml": "application/yaml", "yaml": "application/yaml",
    "cff": "application/yaml",
}  # fmt: skip


class CrateFile(Value):
    """A file as it goes into the crate."""

    path: str
    """Below the crate, `/`-separated; the same as below the run folder, but for the repository's files."""
    what: str
    size_bytes: int = 0
    sha256: str = ""


def wanted(paths: Iterable[str]) -> tuple[CrateFile, ...]:
    """Return the files of a run folder that are exported, by their paths in it, in path order."""
    found = ((path, _what(path)) for path in sorted(set(paths)))
    return tuple(CrateFile(path=path, what=what) for path, what in found if what)


def of_repository(path: str, what: str) -> CrateFile:
    """Return a file of the repository as it lies in the crate."""
    return CrateFile(path=f"{FROM_REPOSITORY}{path}", what=what)


def file_entity(file: CrateFile) -> tuple[str, Entity]:
    """Return the file's path in the crate, and its node."""
    kind = MEDIA_TYPES.get(file.path.rpartition("/")[2].rpartition(".")[2].lower(), "text/plain")
    properties = given(
        name=visible(file.path),
        description=file.what,
        encodingFormat=kind,
        contentSize=str(file.size_bytes),
        sha256=file.sha256,
    )
    return file.path, Entity(file.path, ("File",), properties)


def _what(path: str) -> str:
    """Return what a file is; empty for what is not exported."""
    if path in TOP:
        return TOP[path]
    if LOCK.fullmatch(path):
        return "Exact versions with their digests"
    if log := LOG.fullmatch(path):
        kind, _, stream = log["name"].rpartition("_")
        words = f"{kind.replace('_', ' ')} ({stream})" if kind else stream
        return f"Log of attempt {int(log['number'])}: {words}"
    if (record := RECORD.fullmatch(path)) and record["name"] in OF_ATTEMPT:
        return f"Attempt {int(record['number'])}: {OF_ATTEMPT[record['name']]}"
    return ""
