from kinds import kind


def test_kind():
    assert kind(b"GIF89a") == "image/gif"
