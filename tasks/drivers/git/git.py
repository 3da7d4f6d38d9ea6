"""Turns a user's source into a commit in a local mirror: finds which commit is meant, then fetches it.

`layout.lay_out` writes the files. This module runs no code of the repository and never prompts.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from paper2run.archive_source import ArchivedSource
from paper2run.errors import UserError
from paper2run.model.repo import Checkout, Commit
from paper2run.model.value import Value
from paper2run.source import LocalSource, Login, RemoteSource, RepositorySource
from tasks.drivers.git.archive import Fetch, commit_archive, no_archives
from tasks.drivers.git.commit_contents import (
    Contents,
    committed_at,
    damage,
    has_commit,
    lfs_pointers,
    read_contents,
    tree_of,
)
from tasks.drivers.git.git_command import LOCAL_TIMEOUT_S, Transfer, git_remote
from tasks.drivers.git.git_foreign import Foreign, as_data
from tasks.drivers.git.limits import Environment, Limits
from tasks.drivers.git.local_source import existing_folder, git_directory, origin, uncommitted
from tasks.drivers.git.mirror import (
    BYTES_PER_MB,
    Mirror,
    Origin,
    bring,
    contents_of,
    healing,
    opened,
    size_bytes,
    too_large,
)
from tasks.drivers.git.plain_folder import UNDATED_S, FolderCommit, commit_folder
from tasks.drivers.git.refs import check, find_local, find_remote
from tasks.drivers.git.submodules import Parent, fetch_submodules


class Located(Value):
    """The requested commit, known before anything is fetched.

    Commit and address together identify a checkout.
    """

    url: str
    """The address without credentials; the absolute path of a local source."""
    name: str
    """`owner/name` where the address has an owner, else the folder's name."""
    commit: Commit
    ref: str = ""
    """As asked for or as the web address says; empty for the default branch."""
    notes: tuple[str, ...] = ()
    """What a person should know of a plain folder."""


def locate(
    source: RepositorySource,
    ref: str,
    mirrors: Path,
    *,
    timeout_s: float,
    max_mb: int,
    unpack: Fetch = no_archives,
    proxies: Environment | None = None,
) -> Located:
    """Return the commit that `source` and `ref` (empty: the default) mean now.

    A plain folder becomes a commit in its mirror; a short commit may need the history, which is kept there too.
    UserError for what is no repository, is private, empty, or has no such ref; HostError for network and disk.
    """
    limits = Limits.from_now(timeout_s, max_mb, proxies=proxies)
    if isinstance(source, RemoteSource):
        found = find_remote(source, ref, mirrors, limits)
        return Located(url=source.url, name=source.name, commit=found.commit, ref=found.ref)
    if isinstance(source, ArchivedSource):
        if check(ref):
            raise UserError(
                f"{source.given} is an archive and has no {ref}", hint="leave --ref out"
            )
        with opened(mirrors, source.given, limits) as mirror:
            made = healing(mirror, lambda: commit_archive(source, unpack, mirror, max_mb))
        return Located(url=source.given, name=source.name, commit=made.commit, notes=made.notes)
    folder = existing_folder(source)
    url, name = str(folder), folder.name or "root"
    if git_dir := git_directory(folder):
        with as_data(git_dir) as foreign:
            found = find_local(foreign, ref)
        return Located(url=url, name=name, commit=found.commit, ref=found.ref)
    if check(ref):
        raise UserError(f"{folder} is a plain folder and has no {ref}", hint="leave --ref out")
    with opened(mirrors, url, limits) as mirror:
        made = healing(mirror, lambda: commit_folder(folder, mirror, max_mb))
    return Located(url=url, name=name, commit=made.commit, notes=made.notes)


