"""A local repository may come from an archive: its own git configuration must not run a program here."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paper2run.errors import Paper2RunError, UserError
from paper2run.model.repo import Checkout
from paper2run.source import parse
from tasks.drivers.git.git import fetch, locate

LIMIT_S = 60
LIMIT_MB = 100
MORE_BYTES = 500 * 1024**2


def git(folder: Path, *args: str) -> str:
    """Run git as the attacker does, who prepares the archive."""
    return subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@example.org", *args],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip


def bring(folder: Path, mirrors: Path, ref: str = "") -> Checkout:
    source = parse(str(folder))
    located = locate(source, ref, mirrors, timeout_s=LIMIT_S, max_mb=LIMIT_MB)
    return fetch(source, located, mirrors, timeout_s=LIMIT_S, max_mb=LIMIT_MB)


@pytest.fixture(autouse=True)
def no_user_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A repository with two commits and loose objects, as it comes out of an archive."""
    folder = tmp_path / "archive"
    (folder / "data").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for content in ("one", "two"):
        (folder / "data/a.py").write_text(f"a = '{content}'\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", content)
    return folder


def lose(folder: Path, name: str) -> None:
    """Remove the loose object that `name` means."""
    object_id = git(folder, "rev-parse", name)
    (folder / ".git/objects" / object_id[:2] / object_id[2:]).unlink()


def promise(folder: Path, marker: Path, url: str) -> None:
    """Let git fetch what is missing by a program of the archive's choice."""
    with (folder / ".git/config").open("a") as config:
        config.write(
            "[core]\n repositoryformatversion = 1\n[extensions]\n partialClone = origin\n"
            f'[remote "origin"]\n promisor = true\n url = {url}\n uploadpack = touch {marker};\n'
            f'[protocol]\n allow = always\n[protocol "ext"]\n allow = always\n'
            f"[uploadpack]\n packObjectsHook = touch {marker};\n"
        )


@pytest.mark.parametrize("lost", ["HEAD", "HEAD^{tree}", "HEAD:data", "HEAD:data/a.py", "HEAD~1"])
@pytest.mark.parametrize("url", ["{folder}", "file://{folder}", "ext::touch {marker}"])
@pytest.mark.parametrize("lazily", ["as git does", "allowed by the environment"])
def test_missing_objects_of_a_partial_clone_are_not_fetched_by_its_program(
    archive, tmp_path, monkeypatch, lost, url, lazily
) -> None:
    marker, other = tmp_path / "P", tmp_path / "other"
    shutil.copytree(archive, other)
    lose(archive, lost)
    promise(archive, marker, url.format(folder=other, marker=marker))
    if lazily != "as git does":
        monkeypatch.setenv("GIT_NO_LAZY_FETCH", "0")
        monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file:ext:ssh")
    for ref in ("", "main", "HEAD~1", "0123abcd"):
        try:
            bring(archive, tmp_path / "mirrors", ref)
        except Paper2RunError as error:
            assert isinstance(error, UserError), error
    assert not marker.exists()


def everything_that_starts_programs(marker: Path, included: Path) -> str:
    """Return settings that each let some command of git run `touch` or `cat`."""
    run = f"touch {marker}"
    included.write_text(f'[core]\n fsmonitor = "{run}"\n')
    return (
        f'[core]\n repositoryformatversion = 1\n fsmonitor = "{run}"\n sshCommand = "{run}"\n gitProxy = "{run}"\n'
        f' askPass = "{run}"\n pager = "{run}"\n editor = "{run}"\n alternateRefsCommand = "{run}"\n'
        f" hooksPath = {marker.parent}/hooks\n"
        f"[extensions]\n worktreeConfig = true\n[include]\n path = {included}\n"
        f'[uploadpack]\n packObjectsHook = "{run}"\n[filter "x"]\n clean = "{run}"\n smudge = "{run}"\n'
        f'[diff]\n external = "{run}"\n[credential]\n helper = "!{run}"\n'
        f'[remote "origin"]\n url = https://forge.test/o/n\n uploadpack = "{run};"\n vcs = "{run}"\n'
    )


