from segmenter.fixtures import net


def test_net():
    assert net
