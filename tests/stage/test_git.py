"""Finding and fetching a commit with real git: what users give, what goes wrong, what is reused."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from paper2run.errors import HostError, UserError, trouble_of
from paper2run.model.repo import Checkout
from paper2run.source import RemoteSource, parse
from tasks.drivers.git.git import Located, fetch, locate
from tasks.drivers.git.git_failures import failure
from tasks.drivers.host.process import Finished

ADDRESS = "https://forge.test"
LIMIT_S = 60
LIMIT_MB = 100
MEGABYTE = 1024 * 1024


def find(given: str, mirrors: Path, ref: str = "") -> Located:
    return locate(parse(given), ref, mirrors, timeout_s=LIMIT_S, max_mb=LIMIT_MB)


def bring(given: str, mirrors: Path, ref: str = "", max_mb: int = LIMIT_MB) -> Checkout:
    source = parse(given)
    located = locate(source, ref, mirrors, timeout_s=LIMIT_S, max_mb=max_mb)
    return fetch(source, located, mirrors, timeout_s=LIMIT_S, max_mb=max_mb)


@pytest.fixture
def history(forge) -> dict[str, str]:
    """A repository with two commits on main, a branch with a slash, a light and an annotated tag."""
    folder = forge.repository("o/n", {"a.py": "a = 1\n"})
    first = forge.git(folder, "rev-parse", "HEAD")
    forge.git(folder, "tag", "-a", "v1", "-m", "one")
    forge.git(folder, "tag", "light")
    forge.git(folder, "branch", "feature/x")
    second = forge.commit(folder, {"b.py": "b = 2\n"})
    third = forge.commit(folder, {"c.py": "c = 3\n"})
    return {"first": first, "second": second, "third": third}


@pytest.mark.parametrize(
    ("ref", "which"),
    [
        ("", "third"),
        ("HEAD", "third"),
        ("main", "third"),
        ("origin/main", "third"),
        ("refs/heads/feature/x", "first"),
        ("feature/x", "first"),
        ("v1", "first"),
        ("light", "first"),
    ],
)
def test_branches_and_tags_of_a_remote_are_found(history, tmp_path, ref, which) -> None:
    assert find(f"{ADDRESS}/o/n", tmp_path / "mirrors", ref).commit == history[which]


@pytest.mark.parametrize("digits", [7, 12, 40])
@pytest.mark.parametrize("which", ["second", "third"])
def test_a_commit_is_found_by_its_beginning_also_inside_the_history(
    history, tmp_path, which, digits
) -> None:
    commit = history[which]
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors", commit[:digits].upper())
    assert checkout.commit == commit


@pytest.mark.parametrize(
    ("page", "ref", "which"),
    [
        ("tree/feature/x/some/folder", "feature/x", "first"),
        ("tree/main", "main", "third"),
        ("-/blob/v1/a.py", "v1", "first"),
        ("commit/{second}", "{second}", "second"),
    ],
)
def test_the_web_page_of_a_branch_names_the_ref(history, tmp_path, page, ref, which) -> None:
    located = find(f"{ADDRESS}/o/n/{page.format(**history)}", tmp_path / "mirrors")
    assert located.commit == history[which]
    assert located.ref == ref.format(**history)
    assert located.url == f"{ADDRESS}/o/n"


def test_a_ref_that_was_asked_for_wins_over_the_web_page(history, tmp_path) -> None:
    located = find(f"{ADDRESS}/o/n/tree/feature/x", tmp_path / "mirrors", "main")
    assert located.commit == history["third"]


def test_a_checkout_says_what_was_fetched(history, forge, tmp_path) -> None:
    before = datetime.now(UTC)
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors", "main")
    assert (checkout.name, checkout.ref, checkout.commit) == ("o/n", "main", history["third"])
    assert checkout.committed_at is not None
    assert abs((before - checkout.committed_at).total_seconds()) < 600
    assert forge.git(Path(checkout.mirror), "cat-file", "-t", checkout.commit) == "commit"
    assert checkout.size_bytes > 0
    assert checkout.notes == checkout.submodules == checkout.lfs_pointers == ()


def test_the_swhids_are_gits_own_ids_of_commit_and_tree(history, forge, tmp_path) -> None:
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors", "v1")
    tree = forge.git(forge.root / "o/n", "rev-parse", "v1^{commit}^{tree}")
    assert checkout.swhid_revision == f"swh:1:rev:{history['first']}"
    assert checkout.swhid_directory == f"swh:1:dir:{tree}"


def test_only_the_wanted_commit_is_transferred(history, forge, tmp_path) -> None:
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors")
    assert forge.git(Path(checkout.mirror), "rev-list", "--all", "--count") == "1"


def test_a_held_commit_needs_no_network_and_another_one_grows_the_mirror(
    history, forge, tmp_path
) -> None:
    mirrors = tmp_path / "mirrors"
    held = bring(f"{ADDRESS}/o/n", mirrors, history["third"])
    other = bring(f"{ADDRESS}/o/n", mirrors, history["second"])
    assert other.mirror == held.mirror
    forge.root.rename(tmp_path / "gone")
    assert bring(f"{ADDRESS}/o/n", mirrors, history["third"]).commit == history["third"]
    assert bring(f"{ADDRESS}/o/n", mirrors, history["second"]).commit == history["second"]


@pytest.mark.parametrize("given", ["remote", "local"])
def test_an_unknown_ref_is_refused_with_near_names(history, forge, tmp_path, given) -> None:
    address = f"{ADDRESS}/o/n" if given == "remote" else str(forge.root / "o/n")
    with pytest.raises(UserError, match="no branch, tag or commit featur/x") as caught:
        find(address, tmp_path / "mirrors", "featur/x")
    assert "feature/x" in caught.value.hint


def test_an_unknown_full_commit_is_refused(history, tmp_path) -> None:
    with pytest.raises(UserError, match="has no commit 0123456789"):
        bring(f"{ADDRESS}/o/n", tmp_path / "mirrors", "0123456789" * 4)


@pytest.mark.parametrize("ref", ["--upload-pack=touch", "-x", "a b", "a\nb", "main:a.py", "*"])
def test_a_ref_that_git_could_misread_is_refused(history, forge, tmp_path, ref) -> None:
    for address in (f"{ADDRESS}/o/n", str(forge.root / "o/n")):
        with pytest.raises(UserError, match="no branch, tag or commit"):
            find(address, tmp_path / "mirrors", ref)


@pytest.mark.parametrize("given", ["remote", "local"])
def test_an_empty_repository_is_named_so(forge, tmp_path, given) -> None:
    folder = forge.repository("o/empty")
    with pytest.raises(UserError, match="is empty"):
        find(f"{ADDRESS}/o/empty" if given == "remote" else str(folder), tmp_path / "mirrors")


def test_a_remote_without_default_branch_offers_its_branches(history, forge, tmp_path) -> None:
    forge.git(forge.root / "o/n", "symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(UserError, match="no default branch") as caught:
        find(f"{ADDRESS}/o/n", tmp_path / "mirrors")
    assert "feature/x" in caught.value.hint


def test_a_private_repository_is_refused_without_a_prompt(forge, locked_server, tmp_path) -> None:
    started = time.monotonic()
    with pytest.raises(UserError, match="asks for a password"):
        find(f"http://{locked_server}/o/n", tmp_path / "mirrors")
    assert time.monotonic() - started < 10


def test_a_wrong_password_is_refused_and_not_repeated(forge, locked_server, tmp_path) -> None:
    with pytest.raises(UserError, match="asks for a password") as caught:
        find(f"http://anna:wrong-one@{locked_server}/o/n", tmp_path / "mirrors")
    assert "wrong-one" not in caught.value.what + caught.value.hint


def test_the_login_of_the_address_opens_the_repository_and_is_kept_nowhere(
    history, forge, locked_server, tmp_path
) -> None:
    forge.git(forge.root / "o/n", "update-server-info")
    mirrors = tmp_path / "mirrors"
    checkout = bring(f"http://anna:hunter2@{locked_server}/o/n/.git", mirrors, "main")
    assert checkout.commit == history["third"]
    assert "hunter2" not in checkout.model_dump_json()
    for file in mirrors.rglob("*"):
        assert not file.is_file() or b"hunter2" not in file.read_bytes()


def test_a_server_that_gives_no_single_commit_gives_the_history(
    history, forge, locked_server, tmp_path
) -> None:
    forge.git(forge.root / "o/n", "update-server-info")
    address = f"http://anna:hunter2@{locked_server}/o/n/.git"
    checkout = bring(address, tmp_path / "mirrors", history["second"])
    assert forge.git(Path(checkout.mirror), "rev-list", "--all", "--count") == "3"


def test_an_address_without_a_repository_is_named_so(forge, empty_server, tmp_path) -> None:
    with pytest.raises(UserError, match="is not a git repository"):
        find(f"http://{empty_server}/o/n", tmp_path / "mirrors")


@pytest.mark.parametrize("form", ["http://127.0.0.1:{port}/o/n", "ssh://git@127.0.0.1:{port}/o/n"])
def test_an_unreachable_host_may_be_tried_again(forge, tmp_path, form) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = form.format(port=closed.getsockname()[1])
        with pytest.raises(HostError, match=r"cannot be reached.*[Cc]onnect") as caught:
            find(address, tmp_path / "mirrors")
    assert caught.value.transient
    assert caught.value.hint


def test_a_host_without_address_may_be_tried_again(forge, tmp_path) -> None:
    with pytest.raises(HostError, match="cannot be found") as caught:
        find("https://forge.invalid/o/n", tmp_path / "mirrors")
    assert caught.value.transient


def test_a_silent_host_is_given_up_in_time(forge, tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = parse(f"http://127.0.0.1:{silent.getsockname()[1]}/o/n")
        started = time.monotonic()
        with pytest.raises(HostError, match="took longer than 1 s") as caught:
            locate(source, "", tmp_path / "mirrors", timeout_s=1, max_mb=LIMIT_MB)
    assert caught.value.transient
    assert "PAPER2RUN_CLONE_TIMEOUT" in caught.value.hint
    assert time.monotonic() - started < 10


def test_a_missing_folder_and_a_file_are_no_repositories(forge, tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    for given, problem in (("missing", "does not exist"), ("file", "is a file")):
        with pytest.raises(UserError, match=problem):
            find(str(tmp_path / given), tmp_path / "mirrors")


def test_a_broken_git_folder_does_not_lead_to_the_repository_around_it(
    history, forge, tmp_path
) -> None:
    inner = forge.root / "o/n/inner"
    (inner / ".git").mkdir(parents=True)
    with pytest.raises(UserError, match="is not a git repository"):
        find(str(inner), tmp_path / "mirrors")


def test_history_over_the_limit_is_refused_and_leaves_nothing(forge, tmp_path) -> None:
    forge.repository("o/large", {"noise.bin": os.urandom(12 * MEGABYTE)})
    mirrors = tmp_path / "mirrors"
    with pytest.raises(UserError, match="larger than 5 MB") as caught:
        bring(f"{ADDRESS}/o/large", mirrors, max_mb=5)
    assert "PAPER2RUN_MAX_REPO_MB" in caught.value.hint
    assert sum(file.lstat().st_size for file in mirrors.rglob("*")) < MEGABYTE
    assert bring(f"{ADDRESS}/o/large", mirrors, max_mb=20).commit


def test_a_transfer_over_the_limit_is_ended_while_it_runs(forge, tmp_path) -> None:
    folder = forge.repository("o/large", {"noise.bin": os.urandom(12 * MEGABYTE)})
    # A server that trickles: git runs the user's own upload-pack, which copies slowly.
    slow = tmp_path / "slow-upload-pack"
    slow.write_text(
        "#!/bin/sh\n"
        f'git-upload-pack "$@" | {sys.executable} -c "import sys,time\n'
        "while block := sys.stdin.buffer.read1(1 << 19):\n"
        '    sys.stdout.buffer.write(block); sys.stdout.flush(); time.sleep(0.2)"\n'
    )
    slow.chmod(0o755)
    forge.git(folder, "config", "--global", "remote.slow.uploadpack", str(slow))
    forge.git(folder, "config", "--global", "remote.slow.url", str(folder))
    started = time.monotonic()
    source = RemoteSource(url="slow", name="o/large")
    located = Located(url="slow", name="o/large", commit=forge.git(folder, "rev-parse", "HEAD"))
    with pytest.raises(UserError, match="larger than 1 MB"):
        fetch(source, located, tmp_path / "mirrors", timeout_s=LIMIT_S, max_mb=1)
    assert time.monotonic() - started < 20, "12 MB trickle for more than 30 s"


def test_a_small_pack_that_unfolds_over_the_limit_is_refused(forge, tmp_path) -> None:
    forge.repository("o/bomb", {"zeros.bin": bytes(12 * MEGABYTE)})
    with pytest.raises(UserError, match=r"checkout of .* is larger than 5 MB"):
        bring(f"{ADDRESS}/o/bomb", tmp_path / "mirrors", max_mb=5)


def test_content_that_the_origin_lacks_is_named(forge, tmp_path) -> None:
    folder = forge.repository("o/holes", {"data/lost.bin": "lost", "kept.txt": "kept"})
    blob = forge.git(folder, "rev-parse", "HEAD:data/lost.bin")
    (folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for address in (f"{ADDRESS}/o/holes", str(folder)):
        with pytest.raises(UserError, match=r"content of data/lost\.bin is missing"):
            bring(address, tmp_path / "mirrors")


def test_a_mirror_that_lost_its_objects_is_made_anew(history, forge, tmp_path) -> None:
    mirrors = tmp_path / "mirrors"
    mirror = Path(bring(f"{ADDRESS}/o/n", mirrors).mirror)
    for pack in (mirror / "objects/pack").iterdir():
        pack.unlink()
    assert bring(f"{ADDRESS}/o/n", mirrors).commit == history["third"]
    forge.git(mirror, "fsck", "--full")


@pytest.mark.parametrize("damage", ["no HEAD", "stale lock", "half made"])
def test_a_half_made_mirror_is_mended(history, forge, tmp_path, damage) -> None:
    mirrors = tmp_path / "mirrors"
    mirror = Path(bring(f"{ADDRESS}/o/n", mirrors, history["second"]).mirror)
    match damage:
        case "no HEAD":
            (mirror / "HEAD").unlink()
        case "stale lock":
            (mirror / "shallow.lock").touch()
            (mirror / "objects/pack/tmp_pack_x").touch()
        case _:
            mirror.rename(mirror.with_suffix(".new"))
    assert bring(f"{ADDRESS}/o/n", mirrors).commit == history["third"]
    forge.git(mirror, "fsck", "--full")
    assert not (mirror / "objects/pack/tmp_pack_x").exists()


def test_a_killed_fetch_leaves_a_mirror_that_the_next_run_can_use(forge, tmp_path) -> None:
    forge.repository("o/large", {f"{n}.bin": os.urandom(MEGABYTE) for n in range(12)})
    mirrors = tmp_path / "mirrors"
    killed = subprocess.run([sys.executable, "-c", KILLED, f"{ADDRESS}/o/large", str(mirrors)])
    assert killed.returncode == -signal.SIGKILL
    checkout = bring(f"{ADDRESS}/o/large", mirrors)
    forge.git(Path(checkout.mirror), "fsck", "--full")


KILLED = """
import os, signal, sys
from pathlib import Path
from paper2run.source import parse
from tasks.drivers.git.git import fetch, locate
source, mirrors = parse(sys.argv[1]), Path(sys.argv[2])
located = locate(source, "", mirrors, timeout_s=60, max_mb=100)
fetch(source, located, mirrors, timeout_s=60, max_mb=100,
      on_line=lambda line: "Receiving" in line and os.kill(os.getpid(), signal.SIGKILL))
