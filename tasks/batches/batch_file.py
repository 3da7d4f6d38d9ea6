"""Reads a batch file, and looks whether what it names is there. Knows nothing of Prefect."""

from pathlib import Path
from typing import Final

from paper2run.archive_source import ArchivedSource
from paper2run.batches.batch_input import BadLine, BatchInput, read_batch_text
from paper2run.errors import UserError
from paper2run.papers.paper_address import paper_address
from paper2run.source import LocalSource, parse

MAX_BYTES: Final = 50_000_000
"""Of a batch file; a million repositories fit."""


def read_batch(file: Path) -> BatchInput:
    """Return the parsed batch file; a missing local repository or paper makes a bad line too."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UserError(
                f"{file} is larger than {MAX_BYTES} bytes, too large for a batch file",
                hint="name a file of repositories, or split it into several batches",
            )
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{file} cannot be read: {error.strerror}",
            hint="name a file of repositories: YAML, CSV, JSON Lines, or one address per line",
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{file} is not UTF-8 text (byte {error.start})",
            hint="save it as UTF-8: YAML, CSV, JSON Lines, or one address per line",
        ) from None
    found = read_batch_text(file.absolute(), text, lambda path: Path(path).exists())
    missing = {
        line.line: f"{path} does not exist"
        for line in found.lines
        for path in (_file(line.entry.paper), _local(line.entry.repo))
        if path and not Path(path).expanduser().exists()
    }
    bad = (*found.bad, *(BadLine(line=at, problem=words) for at, words in missing.items()))
    return found.changed(
        lines=tuple(line for line in found.lines if line.line not in missing),
        bad=tuple(sorted(bad, key=lambda line: line.line)),
    )


def _file(paper: str) -> str:
    """Return the path of a paper on this machine; empty for an address."""
    return "" if not Path(paper).expanduser().exists() and paper_address(paper) else paper


def _local(repo: str) -> str:
    """Return the path of a repository or archive on this machine; empty for an address."""
    source = parse(repo)
    if isinstance(source, ArchivedSource):
        return source.given if source.kind == "file" else ""
    return source.path if isinstance(source, LocalSource) else ""
