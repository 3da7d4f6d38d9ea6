"""Our builds' leftovers on a real engine are told from others' and removed by age, unless in use.

Others may build on the engine at the same time: each test judges only what it made.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paper2run.model.outcome import Built
from paper2run.rendering.build_marks import CONTEXT_TAR, CacheRecord
from paper2run.rendering.injection import Injection
from paper2run.rendering.keeping import Kept, OwnImage, leaving
from paper2run.settings import Settings
from tasks.drivers.engine import kept_space
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.buildkit import build
from tasks.drivers.engine.engine import Engine, remove_container
from tasks.running import keep_space

pytestmark = pytest.mark.docker
BUILD_LIMIT_S = 180
STEP_BYTES = 3_000_017
ANY = float("inf")
"""Enough for all that is kept: no image is inspected, which takes long where others have built many."""
ROOM_BYTES = 10**9
"""For what others build meanwhile."""

BuildOwn = Callable[..., Built]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def build_own(engine: Engine, base: str, repo: Path, settings: Settings) -> Iterator[BuildOwn]:
    """Build as runs do, under a name of ours, as a run that `settings.home` knows."""
    run_id = f"tests-{uuid.uuid4().hex}"
    (settings.home / "runs").mkdir(parents=True)
    (settings.home / "runs" / run_id).write_text(str(repo))
    made = []

    def run(steps: str, owner: str = "") -> Built:
        tag = f"paper2run/tests-{uuid.uuid4().hex}:1"
        given = BuildInput(f"FROM {base}\n{steps}\n", repo, tag, Injection(cache_owner=owner))
        built = build(engine, given, run_id=run_id, timeout_s=BUILD_LIMIT_S)
        assert isinstance(built, Built)
        made.append(tag)
        return built

    yield run
    for tag in made:
        engine.remove_image(tag)


def step(mark: str) -> str:
    return f"RUN echo {mark} && head -c {STEP_BYTES} /dev/urandom > /{mark}"


def ids(engine: Engine) -> set[str]:
    return {record.id for record in kept_space.look(engine, (), enough_bytes=ANY).records}


def told(kept: Kept, mark: str) -> list[CacheRecord]:
    return [record for record in kept.own.layers if mark in record.description]


def test_all_that_a_build_leaves_in_the_cache_is_known_as_ours(
    engine: Engine, build_own: BuildOwn, repo: Path, settings: Settings
) -> None:
    mark = uuid.uuid4().hex
    (repo / "data.bin").write_bytes(bytes(123_457))
    (repo / "folder").mkdir()
    before = ids(engine)

    build_own(f"{step(mark)}\nCOPY repo/ /repo/\nRUN pip --version", owner=mark)

    kept = keep_space.look(engine, settings, enough_bytes=ANY)
    own = {record.id: record for records in kept.own for record in records}
    new = [record for record in kept.records if record.id not in before]
    layers = [record for record in new if record in kept.own.layers]
    assert {STEP_BYTES, 123_457} <= {record.size_bytes for record in layers}
    assert any("pip --version" in record.description for record in layers)
    assert not [record for record in new if mark in record.description and record.id not in own]
    # Packed, unpacked, and the download cache.
    contexts = {record.id for record in kept.own.contexts} - before
    assert len(contexts) >= 2
    assert {record.id for record in kept.own.downloads} - before


def test_the_cache_of_a_build_of_other_people_is_not_ours(
    engine: Engine, base: str, repo: Path, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = uuid.uuid4().hex
    # As `docker build` sends it: without what we add.
    monkeypatch.setattr("tasks.drivers.engine.build_context.marked", lambda text: text)
    monkeypatch.setattr("tasks.drivers.engine.build_context.tar_padding", lambda size: 0)
    monkeypatch.setattr("tasks.drivers.engine.build_context.files_padding", lambda size: 0)
    tag = f"paper2run-tests/{mark}:1"
    steps = f"RUN --mount=type=cache,id={mark},target=/root/.cache/pip {step(mark)[4:]}"
    before = ids(engine)

    theirs = BuildInput(f"FROM {base}\n{steps}\nCOPY repo/ /x/\n", repo, tag)
    assert isinstance(build(engine, theirs, run_id=run_id, timeout_s=BUILD_LIMIT_S), Built)

    kept = kept_space.look(engine, (), enough_bytes=ANY)
    own = {record.id for records in kept.own for record in records}
    new = [record for record in kept.records if record.id not in before]
    assert [record.id for record in new if mark in record.description]
    assert not [record for record in new if mark in record.description and record.id in own]


def test_layers_are_shared_between_repositories_as_before(build_own: BuildOwn) -> None:
    mark = uuid.uuid4().hex

    first, second = build_own(step(mark)), build_own(step(mark))

    assert second.cached_steps > first.cached_steps


def test_image_counts_with_what_its_build_added_and_no_layer_counts_twice(
    engine: Engine, build_own: BuildOwn, settings: Settings
) -> None:
    mark = uuid.uuid4().hex
    one = build_own(step(mark))
    two = build_own(f"{step(mark)}\nRUN echo {mark} > /more")

    found = keep_space.look(engine, settings)
    images = [image for image in found.images if image.name in {one.image, two.image}]

    sizes = [sum(size for _, size in image.layers) for image in images]
    assert sorted(sizes) == [STEP_BYTES, STEP_BYTES + 33]
    kept = Kept(tuple(images), found.own._replace(contexts=(), layers=(), downloads=()), ())
    assert kept.size_bytes == STEP_BYTES + 33


def test_images_are_not_inspected_where_all_layers_of_the_engine_are_within_the_limit(
    engine: Engine, build_own: BuildOwn, settings: Settings
) -> None:
    built = build_own(step(uuid.uuid4().hex))
    usage = engine.client.df()
    everything = usage["LayersSize"] + sum(record["Size"] for record in usage["BuildCache"] or ())

    kept = keep_space.look(engine, settings, enough_bytes=everything + ROOM_BYTES)

    # An inspected image has the digests of its steps instead.
    [layers] = [image.layers for image in kept.images if image.name == built.image]
    assert layers == ((built.image, STEP_BYTES),), "what it shares with its base does not count"
    assert kept.size_bytes <= everything + ROOM_BYTES, "nothing has to go"


def test_least_recently_used_goes_first_and_its_layers_with_it(
    engine: Engine, build_own: BuildOwn, settings: Settings
) -> None:
    marks = [uuid.uuid4().hex for _ in range(3)]
    old, used_again, new = (build_own(step(mark)) for mark in marks)
    kept_space.touch(engine, used_again.image)
    mine = {old.image, used_again.image, new.image}

    def only_mine() -> Kept:
        """Return what is there as if nobody else had built: what others made must stay."""
        kept = keep_space.look(engine, settings)
        images = tuple(image for image in kept.images if image.name in mine)
        layers = tuple(record for mark in marks for record in told(kept, mark))
        return Kept(
            images, kept.own._replace(contexts=(), layers=layers, downloads=()), kept.records
        )

    for _ in range(3):
        for gone in leaving(only_mine(), 2 * STEP_BYTES):
            kept_space.remove(engine, gone)

    left = only_mine()
    assert {image.name for image in left.images} == {used_again.image, new.image}
    assert not told(left, marks[0])
    assert left.size_bytes == 2 * STEP_BYTES


def test_image_of_a_run_or_of_a_container_is_spared(
    engine: Engine, build_own: BuildOwn, settings: Settings, run_id: str
) -> None:
    built = build_own(step(uuid.uuid4().hex))

    def found(home: Settings = settings) -> OwnImage:
        images = keep_space.look(engine, home, enough_bytes=ANY).images
        return next(image for image in images if image.name == built.image)

    assert not found().spared
    with keep_space.using_image(built.image, settings):
        assert found().spared
    assert not found().spared
    container = engine.client.containers.create(
        built.image, ["true"], labels={"paper2run.run": run_id}
    )
    try:
        assert found().spared
    finally:
        remove_container(engine, container.id)
    # To another home the run may be going on.
    assert found(settings.changed(home=settings.home / "another")).spared


def test_image_with_a_name_of_somebody_else_is_not_ours(
    engine: Engine, build_own: BuildOwn, settings: Settings
) -> None:
    built = build_own(step(uuid.uuid4().hex))
    other = f"somebody-{uuid.uuid4().hex}"
    engine.client.api.tag(built.image, other, "1")
    try:
        kept = keep_space.look(engine, settings, enough_bytes=ANY)
        names = {image.name for image in kept.images}
        assert built.image not in names
    finally:
        engine.remove_image(f"{other}:1")


def test_nothing_of_a_running_build_goes(
    engine: Engine, build_own: BuildOwn, settings: Settings
) -> None:
    mark = uuid.uuid4().hex
    engine.remove_image(build_own(step(mark)).image)
    ended: list[Built] = []
    running = threading.Thread(
        target=lambda: ended.append(build_own(f"{step(mark)}\nRUN echo {mark} && sleep 8"))
    )
    running.start()
    layers: list[CacheRecord] = []
    while running.is_alive() and not any(record.in_use for record in layers):
        layers = told(keep_space.look(engine, settings, enough_bytes=ANY), mark)

    for record in layers:
        kept_space.remove(engine, record)
    running.join()

    assert layers
    assert isinstance(ended[0], Built)


# The context of a build that runs beside it does not go.
@pytest.mark.alone
def test_context_of_an_ended_build_goes_and_the_next_build_takes_its_layers_from_the_cache(
    engine: Engine, build_own: BuildOwn, repo: Path, settings: Settings
) -> None:
    mark = uuid.uuid4().hex
    (repo / "data.bin").write_bytes(mark.encode() * 5000)
    # Not where sizes are compared: under load the engine counts the length of its target as well.
    (repo / "link").symlink_to("data.bin")
    before = ids(engine)
    steps = f"{step(mark)}\nCOPY repo/ /repo/\nRUN echo after {mark}"
    first = build_own(steps)
    kept = keep_space.look(engine, settings, enough_bytes=ANY)
    contexts = [record for record in kept.own.contexts if record.id not in before]
    assert any(record.description.startswith(CONTEXT_TAR) for record in contexts)

    for record in contexts:
        kept_space.remove(engine, record)

    assert not {record.id for record in contexts} & ids(engine)
    # Random bytes and the time of each step are part of it: equal only where every layer is the first's.
    assert build_own(steps).image_id == first.image_id


def test_several_may_look_at_once_though_the_engine_counts_for_one_at_a_time(
    engine: Engine,
) -> None:
    found: list[Kept] = []
    looking = [
        threading.Thread(target=lambda: found.append(kept_space.look(engine, (), enough_bytes=ANY)))
        for _ in range(4)
    ]
    for each in looking:
        each.start()
    for each in looking:
        each.join()

    assert len(found) == len(looking)
