import pytest

from tides import level


@pytest.mark.parametrize(("hour", "expected"), [(1, "low"), (7, "high"), (13.5, "low")])
def test_level(hour, expected):
    assert level(hour) == expected
