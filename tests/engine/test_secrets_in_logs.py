"""A repository that prints, takes along and prints again what the site mounts for its build."""

from pathlib import Path

import pytest

from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.facts import RepoFacts
from paper2run.model.outcome import BuildContext, BuildFailed, Built, SmokeFailed
from paper2run.model.repo import Checkout
from paper2run.settings import Settings
from tasks.build import build
from tasks.drivers.engine.engine import Engine
from tasks.smoke import smoke
from tasks.verify import verify

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("prefect_server")]

PASSWORD = "passw0rd-of-the-index"
PROXY_PASSWORD = "passw0rd-of-the-proxy"
STEAL = "cat /mnt/pip/pip.conf /mnt/uv/uv.toml && env && env >&2 && cp -r /mnt /stolen && chmod -R a+rX /stolen"
PRINT = "cat /stolen/pip/pip.conf && cat /stolen/uv/uv.toml >&2 && exit 3"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home",
        index_url=f"http://name:{PASSWORD}@127.0.0.1:9/simple",
        http_proxy=f"http://name:{PROXY_PASSWORD}@127.0.0.1:9",
        min_free_mb=1,
        timeout=60,
    )


def assert_clean(folder: Path, *texts: str) -> None:
    kept = [path.read_text() for path in folder.glob("*.log")]
    assert kept
    for text in (*kept, *texts):
        for secret in (PASSWORD, PROXY_PASSWORD):
            assert secret not in text


def test_the_sites_passwords_are_in_no_log_of_a_build_or_a_run(
    engine: Engine, base: str, repo: Path, run_id: str, settings: Settings, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    plan = EnvPlan(base_image=base, smoke_command=PRINT)
    planned = PlannedEnvironment(plan=plan, planner="rules")
    tag = f"paper2run-tests/secrets:{run_id[-12:]}"
    text = f"FROM {base}\nENV RUN={run_id}\nRUN {STEAL}\n"
    context = BuildContext(
        dockerfile=text, instructions="", dockerignore="", image=tag, planned=planned
    )
    checkout = Checkout(url="", name="thief", commit="1" * 40, mirror="")

    built = build.fn(checkout, context, str(repo), str(logs), run_id, settings)
    assert isinstance(built, Built)
    assert "index-url = http://name:[key removed]@127.0.0.1:9/simple" in built.log.stdout
    assert_clean(logs, built.model_dump_json())

    smoked = smoke.fn(checkout, planned, built, str(logs), run_id, settings)
    assert isinstance(smoked, SmokeFailed)
    assert "index-url" in smoked.log.stdout
    assert_clean(logs, smoked.model_dump_json())

    verified = verify.fn(
        checkout, planned, built, smoked, RepoFacts(), "tests", str(logs), run_id, settings
    )
    assert_clean(logs, verified.model_dump_json())


def test_a_failed_build_says_none_of_them_either(
    base: str, repo: Path, run_id: str, settings: Settings, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    plan = EnvPlan(base_image=base, smoke_command="true")
    context = BuildContext(
        dockerfile=f"FROM {base}\nENV RUN={run_id}\nRUN cat /mnt/pip/pip.conf >&2 && exit 4\n",
        instructions="",
        dockerignore="",
        image=f"paper2run-tests/secrets:{run_id[-12:]}",
        planned=PlannedEnvironment(plan=plan, planner="rules"),
    )
    checkout = Checkout(url="", name="thief", commit="1" * 40, mirror="")

    failed = build.fn(checkout, context, str(repo), str(logs), run_id, settings)

    assert isinstance(failed, BuildFailed)
    assert failed.exit_code == 4
    assert_clean(logs, failed.model_dump_json())
