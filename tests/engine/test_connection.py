import http.server
import json
import socket
import threading
import uuid
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from docker.models.containers import Container

from paper2run.errors import EngineError, HostError, UserError
from tasks.drivers.engine.engine import RUN_LABEL, Engine
from tasks.drivers.engine.engine_connection import connect, using_engine
from tasks.drivers.engine.leftovers import sweep
from tasks.drivers.host.owner import OWNER_LABEL, this_process

pytestmark = pytest.mark.docker


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class EmptyRegistry(http.server.BaseHTTPRequestHandler):
    """A registry that answers and has no image at all."""

    def do_GET(self) -> None:
        body = b"{}"
        if self.path == "/v2/":
            self.send_response(200)
        else:
            self.send_response(404)
            body = json.dumps(
                {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
            ).encode()
        self.send_header("Content-Type", "application/json")
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def empty_registry() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyRegistry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_engine_says_its_name_and_version(engine: Engine) -> None:
    name, _, version = engine.name_and_version.rpartition(" ")

    assert name in ("Docker", "Podman Engine")
    assert version[0].isdigit()


def test_no_engine_is_an_error_that_names_the_address_and_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = f"tcp://127.0.0.1:{closed_port()}"
    monkeypatch.setenv("DOCKER_HOST", address)

    with pytest.raises(EngineError) as caught:
        connect()

    assert address.removeprefix("tcp://") in caught.value.what
    assert "make engine" in caught.value.hint
    assert "Podman" in caught.value.hint


def test_malformed_docker_host_is_an_engine_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "nonsense://///")

    with pytest.raises(EngineError):
        connect()


def test_local_image_is_described_and_an_unknown_one_is_none(engine: Engine, base: str) -> None:
    image = engine.image(base)

    assert image is not None
    assert image.id.startswith("sha256:")
    assert image.size_bytes > 1_000_000
    assert engine.image("paper2run-tests/never-built:1") is None


def test_python_images_below_a_prefix_are_counted_apart(
    engine: Engine, base: str, run_id: str
) -> None:
    prefix = f"paper2run-tests.example/{uuid.uuid4().hex}"
    engine.client.images.get(base).tag(f"{prefix}/python", "3.11-slim")
    try:
        assert engine.local_python_images(prefix) == ("3.11",)
    finally:
        engine.client.images.remove(f"{prefix}/python:3.11-slim")

    assert engine.local_python_images(prefix) == ()


def test_registry_that_cannot_be_reached_is_host_trouble(engine: Engine) -> None:
    with pytest.raises(HostError) as caught:
        engine.pull(f"127.0.0.1:{closed_port()}/library/python:3.11-slim")

    assert caught.value.transient
    assert "make base-image" in caught.value.hint


def test_image_that_its_registry_does_not_have_is_none(engine: Engine, empty_registry: str) -> None:
    assert engine.pull(f"{empty_registry}/library/python:3.11-slim") is None


def test_removing_an_image_twice_is_no_error(engine: Engine, base: str) -> None:
    name = f"paper2run-tests/{uuid.uuid4().hex}"
    engine.client.images.get(base).tag(name, "1")

    engine.remove_image(f"{name}:1")
    engine.remove_image(f"{name}:1")

    assert engine.image(f"{name}:1") is None
    assert engine.image(base) is not None


def test_sweep_removes_the_containers_of_its_run_and_no_others(
    engine: Engine, base: str, run_id: str, tmp_path: Path
) -> None:
    mine, other = f"{run_id}-mine", f"{run_id}-other"
    owned = {OWNER_LABEL: this_process(tmp_path)}

    def create(command: list[str], **labels: str) -> Container:
        return engine.client.containers.create(base, command, labels=labels, network_mode="none")

    create(["sleep", "100"], **{RUN_LABEL: mine, **owned}).start()
    create(["true"], **{RUN_LABEL: mine, **owned})
    create(["true"], **{RUN_LABEL: other, **owned})
    # Started by a person from an image of ours, whose labels it carries.
    by_hand = create(["true"], **{RUN_LABEL: mine})
    try:
        assert sweep(engine, mine) == 2
        assert sweep(engine, mine) == 0
        by_hand.reload()
    finally:
        by_hand.remove(force=True)
        assert sweep(engine, other) == 1


def test_free_space_of_a_local_engine_is_known(engine: Engine) -> None:
    free_mb = engine.free_mb()

    assert free_mb is None or free_mb > 0


def test_a_block_names_its_engine_by_address_or_context(monkeypatch, tmp_path) -> None:
    here = connect().capacity
    address = "unix:///var/run/docker.sock"
    config = tmp_path / ".docker"
    context = config / "contexts/meta" / sha256(b"second").hexdigest()
    context.mkdir(parents=True)
    endpoints = {"docker": {"Host": address, "SkipTLSVerify": False}}
    (context / "meta.json").write_text(json.dumps({"Name": "second", "Endpoints": endpoints}))
    monkeypatch.setenv("DOCKER_CONFIG", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")

    for name in (address, "second"):
        with using_engine(name):
            assert connect().capacity == here
            with using_engine(""):
                assert connect().capacity == here
    with pytest.raises(EngineError, match=r"nowhere\.sock"), using_engine(""):
        connect()
    with pytest.raises(EngineError, match=r"/none\.sock"), using_engine("unix:///none.sock"):
        connect()
    with pytest.raises(UserError, match="there is no context third"), using_engine("third"):
        connect()
