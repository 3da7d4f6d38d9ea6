"""From what a user gives to a commit in a local mirror: find which commit is meant, then fetch it.

`layout.lay_out` writes the files. Nothing here runs anything of the repository, and nothing ever prompts.
"""

from collections.abc import Callable
from pathlib import Path

from paper2run.errors import UserError
from paper2run.model.repo import Checkout, Commit
from paper2run.model.value import Value
from paper2run.source import LocalSource, Login, RemoteSource
from tasks.drivers.commit_contents import (
    Contents,
    committed_at,
    damage,
    has_commit,
    lfs_pointers,
    read_contents,
)
from tasks.drivers.git_command import LOCAL_TIMEOUT_S, Transfer, git_remote
from tasks.drivers.local_source import existing_folder, git_directory, origin, uncommitted
from tasks.drivers.mirror import BYTES_PER_MB, Limits, Mirror, bring, opened, size_bytes, too_large
from tasks.drivers.plain_folder import commit_folder
from tasks.drivers.refs import check, find_local, find_remote
from tasks.drivers.submodules import Parent, fetch_submodules


class Located(Value):
    """Which commit is meant, known before anything is fetched; with the address it is what a checkout is known by."""

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
    source: RemoteSource | LocalSource, ref: str, mirrors: Path, *, timeout_s: float, max_mb: int
) -> Located:
    """Return the commit that `source` and `ref` (empty: the default) mean now.

    A plain folder becomes a commit in its mirror; a short commit may need the history, which is kept there too.
    UserError for what is no repository, is private, empty, or has no such ref; HostError for network and disk.
    """
    limits = Limits.from_now(timeout_s, max_mb)
    if isinstance(source, RemoteSource):
        found = find_remote(source, ref, mirrors, limits)
        return Located(url=source.url, name=source.name, commit=found.commit, ref=found.ref)
    folder = existing_folder(source)
    url, name = str(folder), folder.name or "root"
    if git_dir := git_directory(folder):
        found = find_local(git_dir, ref, limits)
        return Located(url=url, name=name, commit=found.commit, ref=found.ref)
    if check(ref):
        raise UserError(
            f"{folder} is a plain folder and has no {ref}", next_step="Leave --ref out."
        )
    with opened(mirrors, url, limits) as mirror:
        made = commit_folder(folder, mirror, max_mb)
    return Located(url=url, name=name, commit=made.commit, notes=made.notes)


def fetch(
    source: RemoteSource | LocalSource,
    located: Located,
    mirrors: Path,
    *,
    timeout_s: float,
    max_mb: int,
    on_line: Callable[[str], None] | None = None,
) -> Checkout:
    """Return the located commit, held with its submodules in mirrors below `mirrors`; at once if it is there already.

    `on_line` gets git's progress. Errors as `locate`, and a UserError if history or files exceed `max_mb`.
    """
    limits = Limits.from_now(timeout_s, max_mb, on_line)
    is_local = isinstance(source, LocalSource)
    is_plain = is_local and not git_directory(Path(located.url))
    base = origin(Path(located.url)) if is_local and not is_plain else located.url
    with opened(mirrors, located.url, limits) as mirror:
        contents = _hold(mirror, source, located, limits)
        if contents.total_bytes > max_mb * BYTES_PER_MB:
            raise too_large(f"the checkout of {located.url}", max_mb)
        pointers = lfs_pointers(mirror.path, contents.listed, contents.sizes)
        size = size_bytes(mirror.path)
        note = uncommitted(Path(located.url), located.commit, mirror.path) if is_local else ""
    parent = Parent(base, mirror.path, located.commit)
    return Checkout(
        url=located.url,
        name=located.name,
        commit=located.commit,
        ref=located.ref,
        committed_at=None if is_plain else committed_at(mirror.path, located.commit),
        mirror=str(mirror.path),
        size_bytes=size,
        lfs_pointers=pointers,
        submodules=fetch_submodules(parent, mirrors, limits, _login(source)),
        notes=(*located.notes, *filter(None, [note])),
    )


def _hold(
    mirror: Mirror, source: RemoteSource | LocalSource, located: Located, limits: Limits
) -> Contents:
    """Return what the commit holds, after it is in the mirror; a mirror that lacks something is made anew once."""
    _bring(mirror, source, located, limits)
    contents = read_contents(mirror.path, located.commit)
    if contents.missing:
        mirror.remake()
        _bring(mirror, source, located, limits)
        contents = read_contents(mirror.path, located.commit)
    if contents.missing:
        raise damage(located.url, contents.missing)
    return contents


def _bring(
    mirror: Mirror, source: RemoteSource | LocalSource, located: Located, limits: Limits
) -> None:
    if isinstance(source, LocalSource) and not git_directory(Path(located.url)):
        if not mirror.holds(located.commit):
            made = commit_folder(Path(located.url), mirror, limits.max_mb)
            if made.commit != located.commit:
                raise UserError(
                    f"{located.url} changed while it was read",
                    next_step="Run again when nothing writes to it.",
                )
        return
    try:
        bring(mirror, located.url, located.commit, limits, _login(source))
    except UserError:
        gaps = _missing_at_origin(located)
        if not gaps:
            raise
        raise damage(located.url, gaps) from None


def _missing_at_origin(located: Located) -> tuple[str, ...]:
    """Return the files whose content the origin lacks, where it lies on this machine; git's own words name none."""
    asked = git_remote(["ls-remote", "--get-url", located.url], Transfer(LOCAL_TIMEOUT_S))
    git_dir = git_directory(Path(asked.stdout.strip()))
    if git_dir is None or not has_commit(git_dir, located.commit):
        return ()
    return read_contents(git_dir, located.commit).missing


def _login(source: RemoteSource | LocalSource) -> Login | None:
    return source.login if isinstance(source, RemoteSource) else None
