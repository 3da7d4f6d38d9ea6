"""The base images that a model may choose from: asked of the engine once a run."""

import pytest

from paper2run.errors import EngineError
from paper2run.settings import Settings
from tasks import preflight
from tasks.drivers.engine.engine import STANDIN_LABEL, ImageInfo
from tasks.running.records import RunFolder

SETTINGS = Settings(_env_file=None, model="openai/m", api_key="k")


class Here:
    """An engine with these images, which may be stand-ins."""

    def __init__(self, *names, is_standin):
        self.names, self.is_standin = names, is_standin

    def local_images(self, prefix):
        return self.names

    def image(self, name):
        labels = {STANDIN_LABEL: "true"} if self.is_standin else {}
        return ImageInfo(id="sha256:1", size_bytes=1, labels=labels)


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path, "fold")


def lies_here(monkeypatch, *names, is_standin=True):
    monkeypatch.setattr(preflight, "connect", lambda: Here(*names, is_standin=is_standin))


def test_a_run_asks_the_engine_once(run, monkeypatch):
    lies_here(monkeypatch, "python:3.9-slim", "evil/image:1", "debian:bookworm-slim")
    first = preflight.images_on_offer(run, SETTINGS)
    lies_here(monkeypatch, "python:3.12-slim")

    assert first == ("python:3.9-slim", "debian:bookworm-slim")
    assert preflight.images_on_offer(RunFolder(run.path), SETTINGS) == first


def test_where_a_registry_has_all_none_is_named_and_the_engine_is_asked_once_too(run, monkeypatch):
    lies_here(monkeypatch, "python:3.9-slim", is_standin=False)
    assert preflight.images_on_offer(run, SETTINGS) == ()
    lies_here(monkeypatch, "python:3.9-slim")
    assert preflight.images_on_offer(run, SETTINGS) == ()


def test_without_a_model_or_an_engine_none_is_named(run, monkeypatch):
    def no_engine():
        raise EngineError("no engine", hint="start one")

    lies_here(monkeypatch, "python:3.9-slim")
    assert preflight.images_on_offer(run, SETTINGS.changed(planner="rules")) == ()
    monkeypatch.setattr(preflight, "connect", no_engine)
    assert preflight.images_on_offer(run, SETTINGS) == ()
