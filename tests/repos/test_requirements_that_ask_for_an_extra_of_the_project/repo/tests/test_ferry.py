import ferry


def test_it():
    assert ferry.attrs