"""


def test_parallel_processes_share_a_mirror(history, forge, tmp_path) -> None:
    mirrors = tmp_path / "mirrors"
    script = KILLED.replace("signal.SIGKILL", "0")
    command = [sys.executable, "-c", script, f"{ADDRESS}/o/n", str(mirrors)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    for process in running:
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr.decode()
    (mirror,) = mirrors.glob("*.git")
    forge.git(mirror, "fsck", "--full")


def test_lfs_pointers_are_noted_and_look_alikes_are_not(forge, tmp_path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 123456\n"
    files = {"big file.bin": pointer, "about.md": f"Pointers say:\n{pointer}", "a.py": "a = 1\n"}
    forge.repository("o/lfs", files)
    assert bring(f"{ADDRESS}/o/lfs", tmp_path / "mirrors").lfs_pointers == ("big file.bin",)


def test_a_local_repository_gives_its_head_and_names_what_is_uncommitted(
    history, forge, tmp_path
) -> None:
    folder = forge.root / "o/n"
    (folder / ".gitignore").write_text("*.log\n")
    commit = forge.commit(folder, {})
    assert bring(str(folder), tmp_path / "mirrors").notes == ()
    (folder / "a.py").write_text("a = 9\n")
    (folder / "new.py").write_text("")
    (folder / "run.log").write_text("")
    checkout = bring(str(folder), tmp_path / "mirrors")
    assert (checkout.commit, checkout.name) == (commit, "n")
    assert checkout.notes == ("uncommitted changes are left out: a.py, new.py",)
    assert bring(str(folder), tmp_path / "mirrors", "HEAD~1").commit == history["third"]


def test_programs_that_a_local_repository_configures_are_not_run(history, forge, tmp_path) -> None:
    folder = forge.root / "o/n"
    trap = tmp_path / "trap"
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.smudge", "core.sshCommand"):
        forge.git(folder, "config", key, f"touch {trap}; cat")
    (folder / ".git/info/attributes").write_text("* filter=x\n")
    (folder / "a.py").write_text("a = 9\n")
    assert bring(str(folder), tmp_path / "mirrors").notes
    assert not trap.exists()


def test_a_bare_repository_and_a_linked_worktree_are_repositories(history, forge, tmp_path) -> None:
    folder = forge.root / "o/n"
    forge.git(folder, "clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    forge.git(folder, "worktree", "add", "-q", str(tmp_path / "linked"), "feature/x")
    assert bring(str(tmp_path / "bare"), tmp_path / "mirrors").commit == history["third"]
    assert bring(str(tmp_path / "linked"), tmp_path / "mirrors").commit == history["first"]


def test_a_shallow_local_clone_is_fetched(history, forge, tmp_path) -> None:
    forge.git(tmp_path, "clone", "-q", "--depth=1", f"file://{forge.root}/o/n", "shallow")
    assert bring(str(tmp_path / "shallow"), tmp_path / "mirrors").commit == history["third"]


def test_mirrors_that_cannot_be_written_are_the_hosts_trouble(history, tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="folder of mirrors cannot be used") as caught:
        bring(f"{ADDRESS}/o/n", tmp_path / "file/mirrors")
    assert "PAPER2RUN_HOME" in caught.value.hint


@pytest.mark.parametrize(
    ("free_mb", "words"), [(99, "disk is almost full: 99 MB"), (101, "git failed on /")]
)
def test_a_lock_that_git_cannot_write_is_blamed_on_a_disk_without_room(
    tmp_path, monkeypatch, free_mb, words
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free_mb * 10**6))
    said = f"fatal: update_ref failed for ref 'refs/x': couldn't write '{tmp_path}/refs/x.lock'"

    error = failure(Finished(128, "", said, False, 1.0), str(tmp_path), is_local=True)

    assert words in error.what
    assert trouble_of(error) == ("disk" if free_mb < 100 else "")
