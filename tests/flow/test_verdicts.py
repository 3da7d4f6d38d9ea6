"""Every verdict of a run, reached for real: real git, Prefect server, engine and index."""

import json
from pathlib import Path

import pytest
from prefect.client.schemas import State

from flows.reproduce import reproduce
from paper2run.errors import HostError, UserError
from paper2run.model.report import Metadata
from paper2run.verdicts.state_names import state_name
from tasks.resolve import resolve
from tests.flow.conftest import recipe_of

pytestmark = pytest.mark.docker
EXAMPLE = Path(__file__).parents[2] / "examples" / "period-doubling"
COMPLETE = {
    "Dockerfile", "INSTRUCTIONS.md", "attempts", "logs", "metadata.json", "paper.json", "plan.json",
    "repo", "repo.json", "repo_facts.json", "report.html", "report.md", "run.log", "badge.svg",
}  # fmt: skip


def verdict_of(state: State, out: Path) -> tuple[Metadata, Path]:
    metadata, folder = state.result()
    assert state.name == state_name(metadata), "the final state is named for the verdict"
    kept = json.loads((Path(folder) / "metadata.json").read_text())
    assert kept["status"] == metadata.status
    assert Path(folder).parent == out.resolve()
    return metadata, Path(folder)


def test_the_bundled_example_succeeds_with_a_complete_run_folder(tmp_path, no_containers_left):
    state = reproduce(
        repo=str(EXAMPLE), paper=str(EXAMPLE / "paper.md"), out=str(tmp_path), return_state=True
    )

    metadata, folder = verdict_of(state, tmp_path)
    assert metadata.status == "success", metadata.reason
    names = {path.name for path in folder.iterdir()}
    assert names >= COMPLETE | {"image.txt"}
    assert (folder / "image.txt").read_text().strip() == metadata.image
    attempt = {path.name for path in (folder / "attempts" / "01").iterdir()}
    assert attempt >= {
        "Dockerfile", "build_stdout.log", "build_stderr.log", "smoke_stdout.log", "smoke_stderr.log",
    }  # fmt: skip
    assert "docker run --rm --init --network=none" in (folder / "INSTRUCTIONS.md").read_text()
    assert metadata.rung == "smoke"
    assert metadata.grade == "documented-run"
    assert state.message.startswith("documented-run: ")
    assert "A documented command runs" in (folder / "report.md").read_text().splitlines()[0]
    for name in ("report.md", "report.html"):
        shown = (folder / name).read_text()
        assert "lyapunov(r=4) = 0.6931" in shown, "what the program printed"
        assert "period doublings in double precision" in shown, "the paper"
    assert metadata.versions.engine


def test_a_module_nobody_declared_is_added_and_the_second_attempt_succeeds(
    tmp_path, repository, no_containers_left
):
    repo = repository(
        {
            "main.py": "def work():\n    try:\n        import tabulate\n    except ImportError:\n"
            "        raise\n    print(tabulate.tabulate([[1, 2]]))\n\n\n"
            'if __name__ == "__main__":\n    work()\n'
        }
    )

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.attempts) == ("success", 2), metadata.reason
    diagnosis = json.loads((folder / "attempts" / "01" / "diagnosis.json").read_text())
    assert diagnosis["by"] == "missing_module"
    assert "No module named 'tabulate'" in diagnosis["evidence"]
    assert "tabulate==" in recipe_of(folder)
    assert "tabulate" not in recipe_of(folder / "attempts" / "01")


def test_a_repair_that_is_needed_after_the_last_attempt_exhausts_them(tmp_path, repository):
    repo = repository({"main.py": "import importlib\nimportlib.import_module('tabulate')\n"})

    state = reproduce(
        repo=repo,
        out=str(tmp_path / "runs"),
        smoke="python main.py",
        max_attempts=1,
        return_state=True,
    )

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.attempts) == ("max-attempts-exhausted", 1)
    assert "--max-attempts" in metadata.smallest_change
    assert not (folder / "image.txt").exists()


@pytest.mark.index
def test_where_no_repair_is_known_the_run_goes_on_as_a_person_would(tmp_path, repository):
    # The commit's day is older than the code: that module came to the library in November 2024.
    repo = repository(
        {
            "requirements.txt": "packaging\n",
            "main.py": "from packaging.licenses import canonicalize_license_expression as of\nprint(of('mit'))\n",
        }
    )

    state = reproduce(
        repo=repo,
        out=str(tmp_path / "runs"),
        smoke="python main.py",
        max_candidates=2,
        return_state=True,
    )

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.candidate) == ("success", "naive"), metadata.reason
    assert "plain install of today's releases" in (folder / "report.md").read_text()


