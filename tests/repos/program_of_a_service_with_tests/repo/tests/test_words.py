from tides.words import spelled


def test_spelled():
    assert spelled("esbjerg") == "Esbjerg"
