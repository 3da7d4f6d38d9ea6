from grids import cells, described


def test_cells():
    assert cells(3)[2, 2] == 8


def test_described():
    assert described(2).startswith("size: 2")
