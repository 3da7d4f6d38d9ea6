"""Plans, pins, builds and runs the Python situations of tests/repos whose case names a rung.

Each must reach that rung, with the counts of its tests, and pass a further command that only a
right image answers. All of them run on Python 3.11, the one interpreter that every machine has an
image of.
"""

from pathlib import Path

import pytest

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import Asked, PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import Built, Passed
from paper2run.model.repo import Checkout
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence
from paper2run.rendering import dockerfile
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings
from tasks.debian_packages import debian_packages
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.buildkit import build
from tasks.drivers.engine.containers import Limits, run
from tasks.drivers.engine.engine import Engine
from tasks.resolve import resolve
from tasks.smoke import smoke
from tasks.verify import verify
from tests.cases import REPOS, situation

pytestmark = [
    pytest.mark.docker,
    pytest.mark.index,
    # Stages that are cached ask a Prefect server.
    pytest.mark.usefixtures("prefect_server"),
]

CASES = {
    path.parent.name: case
    for path in sorted(REPOS.glob("*/case.yaml"))
    if (case := situation(path.parent)).reaches
}
OFFERED = ("3.11",)
BUILD_LIMIT_S = 600


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"), timeout=120)


def planned(name: str, settings: Settings) -> tuple[PlannedEnvironment, RepoFacts]:
    tree = RepoTree.of(REPOS / name / "repo")
    facts = read_facts(tree)
    case = CASES[name]
    asked = Asked(name=case.name, commit="1" * 40, commit_day=case.commit_day)
    found = rules.plan(Evidence(facts, frozenset(tree.files), asked))
    assert isinstance(found, PlannedEnvironment)
    pinned = resolve.fn(found, OFFERED, settings)
    assert pinned.resolution is not None, "it is pinned as one set"
    if pinned.named_packages:
        pinned = debian_packages.fn(pinned, "situations", settings)
    return pinned, facts


@pytest.mark.parametrize("name", CASES)
def test_a_python_situation_reaches_its_rung(
    engine: Engine, run_id: str, settings: Settings, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    environment, facts = planned(name, settings)
    checkout = Checkout(url="", name=name, commit="1" * 40, mirror="")
    text = dockerfile.dockerfile(checkout, environment)
    tag = f"paper2run-tests/{name.replace('_', '-')}:{run_id[-12:]}"
    context = BuildInput(text, REPOS / name / "repo", tag, Injection.of(settings))
    built = build(engine, context, run_id=run_id, timeout_s=BUILD_LIMIT_S)
    assert isinstance(built, Built), built

    smoked = smoke.fn(checkout, environment, built, str(tmp_path), run_id, settings)
    assert isinstance(smoked, Passed), smoked
    assert not smoked.alive_at_timeout
    verified = verify.fn(
        checkout, environment, built, smoked, facts, "tests", str(tmp_path), run_id, settings
    )
    assert all(rung.passed for rung in verified.rungs), verified
    assert verified.reached == case.reaches
    details = {rung.rung: rung.detail for rung in verified.rungs}
    assert details.get("tests", "") == case.tests

    assert case.further is not None
    command, answer = case.further
    limits = Limits.of(settings)
    further = run(
        engine,
        tag,
        command,
        limits=limits,
        run_id=run_id,
        home=Settings().home,
        timeout_s=settings.timeout,
    )
    assert further.exit_code == 0 and answer in further.log.stdout, further.log
