"""Trees with entries outside the checkout or in its .git are reported as the repository's fault."""

import hashlib
import subprocess
import zlib
from pathlib import Path

import pytest

from paper2run.errors import UserError
from paper2run.source import parse
from tasks.drivers.git.git import fetch, locate
from tasks.drivers.git.layout import lay_out
from tasks.drivers.git.mirror import forget_damaged

FILE, FOLDER = b"100644", b"40000"


def git(folder: Path, *args: str) -> str:
    """Run git as the attacker does, who prepares the repository."""
    return subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@example.org", *args],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip


def written(folder: Path, kind: str, content: bytes) -> bytes:
    """Write an object that git itself may refuse to write; return its name."""
    whole = f"{kind} {len(content)}\0".encode() + content
    name = hashlib.sha1(whole, usedforsecurity=False)
    path = folder / ".git/objects" / name.hexdigest()[:2] / name.hexdigest()[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(whole))
    return name.digest()


def repository(folder: Path, path: tuple[bytes, ...]) -> None:
    """Make a repository whose only file has these names on its way."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    below, mode = written(folder, "blob", b"planted\n"), FILE
    for name in reversed(path):
        below = written(folder, "tree", mode + b" " + name + b"\0" + below)
        mode = FOLDER
    commit = git(folder, "commit-tree", below.hex(), "-m", "x")
    git(folder, "update-ref", "refs/heads/main", commit)


@pytest.mark.parametrize(
    "path",
    [
        (b"../x",),
        (b"/x",),
        (b"..", b"x"),
        (b".", b"x"),
        (b"a", b"..", b"..", b"x"),
        (b".git", b"config"),
        (b".GIT", b"config"),
        (b"git~1", b"config"),
        (b"sub", b".git", b"hooks", b"post-checkout"),
        (b"",),
    ],
    ids=lambda path: b"/".join(path).decode(),
)
def test_such_a_path_is_the_repositorys_fault_and_writes_nothing(tmp_path, monkeypatch, path):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    repository(tmp_path / "hostile", path)
    source, mirrors = parse(str(tmp_path / "hostile")), tmp_path / "mirrors"
    located = locate(source, "", mirrors, timeout_s=60, max_mb=10)
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="names a path that no checkout may have"):
        lay_out(fetch(source, located, mirrors, timeout_s=60, max_mb=10), tmp_path / "out/repo")
    assert list((tmp_path / "out").iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"hostile", "mirrors", "out"}


def test_the_mirror_of_such_a_repository_counts_as_sound(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    repository(tmp_path / "hostile", (b".git", b"config"))
    source, mirrors = parse(str(tmp_path / "hostile")), tmp_path / "mirrors"
    located = locate(source, "", mirrors, timeout_s=60, max_mb=10)
    checkout = fetch(source, located, mirrors, timeout_s=60, max_mb=10)
    assert not forget_damaged(checkout, 60)
    assert Path(checkout.mirror).is_dir()
