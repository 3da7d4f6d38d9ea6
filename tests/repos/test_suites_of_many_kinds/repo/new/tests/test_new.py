import pytest


def test_new():
    assert pytest
