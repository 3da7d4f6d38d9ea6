"""Stage `clone`: fetches a pinned commit and writes its files into the run folder.

The commit goes into a bare mirror that later runs reuse.
"""

from functools import partial
from pathlib import Path
from typing import Final

from paper2run.errors import Paper2RunError
from paper2run.model.repo import Checkout
from paper2run.request import Request
from paper2run.settings import Settings
from tasks.drivers.git import git, layout, mirror
from tasks.drivers.git.git import Located
from tasks.drivers.git.limits import proxies_of
from tasks.drivers.git.logins import keep_login, source_of
from tasks.drivers.git.mirror import MIRRORS
from tasks.drivers.index.archive_download import fetched_archive
from tasks.running.caching import stage
from tasks.running.progress_log import PROGRESS

__all__ = ["Located", "clone", "has_mirror", "lay_out", "locate", "without_login"]

TIMEOUT_S: Final = 90_000
"""Beyond git's own limit (PAPER2RUN_CLONE_TIMEOUT), which names what was slow."""


def without_login(request: Request, settings: Settings) -> Request:
    """Return the request with the login removed from its address and stored below PAPER2RUN_HOME.

    The stages here read it there. UserError if the address is invalid; HostError if the login
    cannot be stored.
    """
    if not request.repo:
        return request
    return request.changed(repo=keep_login(request.repo, settings.home))


@stage("locate", timeout_s=TIMEOUT_S)
def locate(repo: str, ref: str, settings: Settings) -> Located:
    """Return the commit that is meant now; UserError if `repo` is unusable, HostError for the network."""
    return git.locate(
        source_of(repo, settings.home),
        ref,
        settings.home / MIRRORS,
        timeout_s=settings.clone_timeout,
        max_mb=settings.max_repo_mb,
        unpack=partial(fetched_archive, settings=settings),
        proxies=proxies_of(settings),
    )


@stage(
    "clone",
    timeout_s=TIMEOUT_S,
    key=lambda given: (given["located"].url, given["located"].commit, given["located"].ref),
)
def clone(repo: str, located: Located, settings: Settings) -> Checkout:
    """Return the located commit, held in its mirror."""
    return _fetched(repo, located, settings)


has_mirror = mirror.is_held
"""Tells whether a kept checkout still lies in its mirrors."""


@stage("lay out", timeout_s=TIMEOUT_S)
def lay_out(
    checkout: Checkout, folder: str, repo: str, located: Located, settings: Settings
) -> str:
    """Write the commit's files into the new folder and return its path.

    If the mirror turns out damaged, it is fetched again once. UserError if the repository itself is
    damaged.
    """
    try:
        layout.lay_out(checkout, Path(folder))
    except Paper2RunError:
        if not mirror.forget_damaged(checkout, settings.clone_timeout):
            raise
        layout.lay_out(_fetched(repo, located, settings), Path(folder))
    return folder


def _fetched(repo: str, located: Located, settings: Settings) -> Checkout:
    return git.fetch(
        source_of(repo, settings.home),
        located,
        settings.home / MIRRORS,
        timeout_s=settings.clone_timeout,
        max_mb=settings.max_repo_mb,
        on_line=PROGRESS.debug,
        unpack=partial(fetched_archive, settings=settings),
        proxies=proxies_of(settings),
    )
