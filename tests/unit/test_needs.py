"""Needs from facts: which are hard, which are met here, and how many are kept."""

from datetime import UTC, datetime

import pytest

from paper2run.detectors import data_needs
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.facts import (
    Command,
    DataNeed,
    EntryPoint,
    Fact,
    GpuNeed,
    MissingPart,
    OutsideNeed,
    RepoFacts,
)
from paper2run.model.needs import Site
from paper2run.model.repo import Checkout
from paper2run.model.report import Metadata, Versions
from paper2run.model.value import Source
from paper2run.settings import Settings
from paper2run.verdicts.markdown import report
from paper2run.verdicts.needs import MAX_OF_A_KIND, needs_of, site_of


def at(line: int) -> Source:
    return Source(kind="file", path="train.py", line=line)


def gpu(line: int, *, hard: bool) -> GpuNeed:
    return GpuNeed(hard=hard, sign="gpu", source=at(line))


def data(what: str, **fields: bool) -> DataNeed:
    return DataNeed(what=what, source=at(1), **fields)


def needs(*facts: Fact, site: Site | None = None):
    return needs_of(RepoFacts(facts=facts), site or Site())


def test_all_signs_of_a_gpu_are_one_need_with_the_hard_sign_as_source():
    (need,) = needs(gpu(3, hard=False), gpu(8, hard=True))
    assert (need.kind, need.hard, need.met, need.source.line) == ("gpu", True, False, 8)
    assert need.cause == "needs_gpu"


def test_hard_needs_come_first_and_the_others_keep_their_order():
    found = needs(gpu(3, hard=False), data("a.csv"), data("b.csv", hard=True))
    assert [(need.kind, need.what, need.hard) for need in found] == [
        ("data", "b.csv", True),
        ("gpu", "an NVIDIA GPU", False),
        ("data", "a.csv", False),
    ]


def test_the_same_thing_is_one_need_and_hard_where_it_is_both():
    (need,) = needs(data("a.csv"), data("a.csv", hard=True))
    assert need.hard


def test_words_that_restrict_data_come_first_and_are_hard_with_the_data():
    restricted = data("credentialed users alone", restricted=True)
    assert [need.hard for need in needs(data("a.csv"), restricted)] == [False, False]
    found = needs(data("a.csv", hard=True), restricted)
    assert [need.what for need in found] == [
        "data that the authors keep: credentialed users alone",
        "a.csv",
    ]
    assert all(need.hard for need in found)


@pytest.mark.parametrize(
    ("line", "restricted"),
    [
        ("The recordings are available upon request.", True),
        ("We are not able to share them as they are proprietary data.", True),
        ("Some figures need geographical data that is not included in this repository.", True),
        ("Note: the original training data is not uploaded due to its size.", True),
        ("Due to limits of space, we don't share the data directly.", True),
        ("The corpus cannot be distributed for reasons of copyright.", True),
        ("Sign the licence agreement of the data set first.", True),
        ("Most contributions require you to agree to a Contributor License Agreement.", False),
        ("The code reads raw data where they are provided by the user.", False),
        ("Data are not only provided as text, but also as tables.", False),
        ("We do not provide support for Windows.", False),
    ],
)
def test_words_of_a_readme_say_whether_its_authors_keep_data(tmp_path, line, restricted):
    (tmp_path / "README.md").write_text(f"# Waves\n\n{line}\n")
    found = list(data_needs.detect(RepoTree.of(tmp_path)))
    assert [need.restricted for need in found] == [True] * restricted


def test_a_shell_script_that_starts_a_missing_program_starts_nothing():
    place = Source(kind="file", path="scripts/run.sh", line=3)
    part = MissingPart(form="script", module="net/main.py", path="net/main.py", source=place)
    run = Command(purpose="run", line="bash scripts/run.sh", source=at(1))
    other = Command(purpose="run", line="python plot.py", source=at(2))
    (need,) = needs(part, run)
    assert (need.kind, need.hard, need.cause) == ("script", True, "missing_entrypoint")
    assert need.what == "net/main.py, which scripts/run.sh starts"
    assert [need.hard for need in needs(part, run, other)] == [False]