def test_tests_that_lack_a_module_are_repaired_beside_an_import_that_passes(tmp_path, repository):
    repo = repository(
        {
            "setup.py": "from setuptools import setup\nsetup(name='waves', packages=['waves'])\n",
            "waves/__init__.py": "def height():\n    return 1\n",
            "tests/test_waves.py": "import importlib\nimport waves\n\n"
            "tabulate = importlib.import_module('tabulate')\n\n\n"
            "def test_height():\n    assert waves.height() == 1\n",
        }
    )

    state = reproduce(repo=repo, out=str(tmp_path / "runs"), return_state=True)

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.grade) == ("success", "tests"), metadata.reason
    assert "tabulate==" in recipe_of(folder)


@pytest.mark.full
def test_a_repair_of_the_import_shows_where_the_tests_fail_all_the_same(tmp_path, repository):
    repo = repository(
        {
            "setup.py": "from setuptools import setup\nsetup(name='waves', packages=['waves'])\n",
            "waves/__init__.py": "import pathlib\n\n(pathlib.Path(__file__).parent / 'runs.db').write_text('')\n",
            "tests/test_waves.py": "def test_height():\n    assert not 'high'\n",
            ".github/workflows/test.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - uses: actions/setup-python@v4\n        with:\n          python-version: '3.10'\n"
            "      - run: pip install . pytest\n      - run: pytest -x\n",
        }
    )

    state = reproduce(repo=repo, out=str(tmp_path / "runs"), return_state=True)

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.grade) == ("success", "imports"), metadata.reason
    assert "chown -R" in (folder / "Dockerfile").read_text()


def test_tests_that_cannot_be_collected_are_repaired_beside_a_documented_run(tmp_path, repository):
    repo = repository(
        {
            "README.md": "# Waves\n\n```sh\npython main.py\n```\n",
            "main.py": "import waves\n\nprint(waves.height())\n",
            "waves.py": "def height():\n    return 1\n",
            "tests/test_waves.py": "import importlib\nimport waves\n\n"
            "tabulate = importlib.import_module('tabulate')\n\n\n"
            "def test_height():\n    assert waves.height() == 1\n",
        }
    )

    state = reproduce(repo=repo, out=str(tmp_path / "runs"), return_state=True)

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.grade) == ("success", "documented-run"), metadata.reason
    assert (metadata.attempts, metadata.best_attempt) == (2, 2)
    assert "tabulate==" in recipe_of(folder)
    assert "python main.py" in metadata.reason


def test_where_the_tests_of_the_ci_fail_the_import_is_shown_in_the_same_image(tmp_path, repository):
    repo = repository(
        {
            ".travis.yml": "language: python\nscript: pytest --cov=waves\n",
            "setup.py": "from setuptools import setup\nsetup(name='waves', py_modules=['waves'])\n",
            "waves.py": "def height():\n    return 1\n",
            "test_waves.py": "import waves\n\n\ndef test_height():\n    assert waves.height() == 2\n",
        }
    )

    state = reproduce(repo=repo, out=str(tmp_path / "runs"), max_attempts=1, return_state=True)

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.attempts) == ("success", 2), metadata.reason
    assert "import waves" in metadata.reason
    first, second = (folder / "attempts" / number for number in ("01", "02"))
    assert "1 failed" in (first / "smoke_stdout.log").read_text()
    assert not (first / "diagnosis.json").exists(), "a failed test says nothing of the environment"
    log = (second / "build_stdout.log").read_text()
    steps = [line for line in log.splitlines() if " RUN " in line or " COPY " in line]
    assert steps and all(line.endswith("(cached)") for line in steps), "nothing is built again"
    not_shown = (folder / "report.md").read_text().partition("## What was not shown")[2]
    assert "pytest" in not_shown.partition("\n## ")[0], (
        "the report says what the success leaves open"
    )


@pytest.mark.full
def test_a_package_whose_import_fails_beside_another_one_is_shown_by_its_tests(
    tmp_path, repository
):
    # `chores` is a folder of another tool, with a module that no index has.
    repo = repository(
        {
            "setup.py": "from setuptools import setup\n"
            "setup(name='waves', packages=['waves', 'chores'], tests_require=['pytest'])\n",
            "waves/__init__.py": "def height():\n    return 1\n",
            "chores/__init__.py": "import matlab.engine\n",
            "tests/test_waves.py": "import waves\n\n\ndef test_height():\n    assert waves.height() == 1\n",
        }
    )

    state = reproduce(repo=repo, out=str(tmp_path / "runs"), max_attempts=1, return_state=True)

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.grade) == ("success", "tests"), metadata.reason
    assert metadata.attempts == 2
    assert "pytest" in json.loads((folder / "plan.json").read_text())["plan"]["smoke_command"]
    not_shown = (folder / "report.md").read_text().partition("## What was not shown")[2]
    assert "matlab" in not_shown.partition("\n## ")[0]


