"""A model that cannot be asked is told before Prefect: LiteLLM or the provider's key is missing."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from paper2run.errors import UserError
from paper2run.settings import Settings
from tasks.console import doctor
from tasks.drivers.model import model_need
from tasks.drivers.model.model_need import KEY_VARIABLES, need_model

ROOT = Path(__file__).parents[2]
WITHOUT_LITELLM = "sys.modules['litellm'] = None"
"""For the import system: a module that is not installed."""
KEY = {"OPENAI_API_KEY": "k"}


def said(
    folder: Path, arguments: list[str], before: str = "", **environment: str
) -> tuple[int, str]:
    """Return exit status and words of the command in `folder`, and which heavy modules it loaded."""
    code = (
        f"import sys\n{before}\nfrom flows.cli import main\nsys.argv = ['paper2run', *{arguments!r}]\n"
        "try:\n    main()\nfinally:\n"
        "    print('loaded:', sorted({'prefect', 'litellm', 'docker'} & {n for n, m in sys.modules.items() if m}))\n"
    )
    own = {"HOME": str(folder), "PAPER2RUN_HOME": str(folder / "home"), "COLUMNS": "300"}
    path = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False,
        cwd=folder, env={**own, **path, **environment},
    )  # fmt: skip
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.py").write_text("print(1)\n")
    (tmp_path / "list.txt").write_text("code\n")
    (tmp_path / "model.txt").write_text("code\ncode ref model=openai/gpt-5-mini\n")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["run", "code", "--model", "openai/gpt-5-mini"], KEY),
        (["run", "code", "--planner", "model", "--model", "my", "--base-url", "http://h/v1"], {}),
        (["run", "code"], {"PAPER2RUN_MODEL": "openai/gpt-5-mini", **KEY}),
        (["run", "code"], {"NVIDIA_API_KEY": "k"}),
        (["batch", "list.txt", "--model", "openai/gpt-5-mini"], KEY),
        (["batch", "model.txt"], KEY),
    ],
)
def test_a_model_without_litellm_is_refused_with_the_command_that_installs_it(
    folder, arguments, environment
):
    code, words = said(folder, arguments, WITHOUT_LITELLM, **environment)

    assert code == 2, words
    assert "LiteLLM, through which models are asked, is not installed" in words
    assert "pipx install --force '.[model]'" in words
    assert "loaded: []" in words


@pytest.mark.parametrize(
    ("arguments", "environment", "variable"),
    [
        (["run", "code", "--model", "openai/gpt-5-mini"], {}, "OPENAI_API_KEY"),
        (
            ["run", "code", "--model", "openai/gpt-5-mini"],
            {"NVIDIA_API_KEY": "k"},
            "OPENAI_API_KEY",
        ),
        (["run", "code"], {"PAPER2RUN_MODEL": "anthropic/c"}, "ANTHROPIC_API_KEY"),
        (["batch", "list.txt", "--model", "nvidia_nim/x"], {}, "NVIDIA_API_KEY"),
        (["batch", "model.txt"], {}, "line 2"),
        (["batch", "list.txt", "--planner", "model"], {}, "a model is to plan, but none is set"),
    ],
)
def test_a_model_without_its_key_is_refused_at_the_start(folder, arguments, environment, variable):
    code, words = said(folder, arguments, **environment)

    assert code == 2, words
    assert variable in words
    assert "loaded: []" in words


@pytest.mark.parametrize(
    ("given", "environment"),
    [
        ({}, {}),
        ({"planner": "rules", "model": "openai/m"}, {}),
        ({"model": "openai/m"}, KEY),
        ({"model": "openai/m", "api_key": "own"}, {}),
        ({"model": "openai/m", "base_url": "http://127.0.0.1:8000/v1"}, {}),
        ({"model": "rare/m"}, {}),
        ({"nvidia_api_key": "nv"}, {}),
    ],
)
def test_what_may_work_is_let_through(monkeypatch, given, environment):
    for name in {name for names in KEY_VARIABLES.values() for name in names}:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    need_model(Settings(_env_file=None, **given))


def test_nothing_is_said_without_a_model_and_the_doctor_tells(monkeypatch):
    monkeypatch.setattr(model_need, "find_spec", lambda _: None)
    monkeypatch.setattr(doctor, "is_installed", model_need.is_installed)

    need_model(Settings(_env_file=None, planner="rules"))
    found = doctor._model(Settings(_env_file=None, planner="rules"))
    asked = doctor._model(Settings(_env_file=None, model="openai/m", api_key="k"))

    assert found.found == "not set: the rules plan and repair; LiteLLM is not installed"
    assert "'.[model]'" in found.do
    assert (found.works, asked.works, asked.needed) == (True, False, False)
    assert "is not installed" in asked.found
    with pytest.raises(UserError, match="is not installed"):
        need_model(Settings(_env_file=None, model="openai/m", api_key="k"))


def test_litellm_is_an_extra_that_each_set_up_with_models_installs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert not [name for name in project["dependencies"] if name.startswith("litellm")]
    assert [name.partition(">")[0] for name in project["optional-dependencies"]["model"]] == [
        "litellm"
    ]
    assert re.search(r"^litellm==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    for file in (
        "README.md",
        "deployments/worker.Dockerfile",
        "deployments/github-action/action.yml",
    ):
        assert re.search(r"\[model[],]", (ROOT / file).read_text()), file
