"""Images pushed to a real registry (Debian's docker-registry) on loopback, and pulled from it."""

import uuid
from pathlib import Path

import pytest

from paper2run.errors import HostError
from paper2run.model.outcome import Built
from paper2run.rendering.image_names import cache_reference, pushed_reference
from tasks.drivers.engine import registry
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.buildkit import build
from tasks.drivers.engine.engine import Engine

pytestmark = pytest.mark.docker


@pytest.fixture
def built(engine: Engine, run_id: str, repo: Path) -> Built:
    return made(engine, run_id, repo, f"paper2run-tests/{uuid.uuid4().hex}:1")


def made(engine: Engine, run_id: str, repo: Path, tag: str, cache_from: str = "") -> Built:
    """Build a few bytes: what is pushed is small."""
    (repo / "content").write_text(tag)
    dockerfile = "FROM scratch\nCOPY repo/content /content\n"
    given = BuildInput(dockerfile, repo, tag, cache_from=cache_from)
    outcome = build(engine, given, run_id=run_id, timeout_s=60)
    assert isinstance(outcome, Built), outcome
    return outcome


def test_an_image_that_was_pushed_comes_back_with_the_same_id(engine, built, registry_address):
    reference = pushed_reference(built, registry_address)
    registry.push(engine, built.image, reference)
    assert engine.image(reference) is None, "the registry's name stays with the registry"
    engine.remove_image(built.image)
    assert engine.image(built.image) is None

    found = registry.fetch(engine, reference, built.image)

    assert found is not None
    assert found.id == built.image_id
    assert engine.image(built.image) is not None
    assert engine.image(reference) is None


def test_an_image_that_the_registry_has_not_is_none(engine, built, registry_address):
    assert registry.fetch(engine, pushed_reference(built, registry_address), built.image) is None


def test_a_push_that_nobody_takes_is_host_trouble_though_the_stream_only_mentions_it(engine, built):
    with pytest.raises(HostError, match="cannot be pushed") as caught:
        registry.push(engine, built.image, pushed_reference(built, "127.0.0.1:9"))

    assert caught.value.transient
    assert engine.image(built.image) is not None, "the image itself stays"


def test_a_registry_that_does_not_answer_is_not_taken_for_one_without_the_image(engine, built):
    with pytest.raises(HostError, match="registry cannot be reached"):
        registry.fetch(engine, pushed_reference(built, "127.0.0.1:9"), built.image)


def test_builds_look_for_layers_in_the_registry_and_go_on_without_them(
    engine, run_id, repo, registry_address, built
):
    cache = cache_reference(built.image, registry_address)
    first = made(engine, run_id, repo, built.image, cache_from=cache)
    registry.push(engine, first.image, cache)

    again = made(engine, run_id, repo, built.image, cache_from=cache)

    assert "importing cache manifest from " + cache in again.log.stdout + again.log.stderr
