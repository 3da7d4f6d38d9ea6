"""Finds the commit that a branch, tag or commit name means, in a remote or in a local repository."""

import difflib
import re
from pathlib import Path
from typing import Final, NamedTuple

from paper2run.errors import UserError
from paper2run.source import RemoteSource
from tasks.drivers.git.git_command import Transfer, git_attempt, git_remote
from tasks.drivers.git.git_failures import failure
from tasks.drivers.git.git_foreign import Foreign
from tasks.drivers.git.limits import Limits
from tasks.drivers.git.mirror import Mirror, Origin, bring_history, healing, opened

FULL_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
PART_OF_COMMIT: Final = re.compile(r"[0-9a-f]{4,39}")
SAFE_REF: Final = re.compile(r"(?!-)[^\s\x00-\x1f\x7f:?*\[\\]+")
"""git-check-ref-format(1), and `~^@{}` beside it for local repositories."""
NEAR: Final = 5
"""Names that are suggested in place of an unknown one."""


class Found(NamedTuple):
    """A commit, and the ref under which it was found; empty for the default branch."""

    commit: str
    ref: str


def find_remote(source: RemoteSource, ref: str, mirrors: Path, limits: Limits) -> Found:
    """Return the commit that `ref` means in a remote repository.

    Without `ref`, the web page's commit or the default branch's. A short commit that is not the tip
    of a ref needs the history, which is fetched into the mirror. UserError for an unknown ref, with
    similar names, or an empty repository.
    """
    wanted = check(ref or source.page)
    if not wanted or wanted == "HEAD":
        return Found(_default_commit(source, limits), "")
    if FULL_COMMIT.fullmatch(wanted.lower()):
        return Found(wanted.lower(), wanted)
    names = _names(source, limits, wanted if wanted.startswith("refs/") else "")
    for candidate in [wanted] if ref else _beginnings(wanted):
        if commit := names.get(candidate.removeprefix("origin/")):
            return Found(commit, candidate)
    short = wanted if ref else wanted.partition("/")[0]
    if commit := _complete(short.lower(), names, source, mirrors, limits):
        return Found(commit, short)
    raise unknown(source.url, wanted, names)


def find_local(foreign: Foreign, ref: str) -> Found:
    """Return the commit that `ref` means in a local repository; HEAD by default, `HEAD~1` works too."""
    for candidate in (check(ref) or "HEAD", f"origin/{ref}"):
        asked = foreign.ask(["rev-parse", "--verify", "-q", f"{candidate}^{{commit}}"])
        if asked:
            return Found(asked, ref)
    names = foreign.ask(["for-each-ref", "--format=%(refname:lstrip=2) %(objectname)"])
    known = dict(line.rsplit(" ", 1) for line in names.split("\n") if line)
    raise unknown(foreign.name, ref or "HEAD", known) if known else empty(foreign.name)


def check(ref: str) -> str:
    """Return `ref` without outer blanks; UserError if git could take it for an option or a pattern."""
    text = ref.strip()
    if text and not SAFE_REF.fullmatch(text):
        raise UserError(
            f"{text!r} is no branch, tag or commit", hint="give --ref a branch, a tag or a commit"
        )
    return text


def unknown(where: str, ref: str, names: dict[str, str]) -> UserError:
    """Return the error about a ref that does not exist, with the names that are near."""
    shown = sorted(name for name in names if not name.startswith("refs/"))
    near = difflib.get_close_matches(ref, shown, n=NEAR, cutoff=0.5) or shown[:NEAR]
    offered = (
        f"near names are {', '.join(near)}" if near else "give --ref a branch, a tag or a commit"
    )
    return UserError(f"{where} has no branch, tag or commit {ref}", hint=offered)


def empty(where: str) -> UserError:
    """Return the error about a repository without commits."""
    return UserError(
        f"{where} is empty: it has no commit", hint="give the repository that holds the code"
    )


def _default_commit(source: RemoteSource, limits: Limits) -> str:
    for line in _listing(source, limits, [source.url, "HEAD"]):
        commit, _, name = line.partition("\t")
        if name == "HEAD":
            return commit
    names = _names(source, limits, "")
    if not names:
        raise empty(source.url)
    raise UserError(
        f"{source.url} has no default branch",
        hint=f"name a branch with --ref, such as {', '.join(sorted(names)[:NEAR])}",
    )


def _names(source: RemoteSource, limits: Limits, exact: str) -> dict[str, str]:
    """Return commits by branch and tag, under short and full names; only `exact` if it is given.

    Branches win over tags.
    """
    args = [source.url, exact, f"{exact}^{{}}"] if exact else ["--heads", "--tags", source.url]
    full: dict[str, str] = {}
    for line in _listing(source, limits, args):
        commit, _, name = line.partition("\t")
        # An annotated tag is followed by the commit it points to, marked `^{}`.
        full[name.removesuffix("^{}")] = commit
    short: dict[str, str] = {}
    for prefix in ("refs/tags/", "refs/heads/"):
        short |= {n.removeprefix(prefix): c for n, c in full.items() if n.startswith(prefix)}
    return full | short


def _listing(source: RemoteSource, limits: Limits, args: list[str]) -> list[str]:
    transfer = Transfer(limits.left_s, proxies=limits.proxies)
    options = [word for word in args if word.startswith("--")]
    words = [word for word in args if not word.startswith("--")]
    asked = git_remote(["ls-remote", "-q", *options, "--", *words], transfer, login=source.login)
    if asked.exit_code != 0:
        raise failure(asked, source.url, limits.timeout_s)
    # A name may hold what Unicode calls a line end.
    return [line for line in asked.stdout.split("\n") if line]


def _complete(
    short: str, names: dict[str, str], source: RemoteSource, mirrors: Path, limits: Limits
) -> str:
    """Return the full commit that begins with `short`; empty if no commit does."""
    if not PART_OF_COMMIT.fullmatch(short):
        return ""
    tips = {commit for commit in names.values() if commit.startswith(short)}
    if len(tips) == 1:
        return tips.pop()
    with opened(mirrors, source.url, limits) as mirror:
        return healing(mirror, lambda: _in_history(short, mirror, source, limits))


def _in_history(short: str, mirror: Mirror, source: RemoteSource, limits: Limits) -> str:
    bring_history(mirror, Origin(source.url, source.login), limits)
    asked = git_attempt(["rev-parse", "--verify", "-q", f"{short}^{{commit}}"], at=mirror.path)
    return asked.stdout.strip()


def _beginnings(page: str) -> list[str]:
    """Return `a`, `a/b`, `a/b/c` for `a/b/c`: a branch may hold slashes, and a path may follow it."""
    parts = page.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
