import molgraph


def test_a_bond_has_two_ends():
    assert molgraph.ends("C-O") == ("C", "O")


if __name__ == "__main__":
    test_a_bond_has_two_ends()
