import sums


def test_total():
    assert sums.total(2, 3) == 5
