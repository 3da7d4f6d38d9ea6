"""Prints the names of the databases."""

if __name__ == "__main__":
    print("refseq", "card")
