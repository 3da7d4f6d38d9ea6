"""Submodules with real git: fetched ones are laid out, others recorded; local paths are ignored."""

from pathlib import Path

import pytest

from paper2run.model.repo import Checkout
from paper2run.source import parse
from tasks.drivers.git.git import fetch, locate
from tasks.drivers.git.layout import lay_out

ADDRESS = "https://forge.test"
LIMIT_S = 60


def bring(given: str, mirrors: Path) -> Checkout:
    source = parse(given)
    located = locate(source, "", mirrors, timeout_s=LIMIT_S, max_mb=100)
    return fetch(source, located, mirrors, timeout_s=LIMIT_S, max_mb=100)


def pin(forge, folder: Path, path: str, url: str, commit: str) -> None:
    """Commit a submodule without fetching it, so that any address can be written."""
    modules = folder / ".gitmodules"
    known = modules.read_text() if modules.exists() else ""
    modules.write_text(f'{known}[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n')
    forge.git(folder, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
    forge.git(folder, "add", ".gitmodules")
    forge.git(folder, "commit", "-q", "-m", f"Pin {path}")


@pytest.mark.parametrize("url", [f"{ADDRESS}/o/lib", "../lib", "../../o/lib"])
def test_submodules_are_fetched_at_their_commit_and_laid_out_offline(forge, tmp_path, url) -> None:
    lib = forge.repository("o/lib", {"lib.py": "old\n"})
    old = forge.git(lib, "rev-parse", "HEAD")
    forge.commit(lib, {"lib.py": "new\n"})
    outer = forge.repository("o/outer", {"a.py": ""})
    pin(forge, outer, "third party/lib", url, old)
    checkout = bring(f"{ADDRESS}/o/outer", tmp_path / "mirrors")
    forge.root.rename(tmp_path / "gone")
    lay_out(checkout, tmp_path / "repo")
    (module,) = checkout.submodules
    assert (module.path, module.url, module.commit) == ("third party/lib", f"{ADDRESS}/o/lib", old)
    assert (tmp_path / "repo/third party/lib/lib.py").read_text() == "old\n"
    assert forge.git(tmp_path / "repo", "status", "--porcelain") == ""


def test_nested_submodules_are_laid_out_and_self_containment_ends(forge, tmp_path) -> None:
    inner = forge.repository("o/inner", {"i.py": ""})
    lib = forge.repository("o/lib", {"lib.py": ""})
    pin(forge, lib, "inner", "../inner", forge.git(inner, "rev-parse", "HEAD"))
    pin(forge, lib, "again", "../lib", forge.git(lib, "rev-parse", "HEAD"))
    outer = forge.repository("o/outer", {"a.py": ""})
    pin(forge, outer, "lib", "../lib", forge.git(lib, "rev-parse", "HEAD"))
    checkout = bring(f"{ADDRESS}/o/outer", tmp_path / "mirrors")
    assert [(m.path, m.fetched) for m in checkout.submodules] == [
        ("lib", True),
        ("lib/again", True),
        ("lib/inner", True),
        ("lib/again/inner", True),
    ]
    lay_out(checkout, tmp_path / "repo")
    assert (tmp_path / "repo/lib/again/inner/i.py").exists()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("{root}/o/lib", "path of the machine"),
        ("file://{root}/o/lib", "path of the machine"),
        ("ext::sh -c touch% {root}/trap", "run programs"),
        ("--upload-pack=touch", "starts with a dash"),
        ("https://forge.invalid/o/lib", "cannot be found"),
        (f"{ADDRESS}/o/missing", "not a git repository"),
        ("", "names no address"),
    ],
)
def test_a_submodule_that_cannot_be_had_is_recorded(forge, tmp_path, url, why) -> None:
    lib = forge.repository("o/lib", {"lib.py": ""})
    outer = forge.repository("o/outer", {"a.py": "a = 1\n"})
    address = url.format(root=forge.root)
    pin(forge, outer, "lib", address, forge.git(lib, "rev-parse", "HEAD"))
    for given in (f"{ADDRESS}/o/outer", str(outer)):
        checkout = bring(given, tmp_path / "mirrors")
        (module,) = checkout.submodules
        assert not module.fetched
        assert why in module.why_not
    lay_out(checkout, tmp_path / "repo")
    assert list((tmp_path / "repo/lib").iterdir()) == []
    assert not (forge.root / "trap").exists()


def test_a_commit_that_the_submodule_no_longer_has_is_recorded(forge, tmp_path) -> None:
    forge.repository("o/lib", {"lib.py": ""})
    outer = forge.repository("o/outer", {"a.py": ""})
    pin(forge, outer, "lib", "../lib", "0123456789" * 4)
    (module,) = bring(f"{ADDRESS}/o/outer", tmp_path / "mirrors").submodules
    assert "has no commit 0123456789" in module.why_not


@pytest.mark.parametrize("modules", [None, "[submodule", "\0\0", '[submodule "lib"]\n\turl\n'])
def test_malformed_or_absent_gitmodules_are_no_error(forge, tmp_path, modules) -> None:
    outer = forge.repository("o/outer", {"a.py": ""})
    pin(forge, outer, "lib", "../lib", "0123456789" * 4)
    (outer / ".gitmodules").unlink()
    if modules is not None:
        (outer / ".gitmodules").write_text(modules)
    forge.git(outer, "add", "-A", ".gitmodules")
    forge.git(outer, "commit", "-q", "-m", "Break it")
    (module,) = bring(f"{ADDRESS}/o/outer", tmp_path / "mirrors").submodules
    assert (module.path, module.fetched) == ("lib", False)
    assert module.why_not


def test_a_local_repository_resolves_submodules_against_its_origin(forge, tmp_path) -> None:
    lib = forge.repository("o/lib", {"lib.py": ""})
    outer = forge.repository("o/outer", {"a.py": ""})
    pin(forge, outer, "lib", "../lib", forge.git(lib, "rev-parse", "HEAD"))
    forge.git(tmp_path, "clone", "-q", f"{ADDRESS}/o/outer", "cloned")
    (module,) = bring(str(tmp_path / "cloned"), tmp_path / "mirrors").submodules
    assert (module.url, module.fetched) == (f"{ADDRESS}/o/lib", True)
