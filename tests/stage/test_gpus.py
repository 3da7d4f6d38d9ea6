"""The request for GPUs as it leaves for the engine; no GPU is here on which it could run."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from paper2run.errors import EngineError
from paper2run.model.environment import EngineReady, EnvPlan, PlannedEnvironment
from paper2run.model.facts import GpuNeed, RepoFacts
from paper2run.model.value import Source
from paper2run.planning.given_gpus import with_gpus
from paper2run.settings import Settings
from tasks.drivers.engine.containers import Limits, run
from tasks.drivers.engine.engine_connection import connect
from tasks.drivers.engine.gpu_offer import gpu_offer
from tasks.preflight import preflight

WITH_TOOLKIT = {"Runtimes": {"nvidia": {}, "runc": {}}}
WITH_CDI = {"DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=all"}]}
BY_RUNTIME = [
    {"Driver": "", "Count": -1, "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {}}
]
SIGN = GpuNeed(hard=False, sign="gpu", source=Source(kind="file", path="train.py", line=3))
LIMITS = Limits(memory_mb=512, cpus=1, pids=64, disk_mb=100)


class Recorder(BaseHTTPRequestHandler):
    """Answers what a run asks of the engine, keeps each request for a container, and refuses it."""

    info: dict[str, Any]
    asked: list[dict[str, Any]]

    def do_GET(self) -> None:
        answers: dict[str, dict[str, Any]] = {
            "version": {"ApiVersion": "1.41", "Version": "28.0", "Arch": "amd64"},
            "info": {"NCPU": 2, "MemTotal": 8 << 30, "ID": "a", **self.info},
            "json": {"Id": "sha256:1", "Size": 1, "Config": {}},
        }
        name = self.path.partition("?")[0].rpartition("/")[2]
        if "/containers/" in self.path:
            return self._answer(200, [])
        return self._answer(200, answers[name])

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer(400, {"message": "recorded"})

    def do_DELETE(self) -> None:
        self._answer(404, {"message": "no such container"})

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Recorder]]:
    handler = type("Here", (Recorder,), {"info": {}, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
    yield handler
    server.shutdown()
    server.server_close()


def request(recorder: type[Recorder], home: Path, *, gpus: bool) -> dict[str, Any]:
    """Return what a run asks the engine for, of its host."""
    with pytest.raises(EngineError, match="recorded"):
        run(
            connect(), "img:1", "true", limits=LIMITS, run_id="r", home=home, timeout_s=9, gpus=gpus
        )
    host: dict[str, Any] = recorder.asked[-1]["HostConfig"]
    return host


@pytest.mark.parametrize(
    ("info", "offer"),
    [
        (WITH_TOOLKIT, "runtime"),
        (WITH_CDI, "cdi"),
        ({**WITH_TOOLKIT, **WITH_CDI}, "runtime"),
        ({"Runtimes": {"runc": {}}, "DiscoveredDevices": [{"ID": "vendor.com/net=eth0"}]}, None),
        ({"Runtimes": None, "CDISpecDirs": ["/etc/cdi"]}, None),
    ],
)
def test_an_engine_offers_gpus_by_its_runtime_or_by_named_devices(info, offer):
    assert gpu_offer(info) == offer


@pytest.mark.parametrize("info", [WITH_TOOLKIT, {}])
def test_preflight_says_whether_the_engine_has_gpus(recorder, tmp_path, info):
    recorder.info = info

    found = preflight.fn("debian:trixie-slim", Settings(home=tmp_path))

    assert isinstance(found, EngineReady)
    assert found.has_gpu == bool(info)


def test_a_run_asks_for_all_gpus_of_the_runtime(recorder, tmp_path):
    recorder.info = WITH_TOOLKIT

    assert request(recorder, tmp_path, gpus=True)["DeviceRequests"] == BY_RUNTIME


def test_a_run_asks_for_devices_by_name_where_the_engine_has_no_runtime(recorder, tmp_path):
    recorder.info = WITH_CDI

    (asked,) = request(recorder, tmp_path, gpus=True)["DeviceRequests"]

    assert (asked["Driver"], asked["DeviceIDs"]) == ("cdi", ["nvidia.com/gpu=all"])


@pytest.mark.parametrize(("info", "gpus"), [(WITH_TOOLKIT, False), ({}, True)])
def test_no_gpu_is_asked_for_where_none_is_offered_or_used(recorder, tmp_path, info, gpus):
    recorder.info = info

    assert not request(recorder, tmp_path, gpus=gpus).get("DeviceRequests")


@pytest.mark.parametrize(
    ("has_gpu", "signs", "gpus"),
    [(True, (SIGN,), True), (True, (), False), (False, (SIGN,), False)],
)
def test_containers_get_gpus_where_the_engine_has_them_and_the_code_uses_one(has_gpu, signs, gpus):
    plan = EnvPlan(base_image="python:3.11-slim", smoke_command="true")
    rules = PlannedEnvironment(plan=plan, planner="rules")

    found = with_gpus(rules.changed(fallback=rules), RepoFacts(facts=signs), has_gpu=has_gpu)

    assert (found.gpus, found.fallback and found.fallback.gpus) == (gpus, gpus)
