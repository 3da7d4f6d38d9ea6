"""A mirror damaged by a power cut or a bad disk is remade once, without blaming the repository."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from paper2run.errors import HostError, UserError
from paper2run.model.repo import Checkout
from paper2run.settings import Settings
from paper2run.source import parse
from tasks import clone
from tasks.drivers.git.git import Located, fetch, locate

ADDRESS = "https://forge.test/o/n"
LIMIT_S = 60
LIMIT_MB = 100


def find(given: str, mirrors: Path, ref: str = "") -> Located:
    return locate(parse(given), ref, mirrors, timeout_s=LIMIT_S, max_mb=LIMIT_MB)


def bring(given: str, mirrors: Path, ref: str = "") -> Checkout:
    located = find(given, mirrors, ref)
    return fetch(parse(given), located, mirrors, timeout_s=LIMIT_S, max_mb=LIMIT_MB)


def the_pack(mirror: Path, ending: str) -> Path:
    """Return the largest file of that kind, writable: git makes its packs read-only."""
    found = max((mirror / "objects/pack").glob(f"*.{ending}"), key=lambda file: file.stat().st_size)
    found.chmod(0o644)
    return found


def truncate_pack(mirror: Path) -> None:
    pack = the_pack(mirror, "pack")
    pack.write_bytes(pack.read_bytes()[:60])


def flip_bytes(mirror: Path) -> None:
    pack = the_pack(mirror, "pack")
    content = bytearray(pack.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = bytes(byte ^ 0xFF for byte in content[middle : middle + 8])
    pack.write_bytes(content)


def truncate_index(mirror: Path) -> None:
    index = the_pack(mirror, "idx")
    index.write_bytes(index.read_bytes()[:40])


def empty_the_refs(mirror: Path) -> None:
    for ref in (mirror / "refs/paper2run").iterdir():
        ref.write_bytes(b"")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a truncated pack": truncate_pack,
    "flipped bytes in a pack": flip_bytes,
    "an empty pack": lambda mirror: the_pack(mirror, "pack").write_bytes(b""),
    "a pack without its index": lambda mirror: the_pack(mirror, "idx").unlink(),
    "an index without its pack": lambda mirror: the_pack(mirror, "pack").unlink(),
    "a truncated index": truncate_index,
    "an empty index": lambda mirror: the_pack(mirror, "idx").write_bytes(b""),
    "an empty loose ref": empty_the_refs,
    "an empty shallow file": lambda mirror: (mirror / "shallow").write_bytes(b""),
    "no objects": lambda mirror: shutil.rmtree(mirror / "objects"),
    "a garbled config": lambda mirror: (mirror / "config").write_bytes(b"\0\0\0["),
    "an empty HEAD": lambda mirror: (mirror / "HEAD").write_bytes(b""),
}
every_damage = pytest.mark.parametrize("damage", DAMAGES)
some_damages = pytest.mark.parametrize(
    "damage",
    [
        "a truncated pack",
        "flipped bytes in a pack",
        "a pack without its index",
        "an empty loose ref",
    ],
)


@pytest.fixture
def commits(forge) -> dict[str, str]:
    """Make three commits of files that compress badly, so that the middle of a pack is file content."""
    folder = forge.repository("o/n", {f"{n}.py": f"{n}\n" for n in range(9)})
    first = forge.git(folder, "rev-parse", "HEAD")
    noise = bytes(value * value % 251 for value in range(20_000))
    second = forge.commit(folder, {"noise.bin": noise})
    third = forge.commit(folder, {"c.py": "c = 3\n"})
    return {"first": first, "second": second, "third": third}


@every_damage
def test_a_damaged_mirror_is_made_anew(forge, commits, tmp_path, damage) -> None:
    mirrors = tmp_path / "mirrors"
    mirror = Path(bring(ADDRESS, mirrors).mirror)
    DAMAGES[damage](mirror)
    lay_out(bring(ADDRESS, mirrors), tmp_path / "repo", tmp_path)
    assert (tmp_path / "repo/noise.bin").stat().st_size == 20_000


@some_damages
@pytest.mark.parametrize("wanted", ["another commit", "a short commit"])
def test_a_damaged_mirror_grows_by_another_commit(forge, commits, tmp_path, damage, wanted) -> None:
    mirrors = tmp_path / "mirrors"
    mirror = Path(bring(ADDRESS, mirrors).mirror)
    DAMAGES[damage](mirror)
    commit = commits["second"]
    checkout = bring(ADDRESS, mirrors, commit[:9] if wanted == "a short commit" else commit)
    assert checkout.commit == commit
    lay_out(checkout, tmp_path / "repo", tmp_path)
    assert (tmp_path / "repo/noise.bin").stat().st_size == 20_000
    for number, other in enumerate(commits.values()):
        lay_out(bring(ADDRESS, mirrors, other), tmp_path / f"again-{number}", tmp_path)


def lay_out(checkout: Checkout, folder: Path, home: Path, given: str = ADDRESS) -> None:
    """Lay out as a run does."""
    settings = Settings(home=home)
    located = Located(url=checkout.url, name=checkout.name, commit=checkout.commit)
    clone.lay_out.fn(checkout, str(folder), given, located, settings)


@every_damage
def test_a_kept_checkout_is_laid_out_from_a_damaged_mirror(
    forge, commits, tmp_path, damage
) -> None:
    checkout = bring(ADDRESS, tmp_path / "mirrors")
    DAMAGES[damage](Path(checkout.mirror))
    lay_out(checkout, tmp_path / "repo", tmp_path)
    assert (tmp_path / "repo/noise.bin").stat().st_size == 20_000


@some_damages
def test_the_damaged_mirror_of_a_submodule_is_made_anew(forge, commits, tmp_path, damage) -> None:
    outer = forge.repository("o/outer", {"a.py": ""})
    (outer / ".gitmodules").write_text('[submodule "n"]\n\tpath = n\n\turl = ../n\n')
    forge.git(outer, "update-index", "--add", "--cacheinfo", f"160000,{commits['third']},n")
    forge.git(outer, "add", ".gitmodules")
    forge.git(outer, "commit", "-q", "-m", "Pin")
    address, mirrors = "https://forge.test/o/outer", tmp_path / "mirrors"
    (module,) = bring(address, mirrors).submodules
    DAMAGES[damage](Path(module.mirror))
    checkout = bring(address, mirrors)
    assert [found.fetched for found in checkout.submodules] == [True]
    lay_out(checkout, tmp_path / "repo", tmp_path, address)
    assert (tmp_path / "repo/n/noise.bin").stat().st_size == 20_000


@pytest.mark.parametrize("damage", ["an object", "a ref"])
def test_the_damaged_mirror_of_a_plain_folder_is_made_anew(forge, tmp_path, damage) -> None:
    code, mirrors = tmp_path / "code", tmp_path / "mirrors"
    code.mkdir()
    (code / "a.py").write_text("a = 1\n")
    first = bring(str(code), mirrors)
    place = "objects/??/*" if damage == "an object" else "refs/paper2run/*"
    for file in Path(first.mirror).glob(place):
        file.chmod(0o644)
        file.write_bytes(b"")
    assert bring(str(code), mirrors).commit == first.commit
    lay_out(first, tmp_path / "repo", tmp_path, str(code))
    assert (tmp_path / "repo/a.py").read_text() == "a = 1\n"


def test_a_repository_that_is_damaged_itself_is_still_told_so(forge, commits, tmp_path) -> None:
    mirrors, folder = tmp_path / "mirrors", forge.root / "o/n"
    mirror = Path(bring(ADDRESS, mirrors).mirror)
    blob = forge.git(folder, "rev-parse", "HEAD:noise.bin")
    (folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    truncate_pack(mirror)
    with pytest.raises(UserError, match=r"content of noise\.bin is missing"):
        bring(ADDRESS, mirrors)


def test_a_good_mirror_is_kept_when_its_host_is_away(forge, commits, tmp_path) -> None:
    mirrors = tmp_path / "mirrors"
    mirror = Path(bring(ADDRESS, mirrors).mirror)
    (mirror / "mark").touch()
    forge.root.rename(tmp_path / "gone")
    away = Located(url=ADDRESS, name="o/n", commit=commits["first"])
    with pytest.raises((UserError, HostError)):
        fetch(parse(ADDRESS), away, mirrors, timeout_s=LIMIT_S, max_mb=LIMIT_MB)
    assert (mirror / "mark").exists()
