"""Reproduces a real package's source tree from the index, as a git repository; we wrote none of it."""

import subprocess
from pathlib import Path

import pytest
from pypi_simple import PyPISimple

from flows.reproduce import reproduce
from paper2run.settings import Settings
from tasks.drivers.engine.engine_connection import connect
from tests.flow.conftest import commit_all

pytestmark = [pytest.mark.docker, pytest.mark.index]
PROJECT, VERSION = "more-itertools", "9.1.0"
"""Small, pure Python, built by flit, with its tests in the sdist."""
RELEASED = "2023-03-01T12:00:00+00:00"


@pytest.fixture
def source_tree(tmp_path: Path) -> Path:
    settings = Settings()
    endpoint = {"endpoint": settings.index_url} if settings.index_url else {}
    with PyPISimple(**endpoint) as index:
        page = index.get_project_page(PROJECT)
        [sdist] = [p for p in page.packages if p.package_type == "sdist" and p.version == VERSION]
        archive = tmp_path / "sdist.tar.gz"
        index.download_package(sdist, archive)
    source = tmp_path / "source"
    source.mkdir()
    # Not tarfile: its filters came with Python 3.11.4, later than Debian 12's.
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(source)], check=True)
    [root] = source.iterdir()
    commit_all(root, RELEASED)
    return root


def test_a_real_package_is_installed_and_its_tests_are_counted(
    source_tree, tmp_path, no_containers_left
):
    state = reproduce(
        repo=str(source_tree), out=str(tmp_path / "runs"), target="tests", return_state=True
    )

    metadata, folder = state.result()
    assert metadata.status == "success", metadata.reason
    assert (metadata.attempts, metadata.rung) == (1, "tests")
    report = (Path(folder) / "report.md").read_text()
    assert "0 failed, 0 errors" in report
    engine = connect()
    command = [
        "python",
        "-c",
        "import more_itertools; print(more_itertools.__version__, more_itertools.__file__)",
    ]
    shown = engine.client.containers.run(
        metadata.image, command, working_dir="/tmp", remove=True
    ).decode()
    assert shown.startswith(VERSION)
    assert "/repo" not in shown, "it is imported from where it was installed, not from its source"


def test_the_dockerfile_alone_rebuilds_the_image_without_anything_of_ours(tmp_path, repository):
    repo = repository({"main.py": "print('rebuilt')\n"}, "rebuild")
    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )
    metadata, folder = state.result()
    assert metadata.status == "success"

    # docker-py's own build is the classic builder: no BuildKit, no mounts, only the folder.
    client = connect().client
    image, _ = client.images.build(
        path=folder, nocache=True, rm=True, labels={"paper2run.test": "rebuild"}
    )
    try:
        assert client.containers.run(image.id, remove=True) == b"rebuilt\n"
    finally:
        client.images.remove(image.id, force=True)
