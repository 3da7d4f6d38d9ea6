"""Cached results: the next run hits them; a missing object renews them; two runs compute them once."""

import base64
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_LOCAL_STORAGE_PATH

from flows.reproduce import reproduce
from paper2run.model.report import Metadata
from tasks.drivers.engine.engine_connection import connect
from tests.flow.commands import with_server

pytestmark = pytest.mark.docker
ALWAYS_RUN = {"preflight", "report"}
"""They look at the engine, and write the run's own folder."""


def run_of(repo: str, out: Path, **more: object) -> Metadata:
    metadata, _ = reproduce(
        repo=repo, out=str(out), smoke="python main.py", **more, return_state=True
    ).result()
    assert metadata.status == "success", metadata.reason
    return metadata


def uncached(metadata: Metadata) -> set[str]:
    return {timing.stage for timing in metadata.stages if not timing.cached} - ALWAYS_RUN


@pytest.fixture
def repo(repository, request) -> str:
    # Its own content for each test: results of one must not serve another.
    return repository({"main.py": f"print({request.node.name!r})\n"})


def test_a_second_run_of_the_same_commit_is_cached_in_every_stage_but_report(repo, tmp_path):
    first = run_of(repo, tmp_path / "runs")
    second = run_of(repo, tmp_path / "runs")

    assert uncached(first)
    assert uncached(second) == set()
    assert second.image_id == first.image_id


OF_THE_WORK = (
    "bs4", "doctest", "git", "lark", "litellm", "openai", "paper2run.claims", "paper2run.detectors",
    "paper2run.failures.blame", "paper2run.planners.rules",
    "paper2run.providers", "paper2run.repairs", "pypdf", "pypi_simple", "rattler", "resolvelib",
    "tasks.claims", "tasks.drivers.model.conversation", "tasks.drivers.resolver",
)  # fmt: skip
"""Modules that only stages need which a second run takes from the cache: together a third of its own imports."""


def test_a_second_run_imports_nothing_of_the_work_that_it_does_not_do(repo, tmp_path):
    run_of(repo, tmp_path / "runs")
    asked = ["run", repo, "--out", str(tmp_path / "runs"), "--smoke", "python main.py"]
    code = (
        f"import sys, flows.cli as cli\nsys.argv = ['paper2run', *{asked!r}]\n"
        "try:\n    cli.main()\nfinally:\n    print('loaded:', *sorted(sys.modules))\n"
    )

    storage = {"PREFECT_LOCAL_STORAGE_PATH": str(PREFECT_LOCAL_STORAGE_PATH.value())}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=with_server(storage), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "build #1: cached" in done.stderr
    loaded = set(done.stdout.partition("loaded: ")[2].split())
    assert {"prefect", "tasks.build"} <= loaded
    assert loaded & set(OF_THE_WORK) == set()
    assert "engine's disk" not in done.stderr


class Touches:
    """An object that leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return self.path.touch, ()


@pytest.mark.parametrize(
    "forged",
    [
        {"serializer": {"type": "pickle"}},
        {"serializer": {"type": "compressed/pickle"}},
        {"serializer": {"type": "json", "object_decoder": "forged_reader.decode"}},
        {"result": '{"__class__": "forged_reader.Decoded", "data": {}}'},
    ],
    ids=["pickle", "compressed", "decoder", "class"],
)
def test_a_kept_result_that_names_another_reader_is_computed_anew(
    repo, tmp_path, forged, monkeypatch
):
    marker = tmp_path / "was-here"
    module = tmp_path / "forged_reader.py"
    module.write_text(
        f"import pathlib\npathlib.Path({str(marker)!r}).touch()\ndecode = Decoded = dict\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    first = reproduce(repo=repo, out=str(tmp_path / "runs"), dry_run=True, return_state=True)
    first.result()
    pickled = base64.encodebytes(pickle.dumps(Touches(marker))).decode()
    kept = [*Path(PREFECT_LOCAL_STORAGE_PATH.value()).glob("extract-*")]
    assert kept
    for record in kept:
        content = json.loads(record.read_text())
        content["metadata"] |= {key: forged[key] for key in forged if key == "serializer"}
        content["result"] = forged.get("result", content["result"])
        if "pickle" in str(forged):
            content["result"] = pickled
        record.write_text(json.dumps(content))

    metadata, _ = reproduce(
        repo=repo, out=str(tmp_path / "runs"), dry_run=True, return_state=True
    ).result()

    assert "extract" in uncached(metadata)
    assert not marker.exists()
    assert metadata.status == "planned"


def test_without_the_cache_every_stage_is_computed_anew(repo, tmp_path):
    first = run_of(repo, tmp_path / "runs")
    again = run_of(repo, tmp_path / "runs", no_cache=True)

    assert again.cache_hits == 0
    assert len(again.stages) == len(first.stages)


def test_a_kept_build_whose_image_was_removed_is_built_again(repo, tmp_path):
    first = run_of(repo, tmp_path / "runs")
    connect().remove_image(first.image)
    assert connect().image(first.image) is None

    second = run_of(repo, tmp_path / "runs")

    assert connect().image(second.image) is not None
    assert "build" in uncached(second)


def test_a_damaged_record_is_computed_again(repo, tmp_path):
    run_of(repo, tmp_path / "runs")
    storage = PREFECT_LOCAL_STORAGE_PATH.value()
    damaged = [path for path in storage.glob("extract-*") if path.is_file()]
    for path in damaged:
        path.write_text("{ this is no record")

    second = run_of(repo, tmp_path / "runs")

    assert "extract" in uncached(second)


def test_a_timeout_that_changed_runs_the_smoke_command_again_and_nothing_before_it(repo, tmp_path):
    run_of(repo, tmp_path / "runs", timeout=60)
    second = run_of(repo, tmp_path / "runs", timeout=61)

    assert uncached(second) == {"smoke", "verify"}


def test_two_runs_of_one_commit_at_the_same_time_compute_each_stage_once(repository, tmp_path):
    repo = repository({"main.py": "import time\ntime.sleep(1)\nprint('together')\n"})
    argv = [sys.executable, "-m", "flows.cli", "run", "--repo", repo, "--smoke", "python main.py"]
    environment = {
        **os.environ,
        "PREFECT_API_URL": PREFECT_API_URL.value(),
        "PREFECT_LOCAL_STORAGE_PATH": str(PREFECT_LOCAL_STORAGE_PATH.value()),
    }
    runs = [
        subprocess.Popen(
            [*argv, "--out", str(tmp_path / f"runs{number}")],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in (1, 2)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in runs]

    assert [process.returncode for process in runs] == [0, 0], "\n".join(outputs)
    kept = [json.loads(path.read_text()) for path in tmp_path.glob("runs*/*/metadata.json")]
    assert len(kept) == 2
    for stage in ("build", "smoke", "verify"):
        computed = [
            timing
            for run in kept
            for timing in run["stages"]
            if timing["stage"] == stage and not timing["cached"]
        ]
        assert len(computed) == 1, f"{stage} was computed {len(computed)} times"
