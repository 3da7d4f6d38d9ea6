"""Archived code becomes a commit: files, addresses, and records behind the archives' APIs.

The servers here speak these APIs.
"""

import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paper2run.errors import HostError, UserError
from paper2run.model.repo import Checkout
from paper2run.settings import Settings
from paper2run.source import parse
from tasks.drivers.git import git, layout
from tasks.drivers.index import archive_download
from tasks.drivers.index.archive_download import fetched_archive

FILES = {
    "mesh-1.0/main.py": b"print(1)\n",
    "mesh-1.0/run.sh": b"#!/bin/sh\n",
    "mesh-1.0/src/a.py": b"A = 1\n",
}
SWHID = "swh:1:rev:" + "0a" * 20


def tar(files: dict[str, bytes], compressed: str = "gz") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{compressed}") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_600_000_000
            info.mode = 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2020, 9, 13, 12, 26, 40))
            info.external_attr = (0o100755 if name.endswith(".sh") else 0o100644) << 16
            archive.writestr(info, content)
    return packed.getvalue()


class Archives(BaseHTTPRequestHandler):
    """Zenodo, figshare, Software Heritage and doi.org in one."""

    cooked = False

    def do_GET(self) -> None:
        self._answer(*self._found())

    def do_POST(self) -> None:
        type(self).cooked = True
        self._answer(*self._found())

    def _found(self) -> tuple[int, bytes]:
        host = f"http://127.0.0.1:{self.server.server_address[1]}"
        zip_at = {"key": "owner/mesh-v1.zip", "links": {"self": f"{host}/files/mesh.zip"}}
        data_at = {"key": "data.zip", "links": {"self": f"{host}/files/data.zip"}}
        vault = {
            "status": "done" if self.cooked else "new",
            "fetch_url": f"{host}/files/mesh.tar.gz",
        }
        records = {
            "/api/records/1": {"files": [zip_at, data_at]},
            "/api/records/2": {"files": [data_at, {**data_at, "key": "more.zip"}]},
            "/api/records/3": {"files": [{**data_at, "key": "table.csv"}]},
            "/v2/articles/4/versions/2": {
                "files": [{"name": "mesh.tar.gz", "download_url": f"{host}/files/mesh.tar.gz"}]
            },
            f"/api/1/revision/{'0a' * 20}/": {
                "directory": "0b" * 20,
                "date": "2017-03-01T10:00:00+01:00",
            },
            f"/api/1/vault/flat/swh:1:dir:{'0b' * 20}/": vault,
        }
        if self.path in records:
            return 200, json.dumps(records[self.path]).encode()
        # Software Heritage names the folder by its identifier, and writes the files as it packs them.
        bundled = {f"swh:1:dir:{'0b' * 20}/{name.partition('/')[2]}": FILES[name] for name in FILES}
        packed = {
            "/files/mesh.zip": zipped(FILES),
            "/files/mesh.tar.gz": tar(FILES),
            "/files/vault": tar(bundled),
            "/v1/resources/ab3de/providers/osfstorage/?zip=": zipped(FILES),
        }
        return (200, packed[self.path]) if self.path in packed else (404, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def archives(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Archives.cooked = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Archives)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"http://127.0.0.1:{server.server_port}"
    for name in archive_download.HOSTS:
        monkeypatch.setitem(archive_download.HOSTS, name, host)
    monkeypatch.setattr(archive_download, "POLL_S", 0.01)
    yield host
    server.shutdown()


def checked_out(given: str, tmp_path: Path, max_mb: int = 10) -> tuple[Checkout, Path]:
    """Return the checkout and the folder with its files."""
    source, mirrors = parse(given), tmp_path / "mirrors"
    unpack = partial(fetched_archive, settings=Settings(home=tmp_path))
    located = git.locate(source, "", mirrors, timeout_s=60, max_mb=max_mb, unpack=unpack)
    found = git.fetch(source, located, mirrors, timeout_s=60, max_mb=max_mb, unpack=unpack)
    folder = tmp_path / "repo"
    layout.lay_out(found, folder)
    return found, folder


def files_of(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] != ".git"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mesh.zip", zipped(FILES)),
        ("mesh.tar.gz", tar(FILES)),
        ("mesh.tar.bz2", tar(FILES, "bz2")),
        ("mesh.tar.xz", tar(FILES, "xz")),
        ("mesh.tar", tar(FILES, "")),
    ],
    ids=["zip", "gz", "bz2", "xz", "tar"],
)
def test_an_archive_is_a_commit_of_its_newest_file_s_day(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    found, folder = checked_out(str(tmp_path / name), tmp_path)

    assert (found.name, found.url) == ("mesh", str(tmp_path / name))
    assert found.committed_at is not None and found.committed_at.timestamp() == 1_600_000_000
    assert (found.swhid_revision, found.swhid_directory) == ("", f"swh:1:dir:{found.tree}")
    assert files_of(folder) == {"main.py", "run.sh", "src/a.py"}
    assert (folder / "run.sh").stat().st_mode & 0o111
    again, _ = checked_out(str(tmp_path / name), tmp_path / "again")
    assert again.commit == found.commit, "the same content is the same commit"


@pytest.mark.parametrize(
    "given",
    [
        "{host}/files/mesh.zip",
        "10.5281/zenodo.1",
        "10.6084/m9.figshare.4.v2",
        "10.17605/OSF.IO/AB3DE",
        SWHID,
    ],
)
def test_a_record_leads_to_its_archive(archives: str, tmp_path: Path, given: str) -> None:
    found, folder = checked_out(given.format(host=archives), tmp_path)

    assert found.url == given.format(host=archives)
    day = "2017-03-01" if given == SWHID else "2020-09-13"
    assert found.committed_at is not None and found.committed_at.date().isoformat() == day
    assert (folder / "main.py").read_bytes() == FILES["mesh-1.0/main.py"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("10.5281/zenodo.2", "several archives"),
        ("10.5281/zenodo.3", "no archive: table.csv"),
        ("10.5281/zenodo.9", "is not there"),
        ("10.1145/1.2", "is not there"),
    ],
)
def test_a_record_without_one_archive_is_a_bad_request(
    archives: str, tmp_path: Path, given: str, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        checked_out(given, tmp_path)


def test_a_host_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(archive_download.HOSTS, "zenodo", "http://127.0.0.1:9")
    with pytest.raises(HostError, match=r"the host of 10.5281/zenodo.1 \(127.0.0.1:9\)") as caught:
        checked_out("10.5281/zenodo.1", tmp_path)
    assert caught.value.trouble == "network"


def test_nothing_is_written_outside_and_links_are_left_out(tmp_path: Path) -> None:
    packed = io.BytesIO(
        tar({"../out.py": b"x", "/abs.py": b"x", "a/.git/hooks/x": b"x", "a/b.py": b"y"}, "")
    )
    with tarfile.open(fileobj=packed, mode="a:") as archive:
        link = tarfile.TarInfo("a/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    (tmp_path / "evil.tar").write_bytes(packed.getvalue())
    found, folder = checked_out(str(tmp_path / "evil.tar"), tmp_path)

    assert files_of(folder) == {"b.py"}
    assert not (tmp_path / "out.py").exists()
    assert "4" in found.notes[0]


@pytest.mark.parametrize("pack", [zipped, tar])
def test_what_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path, pack) -> None:
    (tmp_path / "bomb.zip").write_bytes(pack({"zeros": bytes(4 * 1024 * 1024)}))
    with pytest.raises(UserError, match=r"larger than 1 MB"):
        checked_out(str(tmp_path / "bomb.zip"), tmp_path, max_mb=1)


def test_a_zip_that_is_packed_in_an_unusual_way_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("main.py", b"print(1)")
    (tmp_path / "code.zip").write_bytes(packed.getvalue())
    with pytest.raises(UserError, match=r"unusual way"):
        checked_out(str(tmp_path / "code.zip"), tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", zipped(FILES)[:80], tar(FILES)[:60]],
    ids=["empty", "text", "cut zip", "cut tar"],
)
def test_what_is_no_archive_is_a_bad_request(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "code.zip").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot be unpacked|holds no files"):
        checked_out(str(tmp_path / "code.zip"), tmp_path)


def test_what_its_authors_packed_is_there_whatever_gitignore_says(tmp_path: Path) -> None:
    files = {".gitignore": b"*.npz\n", "model.npz": b"weights", "main.py": b"print(1)"}
    (tmp_path / "code.zip").write_bytes(zipped(files))
    _, folder = checked_out(str(tmp_path / "code.zip"), tmp_path)

    assert files_of(folder) == set(files)


def test_a_time_that_is_none_and_folders_without_end_are_met(tmp_path: Path) -> None:
    odd = bytearray(zipped({"main.py": b"print(1)"}))
    for at in (odd.index(b"PK\x03\x04") + 10, odd.index(b"PK\x01\x02") + 12):
        odd[at : at + 2] = b"\x1f\x00"
    (tmp_path / "odd.zip").write_bytes(bytes(odd))
    _, folder = checked_out(str(tmp_path / "odd.zip"), tmp_path)
    assert files_of(folder) == {"main.py"}

    deep = {"/".join(["d"] * 900 + ["x.py"]): b"", "a/main.py": b"print(1)"}
    (tmp_path / "deep.tar.xz").write_bytes(tar(deep, "xz"))
    found, folder = checked_out(str(tmp_path / "deep.tar.xz"), tmp_path / "b")
    assert files_of(folder) == {"main.py"}
    assert "1" in found.notes[0]


def test_an_archive_has_no_branches(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(zipped(FILES))
    with pytest.raises(UserError, match=r"is an archive and has no main"):
        git.locate(parse(str(tmp_path / "code.zip")), "main", tmp_path, timeout_s=9, max_mb=9)
