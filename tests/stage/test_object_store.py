"""Run folders on a store: a real S3 server on loopback, and a plain folder."""

import tarfile
from pathlib import Path

import pytest
from s3fs import S3FileSystem

from paper2run.errors import HostError, UserError
from tasks.drivers.host.object_store import ObjectStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "demo-20260101T000000Z"
    (folder / "repo" / ".git").mkdir(parents=True)
    (folder / "repo" / ".git" / "HEAD").write_text("ref")
    (folder / "repo" / "main.py").write_text("print(1)\n")
    (folder / "repo" / "link").symlink_to("/etc/passwd")
    (folder / "metadata.json").write_text('{"status": "success"}')
    (folder / "report.md").write_text("# It runs")
    return folder


def stored(url: str) -> tuple[object, str]:
    from fsspec.core import url_to_fs

    return url_to_fs(url)


def assert_holds(url: str, folder: Path, tmp_path: Path) -> None:
    files, root = stored(url)
    assert files.cat_file(f"{root}/metadata.json") == (folder / "metadata.json").read_bytes()
    assert files.cat_file(f"{root}/report.md") == (folder / "report.md").read_bytes()
    local = tmp_path / "fetched.tar.gz"
    files.get_file(f"{root}/run.tar.gz", str(local))
    with tarfile.open(local) as tar:
        names = set(tar.getnames())
        assert tar.getmember(f"{folder.name}/repo/link").issym(), "links are kept, never followed"
    assert f"{folder.name}/repo/main.py" in names
    assert not [name for name in names if ".git" in name], "history is left out"


def test_a_run_folder_is_whole_on_s3(s3_store, folder, tmp_path):
    store = ObjectStore(s3_store)
    store.check()
    store.check()

    url = store.put_run(folder, "demo-1")

    assert url == f"{s3_store}/runs/demo-1"
    assert_holds(url, folder, tmp_path)


def test_a_run_folder_is_whole_in_a_folder_that_machines_mount(folder, tmp_path):
    store = ObjectStore(f"file://{tmp_path}/mounted")
    store.check()

    assert_holds(store.put_run(folder, "demo-1"), folder, tmp_path)


def test_a_folder_that_was_copied_before_is_replaced(s3_store, folder, tmp_path):
    store = ObjectStore(s3_store)
    store.put_run(folder, "demo-1")
    (folder / "report.md").write_text("# It runs, still")

    assert_holds(store.put_run(folder, "demo-1"), folder, tmp_path)


@pytest.mark.usefixtures("s3_store")
def test_a_bucket_that_is_not_there_is_named_with_the_setting():
    with pytest.raises(HostError, match="s3://nowhere/x") as caught:
        ObjectStore("s3://nowhere/x").check()

    assert "PAPER2RUN_STORAGE" in caught.value.hint


@pytest.mark.usefixtures("s3_store")
def test_a_store_that_does_not_answer_is_host_trouble_that_may_pass(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    S3FileSystem.clear_instance_cache()
    with pytest.raises(HostError) as caught:
        ObjectStore("s3://elsewhere/x").check()

    assert caught.value.transient


def test_an_address_of_an_unknown_kind_is_a_bad_request():
    with pytest.raises(UserError, match="gopher"):
        ObjectStore("gopher://example.org/x")