@pytest.mark.parametrize("hard", [True, False])
def test_needs_are_bounded(hard):
    found = needs(*(data(f"{number}.csv", hard=hard) for number in range(1000)))
    assert len(found) == MAX_OF_A_KIND


@pytest.mark.parametrize(
    ("fact", "kind", "cause"),
    [
        (data("x", downloaded=True), "network", "missing_data"),
        (data("x", restricted=True), "data", "missing_data"),
        (OutsideNeed(form="service", what="x", source=at(1)), "service", "external_service"),
        (OutsideNeed(form="licence", what="x", source=at(1)), "licence", "proprietary_toolchain"),
        (OutsideNeed(form="platform", what="x", source=at(1)), "platform", "unsupported_platform"),
    ],
)
def test_each_kind_has_its_cause_and_is_unmet_without_a_site(fact, kind, cause):
    (need,) = needs(fact)
    assert (need.kind, need.cause, need.met) == (kind, cause, False)


@pytest.mark.parametrize(
    ("fact", "site"),
    [
        (gpu(1, hard=True), Site(has_gpu=True)),
        (data("x", downloaded=True), Site(has_network=True)),
        (OutsideNeed(form="memory", what="8 GB", amount=8192, source=at(1)), Site(memory_mb=8192)),
        (OutsideNeed(form="time", what="1 hour", amount=3600, source=at(1)), Site(seconds=3600)),
    ],
)
def test_what_the_site_gives_is_met_and_otherwise_it_is_not(fact, site):
    assert [need.met for need in (*needs(fact, site=site), *needs(fact))] == [True, False]


def test_a_site_is_what_settings_and_plan_give():
    plan = EnvPlan(base_image="python:3.11-slim", smoke_command="true")
    planned = PlannedEnvironment(plan=plan, planner="rules", gpus=True)
    settings = Settings(smoke_network="bridge", memory_mb=4096, timeout=60)
    given = site_of(planned, settings)
    assert given == Site(has_gpu=True, has_network=True, memory_mb=4096, seconds=60)
    assert not site_of(None, settings).has_gpu


def test_the_report_shows_each_need_with_its_source():
    metadata = Metadata(
        status="success",
        repo="r",
        name="r",
        needs=needs(gpu(8, hard=True), data("a|b.csv")),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        versions=Versions(paper2run="1", rules="r"),
    )
    checkout = Checkout(url="", name="r", commit="1" * 40, mirror="")
    lines = report(metadata, checkout, RepoFacts(), ()).splitlines()
    assert "| gpu | an NVIDIA GPU | main work | unmet | train.py:8 |" in lines
    assert "| data | a\\|b.csv | a part | unmet | train.py:1 |" in lines


def test_a_part_that_a_documented_script_imports_is_a_hard_need():
    part = MissingPart(
        module="net.data",
        path="net/data",
        left_out=Source(kind="file", path=".gitignore", line=4, note="data/"),
        source=Source(kind="file", path="train.py", line=2),
    )
    run = Command(purpose="run", line="python train.py", source=Source(kind="readme", path="R"))

    documented, other = needs(part, run), needs(part)

    assert [(need.kind, need.hard, need.cause) for need in documented] == [
        ("part", True, "absent_module")
    ]
    assert ".gitignore:4" in documented[0].what
    assert not other[0].hard


def test_a_missing_script_is_a_hard_need_only_where_documents_start_nothing_else():
    readme = Source(kind="readme", path="README.md", line=9)
    part = MissingPart(form="script", module="train.py", path="train.py", source=readme)
    run = Command(purpose="run", line="python train.py", source=readme)
    other = Command(purpose="run", line="net-demo --size 3", source=readme)

    (alone,) = needs(part, run)
    (beside,) = needs(part, run, other)

    assert (alone.hard, alone.cause) == (True, "missing_entrypoint")
    assert not beside.hard
    script = EntryPoint(name="train_net.py", form="script", source=readme)
    (renamed,) = needs(part, run, script)
    assert not renamed.hard
