"""Environments from conda's channels: a tiny local channel, the real solver, the rendered Dockerfile."""

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from paper2run.detectors import read_facts
from paper2run.errors import HostError
from paper2run.formats.tree import RepoTree
from paper2run.model.conda import CondaSolved
from paper2run.model.environment import Asked, EngineReady, PlannedEnvironment
from paper2run.model.repo import Checkout
from paper2run.planners import rules
from paper2run.planning.conda_wish import wish_of
from paper2run.planning.evidence import Evidence
from paper2run.rendering.dockerfile import dockerfile, instructions
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings
from tasks.conda import channels, conda
from tasks.console.doctor import examine
from tasks.drivers.conda.conda_solver import solve
from tests.tiny_channel import Channel, Handler, served

pytestmark = pytest.mark.index

COMMIT = "1" * 40
ENGINE = EngineReady(engine="test")
ENVIRONMENT = """\
channels: [conda-forge]
dependencies:
  - python=3.8
  - waves>=1
  - pip:
    - six==1.15.0
"""


@pytest.fixture
def site(tmp_path):
    channel = Channel(tmp_path / "site" / "conda-forge")
    channel.add("python", "3.8.5", depends=("libwave", "pip"))
    channel.add("pip", "20.2", subdir="noarch", noarch="generic")
    channel.add("libwave", "0.9", depends=("__glibc >=2.17",))
    channel.add(
        "waves", "1.2", depends=("python >=3.8,<3.9",), day=date(2020, 2, 1), build="py38_0"
    )
    channel.add(
        "waves", "2.0", depends=("python >=3.8,<3.9",), day=date(2021, 2, 1), build="py38_0"
    )
    channel.add("numpy", "1.18.5", depends=("python >=3.8,<3.9",), build="py38_0")
    return tmp_path / "site"


def repository(folder: Path, environment: str = ENVIRONMENT, **files: str) -> PlannedEnvironment:
    texts = {"environment.yml": environment, "run.py": "import waves\n", **files}
    for path, text in texts.items():
        (folder / "repo" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "repo" / path).write_text(text)
    tree = RepoTree.of(folder / "repo")
    asked = Asked(name="o/n", commit=COMMIT, commit_day=date(2020, 6, 1))
    found = rules.plan(Evidence(read_facts(tree), frozenset(tree.files), asked))
    assert isinstance(found, PlannedEnvironment)
    return found


def settings_for(folder: Path, alias: str, **others: object) -> Settings:
    return Settings(home=folder / "home", conda_channel_alias=alias, **others)


def made(planned: PlannedEnvironment, settings: Settings) -> PlannedEnvironment:
    """Run the stages' own logic, without Prefect around it."""
    return conda.fn(planned, channels.fn(planned, ENGINE, settings), settings)


def rendered(planned: PlannedEnvironment) -> str:
    return dockerfile(Checkout(url="", name="o/n", commit=COMMIT, mirror=""), planned)


def words(planned: PlannedEnvironment) -> str:
    return "\n".join(f"{reason.decision} [{reason.source}]" for reason in planned.reasons)


def test_an_environment_file_is_made_of_its_channels_as_of_the_commit(site, tmp_path):
    planned = repository(tmp_path)
    with served(site) as server:
        found = made(planned, settings_for(tmp_path, f"http://127.0.0.1:{server.server_port}"))
    text = rendered(found)
    assert found.plan.base_image == "debian:bookworm-slim"
    assert "https://conda.anaconda.org/conda-forge/linux-64/waves-1.2-py38_0.tar.bz2#" in text
    assert "waves-2.0" not in text
    assert "/noarch/pip-20.2-0.tar.bz2#" in text
    assert "pip install --no-compile --no-deps six==1.15.0" in text
    assert found.resolution is not None
    assert (found.resolution.python, found.resolution.conda_packages) == ("3.8", 4)
    assert found.resolution.date_step == "commit date"
    assert "4 packages from https://conda.anaconda.org/conda-forge as of 2020-06-01" in words(found)
    told = instructions(Checkout(url="", name="o/n", commit=COMMIT, mirror=""), found, "tag")
    assert "- 4 packages from conda's channels (https://conda.anaconda.org/conda-forge)" in told
    # What rarely changes comes before the source.
    assert (
        text.index("bin/python install.py")
        < text.index("--no-deps six==1.15.0")
        < text.index("COPY")
    )


def test_the_same_plan_gives_the_same_bytes_and_names_no_mirror(site, tmp_path):
    planned = repository(tmp_path)
    texts = []
    for name in ("one", "two"):
        with served(site, login="anna:s3cret") as server:
            alias = f"http://anna:s3cret@127.0.0.1:{server.server_port}"
            settings = settings_for(tmp_path / name, alias)
            texts.append(rendered(made(planned, settings)))
            ours = Injection.of(settings)
            assert "s3cret" not in ours.apply(texts[0]) + str(ours.build_args)
            assert "127.0.0.1" not in ours.apply(texts[0]) + str(ours.build_args)
            assert b"s3cret" in ours.files["rattler/auth.json"]
    assert texts[0] == texts[1]
    assert "127.0.0.1" not in texts[0]


