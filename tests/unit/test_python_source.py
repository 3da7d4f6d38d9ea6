"""One Python file, of any version or broken, read as data."""

import pytest

from paper2run.python.python_imports import Imported, scan_imports
from paper2run.python.python_source import parse

PYTHON_2_ONLY = {
    "print statement": "print 'a', b",
    "print statement with backslash": "print 'a', \\\n  'b'",
    "print to a file": "print >>log, 'a',",
    "print after a colon": "if x: print 'a'; print 'b'",
    "print of a list": "print [n for n in x]",
    "exec statement": "exec 'x = 1' in scope",
    "raise with a value": "raise ValueError, 'no'",
    "raise with a traceback": "raise kind[0], kind[1], kind[2]",
    "except with a comma": "try:\n    pass\nexcept (A, B), error:\n    pass",
    "except with a tuple target": "try:\n    pass\nexcept A, (number, text):\n    pass",
    "backticks": "x = `y`",
    "diamond": "x <> y",
    "octal": "chmod(0755)",
    "long": "x = 10L",
    "unicode raw string": "x = ur'\\d'",
    "tuple argument": "def f(a, (b, c), d=1):\n    pass",
    "tuple arguments": "def f((a, b), (c, d)):\n    pass",
    "tuple argument of a lambda": "sort(key=lambda (a, b): b)",
    "tabs count up to eight": "if x:\n        a = 1\n\tb = 2",
}


@pytest.mark.parametrize("code", PYTHON_2_ONLY.values(), ids=PYTHON_2_ONLY.keys())
def test_python_2_syntax_is_read_and_recognised(code: str) -> None:
    source = parse(f"import numpy\n{code}\nimport scipy\n")
    assert not source.broken
    assert 2 in {found.major for found in source.syntax}
    assert [found.module for found in source.imports] == ["numpy", "scipy"]


@pytest.mark.parametrize(
    "code",
    ["print('a')", "x = 'print y'", "# print x", '"""\nprint x\n"""', "x = 1e-05", "x = [0, 00]"],
)
def test_code_for_every_version_shows_no_python_2(code: str) -> None:
    assert parse(code).syntax == ()


def test_lines_stay_true_where_python_2_is_rewritten() -> None:
    source = parse('"""A\nlong\ntext"""\nprint "x"\nimport numpy\n')
    assert source.syntax[0].line == 4
    assert source.imports == (Imported("numpy", 5, guarded=False),)


@pytest.mark.parametrize(
    ("code", "guarded"),
    [
        ("import a", False),
        ("try:\n    import a\nexcept ImportError:\n    a = None", True),
        ("try:\n    import a\nexcept:\n    a = None", True),
        ("try:\n    import a\nexcept (ImportError, OSError):\n    a = None", True),
        ("try:\n    import a\nexcept KeyError:\n    a = None", False),
        ("try:\n    import a\nexcept ImportError:\n    raise", False),
        ("try:\n    import a\nexcept ImportError:\n    print(1)\n    sys.exit(1)", False),
        ("try:\n    import a.b\nexcept ImportError:\n    import a.c", False),
        ("try:\n    from a.b import c\nexcept ImportError:\n    from a.d import c", False),
        ("try:\n    import a\nexcept ImportError:\n    import b", True),
        ("def f():\n    import a", True),
        ("class C:\n    import a", False),
        ("if TYPE_CHECKING:\n    import a", True),
        ("if __name__ == '__main__':\n    import a", False),
        ("with x:\n    import a", False),
    ],
)
def test_an_import_is_guarded_where_the_file_works_without_it(code: str, guarded: bool) -> None:
    assert all(found.guarded for found in parse(code).imports) is guarded


def test_a_broken_file_keeps_its_import_lines() -> None:
    source = parse("import a, b as c\nfrom d.e import f\nfrom . import g\nx = = 1\n")
    assert source.broken and source.broken_line == 4
    assert [(found.module, found.level) for found in source.imports] == [
        ("a", 0), ("b", 0), ("d.e", 0), ("", 1)
    ]  # fmt: skip


def test_prose_is_no_import_line() -> None:
    assert scan_imports("import of data\nfrom the start\nimport x from y\n") == ()


@pytest.mark.parametrize(
    "code",
    [
        "x = " + "(" * 5000 + ")" * 5000,
        "x = " + "-" * 100_000 + "1",
        "x = " + "[" * 100_000,
        "\0\0",
        "x = 1" + " + 1" * 50_000,
        "print " + "`" * 100_001,
        "raise " * 20_000,
        "except " * 20_000,
        "def f(" + "(" * 50_000,
        "'" * 99_999,
    ],
    ids=["parentheses", "minus", "brackets", "nul", "sum", "ticks", "raise", "except", "def", "quotes"],
)  # fmt: skip
def test_hostile_text_is_read_without_an_error(code: str) -> None:
    parse(code)
    parse(f"import numpy\nprint 'old'\n{code}\n")


def test_a_long_chain_of_branches_is_walked_to_its_end() -> None:
    chain = "".join(f"elif x == {number}:\n    y = {number}\n" for number in range(900))
    assert parse(f"if x:\n    pass\n{chain}else:\n    import last\n").imports[0].module == "last"


def test_what_is_taken_from_a_module_is_known_also_where_the_file_cannot_be_parsed():
    for text in ("from a import b, c as d\n", "from a import b, c as d\nprint 'old'\n"):
        [found] = parse(text).imports
        assert found.names == ("b", "c")


@pytest.mark.parametrize(
    ("text", "idle"),
    [
        ("if __name__ == '__main__':\n    pass\n", True),
        ("def main():\n    return None\n\nif __name__ == '__main__':\n    main()\n", True),
        ("X = 3\nif __name__ == '__main__':\n    import sys\n    Y = X\n", True),
        ("def main():\n    print(3)\n\nif __name__ == '__main__':\n    main()\n", False),
        ("@command\ndef main():\n    pass\n\nif __name__ == '__main__':\n    main()\n", False),
        ("from app import main\nif __name__ == '__main__':\n    main()\n", False),
        ("if __name__ == '__main__':\n    for x in range(3):\n        x += 1\n", False),
        ("def main():\n    pass\n\nif __name__ == '__main__':\n    main(read())\n", False),
    ],
)
def test_a_main_block_that_calls_nothing_starts_nothing(text: str, idle: bool):
    assert parse(text).idle is idle
