"""Fetches the submodules that a commit pins, each into its own mirror; failures are recorded.

A repository may name any address here, so only network addresses are followed, never a path of this
machine.
"""

from pathlib import Path
from typing import Final, NamedTuple

from paper2run.archive_source import ArchivedSource
from paper2run.errors import Paper2RunError, UserError
from paper2run.model.repo import Submodule
from paper2run.source import Login, RemoteSource, parse, submodule_url
from tasks.drivers.git.commit_contents import GITLINK, Entry
from tasks.drivers.git.git_command import git_attempt
from tasks.drivers.git.limits import Limits
from tasks.drivers.git.mirror import Mirror, Origin, bring, contents_of, healing, opened

MAX_DEPTH: Final = 4
"""Nesting of submodules; deeper ones are only recorded. This also stops repositories that contain themselves."""
MAX_SUBMODULES: Final = 100
"""Submodules that are fetched for one repository, nested ones included."""
ASK_AUTHORS: Final = "ask the authors for a public address of the submodule"


class Parent(NamedTuple):
    """A commit whose submodules are wanted."""

    url: str
    """Against which relative addresses are resolved."""
    git_dir: Path
    commit: str
    listed: tuple[Entry, ...]
    """All its paths."""
    path: str = ""
    """Where it lies in the outermost repository; empty for that one itself."""
    depth: int = 0


def fetch_submodules(
    outermost: Parent, mirrors: Path, limits: Limits, login: Login | None
) -> tuple[Submodule, ...]:
    """Return all submodules of the commit, parents before their own; nothing about them is ever an error."""
    found: list[Submodule] = []
    waiting = [outermost]
    while waiting:
        parent = waiting.pop(0)
        addresses = _addresses(parent)
        for entry in parent.listed:
            if entry.mode != GITLINK or len(found) >= MAX_SUBMODULES:
                continue
            path = f"{parent.path}/{entry.path}".lstrip("/")
            url = submodule_url(parent.url, addresses.get(entry.path, ""))
            module, listed = _fetch(
                path, url, entry.object_id, parent.depth, mirrors, limits, login
            )
            found.append(module)
            if module.fetched:
                place, depth = Path(module.mirror), parent.depth + 1
                waiting.append(Parent(module.url, place, module.commit, listed, path, depth))
    return tuple(found)


def _fetch(
    path: str,
    url: str,
    commit: str,
    depth: int,
    mirrors: Path,
    limits: Limits,
    login: Login | None,
) -> tuple[Submodule, tuple[Entry, ...]]:
    """Return the submodule and the paths of its commit; none if it could not be fetched."""
    shown = ""
    try:
        source = _network_source(url, depth)
        shown = source.url
        with opened(mirrors, shown, limits) as mirror:
            from_where = Origin(shown, source.login or login)
            listed = healing(mirror, lambda: _listed(mirror, from_where, commit, limits))
    except Paper2RunError as error:
        why_not = error.what
        return Submodule(path=path, url=shown, commit=commit, fetched=False, why_not=why_not), ()
    module = Submodule(path=path, url=shown, commit=commit, mirror=str(mirror.path), fetched=True)
    return module, listed


def _listed(mirror: Mirror, from_where: Origin, commit: str, limits: Limits) -> tuple[Entry, ...]:
    bring(mirror, from_where, commit, limits)
    return contents_of(mirror, from_where, commit).listed


def _network_source(url: str, depth: int) -> RemoteSource:
    """Return what the address means; UserError if it is not followed."""
    if not url:
        raise UserError(".gitmodules names no address for it", hint=ASK_AUTHORS)
    if depth >= MAX_DEPTH:
        raise UserError(
            f"it is nested more than {MAX_DEPTH} deep",
            hint="clone it by hand and give the folder as --repo",
        )
    source = parse(url)
    if isinstance(source, ArchivedSource):
        raise UserError(f"its address {source.given} is an archive's", hint=ASK_AUTHORS)
    if not isinstance(source, RemoteSource):
        raise UserError(
            f"its address {source.path} is a path of the machine it was made on", hint=ASK_AUTHORS
        )
    return source


def _addresses(parent: Parent) -> dict[str, str]:
    """Return the address of each path in the commit's `.gitmodules`; empty if it is absent or malformed."""
    listing = git_attempt(
        ["config", "-z", f"--blob={parent.commit}:.gitmodules", "--list"], at=parent.git_dir
    )
    values = dict(line.partition("\n")[::2] for line in listing.stdout.split("\0") if line)
    paths = {
        value: key.removesuffix(".path") for key, value in values.items() if key.endswith(".path")
    }
    return {path: values.get(f"{section}.url", "") for path, section in paths.items()}
