"""Hostile manifests: every detector ends soon and returns facts, never an error."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paper2run.detectors import DETECTORS, notebooks, read_facts
from paper2run.formats.structured import Places
from paper2run.formats.tree import MAX_TEXT_BYTES, RepoTree
from paper2run.formats.yaml_text import YamlRefused, parse
from paper2run.model.facts import Fact, RepoFacts, Requirement, Unreadable
from paper2run.model.value import Source

LIMIT_S = 10
"""Far above what any of these takes here (under 1 s), far below what the unbounded ways take (minutes to for ever)."""

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
MERGES = "a: &a {k: v}\n" + "".join(f"b{i}: &a {{<<: [*a, *a], k{i}: v}}\n" for i in range(60))
NEARLY_FULL = MAX_TEXT_BYTES - 100

BRACKETS = "(" * 1500
DIGITS = "9" * 5000

HOSTILE = {
    "yaml bomb": {".travis.yml": BOMB, "environment.yml": BOMB, ".github/workflows/a.yml": BOMB},
    "yaml merges that double": {".gitlab-ci.yml": MERGES},
    "yaml nested deeply": {".travis.yml": "[" * 100_000, "environment.yml": "{a: " * 100_000},
    "yaml list nested deeply": {"environment.yml": "- " * 100_000, "meta.yaml": "? " * 50_000},
    "yaml anchor in itself": {"environment.yml": "dependencies: &a [*a]\n"},
    "toml of dots": {"pyproject.toml": "a" + ".a" * (NEARLY_FULL // 2) + " = 1\n"},
    "toml nested deeply": {"pyproject.toml": "a = " + "[" * 100_000, "Cargo.toml": "a=" + "{a=" * 50_000},
    "json nested deeply": {"Pipfile.lock": "[" * 100_000, "package.json": '{"a":' * 100_000},
    "json number without end": {"package.json": '{"dependencies": ' + "9" * 100_000 + "}"},
    "script nested deeply": {"setup.py": "x = " + "(" * 50_000, "noxfile.py": "x = " + "-" * 50_000 + "1"},
    "script with a long sum": {"setup.py": "x = " + "+".join(["['a']"] * 3000) + "\nsetup(install_requires=x)\n"},
    "script that doubles a list": {
        "setup.py": "from setuptools import setup\nx = ['a']\n" + "x = [x, x]\n" * 200 + "setup(install_requires=x)\n"
    },
    "script that doubles a text": {
        "setup.py": "from setuptools import setup\nx = 'a'\n" + "x = x + x\n" * 200 + "setup(name=x)\n"
    },
    "script whose functions fan out": {
        "setup.py": "".join(f"def f{i}():\n    f{i + 1}()\n    f{i + 1}()\n" for i in range(40)) + "f0()\n"
    },
    "one line of requirements": {"requirements.txt": "a" * NEARLY_FULL, "reqs/b.txt": "a=" * 500_000},
    "a million continued lines": {"requirements.txt": "a\\\n" * 400_000, "Dockerfile": "RUN a\\\n" * 300_000},
    "a million blanks": {
        "README.rst": " " * NEARLY_FULL + "x",
        "Dockerfile": "RUN a" + " " * NEARLY_FULL + "b",
        "Makefile": "a" + " " * NEARLY_FULL,
    },
    "markdown nested deeply": {"README.md": "> " * 100_000, "INSTALL.md": "- " * 50_000, "docs/a.md": "`" * 90_000},
    "markdown of brackets": {"README.md": "[" * 100_000, "docs/a.md": "![](" * 40_000, "docs/b.md": "<a " * 60_000},
    "quotes that never close": {
        "README.md": "```\n" + "'\"" * 90_000 + "\n", ".travis.yml": "script: >\n  " + '"\\' * 50_000
    },
    "xml that never closes": {"pom.xml": "<project>" + "<dependency>" * 100_000},
    "ini that is none": {"setup.cfg": "[a\n" * 50_000, "tox.ini": "\x01\x02\x03", "a/setup.cfg": "=\n=\n"},
    "ini with a key that has no value": {
        "setup.cfg": "[options]\ninstall_requires\n    numpy\n", "tox.ini": "[tox]\nenvlist\n    py3\n"
    },
    "brackets without end": {
        "requirements.txt": f"numpy {BRACKETS}\nscipy; {BRACKETS}python_version < '3'\n",
        "environment.yml": f"dependencies:\n - 'a {BRACKETS}'\n - pip:\n   - 'b; {BRACKETS}'\n",
        "poetry.lock": f'[[package]]\nname = "a"\nversion = "1"\nmarkers = "{BRACKETS}"\n',
    },
    "digits without end": {
        "pyproject.toml": f'[tool.poetry.dependencies]\npython = "^{DIGITS}"\na = "~{DIGITS} || {DIGITS}"\n',
        "poetry.lock": f'[[package]]\nname = "a"\nversion = "{DIGITS}"\n',
        "noxfile.py": f"import nox\n@nox.session(python=['%s' % 0x{DIGITS}])\ndef t(session):\n    pass\n",
        "setup.py": f"setup(name='a', ext_modules=[Extension('a', ['a.c'], language='%s' % 0x{DIGITS})])\n",
    },
    "half a character": {
        "setup.py": "from setuptools import setup\nsetup(name='\\ud800', install_requires=['a\\ud800'])\n",
        "package.json": '{"name": "\\ud800", "scripts": {"test": "\\ud800 x"}, "dependencies": {"\\ud800": "1"}}',
        "a.ipynb": '{"cells": [{"cell_type": "code", "source": ["open(\'\\ud800.csv\')\\n!ls \\ud800"]}]}',
        "main.py": "import pandas\npandas.read_csv('\\ud800.csv')\nprint('\\U0000dfff')\n",
    },
    "variables that double": {
        "Dockerfile": "FROM a\nENV A0=xxxxxxxxxx\n" + "".join(f"ENV A{i + 1}={f'$A{i}' * 10}\n" for i in range(9))
    },
    "tables that double in a text": {
        "setup.py": "x = {'a': 'b'}\n" + "x = {'a': x, 'b': x}\n" * 40 + "setup(name='%s' % x, url='{}'.format(x))\n"
    },
    "blanks behind a keyword": {"a.py": "print 'x'\n" + ("except" + " " * 6000 + "x\n") * 20 + "def f(" + "," * 6000},
    "one line of conditions on a GPU": {"a.py": "x.cuda()  # cuda\n" + "if " * 33_000 + "\nif " + "a_" * 50_000},
    "links without end": {
        name: "".join(f"# http://a.org/{name}{i}.zip\n" for i in range(60_000)) for name in ("README", "a.py", "b.sh")
    },
    "empty files": dict.fromkeys(["setup.py", "pyproject.toml", ".travis.yml", "package.json", "README", "go.mod"], ""),
}  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path):
    def write(files: dict[str, str | bytes]) -> RepoTree:
        for path, content in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return RepoTree.of(tmp_path)

    return write


@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_end_soon_and_raise_nothing(checkout, files: dict[str, str]) -> None:
    tree = checkout(files)
    for detector in DETECTORS:
        started = time.process_time()
        found = tuple(detector.detect(tree))
        seconds = time.process_time() - started
        assert RepoFacts(facts=found).model_dump_json()
        assert seconds < LIMIT_S, f"{detector.NAME} took {seconds:.1f} s"


def test_a_detector_that_breaks_off_leaves_what_was_found_and_says_so(
    checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(tree: RepoTree) -> Iterator[Fact]:
        yield Unreadable(
            path="a", cause="binary", why="first", source=Source(kind="file", path="a")
        )
        int("9" * 5000)

    monkeypatch.setattr(notebooks, "detect", breaks_off)
    found = read_facts(checkout({"requirements.txt": "numpy\n"}))
    first, second = found.of(Unreadable)
    assert first.why == "first"
    assert second.why.startswith("notebooks broke off: ValueError")
    assert [fact.name for fact in found.of(Requirement)] == ["numpy"]


@pytest.mark.parametrize(
    "name",
    ["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "poetry.lock", "environment.yml",
     ".travis.yml", ".gitlab-ci.yml", "tox.ini", "noxfile.py", "Dockerfile", "README.md", "package.json",
     "renv.lock", "DESCRIPTION", "runtime.txt", "apt.txt"],
)  # fmt: skip
def test_a_manifest_that_is_too_large_or_binary_is_reported_and_not_read(
    checkout, name: str
) -> None:
    large = checkout({name: "# x\n" * 2_500_000, f"sub/{name}": b"\0" * 100})
    reported = [fact for fact in read_facts(large).of(Unreadable) if fact.path == name]
    assert reported
    assert "over the limit" in reported[0].why


def test_a_manifest_that_is_not_utf8_is_read_as_latin_1(checkout) -> None:
    tree = checkout({"requirements.txt": "# caf\xe9\nnumpy\n".encode("latin-1")})
    assert [fact.name for fact in read_facts(tree).of(Requirement)] == ["numpy"]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_a_manifest_that_powershell_wrote_is_read(checkout, codec: str) -> None:
    tree = checkout({"requirements.txt": "\ufeffnumpy\r\nscipy\r\n".encode(codec)})
    assert [fact.name for fact in read_facts(tree).of(Requirement)] == ["numpy", "scipy"]


def test_an_alias_is_followed_as_long_as_the_document_stays_small() -> None:
    value = parse("base: &b [3.10, x]\njob:\n  <<: {script: run}\n  python: *b\n")
    assert value == {"base": ["3.10", "x"], "job": {"python": ["3.10", "x"], "script": "run"}}


@pytest.mark.parametrize("text", [BOMB, MERGES, "[" * 1000, "a: *unknown", "a: b: c"])
def test_yaml_that_nobody_would_write_is_refused(text: str) -> None:
    with pytest.raises(YamlRefused):
        parse(text)


def test_places_are_words_and_searched_forward() -> None:
    places = Places("numpydoc\nnumpy\n[test]\nnumpy\n")
    assert places.line("numpy") == 2
    assert places.line("[test]") == 3
    assert places.line("numpy") == 4
    assert places.line("numpydoc") == 1
    assert places.line("absent") == 0
