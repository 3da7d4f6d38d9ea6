"""Builds and runs plans for languages other than Python: situations of tests/repos with a Dockerfile.

Debian's packages come from its mirror; a build takes 15 to 60 s.
"""

import uuid

import pytest

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import Asked, PlannedEnvironment
from paper2run.model.outcome import Built
from paper2run.model.repo import Checkout
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence
from paper2run.rendering.dockerfile import dockerfile
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.buildkit import build
from tasks.drivers.engine.containers import Limits, RunResult, run
from tasks.drivers.engine.engine import Engine
from tests.cases import REPOS, situation

pytestmark = [pytest.mark.docker, pytest.mark.index]

BUILD_LIMIT_S = 600
RUN_LIMIT_S = 120
LIMITS = Limits(memory_mb=2048, cpus=2, pids=256, disk_mb=500)

# What is run beside the smoke command: something that only a right build answers.
FURTHER = {
    "makefile_program_with_zlib": ("./checksum words.txt", "3455eec8"),
    "cmake_with_fortran": ("./build/integrate", "0.3333"),
    "autotools_without_a_configure_script": ("./src/sieve | tail -n 1", "97"),
    "node_with_a_withdrawn_development_dependency": ("node_modules/.bin/mocha test", "1 passing"),
    "go_packages_before_modules": ("cd $GOPATH/src/example.org/team/waves && go run examples/one.go", "5"),
    "r_package_with_suggestions": ("cd tests && Rscript testthat.R", "PASS 1"),
    "java_without_a_build_file": ("java -cp classes queues.Main", "0.6666"),
}  # fmt: skip

BESIDE = frozenset({"cmake_with_fortran", "autotools_without_a_configure_script"})
"""Other ways of the provider that builds `makefile_program_with_zlib`."""


def planned(name: str) -> PlannedEnvironment:
    case = situation(REPOS / name)
    tree = RepoTree.of(REPOS / name / "repo")
    asked = Asked(name=case.name, commit="1" * 40, commit_day=case.commit_day)
    found = rules.plan(Evidence(read_facts(tree), frozenset(tree.files), asked))
    assert isinstance(found, PlannedEnvironment)
    return found


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.full] if name in BESIDE else []) for name in FURTHER],
)
def test_a_plan_builds_passes_its_smoke_command_and_runs_more(
    engine: Engine, run_id: str, name: str
) -> None:
    environment = planned(name)
    checkout = Checkout(url="", name=name, commit="1" * 40, mirror="")
    tag = f"paper2run-tests/{uuid.uuid4().hex}:1"
    injection = Injection.of(Settings())
    context = BuildInput(dockerfile(checkout, environment), REPOS / name / "repo", tag, injection)
    built = build(engine, context, run_id=run_id, timeout_s=BUILD_LIMIT_S)
    assert isinstance(built, Built), built

    def started(command: str) -> RunResult:
        return run(
            engine,
            tag,
            command,
            limits=LIMITS,
            run_id=run_id,
            home=Settings().home,
            timeout_s=RUN_LIMIT_S,
        )

    smoke = started(environment.plan.smoke_command)
    assert smoke.exit_code == 0, smoke.log
    command, answer = FURTHER[name]
    further = started(command)
    assert answer in further.log.stdout, further.log
