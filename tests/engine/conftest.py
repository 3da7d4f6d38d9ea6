"""A real engine, and the removal of what the tests made in it: by their own label and nothing else."""

import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paper2run.model.outcome import BuildFailed, Built
from paper2run.rendering.injection import Injection
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.buildkit import build
from tasks.drivers.engine.containers import Limits
from tasks.drivers.engine.engine import RUN_LABEL, Engine
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.engine.leftovers import sweep

BUILD_LIMIT_S = 180

Build = Callable[..., Built | BuildFailed]


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPER2RUN_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def engine() -> Engine:
    return connect()


@pytest.fixture(scope="session")
def run_id(engine: Engine) -> Iterator[str]:
    run_id = f"tests-{uuid.uuid4().hex}"
    yield run_id
    sweep(engine, run_id)
    for image in engine.client.images.list(filters={"label": f"{RUN_LABEL}={run_id}"}):
        engine.client.images.remove(image.id, force=True)


@pytest.fixture(scope="session")
def base(engine: Engine) -> str:
    versions = engine.local_python_images()
    assert versions, "no python:X.Y-slim is here: run deployments/base-image.sh"
    return f"python:{versions[-1]}-slim"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    return folder


@pytest.fixture
def build_image(engine: Engine, run_id: str, base: str, repo: Path) -> Build:
    def run(
        steps: str,
        *,
        injection: Injection | None = None,
        timeout_s: float = BUILD_LIMIT_S,
        min_free_mb: int = 0,
        on_line: Callable[[str], None] | None = None,
        on: Engine = engine,
    ) -> Built | BuildFailed:
        tag = f"paper2run-tests/{uuid.uuid4().hex}:1"
        dockerfile = f"FROM {base}\n{steps}\n"
        context = BuildInput(dockerfile, repo, tag, injection or Injection())
        return build(
            on,
            context,
            run_id=run_id,
            timeout_s=timeout_s,
            min_free_mb=min_free_mb,
            on_line=on_line,
        )

    return run


@pytest.fixture
def limits() -> Limits:
    return Limits(memory_mb=256, cpus=1, pids=64, disk_mb=50)


def gateway(engine: Engine, base: str, run_id: str) -> str:
    """Return this machine's address as containers see it."""
    routes = engine.client.containers.run(
        base, ["cat", "/proc/net/route"], labels={RUN_LABEL: run_id}, remove=True
    ).decode()
    default = next(
        words for line in routes.splitlines()[1:] if (words := line.split())[1] == "00000000"
    )
    return socket.inet_ntoa(bytes.fromhex(default[2])[::-1])
