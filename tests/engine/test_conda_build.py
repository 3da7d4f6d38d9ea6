"""Solves, builds and runs a conda environment from a tiny channel behind a site's password."""

import json
import uuid
from datetime import date
from pathlib import Path

import pytest

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import Asked, EngineReady, PlannedEnvironment
from paper2run.model.outcome import BuildFailed, Built
from paper2run.model.repo import Checkout
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence
from paper2run.rendering.dockerfile import dockerfile
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings
from tasks.conda import channels, conda
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.buildkit import build
from tasks.drivers.engine.containers import Limits, run
from tasks.drivers.engine.engine import Engine
from tests.engine.conftest import gateway
from tests.tiny_channel import Channel, served

pytestmark = [pytest.mark.docker, pytest.mark.index]

BUILD_LIMIT_S = 600
LIMITS = Limits(memory_mb=512, cpus=1, pids=64, disk_mb=100)
PASSWORD = "s3cret-of-the-mirror"
SITE_PACKAGES = "/opt/conda/lib/python3.11/site-packages"
PYTHON = f"""\
#!/bin/sh
PYTHONPATH={SITE_PACKAGES} exec /usr/bin/python3 "$@"
"""
"""Stands for conda's interpreter, which would be a hundred megabytes."""
POST_LINK = '#!/bin/sh\necho "linked into $PREFIX" > "$PREFIX/linked.txt"\n'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    channel = Channel(tmp_path / "site" / "conda-forge")
    channel.add("python", "3.11.2", {"bin/python": PYTHON, "bin/python3.11": PYTHON})
    channel.add(
        "libwave", "0.9", {"lib/wave.txt": "height 7\n", "bin/.libwave-post-link.sh": POST_LINK}
    )
    channel.add(
        "waves",
        "1.2",
        {
            "site-packages/waves.py": "def main():\n    print(open('/opt/conda/lib/wave.txt').read())\n"
        },
        depends=("python", "libwave"),
        subdir="noarch",
        noarch="python",
        entry_points=["waves = waves:main"],
    )
    return tmp_path / "site"


@pytest.fixture
def planned(repo: Path) -> PlannedEnvironment:
    text = "channels: [conda-forge]\ndependencies: [python=3.11, waves]\n"
    (repo / "environment.yml").write_text(text)
    (repo / "run.py").write_text("import waves\nwaves.main()\n")
    (repo / "README.md").write_text("# Run\n\n```sh\npython run.py\n```\n")
    tree = RepoTree.of(repo)
    asked = Asked(name="o/n", commit="1" * 40, commit_day=date(2023, 6, 1))
    found = rules.plan(Evidence(read_facts(tree), frozenset(tree.files), asked))
    assert isinstance(found, PlannedEnvironment)
    return found


def test_conda_packages_are_built_through_the_mirror_and_nothing_of_it_stays(
    engine: Engine,
    base: str,
    run_id: str,
    repo: Path,
    site: Path,
    planned: PlannedEnvironment,
    tmp_path: Path,
) -> None:
    host = gateway(engine, base, run_id)
    with served(site, login=f"anna:{PASSWORD}", host=host) as server:
        mirror = f"{host}:{server.server_port}"
        settings = Settings(
            home=tmp_path / "home", conda_channel_alias=f"http://anna:{PASSWORD}@{mirror}"
        )
        environment = conda.fn(
            planned, channels.fn(planned, EngineReady(engine=""), settings), settings
        )
        text = dockerfile(Checkout(url="", name="o/n", commit="1" * 40, mirror=""), environment)
        tag = f"paper2run-tests/{uuid.uuid4().hex}:1"
        injection = Injection.of(settings)
        built = build(
            engine,
            BuildInput(text, repo, tag, injection),
            run_id=run_id,
            timeout_s=BUILD_LIMIT_S,
        )
        assert isinstance(built, Built), built
        digest = environment.plan.install_steps[2].rpartition("#")[2][:64]
        wrong = BuildInput(text.replace(digest, "0" * 64), repo, f"{tag}-wrong", injection)
        refused = build(engine, wrong, run_id=run_id, timeout_s=BUILD_LIMIT_S)
    assert isinstance(refused, BuildFailed)
    assert "hash" in refused.log.stdout + refused.log.stderr

    def started(command: str) -> str:
        result = run(
            engine, tag, command, limits=LIMITS, run_id=run_id, home=Settings().home, timeout_s=60
        )
        assert result.exit_code == 0, result.log
        return result.log.stdout

    assert "height 7" in started(environment.plan.smoke_command)
    assert "height 7" in started("cd /tmp && waves")
    assert "linked into /opt/conda" in started("cat /opt/conda/linked.txt")
    meta = json.loads(started("cat /opt/conda/conda-meta/waves-1.2-0.json"))
    assert meta["depends"] == ["python", "libwave"]
    assert meta["url"] == "https://conda.anaconda.org/conda-forge/noarch/waves-1.2-0.tar.bz2"
    everything = b"".join(engine.client.images.get(tag).save())
    for trace in (PASSWORD, mirror):
        assert trace.encode() not in everything
