"""Laying out a commit with real git: odd names, links, damage, and independence of the mirror."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from paper2run.errors import UserError
from paper2run.model.repo import Checkout, Submodule
from paper2run.source import parse
from tasks.drivers.git.git import fetch, locate
from tasks.drivers.git.layout import lay_out
from tasks.drivers.git.mirror import is_held

ADDRESS = "https://forge.test"
LIMIT_S = 60
LIMIT_MB = 100


def bring(given: str, mirrors: Path) -> Checkout:
    source = parse(given)
    located = locate(source, "", mirrors, timeout_s=LIMIT_S, max_mb=LIMIT_MB)
    return fetch(source, located, mirrors, timeout_s=LIMIT_S, max_mb=LIMIT_MB)


def test_a_laid_out_commit_is_a_clone_that_needs_no_mirror(forge, tmp_path) -> None:
    folder = forge.repository("o/n", {"a.py": "a = 1\n"})
    commit = forge.commit(folder, {"b.py": "b = 2\n"})
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors")
    target = tmp_path / "runs/one/repo"
    lay_out(checkout, target)
    shutil.rmtree(tmp_path / "mirrors")
    assert forge.git(target, "rev-parse", "HEAD") == commit
    assert forge.git(target, "status", "--porcelain") == ""
    assert forge.git(target, "config", "remote.origin.url") == f"{ADDRESS}/o/n"
    forge.git(target, "fsck", "--full")
    assert (target / "b.py").read_text() == "b = 2\n"
    assert not (target / ".git/hooks").exists()
    assert [path.name for path in target.parent.iterdir()] == ["repo"]


def test_a_commit_is_laid_out_alike_whatever_its_mirror_holds(forge, tmp_path) -> None:
    folder = forge.repository("o/n", {"a.py": "a = 1\n"})
    first = forge.git(folder, "rev-parse", "HEAD")
    forge.commit(folder, {"b.py": "b = 2\n"})
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors")
    locate(parse(f"{ADDRESS}/o/n"), first[:8], tmp_path / "mirrors", timeout_s=60, max_mb=100)
    lay_out(checkout, tmp_path / "repo")
    assert forge.git(tmp_path / "repo", "rev-list", "--count", "HEAD") == "1"


def test_odd_file_names_survive(forge, tmp_path) -> None:
    names = [
        "with space.py",
        "two\nlines.py",
        'quo"te.py',
        "tab\there.py",
        "-dash.py",
        "caf\u00e9.py",
    ]
    folder = forge.repository("o/n", {name: name for name in names})
    Path(os.fsdecode(os.fsencode(folder) + b"/latin\xe9.py")).write_text("latin")
    forge.commit(folder, {})
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors")
    lay_out(checkout, tmp_path / "repo")
    found = {os.fsencode(path.name) for path in (tmp_path / "repo").iterdir()}
    assert found == {*map(os.fsencode, names), b"latin\xe9.py", b".git"}
    checkout.model_dump_json()


def test_links_out_of_the_tree_stay_links_and_nothing_is_written_through_them(
    forge, tmp_path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = forge.repository("o/n")
    (folder / "away").symlink_to(outside)
    (folder / "up").symlink_to("../../../secret")
    forge.commit(folder, {"a.py": ""})
    lay_out(bring(f"{ADDRESS}/o/n", tmp_path / "mirrors"), tmp_path / "repo")
    assert (tmp_path / "repo/away").readlink() == outside
    assert (tmp_path / "repo/up").readlink() == Path("../../../secret")
    assert not list(outside.iterdir())


def test_hooks_filters_and_templates_of_the_user_are_not_run(forge, tmp_path, monkeypatch) -> None:
    folder = forge.repository("o/n", {".gitattributes": "*.py filter=x\n", "a.py": "a = 1\n"})
    trap = tmp_path / "trap"
    hooks = tmp_path / "template/hooks"
    hooks.mkdir(parents=True)
    for hook in ("post-checkout", "reference-transaction"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {trap}\n")
        (hooks / hook).chmod(0o755)
    for key, value in (
        ("init.templateDir", str(hooks.parent)),
        ("core.hooksPath", str(hooks)),
        ("filter.x.smudge", f"touch {trap}; cat"),
        ("core.autocrlf", "true"),
    ):
        forge.git(folder, "config", "--global", key, value)
    lay_out(bring(f"{ADDRESS}/o/n", tmp_path / "mirrors"), tmp_path / "repo")
    assert not trap.exists()
    assert (tmp_path / "repo/a.py").read_bytes() == b"a = 1\n"


def test_variables_of_a_surrounding_git_do_not_lead_astray(forge, tmp_path, monkeypatch) -> None:
    forge.repository("o/n", {"a.py": ""})
    elsewhere = forge.repository("o/elsewhere", {"b.py": ""})
    before = forge.git(elsewhere, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(elsewhere))
    monkeypatch.setenv("GIT_INDEX_FILE", str(elsewhere / ".git/index"))
    lay_out(bring(f"{ADDRESS}/o/n", tmp_path / "mirrors"), tmp_path / "repo")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)
    assert (tmp_path / "repo/a.py").exists()
    assert forge.git(elsewhere, "rev-parse", "HEAD") == before
    assert forge.git(elsewhere, "status", "--porcelain") == ""


def test_lfs_pointers_are_laid_out_as_they_are(forge, tmp_path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"
    files = {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "w.bin": pointer}
    folder = forge.repository("o/n", files)
    forge.git(folder, "config", "--global", "filter.lfs.required", "true")
    forge.git(folder, "config", "--global", "filter.lfs.process", "no-such-git-lfs")
    lay_out(bring(f"{ADDRESS}/o/n", tmp_path / "mirrors"), tmp_path / "repo")
    assert (tmp_path / "repo/w.bin").read_text() == pointer


def test_missing_content_is_named_and_nothing_half_written_stays(forge, tmp_path) -> None:
    forge.repository("o/n", {f"data/{n}.txt": f"content {n}" for n in range(8)})
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors")
    mirror = Path(checkout.mirror)
    pack = next(mirror.glob("objects/pack/*.pack"))
    pack.rename(tmp_path / "pack")
    for rest in mirror.glob("objects/pack/*"):
        rest.unlink()
    with (tmp_path / "pack").open() as content:
        subprocess.run(["git", "-C", mirror, "unpack-objects", "-q"], stdin=content, check=True)
    for number in range(7):
        blob = forge.git(mirror, "rev-parse", f"{checkout.commit}:data/{number}.txt")
        (mirror / "objects" / blob[:2] / blob[2:]).unlink()
    target = tmp_path / "out/repo"
    with pytest.raises(UserError, match=r"data/0\.txt, .*data/4\.txt and 2 more is missing"):
        lay_out(checkout, target)
    assert list(target.parent.iterdir()) == []


def test_an_existing_folder_is_not_touched(forge, tmp_path) -> None:
    forge.repository("o/n", {"a.py": ""})
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors")
    target = tmp_path / "repo"
    target.mkdir()
    with pytest.raises(UserError, match="exists already"):
        lay_out(checkout, target)
    assert list(target.iterdir()) == []


def test_a_checkout_is_held_until_its_mirror_is_gone(forge, tmp_path) -> None:
    forge.repository("o/n", {"a.py": ""})
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors")
    assert is_held(checkout)
    shutil.rmtree(checkout.mirror)
    assert not is_held(checkout)


def test_a_submodule_behind_a_link_is_not_written(forge, tmp_path) -> None:
    outside = tmp_path / "outside"
    (outside / "lib").mkdir(parents=True)
    folder = forge.repository("o/n")
    (folder / "away").symlink_to(outside)
    forge.commit(folder, {})
    checkout = bring(f"{ADDRESS}/o/n", tmp_path / "mirrors")
    hostile = Submodule(
        path="away/lib",
        url=checkout.url,
        commit=checkout.commit,
        mirror=checkout.mirror,
        fetched=True,
    )
    with pytest.raises(UserError, match="behind a link"):
        lay_out(checkout.changed(submodules=(hostile,)), tmp_path / "repo")
    assert not list((outside / "lib").iterdir())
    assert not (tmp_path / "repo").exists()
