import subprocess


def test_synthesis():
    assert subprocess.call(["sox", "--version"]) == 0
