"""Wheels are installed by the digests of their files, which a lock beside the Dockerfile holds."""

import subprocess
from datetime import UTC, date, datetime

import pytest

from paper2run.index.releases import IndexFile, hashes_of, project_of
from paper2run.index.target_python import target_python
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.repo import Checkout
from paper2run.model.resolution import Pin, Resolution
from paper2run.rendering.dockerfile import render
from paper2run.rendering.hash_lock import (
    COPY_LOCK,
    LOCKED_STEP,
    LOCKED_WHEELS,
    SOURCES_MARK,
    is_of_the_lock,
    locked,
    sources_step,
)
from paper2run.rendering.pip_steps import WHEELS_STEP, pinned_steps, source_steps, sources_in_order
from paper2run.rendering.source_date import source_date

CHECKOUT = Checkout(url="https://example.org/o/n", name="o/n", commit="a" * 40, mirror="/nowhere")
HASHES = tuple(letter * 64 for letter in "ab")
HASHED = (
    Pin(name="b", version="2", sha256=HASHES),
    Pin(name="a", version="1!2", sha256=HASHES[:1]),
)
SOURCE = Pin(name="c", version="3", sdist=True, sha256=HASHES[1:])


def planned_with(pins, *more):
    steps = (*pinned_steps(pins), *source_steps(pins), *more)
    plan = EnvPlan(base_image="python:3.11-slim", install_steps=steps, smoke_command="true")
    resolution = Resolution(python="3.11", date_step="none", pins=pins)
    return PlannedEnvironment(plan=plan, reasons=(), planner="rules", resolution=resolution)


def test_wheels_and_sources_are_locked_by_the_digests_of_their_files():
    steps, lock, _ = locked(planned_with((*HASHED, SOURCE), "pip install ."))

    assert steps == (LOCKED_WHEELS, sources_step(1), "pip install .")
    assert lock == (
        f"a==1!2 \\\n    --hash=sha256:{HASHES[0]}\n"
        f"b==2 \\\n    --hash=sha256:{HASHES[0]} \\\n    --hash=sha256:{HASHES[1]}\n"
        f"{SOURCES_MARK}\n"
        f"c==3 \\\n    --hash=sha256:{HASHES[1]}\n"
    )


# c is built with d, which is built with e and f; none of the three has a wheel.
WITH_OTHERS = (
    Pin(name="d", version="1", sdist=True, sha256=HASHES, needed_by=("c",)),
    Pin(name="f", version="1", sdist=True, sha256=HASHES, needed_by=("b", "d", "f")),
    Pin(name="e", version="1", sdist=True, sha256=HASHES, needed_by=("d",)),
)


@pytest.mark.parametrize(
    ("pins", "taken"),
    [
        ((*HASHED, SOURCE), ["ab", "c"]),
        ((SOURCE,), ["c"]),
        ((*HASHED, SOURCE, *WITH_OTHERS), ["ab", "ef", "d", "c"]),
    ],
)
def test_each_step_takes_its_part_of_the_lock(tmp_path, pins, taken):
    steps, lock, _ = locked(planned_with(pins))
    (tmp_path / "requirements.lock").write_text(lock)

    parts = []
    for step in steps:
        assert is_of_the_lock(step)
        cut = step.partition(" && ")[0].replace("/tmp/", f"{tmp_path}/")
        subprocess.run(["/bin/sh", "-ec", cut], check=True)
        part = (tmp_path / "requirements.part").read_text()
        parts.append("".join(line[0] for line in part.splitlines() if "==" in line))

    assert parts == taken


def test_sources_that_require_each_other_are_built_together():
    pins = [
        SOURCE.changed(name="a", needed_by=("b",)),
        SOURCE.changed(name="b", needed_by=("a",)),
    ]

    assert [[pin.name for pin in ready] for ready in sources_in_order(pins)] == [["a", "b"]]