def fetch(
    source: RepositorySource,
    located: Located,
    mirrors: Path,
    *,
    timeout_s: float,
    max_mb: int,
    on_line: Callable[[str], None] | None = None,
    unpack: Fetch = no_archives,
    proxies: Environment | None = None,
) -> Checkout:
    """Return the located commit with its submodules, fetched into mirrors below `mirrors` unless present.

    `on_line` gets git's progress. Raises what `locate` raises, and UserError if history or files
    exceed `max_mb`.
    """
    limits = Limits.from_now(timeout_s, max_mb, on_line, proxies)
    folder = Path(located.url)
    git_dir = git_directory(folder) if isinstance(source, LocalSource) else None
    remade = _remade(source, Path(located.url), git_dir, max_mb, unpack)
    with ExitStack() as stack:
        foreign = stack.enter_context(as_data(git_dir)) if git_dir else None
        mirror = stack.enter_context(opened(mirrors, located.url, limits))
        from_where = Origin(located.url, _login(source), foreign)
        held = healing(mirror, lambda: _hold(mirror, from_where, located, limits, remade))
        size = size_bytes(mirror.path)
        base = origin(folder, foreign) if foreign else located.url
        note = uncommitted(folder, located.commit, mirror.path, foreign) if foreign else ""
    parent = Parent(base, mirror.path, located.commit, held.contents.listed)
    return Checkout(
        url=located.url,
        name=located.name,
        commit=located.commit,
        ref=located.ref,
        committed_at=held.committed_at,
        tree=held.tree,
        made_here=remade is not None,
        mirror=str(mirror.path),
        size_bytes=size,
        lfs_pointers=held.lfs_pointers,
        submodules=fetch_submodules(parent, mirrors, limits, _login(source)),
        notes=(*located.notes, *filter(None, [note])),
    )


class _Held(NamedTuple):
    """What a mirror with a complete commit says about it."""

    contents: Contents
    lfs_pointers: tuple[str, ...]
    committed_at: datetime | None
    tree: str


Remade = Callable[[Mirror], FolderCommit]
"""Makes the commit of a source without history again."""


def _remade(
    source: RepositorySource, folder: Path, git_dir: Path | None, max_mb: int, unpack: Fetch
) -> Remade | None:
    """Return how the source's commit is made; None where git has it."""
    if isinstance(source, ArchivedSource):
        return lambda mirror: commit_archive(source, unpack, mirror, max_mb)
    if isinstance(source, LocalSource) and git_dir is None:
        return lambda mirror: commit_folder(folder, mirror, max_mb)
    return None


def _hold(
    mirror: Mirror, from_where: Origin, located: Located, limits: Limits, remade: Remade | None
) -> _Held:
    """Fetch the commit into the mirror and return its contents; UserError if they exceed the limit."""
    if remade is not None and not mirror.holds(located.commit):
        _make_again(mirror, located, remade)
    try:
        bring(mirror, from_where, located.commit, limits)
    except UserError:
        gaps = _missing_at(from_where, located.commit)
        if not gaps:
            raise
        raise damage(located.url, gaps) from None
    contents = contents_of(mirror, from_where, located.commit)
    if contents.total_bytes > limits.max_mb * BYTES_PER_MB:
        raise too_large(f"the checkout of {located.url}", limits.max_mb)
    pointers = lfs_pointers(mirror.path, contents.listed, contents.sizes)
    day = committed_at(mirror.path, located.commit)
    is_dated = remade is None or (day is not None and day.timestamp() != UNDATED_S)
    tree = tree_of(mirror.path, located.commit)
    return _Held(contents, pointers, day if is_dated else None, tree)


def _make_again(mirror: Mirror, located: Located, remade: Remade) -> None:
    if remade(mirror).commit != located.commit:
        raise UserError(
            f"{located.url} changed while it was read",
            hint="run again when nothing writes to it",
        )


def _missing_at(from_where: Origin, commit: str) -> tuple[str, ...]:
    """Return the files whose content a local origin lacks; git's own messages do not name them.

    Empty for an origin on another machine.
    """
    if from_where.local is not None:
        return _gaps(from_where.local, commit)
    # The user's own configuration may lead an address to this machine.
    asked = git_remote(["ls-remote", "--get-url", from_where.url], Transfer(LOCAL_TIMEOUT_S))
    git_dir = git_directory(Path(asked.stdout.strip()))
    if git_dir is None:
        return ()
    with as_data(git_dir) as foreign:
        return _gaps(foreign, commit)


def _gaps(foreign: Foreign, commit: str) -> tuple[str, ...]:
    has_it = has_commit(foreign.path, commit)
    return read_contents(foreign.path, commit).missing if has_it else ()


def _login(source: RepositorySource) -> Login | None:
    return source.login if isinstance(source, RemoteSource) else None
