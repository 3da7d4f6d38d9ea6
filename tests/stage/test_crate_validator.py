"""A research object meets its profile, as roc-validator judges it.

It asks for a rich older than ours, so it runs in an environment of its own, which uv makes from the index.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import rocrate

from paper2run.settings import Settings
from tasks.console.run_exports import read_run, traces_in, write_crate
from tests.run_folders import PINNED, run_folder

pytestmark = pytest.mark.index

VALIDATOR = "roc-validator==0.13.0"
SCRIPT = Path(__file__).parents[1] / "crate_validation.py"
CONTEXT = Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld"
ACCEPTED = {
    "The author SHOULD have an organizational affiliation.": "CITATION.cff of the example names one of two",
    "The author SHOULD have a Contextual Entity which specifies the organizational `affiliation`.": "the same",
    "The organization SHOULD have a URL.": "CITATION.cff names an affiliation without one",
    "The Action SHOULD have an agent that is a Person or Organization": "the agent is Paper2Run: no login is exported",
    "The Action SHOULD have an endTime in ISO 8601 format": "a stage from an earlier run's results did not run now",
    "The Application SHOULD have a url": "an image that is in no registry has none, nor has Paper2Run",
    "The ContainerImage SHOULD have a registry": "most images are in none",
    "The Root Data Entity SHOULD have a link to a Contextual Entity representing the `author` of the RO-Crate":
        "no login is exported",
    "The `publisher` property of a `Root Data Entity` SHOULD be an `Organization`": "whoever publishes it adds it",
    "The SoftwareApplication id SHOULD be an absolute URI": "the check looks at the class, which has every id",
}  # fmt: skip
"""What is recommended and not met, by the validator's message, and why."""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[list[str]]]:
    """What the validator finds in crates of each kind of end."""
    place = tmp_path_factory.mktemp("crates")
    local = PINNED.changed(url="/home/ada/mesh", name="mesh", committed_at=None)
    folders = {kind: run_folder(place / kind, kind) for kind in ("success", "failure", "crash")}
    folders["local"] = run_folder(place / "local", checkout=local)
    folders["broken"] = run_folder(place / "broken", status="exception", reason="the disk is full")
    shutil.rmtree(folders["broken"] / "attempts")
    for kind, folder in folders.items():
        record = read_run(folder)
        write_crate(record, folder, place / kind, traces_in(record, folder, Settings(home=place)))
    crates = [str(path) for path in sorted(place.glob("*/*-crate"))]
    uv = Path(sys.executable).parent / "uv"
    command = [uv, "tool", "run", "--from", VALIDATOR, "python", SCRIPT, CONTEXT, *crates]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert ended.returncode == 0, ended.stderr[-2000:]
    found = json.loads(ended.stdout.splitlines()[-1])
    return {Path(crate).parent.name: issues for crate, issues in found.items()}


@pytest.mark.parametrize("kind", ["success", "failure", "crash", "local", "broken"])
def test_nothing_that_is_required_is_violated(judged, kind) -> None:
    assert [issue for issue in judged[kind] if issue[0] == "REQUIRED"] == []


@pytest.mark.parametrize("kind", ["success", "failure", "crash", "local", "broken"])
def test_what_is_recommended_is_met_where_there_is_something_to_say(judged, kind) -> None:
    assert [issue for issue in judged[kind] if issue[2] not in ACCEPTED] == []
