"""Archives of our own, unpacked again, and archives of others, which are refused."""

import io
import tarfile
from pathlib import Path

import pytest

from paper2run.errors import HostError, UserError
from paper2run.exports.bundle import LEFT_OUT, PLACES
from tasks.drivers.host import bundle_archive
from tasks.drivers.host.bundle_archive import Packed, below, first_member, need_room, pack, unpack

DIGEST = "a" * 64


def archive_of(folder: Path, *members: tuple[str, bytes | str]) -> Path:
    """Return a tar with these files; a text is the target of a link."""
    path = folder / "foreign.tar"
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def unpacked(path: Path, folder: Path) -> Path:
    folder.mkdir()
    unpack(path, folder, PLACES.fullmatch)
    return folder


def test_what_is_packed_comes_out_as_it_was(tmp_path) -> None:
    run = tmp_path / "mesh"
    for name in (
        "repo/a b/ü.txt",
        "repo/.git/config",
        "verify/x/verify.json",
        ".writing-1",
        f"repo/{'long/' * 40}x",
    ):
        path = run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (run / "repo/empty").mkdir()
    (run / "repo/run.sh").write_text("true")
    (run / "repo/run.sh").chmod(0o755)
    (run / "repo/away").symlink_to("/etc")
    (run / "repo/away.txt").symlink_to("a b/ü.txt")

    path = pack(tmp_path / "new/mesh.tar", below(run, "run", LEFT_OUT.match))
    found = unpacked(path, tmp_path / "again") / "run"

    held = {each.relative_to(run).as_posix() for each in run.rglob("*")}
    gone = {name for name in held if LEFT_OUT.match(name)}
    assert {each.relative_to(found).as_posix() for each in found.rglob("*")} == held - gone
    assert gone >= {"repo/.git/config", "verify/x/verify.json", ".writing-1"}
    assert (found / "repo/run.sh").stat().st_mode & 0o777 == 0o755
    assert (found / "repo/a b/ü.txt").read_text() == "repo/a b/ü.txt"
    assert (found / "repo/away").readlink() == Path("/etc")
    assert (found / "repo/run.sh").stat().st_mtime == int((run / "repo/run.sh").stat().st_mtime)
    assert [each.name for each in path.parent.iterdir()] == ["mesh.tar"]


@pytest.mark.parametrize(
    "members",
    [
        [("../evil", b"x")],
        [("/etc/evil", b"x")],
        [("run/../../evil", b"x")],
        [("other/file", b"x")],
        [("oci/blobs/sha256/../../../evil", b"x")],
        [("oci/blobs/sha256/short", b"x")],
        [("downloads/bodies/.part-1", b"x")],
        [("run/a", b"x"), ("run/a", b"y")],
        [("run/a", b"x"), ("run/a/b", b"y")],
        [],
    ],
)
def test_what_names_anything_else_is_no_bundle(tmp_path, members) -> None:
    path = archive_of(tmp_path, *members)

    with pytest.raises(UserError, match="is no bundle"):
        unpacked(path, tmp_path / "again")

    assert not (tmp_path / "evil").exists()


def test_nothing_is_written_through_a_link(tmp_path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    path = archive_of(tmp_path, ("run/repo/link", str(outside)), ("run/repo/link/file", b"x"))

    with pytest.raises(UserError, match="is no bundle"):
        unpacked(path, tmp_path / "again")

    assert list(outside.iterdir()) == []


def test_devices_and_hard_links_are_refused(tmp_path) -> None:
    for kind in (tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        path = tmp_path / "foreign.tar"
        with tarfile.open(path, "w") as archive:
            member = tarfile.TarInfo("run/repo/odd")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        folder = tmp_path / f"again-{kind.decode()}"
        with pytest.raises(UserError, match="is no bundle"):
            unpacked(path, folder)


def test_an_archive_that_breaks_off_is_no_bundle(tmp_path) -> None:
    path = archive_of(tmp_path, ("run/big", bytes(100_000)))
    path.write_bytes(path.read_bytes()[:50_000])

    with pytest.raises(UserError, match="it breaks off"):
        unpacked(path, tmp_path / "again")


@pytest.mark.parametrize("content", [b"", b"no tar" * 500])
def test_a_file_of_another_kind_is_no_bundle(tmp_path, content) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(content)

    with pytest.raises(UserError, match="is no bundle"):
        first_member(path, "bundle.json", 100)


def test_only_the_first_member_says_what_a_bundle_is(tmp_path) -> None:
    good = archive_of(tmp_path, ("bundle.json", b"{}"), ("run/x", b"y"))
    assert first_member(good, "bundle.json", 100) == b"{}"
    with pytest.raises(UserError, match="is no bundle"):
        first_member(good, "bundle.json", 1)
    other = archive_of(tmp_path, ("run/x", b"y"), ("bundle.json", b"{}"))
    with pytest.raises(UserError, match="does not begin with"):
        first_member(other, "bundle.json", 100)


def test_a_bundle_that_is_broken_off_leaves_nothing(tmp_path) -> None:
    def members():
        yield Packed("run/here", tmp_path)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(tmp_path / "out/mesh.tar", members())

    assert list((tmp_path / "out").iterdir()) == []


def test_a_name_that_is_no_text_is_refused(tmp_path) -> None:
    (tmp_path / "run").mkdir()
    name = b"run/\xff.txt".decode("utf-8", "surrogateescape")
    (tmp_path / name).write_text("x")

    with pytest.raises(UserError, match="not UTF-8"):
        list(below(tmp_path / "run", "run", LEFT_OUT.match))


def test_a_full_disk_is_told_before_anything_is_written(tmp_path) -> None:
    need_room(tmp_path, 0, "the bundle")
    with pytest.raises(HostError, match="the bundle needs"):
        need_room(tmp_path, 10**22, "the bundle")


def test_our_places_are_files_of_a_bundle() -> None:
    ours = ["bundle.json", "run/Dockerfile", f"oci/blobs/sha256/{DIGEST}", "logs/keep.log"]
    ours += [
        "downloads/ca.pem",
        f"downloads/bodies/{DIGEST}",
        "downloads/hosts/index.example.org.pem",
    ]
    assert all(map(PLACES.fullmatch, ours))
    assert bundle_archive.WRITING == ".writing-"
