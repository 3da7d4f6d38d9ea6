"""A run that is ended during its build ends the build too and leaves no result.

For the smoke run, and for SIGKILL: tests/flow/test_command_line.py.
"""

import json
import signal
from pathlib import Path

import pytest
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH

from tests.flow.commands import begin
from tests.flow.conftest import Repository, slow_to_build
from tests.processes import ends, starts, unique_duration


@pytest.mark.docker
@pytest.mark.full
@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT],
    ids=lambda number: number.name,
)
def test_a_signal_in_the_build_ends_the_build_and_is_no_verdict(
    number: signal.Signals, home: Path, repository: Repository, tmp_path: Path
) -> None:
    duration, out = unique_duration(), tmp_path / "runs"
    results = PREFECT_LOCAL_STORAGE_PATH.value()
    process = begin(
        slow_to_build(repository, duration), out, PREFECT_LOCAL_STORAGE_PATH=str(results)
    )
    assert starts(duration, within_s=120), "the build never came that far"
    before = set(results.glob("build-*"))
    process.send_signal(number)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130, said
    assert ends(duration, within_s=30)
    [folder] = out.iterdir()
    kept = json.loads((folder / "metadata.json").read_text())
    assert kept["status"] == "interrupted"
    assert "the run was interrupted, after stage render" in kept["reason"]
    assert set(results.glob("build-*")) == before
