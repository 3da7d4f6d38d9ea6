"""The image of the command line reproduces the example for a user of the host."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from paper2run.settings import Settings
from tasks.drivers.engine.engine import Engine
from tests.flow.conftest import commit_all

pytestmark = [pytest.mark.docker, pytest.mark.full, pytest.mark.index]
ROOT = Path(__file__).parents[2]
SOCKET = Path("/var/run/docker.sock")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
ACCESS = (
    "PAPER2RUN_INDEX_URL", "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "PAPER2RUN_REGISTRY_PREFIX",
)  # fmt: skip
"""What a closed site's user hands to the container."""
STRANGER = 12345
"""A user whom the image does not know."""
RUN_S = 900


@pytest.fixture(scope="module")
def own_image(engine: Engine) -> Iterator[str]:
    name = f"tests-{uuid.uuid4().hex}"
    built = [f"{name}/worker:latest", f"{name}/paper2run:latest"]
    subprocess.run(
        ["deployments/worker-image.sh", *(image.removesuffix(":latest") for image in built)],
        cwd=ROOT,
        env={**os.environ, "PAPER2RUN_PYTHON": sys.executable},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    yield built[1]
    for image in built:
        engine.client.images.remove(image, force=True)


def test_the_image_runs_the_command_line_and_keeps_nothing_of_the_site(
    engine: Engine, own_image: str
):
    config = engine.client.images.get(own_image).attrs["Config"]

    assert config["Entrypoint"] == ["paper2run"]
    assert not {"SSL_CERT_FILE", "PIP_CERT", "PIP_INDEX_URL", "HTTPS_PROXY"} & {
        given.partition("=")[0] for given in config["Env"]
    }
    # In place of a volume, which would be left.
    said = engine.client.containers.run(
        own_image, ["--version"], remove=True, tmpfs={"/var/lib/paper2run": ""}
    )
    assert b"paper2run 0" in said


def test_it_reproduces_the_example_for_a_user_of_the_host(
    engine: Engine, own_image: str, tmp_path: Path
):
    if not SOCKET.is_socket():
        pytest.skip(f"needs an engine at {SOCKET}")
    shutil.copytree(ROOT / "examples" / "period-doubling", tmp_path / "example")
    commit_all(tmp_path / "example")
    user = os.getuid() or STRANGER
    if not os.getuid():
        for path in (tmp_path, *tmp_path.rglob("*")):
            os.chown(path, user, user)
    site = {name: os.environ[name] for name in ACCESS if name in os.environ}
    mounts = [f"{SOCKET}:{SOCKET}", f"{tmp_path}:{tmp_path}"]
    if bundle := Settings().ca_bundle:
        mounts.append(f"{bundle}:{CERTIFICATES}:ro")
        site["SSL_CERT_FILE"] = CERTIFICATES
    container = engine.client.containers.run(
        own_image, ["run", "--repo", "example"], detach=True, init=True, environment=site, volumes=mounts,
        user=f"{user}:{user}", group_add=[SOCKET.stat().st_gid], working_dir=str(tmp_path),
    )  # fmt: skip
    try:
        ended = container.wait(timeout=RUN_S)
        said = container.logs().decode()
    finally:
        container.remove(force=True, v=True)

    assert ended["StatusCode"] == 0, said
    [folder] = (tmp_path / "runs").iterdir()
    metadata = json.loads((folder / "metadata.json").read_text())
    engine.client.images.remove(metadata["image"])
    assert (metadata["status"], metadata["grade"]) == ("success", "documented-run")
    assert "lyapunov(r=4) = 0.6931" in (folder / "report.html").read_text()
    assert {path.lstat().st_uid for path in folder.rglob("*")} == {user}
