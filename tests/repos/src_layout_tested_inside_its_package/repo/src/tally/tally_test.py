from tally import total


def test_nothing_sums_to_nothing():
    assert total([]) == 0
