"""What distributions really contain, read from the index itself."""

from pathlib import Path

import pytest

from paper2run.errors import HostError
from paper2run.settings import Settings
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.index.wheel_contents import modules_in, provides


@pytest.mark.index
def test_a_wheel_tells_its_modules_and_is_asked_once(tmp_path: Path) -> None:
    with PackageIndex(Settings(), tmp_path) as index:
        assert modules_in(index, "PyYAML", tmp_path).keys() == {"_yaml", "yaml"}  # type: ignore[union-attr]
        assert provides(index, "protobuf", "google.protobuf", tmp_path)
        assert not provides(index, "PyYAML", "numpy", tmp_path)
        assert provides(index, "PyYAML", "yaml", tmp_path, below=("nodes", "parser"))
        assert not provides(index, "PyYAML", "yaml", tmp_path, below=("nodes", "telemetry"))
    kept = list((tmp_path / "modules-2").rglob("*.json"))
    assert len(kept) == 2


@pytest.mark.index
def test_a_package_is_told_by_its_own_spelling_too(tmp_path: Path) -> None:
    with PackageIndex(Settings(), tmp_path) as index:
        assert provides(index, "pytest-cov", "pytest-cov", tmp_path)
        assert provides(index, "ipython", "ipython", tmp_path)
        assert not provides(index, "ipython", "ipython", tmp_path, below=("telemetry",))
        assert not provides(index, "pyyaml", "YAML", tmp_path), "Python tells cases apart"


@pytest.mark.index
def test_a_distribution_that_does_not_exist_provides_nothing(tmp_path: Path) -> None:
    with PackageIndex(Settings(), tmp_path) as index:
        assert modules_in(index, "paper2run-no-such-distribution", tmp_path) is None
        assert not provides(index, "paper2run-no-such-distribution", "yaml", tmp_path)


def test_an_index_that_does_not_answer_is_the_hosts_trouble(tmp_path: Path) -> None:
    settings = Settings(index_url="http://127.0.0.1:9/simple")
    with PackageIndex(settings, tmp_path) as index, pytest.raises(HostError) as caught:
        modules_in(index, "pyyaml", tmp_path)
    assert caught.value.transient
