import numpy as np
import pytest

from logistic import alpha, delta, exponent, superstable
from logistic.cascade import orbit_end


def test_critical_point_returns_after_one_period():
    for n, r in enumerate(superstable(6)):
        assert orbit_end(r, 2**n)[0] == pytest.approx(0.5, abs=1e-10)


def test_period_four_parameter_is_the_known_one():
    assert superstable(2)[2] == pytest.approx(3.4985616993, abs=1e-9)


def test_gaps_shrink_by_feigenbaums_delta():
    assert delta(superstable(10))[-1] == pytest.approx(4.669201609, abs=1e-4)


def test_orbits_shrink_by_feigenbaums_alpha():
    assert alpha(superstable(10))[-1] == pytest.approx(-2.502907875, abs=1e-4)


def test_exponent_of_full_chaos_is_log_two():
    assert exponent(4.0) == pytest.approx(np.log(2.0), abs=2e-3)


def test_exponent_is_negative_in_a_stable_window():
    assert exponent(3.2, steps=500) < 0.0


def test_one_level_is_refused():
    with pytest.raises(ValueError):
        superstable(1)
