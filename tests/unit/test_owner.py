"""Whose a thing is, told by locks below the home."""

import pytest

from paper2run.errors import HostError
from tasks.drivers.host.owner import FOLDER, ID_FILE, held_file, is_dead, is_held, this_process


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def test_a_living_process_is_not_dead_and_one_whose_mark_is_unlocked_or_gone_is(home):
    owner = this_process(home)
    assert not is_dead(owner, home)
    same_start = owner.rpartition(":")[0]
    assert is_dead(f"{same_start}:gone", home)
    (home / FOLDER / "killed").touch()
    assert is_dead(f"{same_start}:killed", home)


def test_nothing_is_said_of_another_home_or_of_the_machine_that_a_copied_home_comes_from(home):
    mine, boot, _ = this_process(home).split(":")
    assert not is_dead(f"another:{boot}:gone", home)
    assert not is_dead(f"{mine}:another-start:gone", home)
    (home / FOLDER / "rebooted").touch()
    assert is_dead(f"{mine}:another-start:rebooted", home)
    assert (home / ID_FILE).read_text() == mine


def test_a_home_that_cannot_be_written_is_the_hosts_trouble(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match="cannot write"):
        this_process(tmp_path / "file" / "home")


def test_a_held_file_goes_with_its_block(tmp_path):
    with held_file(tmp_path) as path:
        assert is_held(path)
        assert list(tmp_path.iterdir()) == [path]
    assert not is_held(path)
    assert list(tmp_path.iterdir()) == []
