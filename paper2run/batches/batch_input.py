"""Reads a batch file from its text and judges each line of it.

Every line is checked before anything starts, and all errors are reported at once, with their lines.
"""

import difflib
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any, Final

from pydantic import Field, ValidationError

from paper2run.archive_source import ArchivedSource
from paper2run.batches.batch_forms import items_of
from paper2run.batches.rows import OF_A_LINE, BatchEntry
from paper2run.errors import UserError
from paper2run.formats.plurals import counted
from paper2run.model.value import Value
from paper2run.papers.paper_address import paper_address
from paper2run.source import LocalSource, meant_address, parse, shown_address

NEAR: Final = 0.84
"""Similarity from which a name is a misspelt option: `timout` and `papers` are, `paper_id` and `title` are not."""
MEANT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("url", "address", "repository", "repo_url", "git"), "repo"),
    **dict.fromkeys(("commit", "sha", "branch", "tag", "revision", "version"), "ref"),
}
"""Columns that say what an option says, by another name: passing them over would run something else."""
MAX_OWN: Final = 30
MAX_CELL: Final = 1000
"""Of a user's own columns: columns of a line, characters of a cell."""


class BatchLine(Value):
    """A good line."""

    line: int
    entry: BatchEntry
    own: Mapping[str, str] = Field(default_factory=dict)
    """Cells of the user's own columns, such as `paper_id`; no run sees them."""


class BadLine(Value):
    """A line that cannot be used, or a file that cannot."""

    line: int
    """1-based; 0 for the whole file."""
    problem: str

    def __str__(self) -> str:
        """Return `line 7: …`."""
        return f"line {self.line}: {self.problem}" if self.line else self.problem


class BatchInput(Value):
    """A whole batch file, judged."""

    lines: tuple[BatchLine, ...]
    bad: tuple[BadLine, ...] = ()
    repeated: tuple[BadLine, ...] = ()
    """Lines that repeat an earlier line; skipped."""


def read_batch_text(
    path: PurePath, text: str, is_there: Callable[[PurePath], bool] = lambda _: True
) -> BatchInput:
    """Return what the file `path` (absolute) with this text asks for.

    Its suffix tells the form; any other means a plain list. Relative paths in it are relative to the file. `is_there`
    says whether something is at a path: `owner/name` without a folder `owner` is an address.
    """
    lines, bad = [], []
    for line, raw in items_of(path.suffix, text.removeprefix("\ufeff")):
        judged = raw if isinstance(raw, str) else _judge(raw, path.parent, is_there)
        if isinstance(judged, str):
            bad.append(BadLine(line=line, problem=judged))
        else:
            own = {} if isinstance(raw, str) else _own_cells(raw)
            lines.append(BatchLine(line=line, entry=judged, own=own))
    if not lines and not bad:
        bad.append(BadLine(line=0, problem="the file names no repository"))
    return _without_repeats(lines, bad)


def usable(
    found: BatchInput, *, keep_going: bool, say: Callable[[str], None]
) -> tuple[BatchLine, ...]:
    """Return the lines to run; `say` gets the lines that are skipped.

    UserError with all bad lines unless `keep_going`.
    """
    for left_out in found.repeated:
        say(str(left_out))
    if not found.bad:
        return found.lines
    words = "\n".join(f"  {bad}" for bad in found.bad)
    if keep_going and found.lines:
        say(f"skipped: {counted(len(found.bad), 'bad line')}:\n{words}")
        return found.lines
    good = "; or run the good lines alone with --keep-going" if found.lines else ""
    raise UserError(
        f"{counted(len(found.bad), 'bad line')}, nothing was started:\n{words}",
        hint=f"correct the file{good}",
    )


def same_thing(entry: BatchEntry) -> tuple[str, str]:
    """Return repository and ref in a form that is the same for all ways to write one address.

    The transport, a user name, `.git`, and upper and lower case do not tell repositories of a forge apart.
    """
    source = parse(entry.repo)
    if isinstance(source, LocalSource):
        return source.path.rstrip("/"), entry.ref
    if isinstance(source, ArchivedSource):
        return f"{source.kind} {source.id or source.given} {source.version}", entry.ref
    place = re.sub(r"^\w+://", "", source.url)
    place = re.sub(r"^[^/@]*@", "", place)
    if "://" not in source.url:
        place = place.replace(":", "/", 1)
    return place.casefold().removesuffix(".git").rstrip("/"), entry.ref or source.page


def _judge(
    raw: Mapping[str, Any], folder: PurePath, is_there: Callable[[PurePath], bool]
) -> BatchEntry | str:
    """Return the entry, or what is wrong with it."""
    given = {str(key).strip(): value for key, value in raw.items() if value not in (None, "")}
    for name in given:
        if meant := _meant_option(name):
            return f"{name!r} is not an option of a run; did you mean {meant!r}?"
    given = {name: value for name, value in given.items() if name in OF_A_LINE}
    if "repo" not in given:
        return "no repository is named (`repo`)"
    try:
        entry = BatchEntry.model_validate(given)
        source = parse(entry.repo)
        is_path = isinstance(source, LocalSource) or (
            isinstance(source, ArchivedSource)
            and (source.kind == "file" or is_there(folder / entry.repo))
        )
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else "the line"
        return f"{field}: {first['msg']}, got {first.get('input')!r}"
    except UserError as error:
        return error.what
    address = meant_address(entry.repo, folder, is_there) if is_path else entry.repo
    try:
        paper = "" if is_there(folder / entry.paper) else paper_address(entry.paper)
    except UserError as error:
        return error.what
    return entry.changed(
        repo=address or _below(folder, entry.repo),
        paper=paper or (_below(folder, entry.paper) if entry.paper else ""),
    )


def _meant_option(name: str) -> str:
    """Return the option that a column's name misspells; empty for options and for a user's own columns."""
    if name in OF_A_LINE:
        return ""
    plain = name.casefold().replace("-", "_")
    near = difflib.get_close_matches(plain, OF_A_LINE, n=1, cutoff=NEAR)
    return MEANT.get(plain) or (near[0] if near else "")


def _own_cells(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells of the user's own columns, by name, each cut to `MAX_CELL` characters."""
    cells = ((str(name).strip(), value) for name, value in raw.items())
    found = {name: str(value)[:MAX_CELL] for name, value in cells if name not in OF_A_LINE}
    return {name: cell for name, cell in list(found.items())[:MAX_OWN] if cell not in ("", "None")}


def _below(folder: PurePath, path: str) -> str:
    """Return the absolute form of a path that is given relative to `folder`."""
    local = path.removeprefix("file://")
    return local if local.startswith("~") else posixpath.normpath(folder / local)


def _without_repeats(lines: Iterable[BatchLine], bad: list[BadLine]) -> BatchInput:
    first: dict[tuple[str, str], BatchLine] = {}
    repeated = []
    for line in lines:
        earlier = first.setdefault(same_thing(line.entry), line)
        if earlier is not line:
            words = (
                f"{shown_address(line.entry.repo)} is already named in line {earlier.line}; skipped"
            )
            repeated.append(BadLine(line=line.line, problem=words))
    return BatchInput(lines=tuple(first.values()), bad=tuple(bad), repeated=tuple(repeated))
