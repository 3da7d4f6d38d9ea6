"""Which release of a library has a name, read from the index itself."""

from datetime import date
from pathlib import Path

import pytest

from paper2run.settings import Settings
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.index.release_search import ReleaseSearch


@pytest.mark.index
@pytest.mark.parametrize(
    ("distribution", "dotted", "version", "day", "expected"),
    [
        ("gevent", "gevent.hub._threadlocal", "1.3.5", None, "1.2.2"),
        ("networkx", "networkx.from_numpy_matrix", "3.0", None, "2.8.8"),
        ("pyecharts", "pyecharts.Bar", "1.9.0", None, "0.5.11"),
        ("attrs", "attrs.define", "20.1.0", None, "21.3.0"),
        ("attrs", "attrs.define", "20.1.0", date(2019, 1, 1), "None"),
        ("attrs", "attrs.no_such_name", "20.1.0", None, "None"),
    ],
)
def test_the_nearest_release_with_the_name_is_found(
    distribution: str,
    dotted: str,
    version: str,
    day: date | None,
    expected: str,
    tmp_path: Path,
) -> None:
    with PackageIndex(Settings(), tmp_path) as index:
        found = ReleaseSearch(index, distribution, dotted, tmp_path).nearest(version, day)

    assert str(found) == expected
