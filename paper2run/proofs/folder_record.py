"""A run folder's record of itself: which files it had when the run ended, and what was in them."""

from collections.abc import Iterator

from paper2run.model.value import Value

RECORD = "record.json"
OUR_OWN = ("record.json", "verify/", "repo/.git/", "repo/.git")
"""What the record leaves out: itself, later checks, and the history beside the source, which no build reads."""


class KeptFile(Value):
    """One file of the folder."""

    path: str
    """`/`-separated, below the folder."""
    kind: str
    """`file`, `program` (executable) or `link`."""
    content: str
    """sha256, hexadecimal; for a link what it names."""


class FolderRecord(Value):
    """`record.json`: all files of a run folder at the end of the run, by path."""

    files: tuple[KeptFile, ...]


def is_recorded(path: str) -> bool:
    """Whether the record covers a path of the folder."""
    return not any(path.startswith(own) if own.endswith("/") else path == own for own in OUR_OWN)


def differences(record: FolderRecord, found: FolderRecord) -> Iterator[str]:
    """Yield how a folder differs from its record, by path: `plan.json: changed`."""
    before = {file.path: file for file in record.files}
    after = {file.path: file for file in found.files}
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            yield f"{path}: missing"
        elif path not in before:
            yield f"{path}: added"
        elif before[path] != after[path]:
            yield f"{path}: changed"
