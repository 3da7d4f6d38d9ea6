"""Keeps bare mirrors of repositories, one per address, that later runs reuse and extend.

A lock lets one run at a time write a mirror. A commit counts as present only once its own ref is
written, which git does last; what a killed run left behind is cleared.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from paper2run.errors import HostError, Paper2RunError, UserError
from paper2run.model.repo import Checkout
from paper2run.source import Login
from tasks.drivers.git.commit_contents import Contents, damage, has_commit, read_contents
from tasks.drivers.git.git_command import FROM_DISK, Transfer, git_attempt, git_local, git_remote
from tasks.drivers.git.git_failures import failure
from tasks.drivers.git.git_foreign import Foreign
from tasks.drivers.git.limits import Limits
from tasks.drivers.git.mirror_lock import alone
from tasks.drivers.host.process import Finished

MIRRORS: Final = "mirrors"
"""Folder below PAPER2RUN_HOME that holds one bare repository per address."""
HELD: Final = "refs/paper2run/"
"""Below it every complete commit has a ref named for it."""
READABLE: Final = 60
"""Characters of a mirror's folder name that come from its address."""
BYTES_PER_MB: Final = 1024 * 1024
REFUSED: Final = re.compile(
    r"not our ref|unadvertised object|does not support shallow|couldn't find remote ref|dumb http"
)
"""A server's message when it refuses a single commit; then the whole history is fetched."""
FSCK_MALFORMED: Final = 1
"""Bit of fsck's exit code for malformed objects, which came that way from the repository."""
DAMAGED: Final = re.compile(
    r"corrupt|hash mismatch|object file .* is empty|unable to unpack|invalid sha1 pointer|inflate"
)
"""Words of fsck about loose objects and refs that are not as git wrote them."""

T = TypeVar("T")


@dataclass(frozen=True)
class Origin:
    """Where a mirror gets its commits."""

    url: str
    """The address without credentials; the path of a local repository."""
    login: Login | None = None
    local: Foreign | None = None
    """The local repository, while it is read as data; None for all others."""

    def failure(self, finished: Finished, limits: Limits) -> Paper2RunError:
        """Return the error that says why a fetch from here ended so."""
        if self.local is None:
            return failure(finished, self.url, limits.timeout_s)
        return failure(self.local.in_its_words(finished), self.url, is_local=True)


@dataclass(frozen=True)
class Mirror:
    """A bare repository that this process alone may write, for as long as it is open."""

    path: Path
    lock_fd: int

    def holds(self, commit: str) -> bool:
        """True if the commit was fetched whole."""
        return _holds(self.path, commit)

    def keep(self, commit: str) -> None:
        """Note that `commit` is held whole."""
        git_local(["update-ref", f"{HELD}{commit}", commit], at=self.path)

    def refs(self) -> frozenset[str]:
        """Return the names of all refs."""
        listing = git_local(["for-each-ref", "--format=%(refname)"], at=self.path)
        return frozenset(listing.split("\n")) - {""}

    def forget_all_but(self, refs: frozenset[str]) -> None:
        """Remove all other refs and their objects; what another run holds stays."""
        doomed = "".join(f"delete {ref}\n" for ref in sorted(self.refs() - refs))
        git_local(["update-ref", "--stdin"], at=self.path, stdin_text=doomed)
        git_local(["gc", "--quiet", "--prune=now"], at=self.path)

    def remake(self) -> None:
        """Begin again with an empty mirror."""
        shutil.rmtree(self.path)
        _create(self.path)


@contextmanager
def opened(mirrors: Path, url: str, limits: Limits) -> Iterator[Mirror]:
    """Open the mirror of `url` below `mirrors`, made or remade if needed; wait while another run has it.

    HostError if the folder cannot be written, or if the other run does not end within the limits.
    """
    path = (mirrors / f"{_folder_name(url)}.git").absolute()
    with alone(path, limits, url) as lock_fd:
        if path.exists() and not _is_sound(path):
            shutil.rmtree(path)
        if not path.exists():
            _create(path)
        _clear_leftovers(path)
        yield Mirror(path, lock_fd)


def healing(mirror: Mirror, work: Callable[[], T]) -> T:
    """Return the result of `work`; if it fails and the mirror is damaged, retry once in a new mirror.

    A second failure is the repository's. A mirror is examined only after a failure, because that
    reads all of it.
    """
    try:
        return work()
    except Paper2RunError as error:
        is_outside = isinstance(error, HostError) and error.transient
        if is_outside or not is_damaged(mirror.path):
            raise
    mirror.remake()
    return work()


def is_damaged(path: Path) -> bool:
    """Whether a mirror's packs, refs or reachable objects are damaged, by a power cut or a bad disk."""
    checked = git_attempt(["fsck", "--full", "--no-dangling", "--no-progress"], at=path)
    if checked.timed_out or checked.exit_code < 0:
        # A hostile repository can cause that; a damaged disk rarely does.
        return False
    return bool(checked.exit_code & ~FSCK_MALFORMED or DAMAGED.search(checked.stderr))


