"""Logins of addresses: kept for their user alone, found again by the address, given to nobody else."""

from pathlib import Path

import pytest

from paper2run.errors import HostError, UserError
from paper2run.source import LocalSource, RemoteSource, parse
from tasks.console.invocation import Invocation
from tasks.drivers.git.git import fetch, locate
from tasks.drivers.git.logins import FOLDER, keep_login, source_of


def secrets(given: str, home: Path) -> tuple[str, str, str] | None:
    source = source_of(given, home)
    login = source.login if isinstance(source, RemoteSource) else None
    if login is None:
        return None
    return login.host, login.username.get_secret_value(), login.password.get_secret_value()


def test_a_kept_login_opens_the_repository_and_its_file_is_its_users_alone(
    forge, locked_server, tmp_path
) -> None:
    folder = forge.repository("o/n", {"a.py": "a = 1\n"})
    forge.git(folder, "update-server-info")
    home = tmp_path / "home"
    address = keep_login(f"http://anna:hunter2@{locked_server}/o/n/.git", home)
    assert address == f"http://{locked_server}/o/n/.git"
    source = source_of(address, home)
    located = locate(source, "", tmp_path / "mirrors", timeout_s=60, max_mb=10)
    checkout = fetch(source, located, tmp_path / "mirrors", timeout_s=60, max_mb=10)
    assert checkout.commit == forge.git(folder, "rev-parse", "HEAD")
    (file,) = (home / FOLDER).iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_login_is_found_by_its_address_alone_and_the_latest_counts(tmp_path) -> None:
    keep_login("https://anna:first@forge.test/o/n", tmp_path)
    keep_login("https://anna:hunter%3A2@forge.test/o/n/tree/v1", tmp_path)
    found = ("https://forge.test", "anna", "hunter:2")
    for same in ("https://forge.test/o/n", "https://forge.test/o/n/tree/main?x=1"):
        assert secrets(same, tmp_path) == found
    for other in (
        "https://forge.test/o/other",
        "http://forge.test/o/n",
        "https://forge.test:8443/o/n",
        "https://forge.test.evil.example/o/n",
        "ssh://git@forge.test/o/n",
    ):
        assert secrets(other, tmp_path) is None
    assert secrets("https://eve:own@forge.test/o/n", tmp_path) == (
        "https://forge.test",
        "eve",
        "own",
    )
    assert source_of("../paper", tmp_path) == LocalSource(path="../paper")


def test_an_address_without_a_login_leaves_no_file(tmp_path) -> None:
    for given in ("https://forge.test/o/n", "git@forge.test:o/n", "../paper", "ssh://a:b@h.test/n"):
        keep_login(given, tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError):
        keep_login("ext::sh -c id", tmp_path)


def test_a_login_that_cannot_be_kept_or_read_is_the_hosts_trouble_and_quotes_nothing(
    tmp_path,
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(HostError, match="cannot be kept") as caught:
        keep_login("https://anna:hunter2@forge.test/o/n", blocked)
    assert "hunter2" not in str(caught.value) + caught.value.hint
    keep_login("https://anna:hunter2@forge.test/o/n", tmp_path)
    (file,) = (tmp_path / FOLDER).iterdir()
    file.write_text(file.read_text().replace("}", ""))
    with pytest.raises(HostError, match="cannot be read") as caught:
        source_of("https://forge.test/o/n", tmp_path)
    assert "hunter2" not in str(caught.value) + caught.value.hint


def test_a_command_hands_on_the_address_without_its_login(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PAPER2RUN_HOME", str(tmp_path / "home"))
    start = Invocation(tmp_path)
    address = start.repository("https://anna:hunter2@forge.test/o/n")
    assert address == "https://forge.test/o/n"
    assert secrets(address, tmp_path / "home") == ("https://forge.test", "anna", "hunter2")
    with pytest.raises(UserError, match="does not exist"):
        start.repository("code")
    (tmp_path / "code").mkdir()
    assert start.repository("code") == str(tmp_path / "code")
    assert parse(address) == parse("https://forge.test/o/n")