def test_what_conda_brings_is_not_installed_by_pip_again(site, tmp_path):
    environment = ENVIRONMENT.replace("  - waves>=1\n", "  - waves>=1\n  - numpy=1.18\n")
    environment = environment.replace("six==1.15.0", "pandas==1.0.4")
    planned = repository(tmp_path, environment)
    with served(site) as server:
        found = made(planned, settings_for(tmp_path, f"http://127.0.0.1:{server.server_port}"))
    pins = {pin.name for pin in found.resolution.pins}
    assert "pandas" in pins
    assert "numpy" not in pins
    assert "numpy-1.18.5-py38_0.tar.bz2" in rendered(found)


def test_a_file_exported_elsewhere_loses_what_is_not_for_linux_and_says_so(site, tmp_path):
    environment = ENVIRONMENT.replace("waves>=1", "waves=1.2=py38_99\n  - libcxx=14.0=h0")
    planned = repository(tmp_path, environment)
    with served(site) as server:
        found = made(planned, settings_for(tmp_path, f"http://127.0.0.1:{server.server_port}"))
    assert "waves-1.2-py38_0" in rendered(found)
    assert "libcxx=14.0=h0 left out: not on the channels for Linux" in words(found)
    assert "builds left out of the versions" in words(found)


def test_an_environment_that_the_channels_cannot_make_is_translated_with_their_words(
    site, tmp_path
):
    planned = repository(tmp_path, ENVIRONMENT.replace("waves>=1", "waves>=9"))
    with served(site) as server:
        found = made(planned, settings_for(tmp_path, f"http://127.0.0.1:{server.server_port}"))
    assert found.plan == planned.plan
    assert "from the Python index and Debian instead: commit date: Cannot solve" in words(found)


@pytest.mark.parametrize(
    ("path", "why"),
    [("/nothing", "answered 404"), ("", "answered 401")],
)
def test_a_channel_that_refuses_leaves_the_translated_plan(site, tmp_path, path, why):
    planned = repository(tmp_path)
    login = "" if path else "anna:s3cret"
    with served(site, login=login) as server:
        alias = f"http://bert:wrong@127.0.0.1:{server.server_port}{path}"
        found = made(planned, settings_for(tmp_path, alias))
    assert found.plan == planned.plan
    assert why in words(found)
    assert "wrong" not in words(found)
    assert len(server.asked) == 1


def test_a_channel_that_nobody_serves_leaves_the_translated_plan(tmp_path):
    planned = repository(tmp_path)
    found = made(planned, settings_for(tmp_path, "http://127.0.0.1:1/"))
    assert found.plan == planned.plan
    assert "http://127.0.0.1:1/conda-forge cannot be reached (ConnectionError)" in words(found)
    assert "[environment.yml]" in words(found)


def certificate(folder: Path) -> tuple[Path, tuple[Path, Path]]:
    """Return the authority's file, and the chain with its key for 127.0.0.1."""
    ca, ca_key, key = folder / "ca.pem", folder / "ca.key", folder / "site.key"
    request, chain, extension = folder / "site.csr", folder / "site.pem", folder / "extension"
    extension.write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
    for command in (
        [*new, "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", ca_key, "-out", ca],
        [*new, "-subj", "/CN=site", "-keyout", key, "-out", request],
        ["openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
         "-days", "2", "-extfile", extension, "-out", chain],
    ):  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
    return ca, (chain, key)


def test_a_sites_own_authority_is_trusted_where_it_is_named_and_only_there(
    site, tmp_path, monkeypatch
):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    ca, chain = certificate(tmp_path)
    planned = repository(tmp_path)
    with served(site, certificate=chain) as server:
        alias = f"https://127.0.0.1:{server.server_port}"
        refused = channels.fn(planned, ENGINE, settings_for(tmp_path, alias))
        assert "its certificate is not trusted here" in refused
        trusting = settings_for(tmp_path, alias, ca_bundle=ca)
        assert channels.fn(planned, ENGINE, trusting) == ""
        found = solve(planned.conda, planned.commit_day, trusting, tmp_path / "kept")
    assert isinstance(found, CondaSolved)
    assert [archive.name for archive in found.archives] == ["libwave", "pip", "python", "waves"]


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_solver_that_a_signal_ends_is_the_machines_passing_trouble(site, tmp_path, number):
    planned = repository(tmp_path)
    kept = tmp_path / "kept"

    class Deadly(Handler):
        """Ends the program that asks: the only one whose working folder is where the lists are kept."""

        def do_GET(self) -> None:
            asking = [
                int(folder.parent.name)
                for folder in Path("/proc").glob("[0-9]*/cwd")
                if folder.resolve() == kept
            ]
            for process in asking:
                os.kill(process, number)
            super().do_GET()

        do_HEAD = do_GET

    with (
        served(site, handler=Deadly) as server,
        pytest.raises(HostError, match=number.name) as caught,
    ):
        settings = settings_for(tmp_path, f"http://127.0.0.1:{server.server_port}")
        solve(planned.conda, planned.commit_day, settings, kept)
    assert (caught.value.transient, caught.value.trouble) == (True, "machine")


