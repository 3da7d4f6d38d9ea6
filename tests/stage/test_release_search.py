"""Which release of a library has a name, read from the index itself."""

from datetime import date
from pathlib import Path

import pytest

from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.outcome import Built, HoldingRelease, Log, SmokeFailed
from paper2run.model.report import Attempt
from paper2run.model.resolution import Pin, Resolution
from paper2run.settings import Settings
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.index.release_search import ReleaseSearch
from tasks.look_up import look_up


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


@pytest.mark.index
@pytest.mark.parametrize(
    ("command", "frame"),
    [
        (
            "python main.py",
            '  File "main.py", line 4, in <module>\n    from gevent.hub import _threadlocal\n',
        ),
        (
            "python -c 'import gevent; from gevent.hub import _threadlocal'",
            '  File "<string>", line 1, in <module>\n',
        ),
    ],
    ids=["script", "import check"],
)
def test_a_failed_run_looks_for_the_name_that_a_library_lacks(
    command: str, frame: str, tmp_path: Path
) -> None:
    """The library is in no table, and Python 2 does not say from where the name was wanted."""
    log = Log(stderr=f"{frame}ImportError: cannot import name _threadlocal\n")
    done = Attempt(
        number=1,
        planned=PlannedEnvironment(
            plan=EnvPlan(base_image="python:2.7-slim", smoke_command=command),
            planner="rules",
            resolution=Resolution(
                python="2.7", date_step="none", pins=(Pin(name="gevent", version="1.3.5"),)
            ),
        ),
        built=Built(image="i", image_id="sha256:0", size_bytes=1, seconds=1),
        smoke=SmokeFailed(exit_code=1, seconds=1, log=log),
    )

    found = look_up.fn(done, str(tmp_path), Settings(home=tmp_path))

    assert found.releases == (
        HoldingRelease(name="gevent.hub._threadlocal", distribution="gevent", version="1.2.2"),
    )