def test_a_digest_that_the_index_does_not_tell_leaves_the_steps_as_they_are():
    planned = planned_with((*HASHED, Pin(name="d", version="4")))

    assert locked(planned) == (planned.plan.install_steps, "", {})
    # A step that a model wrote, and a set that a repair changed by hand.
    other = planned_with(HASHED)
    other = other.changed(plan=other.plan.changed(install_steps=(f"{WHEELS_STEP}a==9",)))
    assert locked(other) == (other.plan.install_steps, "", {})


def test_a_digest_that_is_missing_of_one_kind_leaves_the_other_kind_locked():
    unknown = Pin(name="d", version="4")
    steps, lock, _ = locked(planned_with((*HASHED, unknown, SOURCE)))
    assert steps == (*pinned_steps((*HASHED, unknown)), sources_step(1))
    assert lock == f"{SOURCES_MARK}\nc==3 \\\n    --hash=sha256:{HASHES[1]}\n"

    steps, lock, _ = locked(planned_with((*HASHED, SOURCE, unknown.changed(sdist=True))))
    assert steps == (LOCKED_STEP, *source_steps((SOURCE, unknown.changed(sdist=True))))
    assert "c==3" not in lock
    assert SOURCES_MARK not in lock


def test_a_long_set_becomes_one_step_of_the_lock():
    pins = tuple(Pin(name=f"p{n}-{'x' * 60}", version="1", sha256=HASHES) for n in range(2000))
    assert len(pinned_steps(pins)) > 1

    steps, lock, _ = locked(planned_with(pins))

    assert steps == (LOCKED_STEP,)
    assert lock.count("==") == len(pins)


def test_the_dockerfile_copies_the_lock_before_the_source_and_only_where_there_is_one():
    lines = render(CHECKOUT, planned_with(HASHED)).dockerfile.splitlines()

    place = lines.index(f"RUN {LOCKED_STEP}")
    assert lines[place - 1] == COPY_LOCK
    assert place < next(n for n, line in enumerate(lines) if line.startswith("COPY --chown"))
    lines = render(CHECKOUT, planned_with((*HASHED, SOURCE))).dockerfile.splitlines()
    place = lines.index(f"RUN {LOCKED_WHEELS}")
    assert [lines[place - 1], lines[place + 1]] == [COPY_LOCK, f"RUN {sources_step(1)}"]
    assert lines.count(COPY_LOCK) == 1
    unlocked = planned_with((Pin(name="d", version="4"),))
    assert "requirements.lock" not in render(CHECKOUT, unlocked).dockerfile


def test_an_image_is_dated_with_the_time_of_its_commit():
    made = CHECKOUT.changed(committed_at=datetime(2020, 4, 18, 1, 2, 3, tzinfo=UTC))

    assert source_date(render(made, planned_with(HASHED)).dockerfile) == {
        "SOURCE_DATE_EPOCH": "1587171723"
    }
    assert source_date(render(CHECKOUT, planned_with(HASHED)).dockerfile) == {}
    assert source_date('LABEL org.opencontainers.image.created="2020-99-99"\n') == {}


def test_a_lock_holds_every_file_that_linux_may_take_and_no_other():
    names = {
        "a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": "1",
        "a-1-cp311-cp311-musllinux_1_1_aarch64.whl": "2",
        "a-1-cp39-abi3-manylinux2014_aarch64.whl": "3",
        "a-1-py3-none-any.whl": "4",
        "a-1.tar.gz": "5",
        "a-1-cp311-cp311-macosx_11_0_arm64.whl": "6",
        "a-1-cp311-cp311-win_amd64.whl": "7",
        "a-1-cp310-cp310-manylinux2014_x86_64.whl": "8",
    }

    def files(**changed: str) -> list[IndexFile]:
        return [
            IndexFile(
                filename=name,
                url="https://x.example/",
                day=date(2023, 1, 1),
                sha256=digit,
                **changed,
            )
            for name, digit in names.items()
        ]

    release = project_of("a", files()).releases[0]
    assert hashes_of(release, target_python("3.11")) == ("1", "2", "3", "4", "5")
    names["a-1-py3-none-any.whl"] = ""
    assert hashes_of(project_of("a", files()).releases[0], target_python("3.11")) == ()
