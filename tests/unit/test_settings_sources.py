"""Sources of settings: flags, environment, the user's file; only harmless ones of the working folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from paper2run.environment_file import harmless
from paper2run.errors import UserError
from paper2run.request import read_settings
from paper2run.settings import Settings, unknown_variables, user_file


def test_a_working_folder_sets_what_is_harmless_and_nothing_else():
    found = harmless(
        "PAPER2RUN_TIMEOUT=60\nexport PAPER2RUN_OUT='my runs'\nPAPER2RUN_BASE_URL=http://x\nNVIDIA_API_KEY=k\n"
        "PAPER2RUN_MEMORY_MB=1\nPREFECT_API_URL=http://x\nOTHER=1\n"
    )

    assert found.values == {"PAPER2RUN_TIMEOUT": "60", "PAPER2RUN_OUT": "my runs"}
    assert found.ignored == (
        "NVIDIA_API_KEY", "PAPER2RUN_BASE_URL", "PAPER2RUN_MEMORY_MB", "PREFECT_API_URL",
    )  # fmt: skip


@pytest.mark.parametrize("out", ["/etc", "../other", "~/x", "a/../../b"])
def test_a_working_folder_sends_run_folders_nowhere_else(out):
    assert harmless(f"PAPER2RUN_OUT={out}\n").values == {}


def test_values_do_not_quote_the_users_variables(monkeypatch):
    monkeypatch.setenv("SECRET", "s3cret")
    assert harmless("PAPER2RUN_OUT=${SECRET}\n").values == {"PAPER2RUN_OUT": "${SECRET}"}


def test_the_users_own_file_sets_everything_and_the_environment_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("NVIDIA_API_KEY", "PAPER2RUN_MODEL", "PAPER2RUN_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    file = user_file()
    assert file == tmp_path / "paper2run" / "env"
    file.parent.mkdir()
    file.write_text("NVIDIA_API_KEY=nv\nPAPER2RUN_MODEL=a/b\nPAPER2RUN_TIMEOUT=60\n")
    monkeypatch.setenv("PAPER2RUN_TIMEOUT", "61")

    found = Settings()

    assert found.nvidia_api_key is not None
    assert (found.nvidia_api_key.get_secret_value(), found.model, found.timeout) == (
        "nv",
        "a/b",
        61,
    )


def test_an_env_file_of_the_working_folder_is_not_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("PAPER2RUN_BASE_URL=http://x\n")
    monkeypatch.delenv("PAPER2RUN_BASE_URL", raising=False)

    assert Settings().base_url == ""


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become a user without an entry")
def test_a_user_without_a_home_folder_is_told_what_to_set():
    code = (
        "import os\nfrom paper2run.errors import HostError\nfrom paper2run.settings import Settings\n"
        "os.setuid(54321)\nos.environ.pop('HOME', None)\n"
        "try:\n    Settings()\nexcept HostError as error:\n    print(error.hint)\n"
        "os.environ['PAPER2RUN_HOME'] = '/somewhere'\nprint(Settings().home)\n"
    )
    environment = {key: value for key, value in os.environ.items() if "PAPER2RUN" not in key}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.split("\n")[:2] == [
        "set HOME, or PAPER2RUN_HOME and PREFECT_HOME", "/somewhere",
    ]  # fmt: skip


CHANGED = {
    "PAPER2RUN_TIMEOUT": "7",
    "PAPER2RUN_BASE_URL": "http://stranger.example/v1",
    "PAPER2RUN_HOME": "/elsewhere",
    "UV_DEFAULT_INDEX": "http://stranger.example/simple",
    "HTTP_PROXY": "http://stranger.example",
    "NVIDIA_API_KEY": "another",
}


def test_settings_that_were_read_are_not_changed_by_the_environment(monkeypatch):
    for name in CHANGED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PAPER2RUN_BASE_URL", "http://own.example/v1")
    monkeypatch.setenv("PAPER2RUN_INDEX_URL", "http://own.example/simple")
    before = Settings()
    for name, value in CHANGED.items():
        monkeypatch.setenv(name, value)

    after = before.changed(planner="rules")

    assert dict(after) == {**dict(before), "planner": "rules"}
    assert before.is_own_base_url
    assert after.is_own_base_url


def test_an_address_is_the_users_own_only_where_it_stands_with_the_keys(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("PAPER2RUN_BASE_URL", raising=False)
    (tmp_path / "paper2run").mkdir()
    (tmp_path / "paper2run" / "env").write_text("PAPER2RUN_BASE_URL=http://own.example/v1\n")

    assert Settings().is_own_base_url
    assert not Settings(base_url="http://stranger.example/v1").is_own_base_url
    monkeypatch.setenv("PAPER2RUN_BASE_URL", "")
    assert not Settings(base_url="http://own.example/v1").is_own_base_url


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PAPER2RUN_TIMOUT", "did you mean PAPER2RUN_TIMEOUT?"),
        ("PAPER2RUN_zzz", "docs/settings.md"),
    ],
)
def test_a_variable_with_our_prefix_that_sets_nothing_is_an_error(name, meant, monkeypatch):
    monkeypatch.setenv(name, "60")

    with pytest.raises(UserError, match=f"^{name} ") as caught:
        read_settings()

    assert meant in caught.value.hint


def test_a_misspelt_line_of_the_users_own_file_is_an_error_that_names_the_file(
    tmp_path, monkeypatch
):
    (tmp_path / "paper2run").mkdir()
    (tmp_path / "paper2run" / "env").write_text("PAPER2RUN_MODLE=x\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    with pytest.raises(UserError, match="paper2run/env") as caught:
        read_settings()

    assert "PAPER2RUN_MODEL" in caught.value.hint


def test_what_a_cluster_sets_for_a_service_with_our_name_is_no_setting_and_no_error():
    service = ("SERVICE_HOST", "SERVICE_PORT_HTTP", "PORT", "PORT_4200_TCP", "PORT_4200_TCP_ADDR")

    assert unknown_variables(f"PAPER2RUN_REGISTRY_{name}" for name in service) == ()
    assert unknown_variables(["PAPER2RUN_REGISTRI"]) == ("PAPER2RUN_REGISTRI",)


def test_variables_of_the_deployments_are_known():
    root = Path(__file__).parents[2]
    read = {
        name
        for path in (root / "deployments").rglob("*")
        if path.is_file() and path.suffix not in {".pyc"}
        for name in re.findall(r"\bPAPER2RUN_[A-Z_]+\b", path.read_text(errors="ignore"))
    }

    assert read
    assert unknown_variables(read) == ()
