import helpers
import solver


def test_tides_repeat():
    assert helpers is not None
    assert solver.tide(13) == 1
