"""Pages of Prefect's UI that show a run, its attempt, a batch and the form, in a real browser.

A page of Prefect's breaks at data of another shape than its own functions store, which no other test would notice.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.browser import Browser, browser
from tests.conftest import free_port, wait_for
from tests.flow.batches import wait_until
from tests.flow.commands import paper2run
from tests.flow.conftest import commit_all

pytestmark = [pytest.mark.docker, pytest.mark.full]
START_S: Final = 180
SHOWN_S: Final = 30
"""The UI is an application of 5 MB, which asks the API for each part of a page."""
SUBMIT: Final = """
[...document.querySelectorAll("button")].find(each => each.innerText.trim() === "Submit").click()"""
BROKEN: Final = ("Something went wrong", "Unexpected token", 'Property is type "None"')
FORM: Final = (
    "repo", "paper", "ref", "smoke", "out", "timeout", "max_attempts", "max_candidates", "time_limit",
    "claims_timeout", "target",
    "dry_run", "no_cache", "remove_images", "planner", "model", "base_url", "max_tokens", "max_cost_usd",
    "max_model_seconds",
)  # fmt: skip


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def ui(
    tab: Browser, tmp_path_factory: pytest.TempPathFactory, prefect_server: Path
) -> Iterator[str]:
    """Yield the address of a server with its UI; that of Prefect's test harness has none."""
    home = tmp_path_factory.mktemp("prefect")
    shutil.copy(prefect_server, home / "prefect.db")
    port = free_port()
    settings = {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # The UI takes the address of its API from the setting, not from --port.
        "PREFECT_SERVER_API_PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start"],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"127.0.0.1:{port}", process, START_S)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def made(ui: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run one repository that fails for want of data and a batch of it; register the deployments."""
    root = tmp_path_factory.mktemp("made")
    (root / "lacking").mkdir()
    (root / "lacking" / "main.py").write_text('open("data/train.csv")\n')
    commit_all(root / "lacking")
    (root / "papers.csv").write_text("repo,smoke\nlacking,python main.py\n")
    server = {"PREFECT_API_URL": f"{ui}/api"}
    asked = ["--smoke", "python main.py", "--out", str(root / "runs")]
    done = paper2run("run", str(root / "lacking"), *asked, **server)
    assert done.returncode == 1, done.stderr
    batch = paper2run(
        "batch", str(root / "papers.csv"), "--dry-run", "--out", str(root / "batch"), **server
    )
    assert batch.returncode == 0, batch.stderr
    deployed = paper2run("deploy", "--pool", "pool", **server)
    assert deployed.returncode == 0, deployed.stderr
    return root


def found(ui: str, kind: str, **wanted: str) -> dict[str, Any]:
    """Return the newest of its kind with these fields."""
    answer = httpx.post(f"{ui}/api/{kind}/filter", json={}, timeout=30).json()
    alike = [one for one in answer if wanted.items() <= one.items()]
    assert alike, (wanted, answer)
    return max(alike, key=lambda one: str(one["created"]))


def shown(tab: Browser, address: str, *words: str) -> str:
    """Return what the page shows as soon as all the words are there; AssertionError if they never are."""
    tab.open(address)
    end = time.monotonic() + SHOWN_S
    text = ""
    while time.monotonic() < end:
        text = re.sub(r"\s+", " ", tab.words())
        assert not [broken for broken in BROKEN if broken in text], text
        if all(word in text for word in words):
            return text
        time.sleep(0.2)
    raise AssertionError(f"{address} lacks {[word for word in words if word not in text]}: {text}")


def form_of_runs(ui: str, of_ui: str) -> str:
    """Return the address of the form of reproduce/default."""
    flow = found(ui, "flows", name="reproduce")
    deployment = found(ui, "deployments", flow_id=flow["id"])
    return f"{ui}{of_ui}/deployments/deployment/{deployment['id']}/run"


def runs_of(ui: str) -> int:
    return int(httpx.post(f"{ui}/api/flow_runs/count", json={}, timeout=30).json())


def run_of(root: Path) -> dict[str, Any]:
    [folder] = (root / "runs").iterdir()
    kept: dict[str, Any] = json.loads((folder / "metadata.json").read_text())
    return kept


def base_of(root: Path) -> str:
    """Return the base image that the run chose."""
    [folder] = (root / "runs").iterdir()
    return str(json.loads((folder / "plan.json").read_text())["plan"]["base_image"])


# A browser that has chosen no UI yet gets the second one; addresses that we print lead to the first.
@pytest.mark.parametrize("of_ui", ["/v2", ""], ids=["default", "first"])
class TestPages:
    def test_a_run_says_its_verdict_and_why(self, tab, ui, made, of_ui):
        run = run_of(made)
        address = f"{ui}{of_ui}/runs/flow-run/{run['flow_run_id']}"

        shown(tab, address, "Cannot run: missing_data", f"lacking@{run['commit'][:7]}", "verdict: ")

    def test_the_report_shows_error_change_and_tables(self, tab, ui, made, of_ui):
        run_id = run_of(made)["flow_run_id"]
        report = found(ui, "artifacts", key="lacking-report", flow_run_id=run_id)

        shown(
            tab, f"{ui}{of_ui}/artifacts/artifact/{report['id']}", "It does not run", "data/train.csv",
            "What to do next", base_of(made), "exit 1",
        )  # fmt: skip

    def test_the_attempts_are_a_table(self, tab, ui, made, of_ui):
        attempts = found(ui, "artifacts", key="lacking-attempts")

        shown(
            tab, f"{ui}{of_ui}/artifacts/artifact/{attempts['id']}", "Cannot run: missing_data. Provide",
            "smoke run failed", base_of(made), "FileNotFoundError",
        )  # fmt: skip

    def test_the_address_of_the_page_can_be_copied(self, tab, ui, made, of_ui):
        run_id = run_of(made)["flow_run_id"]
        page = found(ui, "artifacts", key="lacking-page", flow_run_id=run_id)
        [folder] = (made / "runs").iterdir()

        shown(
            tab, f"{ui}{of_ui}/artifacts/artifact/{page['id']}", (folder / "report.html").as_uri()
        )  # fmt: skip

    def test_the_dockerfile_is_there(self, tab, ui, made, of_ui):
        dockerfile = found(ui, "artifacts", key="lacking-dockerfile")

        shown(
            tab, f"{ui}{of_ui}/artifacts/artifact/{dockerfile['id']}",
            f"FROM {base_of(made)}", 'CMD ["/bin/sh", "-c", "python main.py"]',
        )  # fmt: skip

    def test_a_batch_is_a_table(self, tab, ui, made, of_ui):
        batch = found(ui, "artifacts", key="papers-batch")

        shown(
            tab, f"{ui}{of_ui}/artifacts/artifact/{batch['id']}",
            "repository verdict", "lacking", "planned", "dry run: nothing was built or run",
        )  # fmt: skip

    def test_the_form_has_a_field_for_every_parameter_in_groups(self, tab, ui, made, of_ui):
        shown(
            tab, form_of_runs(ui, of_ui), *(f"{name} (Optional)" for name in FORM),
            "Needed unless a paper names it", "How far and how long: timeout", "Model: planner",
        )  # fmt: skip

    def test_the_form_is_not_sent_without_repository_and_paper(self, tab, ui, made, of_ui):
        shown(tab, form_of_runs(ui, of_ui), "repo (Optional)", "Submit")
        before = runs_of(ui)

        tab.run(SUBMIT)
        wait_until(lambda: "should be non-empty" in tab.words(), "the form's refusal")

        assert runs_of(ui) == before
