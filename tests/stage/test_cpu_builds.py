"""CPU builds of torch from a loopback index that looks like PyTorch's: no dates, local versions."""

from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote

import pytest

from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.repo import Checkout
from paper2run.model.resolution import Pin, Resolution
from paper2run.rendering.cpu_builds import wanted_of
from paper2run.rendering.dockerfile import dockerfile
from paper2run.rendering.injection import Injection
from paper2run.rendering.pip_steps import with_pins
from paper2run.settings import Settings
from tasks.cpu_builds import cpu_builds

FILES = {
    "torch": (
        "torch-2.1.0-cp311-cp311-linux_x86_64.whl",
        "torch-2.1.0%2Bcpu-cp310-cp310-linux_x86_64.whl",
        "torch-2.1.0%2Bcpu-cp311-cp311-linux_x86_64.whl",
        "torch-2.2.0%2Bcpu-cp311-cp311-linux_x86_64.whl",
    ),
    "torchvision": ("torchvision-0.16.0%2Bcpu-cp311-cp311-linux_x86_64.whl",),
}
CUDA = ("nvidia-cublas-cu12", "nvidia-cudnn-cu12", "triton")


class TorchIndex(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.strip("/").rpartition("/")[2]
        links = (f'<a href="/whl/{file}">{unquote(file)}</a>' for file in FILES.get(name, ()))
        body = f"<html>{''.join(links)}</html>".encode()
        self.send_response(200 if name in FILES else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Keep the tests' output clean."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), TorchIndex)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/whl/cpu"
    server.shutdown()
    server.server_close()


def pinned(*pins: tuple[str, str], gpu: bool = False, python: str = "3.11") -> PlannedEnvironment:
    draft = EnvPlan(
        base_image=f"python:{python}-slim",
        install_steps=("pip install torch torchvision numpy", "pip install ."),
        smoke_command="true",
        requires_gpu=gpu,
    )
    found = tuple(Pin(name=name, version=version) for name, version in pins)
    return PlannedEnvironment(
        plan=with_pins(draft, found, python),
        draft=draft,
        planner="rules",
        resolution=Resolution(
            python=python, cutoff=date(2023, 11, 1), date_step="commit date", pins=found
        ),
    )


def usual(**others) -> PlannedEnvironment:
    pins = [("numpy", "1.26.1"), *((name, "12.1") for name in CUDA), ("torch", "2.1.0")]
    return pinned(*pins, ("torchvision", "0.16.0"), **others)


def settings(tmp_path, address: str) -> Settings:
    return Settings(home=tmp_path, torch_index_url=address)


def test_the_cpu_builds_of_the_same_versions_take_the_place_of_cuda(tmp_path, address):
    found = cpu_builds.fn(usual(), settings(tmp_path, address))
    assert found.plan.install_steps == (
        "pip install --no-compile --no-deps --extra-index-url https://download.pytorch.org/whl/cpu"
        " torch==2.1.0+cpu torchvision==0.16.0+cpu",
        "pip install --no-compile --no-deps numpy==1.26.1",
        "pip install .",
    )
    assert found.resolution is not None
    assert not {pin.name for pin in found.resolution.pins} & set(CUDA)
    assert "left out: nvidia-cublas-cu12" in found.reasons[-1].decision
    assert wanted_of(found) == ()


def test_the_dockerfile_installs_them_before_the_source_is_copied(tmp_path, address):
    found = cpu_builds.fn(usual(), settings(tmp_path, address))
    text = dockerfile(Checkout(url="", name="n", commit="1" * 40, mirror=""), found)
    assert text.index("torch==2.1.0+cpu") < text.index("numpy==1.26.1") < text.index("COPY")


def test_a_plan_with_cpu_builds_is_read_back_from_its_record(tmp_path, address):
    found = cpu_builds.fn(usual(), settings(tmp_path, address))
    assert PlannedEnvironment.model_validate_json(found.model_dump_json()) == found


def test_a_sites_mirror_is_asked_in_its_own_build_and_stands_in_no_dockerfile(tmp_path, address):
    found = cpu_builds.fn(usual(), settings(tmp_path, address))
    text = dockerfile(Checkout(url="", name="n", commit="1" * 40, mirror=""), found)
    assert address not in text
    injection = Injection(torch_index_url=address)
    assert "--extra-index-url" not in injection.apply(text)
    assert f"extra-index-url = {address}" in injection.files["pip/pip.conf"].decode()


@pytest.mark.parametrize("planned", [usual(gpu=True), usual().changed(gpus=True)])
def test_whoever_needs_a_gpu_or_gets_one_keeps_cuda(tmp_path, address, planned):
    assert cpu_builds.fn(planned, settings(tmp_path, address)) == planned


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        (usual(python="3.10"), "no CPU build of torchvision 0.16.0 for Python 3.10"),
        (pinned(("torch", "1.0.0")), "no CPU build of torch 1.0.0"),
        (pinned(("torch", "2.1.0"), ("torchaudio", "2.1.0")), "no CPU build of torchaudio 2.1.0"),
    ],
)
def test_where_one_of_the_family_has_none_all_stay_as_they_are(tmp_path, address, planned, words):
    found = cpu_builds.fn(planned, settings(tmp_path, address))
    assert found.plan == planned.plan
    assert words in found.reasons[-1].decision


def test_an_index_that_cannot_be_reached_is_done_without_and_said(tmp_path):
    found = cpu_builds.fn(usual(), settings(tmp_path, "http://user:secret@127.0.0.1:9/whl/cpu"))
    assert found.plan == usual().plan
    assert "127.0.0.1:9" in str(found.reasons[-1])
    assert "secret" not in str(found.reasons[-1])


def test_what_the_plan_names_itself_is_kept_though_cuda_has_it(tmp_path, address):
    planned = usual()
    assert planned.draft is not None
    steps = ("pip install torch torchvision numpy triton", "pip install .")
    draft = planned.draft.changed(install_steps=steps)
    found = cpu_builds.fn(planned.changed(draft=draft), settings(tmp_path, address))
    assert "triton==12.1" in found.plan.install_steps[1]
