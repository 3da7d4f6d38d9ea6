from nose.tools import raises


def test_one():
    assert raises
