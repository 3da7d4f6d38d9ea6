def check(n):
    assert n


def test_all():
    for n in (1, 2):
        yield check, n