@pytest.mark.parametrize("place", ["in .git", "where .git points to", "of a linked worktree"])
def test_no_setting_of_a_foreign_repository_starts_a_program(archive, tmp_path, place) -> None:
    marker, folder = tmp_path / "P", archive
    with (archive / ".git/config").open("a") as config:
        config.write(everything_that_starts_programs(marker, tmp_path / "included"))
    (archive / ".git/config.worktree").write_text(f'[core]\n fsmonitor = "touch {marker}"\n')
    (archive / ".git/info/attributes").write_text("* filter=x diff=x\n")
    match place:
        case "where .git points to":
            (archive / ".git").rename(archive / "elsewhere")
            (archive / ".git").write_text("gitdir: elsewhere\n")
        case "of a linked worktree":
            folder = tmp_path / "linked"
            own = archive / ".git/worktrees/linked"
            own.mkdir(parents=True)
            (own / "HEAD").write_text("ref: refs/heads/main\n")
            (own / "commondir").write_text("../..\n")
            shutil.copy(archive / ".git/index", own)
            shutil.copytree(archive / "data", folder / "data")
            (folder / ".git").write_text(f"gitdir: {own}\n")
    (folder / "data/a.py").write_text("a = 'changed'\n")
    checkout = bring(folder, tmp_path / "mirrors")
    assert "uncommitted changes are left out: " in checkout.notes[0]
    assert "data/a.py" in checkout.notes[0]
    assert not marker.exists()


@pytest.mark.parametrize(
    "name",
    ["HEAD", "config", "packed-refs", "shallow", "index", "info/exclude", "refs/heads/main"],
)
@pytest.mark.parametrize("kind", ["pipe", "/dev/zero"])
def test_devices_and_pipes_in_a_git_directory_hold_nobody_up(archive, tmp_path, name, kind) -> None:
    place = archive / ".git" / name
    place.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(kind)

    with bounded_memory():
        try:
            assert bring(archive, tmp_path / "mirrors").commit
        except UserError as error:
            assert error.what


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Let this process, and each git that it starts, take some more megabytes and no more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + MORE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("kind", ["pipe", "/dev/zero", "of another one"])
def test_a_list_of_alternates_that_has_no_end_is_refused(archive, tmp_path, kind) -> None:
    listed = archive / ".git/objects/info/alternates"
    if kind == "of another one":
        listed.write_text("../../other\n")
        listed = archive / "other/info/alternates"
        listed.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(listed)
    else:
        listed.symlink_to("/dev/zero")
    with pytest.raises(UserError, match="alternates is no file"):
        bring(archive, tmp_path / "mirrors")


def test_objects_of_an_honest_alternate_are_read(archive, tmp_path) -> None:
    commit = git(archive, "rev-parse", "HEAD")
    git(tmp_path, "clone", "-q", "--shared", str(archive), str(tmp_path / "shared"))
    assert bring(tmp_path / "shared", tmp_path / "mirrors").commit == commit


def test_a_head_that_is_a_link_and_packed_refs_are_read(archive, tmp_path) -> None:
    commit = git(archive, "rev-parse", "HEAD")
    git(archive, "tag", "v1", "HEAD~1")
    git(archive, "pack-refs", "--all")
    (archive / ".git/HEAD").unlink()
    (archive / ".git/HEAD").symlink_to("refs/heads/main")
    assert bring(archive, tmp_path / "mirrors").commit == commit
    assert bring(archive, tmp_path / "mirrors", "v1").commit == git(archive, "rev-parse", "v1")


def test_a_partial_clone_says_what_it_lacks(archive, tmp_path) -> None:
    lose(archive, "HEAD:data/a.py")
    promise(archive, tmp_path / "P", str(archive))
    with pytest.raises(UserError, match=r"content of data/a\.py is missing") as caught:
        bring(archive, tmp_path / "mirrors")
    assert "partial clone" in caught.value.hint
