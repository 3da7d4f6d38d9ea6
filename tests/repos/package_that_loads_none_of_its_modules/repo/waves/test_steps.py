from waves.steps import height


def test_height():
    assert height(1) == 2
