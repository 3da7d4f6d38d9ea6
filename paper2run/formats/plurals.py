"""Numbers with their nouns: `1 file`, `2 files`."""


def counted(number: int, noun: str) -> str:
    """Return the number and the noun in its form: `1 bad line`, `2 repositories`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"
