def test_note():
    assert "a" < "b"
