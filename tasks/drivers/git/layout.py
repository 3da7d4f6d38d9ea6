"""Writes the files of a fetched commit into a new folder, as a self-contained clone.

The clone does not depend on our mirrors.
"""

import tempfile
from pathlib import Path

from paper2run.errors import Paper2RunError, UserError
from paper2run.model.repo import Checkout
from tasks.drivers.git.commit_contents import damage, read_contents
from tasks.drivers.git.git_command import FROM_DISK, git_attempt, git_local
from tasks.drivers.git.git_failures import failure
from tasks.drivers.git.mirror import HELD
from tasks.drivers.host.process import Finished
from tasks.drivers.host.removal import remove_tree


def lay_out(checkout: Checkout, folder: Path) -> None:
    """Write the commit's files and fetched submodules into the new `folder`, completely or not at all.

    Its `.git` holds this one commit, without hooks, with the shown address as origin. Needs no
    network. UserError if `folder` exists, or naming the files whose content is missing.
    """
    if folder.exists():
        raise UserError(f"{folder} exists already", hint="remove it or choose another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        has_origin = checkout.committed_at is not None
        _clone(checkout.mirror, checkout.commit, checkout.url, part)
        if has_origin:
            _name_origin(checkout.url, part)
        for module in checkout.submodules:
            if module.fetched:
                place = _inside(part, module.path)
                _clone(module.mirror, module.commit, module.url, place)
                _name_origin(module.url, place)
        part.chmod(0o755)
        part.rename(folder)
    finally:
        if part.exists():
            remove_tree(part)


def _clone(mirror: str, commit: str, url: str, folder: Path) -> None:
    git_dir = folder / ".git"
    # Depth 1 whatever the mirror holds, so that a commit is laid out the same every time.
    fetch = ["fetch", "-q", "--depth=1", "--no-tags", "--no-write-fetch-head", "--", mirror]
    place = {"GIT_WORK_TREE": str(folder)}
    git_local(["init", "-q", "--template="], at=git_dir)
    fetched = git_attempt([*fetch, f"{HELD}{commit}"], at=git_dir, env=FROM_DISK)
    if fetched.exit_code != 0:
        raise _refused(fetched, mirror, commit, url)
    out = git_attempt(["checkout", "-q", "-f", "--detach", commit], at=git_dir, env=place)
    if out.exit_code != 0:
        raise _refused(out, mirror, commit, url)


def _name_origin(url: str, folder: Path) -> None:
    git_local(["remote", "add", "origin", url], at=folder / ".git")


def _refused(finished: Finished, mirror: str, commit: str, url: str) -> Paper2RunError:
    gaps = read_contents(Path(mirror), commit).missing
    return damage(url, gaps) if gaps else failure(finished, url, is_local=True)


def _inside(root: Path, path: str) -> Path:
    """Return the folder of a submodule; UserError if a link of the repository leads it out of `root`."""
    folder = root / path
    if folder.is_symlink() or not folder.resolve().is_relative_to(root.resolve()):
        raise UserError(
            f"the submodule {path} lies behind a link",
            hint="such a repository cannot be laid out; ask its authors",
        )
    return folder