def test_a_solver_that_fails_by_itself_is_not_tried_again(tmp_path, monkeypatch):
    planned = repository(tmp_path)
    (tmp_path / "damaged" / "rattler").mkdir(parents=True)
    (tmp_path / "damaged" / "rattler" / "__init__.py").write_text("")
    others = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'damaged'}{os.pathsep}{others}")
    settings = settings_for(tmp_path, "http://127.0.0.1:1")
    with pytest.raises(HostError, match=r"exit code 1.*rattler") as caught:
        solve(planned.conda, planned.commit_day, settings, tmp_path / "kept")
    assert not caught.value.transient


def test_a_channel_on_a_host_of_its_own_is_never_asked(tmp_path):
    text = ENVIRONMENT.replace("conda-forge", "'http://127.0.0.1:1/t/s3cret/internal'")
    found = made(repository(tmp_path, text), settings_for(tmp_path, ""))
    assert "http://127.0.0.1:1/t/…/internal is on a host of its own" in words(found)


def test_a_lock_with_addresses_needs_no_solver(tmp_path):
    packages = "".join(
        f"- {{name: {name}, version: '{version}', manager: conda, platform: linux-64, "
        f"url: 'https://conda.anaconda.org/conda-forge/linux-64/{name}-{version}-0.conda', "
        f"hash: {{md5: {'0' * 32}, sha256: {digit * 64}}}}}\n"
        for name, version, digit in (("python", "3.8.5", "a"), ("waves", "1.2", "b"))
    )
    lock = f"metadata: {{channels: [{{url: conda-forge}}]}}\npackage:\n{packages}"
    planned = repository(tmp_path, **{"conda-lock.yml": lock})
    found = conda.fn(planned, "", settings_for(tmp_path, ""))
    assert f"waves-1.2-0.conda#{'b' * 64}" in rendered(found)
    assert found.resolution.date_step == "lock"


def test_an_engine_for_another_architecture_asks_nobody(tmp_path):
    arm = EngineReady(engine="test", architecture="arm64")
    why = channels.fn(repository(tmp_path), arm, settings_for(tmp_path, "http://127.0.0.1:1"))
    assert "the engine's images are for arm64" in why


def test_an_engine_without_debians_image_and_without_a_registry_asks_nobody(site, tmp_path):
    planned = repository(tmp_path)
    closed = EngineReady(engine="test", offered_pythons=("3.11",))
    with served(site) as server:
        alias = f"http://127.0.0.1:{server.server_port}"
        why = channels.fn(planned, closed, settings_for(tmp_path, alias))
    assert "no registry can be reached" in why
    assert server.asked == []


def test_requirements_at_the_root_come_first_unless_the_documents_say_conda(tmp_path):
    planned = repository(tmp_path, **{"requirements.txt": "waves\n"})
    assert planned.conda is None
    readme = "# Install\n\n```sh\nconda env create -f environment.yml\n```\n"
    planned = repository(tmp_path, **{"requirements.txt": "waves\n", "README.md": readme})
    assert planned.conda is not None


def test_an_interpreter_with_a_pip_section_needs_no_conda(tmp_path):
    text = "dependencies: [python=3.8, pip, {pip: [six]}]\n"
    assert repository(tmp_path, text).conda is None


def test_the_doctor_tells_whether_channels_answer(site, tmp_path, monkeypatch):
    # What the engine keeps takes long to look through, and is not asked here.
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with served(site) as server:
        alias = f"http://anna:s3cret@127.0.0.1:{server.server_port}"
        found = next(
            f for f in examine(settings_for(tmp_path, alias)) if f.what == "conda channels"
        )
        assert (found.works, "s3cret" in found.found) == (True, False)
    found = next(f for f in examine(settings_for(tmp_path, alias)) if f.what == "conda channels")
    assert not found.works
    assert not found.needed
    assert "PAPER2RUN_CONDA_CHANNEL_ALIAS" in found.do


def test_the_solver_is_loaded_by_nobody_who_does_not_solve():
    code = "import sys, flows.cli, tasks.conda, tasks.drivers.conda.conda_solver; print('rattler' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "False"


def test_a_wish_without_an_interpreter_takes_the_planned_one(tmp_path):
    repository(tmp_path, "dependencies: [waves]\n")
    tree = RepoTree.of(tmp_path / "repo")
    wish = wish_of(read_facts(tree), ("3.8", "3.7"))
    assert wish is not None
    assert wish.specs == ("waves", "python 3.8.*")
    assert wish.channels[0] == "https://repo.anaconda.com/pkgs/main"