def test_an_import_alone_is_no_success_where_the_work_needs_a_gpu(tmp_path, repository):
    repo = repository(
        {
            "README.md": "# Net\n\nTraining requires a GPU with CUDA 9.\n",
            "setup.py": "from setuptools import setup\nsetup(name='net', py_modules=['net'])\n",
            "net.py": "def train(model):\n    return model.cuda()\n",
        }
    )

    state = reproduce(repo=repo, out=str(tmp_path / "runs"), return_state=True)

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.cause) == ("stopped-by-rule", "needs_gpu"), metadata.reason
    assert (metadata.grade, metadata.attempts) == ("imports", 1)
    assert metadata.image, "the image is handed over all the same"
    assert (folder / "image.txt").read_text().strip() == metadata.image


def test_data_that_is_not_in_the_repository_stops_with_the_line_that_wants_it(tmp_path, repository):
    repo = repository({"main.py": 'rows = open("data/train.csv").read().split()\nprint(rows[0])\n'})

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.cause) == ("stopped-by-rule", "missing_data")
    assert "data/train.csv" in metadata.reason
    report = (folder / "report.md").read_text()
    assert "FileNotFoundError" in report
    assert metadata.experiment.gets_past, "with the file in place, only its content is missing"
    assert "IndexError" in metadata.experiment.then
    assert "an empty file at data/train.csv" in report.partition("## What to do next")[2]


def test_a_repository_without_code_stops_before_anything_is_built(tmp_path, repository):
    repo = repository({"README.md": "# Code comes soon\n"})

    state = reproduce(repo=repo, out=str(tmp_path / "runs"), return_state=True)

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.cause) == ("stopped-by-rule", "no_code")
    assert metadata.attempts == 0
    assert "The author publishes the code" in (folder / "report.md").read_text()


def test_a_failure_of_no_known_kind_is_called_smoke_failed(tmp_path, repository):
    repo = repository({"main.py": "print('so far')\nraise SystemExit(7)\n"})

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.cause) == ("smoke-failed", "undiagnosed")
    assert "exited with 7" in metadata.reason
    assert (folder / "attempts/01/smoke_stdout.log").read_text() == "so far\n"


def test_a_command_that_is_alive_at_the_timeout_succeeds(tmp_path, repository, no_containers_left):
    repo = repository({"main.py": "import time\nprint('up', flush=True)\ntime.sleep(600)\n"})

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", timeout=3, return_state=True
    )

    metadata, _ = verdict_of(state, tmp_path / "runs")
    assert metadata.status == "success"
    assert "was still running at the timeout" in metadata.reason


def test_without_an_engine_the_plan_is_kept_and_the_verdict_says_how_to_get_one(
    tmp_path, repository, monkeypatch
):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    repo = repository({"main.py": "print(1)\n"})

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert metadata.status == "preflight-failed"
    assert metadata.smallest_change
    assert (folder / "Dockerfile").exists()


@pytest.mark.index
def test_a_dry_run_plans_and_renders_only(tmp_path, repository):
    repo = repository({"requirements.txt": "tabulate\n", "main.py": "import tabulate\n"})

    state = reproduce(
        repo=repo,
        out=str(tmp_path / "runs"),
        smoke="python main.py",
        dry_run=True,
        return_state=True,
    )

    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert (metadata.status, metadata.attempts) == ("planned", 0)
    assert "tabulate==" in recipe_of(folder)
    assert not (folder / "attempts").exists()


def test_trouble_of_the_host_fails_the_run_and_leaves_its_traceback(
    tmp_path, repository, monkeypatch
):
    monkeypatch.setenv("PAPER2RUN_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
    monkeypatch.setattr(resolve, "retries", 0)
    repo = repository({"requirements.txt": "tabulate\n", "main.py": "import tabulate\n"})

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )

    with pytest.raises(HostError):
        state.result()
    assert state.is_failed()
    [folder] = (tmp_path / "runs").iterdir()
    kept = json.loads((folder / "metadata.json").read_text())
    assert kept["status"] == "exception"
    assert "HostError" in (folder / "logs" / "exception.txt").read_text()
    assert not [
        path for path in folder.rglob("*") if path.is_file() and b"secret" in path.read_bytes()
    ]


def test_a_bad_request_leaves_no_run_folder(tmp_path, repository):
    repo = repository({"main.py": "print(1)\n"})
    not_a_pdf = tmp_path / "paper.pdf"
    not_a_pdf.write_text("this is no PDF")

    for wrong in (
        {"repo": ""},
        {"ref": "no-such-branch"},
        {"paper": str(not_a_pdf)},
        {"out": str(not_a_pdf)},
    ):
        request = {"repo": repo, "out": str(tmp_path / "runs"), **wrong}
        state = reproduce(**request, return_state=True)
        with pytest.raises(UserError) as caught:
            state.result()
        assert caught.value.hint
        assert state.name == "Bad request"
        assert caught.value.what in (state.message or "")
    assert not (tmp_path / "runs").exists()