def bring(mirror: Mirror, origin: Origin, commit: str, limits: Limits) -> None:
    """Fetch `commit` into the mirror unless present: alone if the server allows it, else all history.

    UserError if the commit does not exist, if the mirror would exceed its size limit, or for what
    git reports about the repository; HostError for network and disk.
    """
    if mirror.holds(commit):
        return
    refs = [f"+{commit}:{HELD}{commit}"]
    finished = _fetch(mirror, origin, ["--depth=1", "--no-tags"], refs, limits)
    if finished.exit_code == 0:
        return
    if not REFUSED.search(finished.stderr):
        raise origin.failure(finished, limits)
    bring_history(mirror, origin, limits)
    if not has_commit(mirror.path, commit):
        raise UserError(
            f"{origin.url} has no commit {commit}",
            hint="check --ref; the commit may have been removed by its authors",
        )
    mirror.keep(commit)


def bring_history(mirror: Mirror, origin: Origin, limits: Limits) -> None:
    """Fetch all branches and tags with their whole history; errors as in `bring`."""
    is_shallow = git_local(["rev-parse", "--is-shallow-repository"], at=mirror.path).strip()
    depth = ["--unshallow"] if is_shallow == "true" else []
    # Pruned, because a branch `a` that became `a/b` cannot be stored beside the old one.
    refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
    finished = _fetch(mirror, origin, [*depth, "--prune"], refs, limits)
    if finished.exit_code != 0:
        raise origin.failure(finished, limits)


def contents_of(mirror: Mirror, origin: Origin, commit: str) -> Contents:
    """Return what a fetched commit holds.

    UserError if content is missing, or if there is more than can be listed.
    """
    contents = read_contents(mirror.path, commit)
    if contents.missing:
        raise damage(origin.url, contents.missing)
    return contents


def is_held(checkout: Checkout) -> bool:
    """True while the commit and all its fetched submodules still lie in their mirrors."""
    wanted = [(checkout.mirror, checkout.commit)]
    wanted += [(module.mirror, module.commit) for module in checkout.submodules if module.fetched]
    return all(_holds(Path(mirror), commit) for mirror, commit in wanted)


def forget_damaged(checkout: Checkout, timeout_s: float) -> bool:
    """Remove the damaged mirrors of a checkout; return whether any was damaged or missing."""
    modules = [(module.mirror, module.url) for module in checkout.submodules if module.fetched]
    found = False
    for name, url in {(checkout.mirror, checkout.url), *modules}:
        path = Path(name)
        with alone(path, Limits.from_now(timeout_s, 0), url):
            if not path.exists() or is_damaged(path):
                shutil.rmtree(path, ignore_errors=True)
                found = True
    return found


def size_bytes(folder: Path) -> int:
    """Return the size of the files below `folder`; files that vanish meanwhile do not count."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(parent, name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def too_large(what: str, max_mb: int) -> UserError:
    """Return the error that names the limit and its setting."""
    return UserError(
        f"{what} is larger than {max_mb} MB",
        hint="raise PAPER2RUN_MAX_REPO_MB if this machine has room for it",
    )


def _holds(path: Path, commit: str) -> bool:
    ref = f"{HELD}{commit}^{{tree}}"
    return git_attempt(["rev-parse", "--verify", "-q", ref], at=path).exit_code == 0


def _fetch(
    mirror: Mirror, origin: Origin, options: list[str], refs: list[str], limits: Limits
) -> Finished:
    """Return how `git fetch` ended; a transfer over the size limit is ended and is a UserError."""
    before = size_bytes(mirror.path)
    refs_before = mirror.refs()

    def watch() -> str | None:
        grown = size_bytes(mirror.path) - before
        return "too large" if grown > limits.max_mb * BYTES_PER_MB else None

    transfer = Transfer(
        limits.left_s, limits.on_line, watch, (mirror.lock_fd,), proxies=limits.proxies
    )
    command = ["fetch", "--no-write-fetch-head", "--progress", *options, "--"]
    if origin.local is None:
        args = [*command, origin.url, *refs]
        finished = git_remote(args, transfer, login=origin.login, at=mirror.path)
    else:
        args = [*command, str(origin.local.path), *refs]
        finished = git_attempt(args, at=mirror.path, env=FROM_DISK, transfer=transfer)
    if finished.exit_code != 0:
        _clear_leftovers(mirror.path)
    # A fast disk can deliver everything between two looks.
    if finished.stopped or (finished.exit_code == 0 and watch()):
        mirror.forget_all_but(refs_before)
        raise too_large(f"the history of {origin.url}", limits.max_mb)
    return finished


def _folder_name(url: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", url.rpartition("://")[2])[-READABLE:].strip("-.")
    return f"{readable}-{hashlib.sha256(os.fsencode(url)).hexdigest()[:16]}"


def _is_sound(path: Path) -> bool:
    return git_attempt(["rev-parse", "--is-bare-repository"], at=path).stdout.strip() == "true"


def _create(path: Path) -> None:
    half_made = path.with_suffix(".new")
    if half_made.exists():
        shutil.rmtree(half_made)
    git_local(["init", "-q", "--bare", "--template="], at=half_made)
    half_made.rename(path)


def _clear_leftovers(path: Path) -> None:
    """Remove what a killed git leaves; we hold the lock, so no other run works here."""
    for leftover in (*path.rglob("*.lock"), *(path / "objects").rglob("tmp_*")):
        leftover.unlink(missing_ok=True)
