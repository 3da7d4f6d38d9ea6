"""Files with every name a detector reads and hostile content of every shape: facts in linear time.

A line in NAMES or UNITS is a new case. Each filling stands in files of all names at once. Small
files tell growth, not seconds: a detector that a filling slows down reads it again at four times
the size.
"""

import time
from pathlib import Path

import pytest

from paper2run.detectors import DETECTORS, Detector
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import RepoFacts

SIZE = 1_500
GROWTH = 4
NOTICEABLE_S = 0.08
"""Of processor time for one detector and filling over all names; ten times what most need."""
TOO_MUCH = 10
"""Times as long at four times the size: linear reading takes 4 times, quadratic 16."""
LARGE = 40_000
LIMIT_S = 10
"""At that size; 40,000 empty lines cost the expression that ran over them 7 s a file, and four are read by it."""

NAMES = (
    "README.md",
    "README.rst",
    "docs/install.org",
    "INSTALL.adoc",
    "README",
    "requirements.txt",
    "constraints.txt",
    "requirements/dev.in",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "tox.ini",
    "noxfile.py",
    "pytest.ini",
    "Pipfile",
    "Pipfile.lock",
    "poetry.lock",
    "uv.lock",
    "environment.yml",
    "conda-lock.yml",
    "meta.yaml",
    ".travis.yml",
    ".gitlab-ci.yml",
    ".github/workflows/ci.yml",
    "appveyor.yml",
    ".circleci/config.yml",
    "Dockerfile",
    ".devcontainer/devcontainer.json",
    "binder/postBuild",
    "apt.txt",
    "runtime.txt",
    ".python-version",
    "install.R",
    "Makefile",
    "sub/makefile",
    "CMakeLists.txt",
    "meson.build",
    "configure.ac",
    "package.json",
    "Cargo.toml",
    "go.mod",
    "main.go",
    "pom.xml",
    "build.gradle",
    "DESCRIPTION",
    "renv.lock",
    "Project.toml",
    "a.jl",
    "main.py",
    "tests/test_a.py",
    "pkg/__init__.py",
    "a.pyx",
    "a.ipynb",
    "run.sh",
    "a.R",
    "a.m",
    "a.do",
    "a.lua",
    "a.pl",
    "A.java",
    "a.c",
    "a.cpp",
    "a.h",
    "a.cu",
    "a.f90",
    "a.rs",
    "a.js",
    ".gitattributes",
    ".gitmodules",
    "Rakefile",
    "cpanfile",
)
UNITS = {
    "line ends": "\n",
    "carriage returns": "\r\n",
    "form feeds": "\f\n",
    "Unicode line ends": "\u2028\u0085\v",
    "blanks": " ",
    "tabs and line ends": "\t\n",
    "blank lines": " \n",
    "continued lines": "a\\\n",
    "hashes": "#",
    "comments": "# a\n",
    "words": "a",
    "words and blanks": "a ",
    "dots": "a.",
    "dashes": "-",
    "dashed words": "a-",
    "slashes": "a/",
    "commas": "a,",
    "equals": "a=",
    "assignments": "a = b\n",
    "colons": "a:",
    "keys": "a:\n",
    "deeper keys": "a: {",
    "lists": "- ",
    "digits": "1",
    "versions": "1.",
    "open brackets": "(",
    "open lists": "[",
    "open tables": "{",
    "double brackets": "[[a",
    "angles": "<a ",
    "closed angles": "<a>",
    "quotes": '"',
    "single quotes": "'",
    "triple quotes": '"""',
    "escapes": "\\",
    "dollars": "$(a ",
    "braces": "${a",
    "backticks": "`",
    "stars": "*",
    "pipes": "a|",
    "ands": "a&&",
    "semicolons": "a;",
    "comments in a comment": "/*",
    "addresses": "https://",
    "at signs": "a@",
    "emoji": "\U0001f600",
    "joiners": "e\u0301\u200d",
    "nul-like": "\x01",
    "imports": "import ",
    "froms": "from a import (",
    "definitions": "def f(",
    "conditions": "if ",
    "prints": "print ",
    "requires": "require ",
    "packages": "package ",
    "headers": "#include ",
    "functions": "add_executable(",
    "runs": "RUN a \\\n",
    "includes": "-r a.txt\n",
    "hash options": "a==1 \\\n --hash=sha256:0\n",
    "via": "    # via\n",
    "sections": "[a]\n",
    "options": "--a=",
    "python -m": "python -m ",
    "pip": "pip install ",
    "prompts": ">>> ",
    "directives": ".. code::\n",
    "fences": "```\n",
    "headings": "a\n=\n",
    "items": "* a\n  ",
    "targets": "a: a\n\t",
    "variables": "A=$(A)\n",
}
TAIL = "!\n"


def checkout(root: Path, unit: str, size: int) -> RepoTree:
    content = (unit * (size // len(unit)) + TAIL).encode()
    for name in NAMES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return RepoTree.of(root)


def seconds(detector: Detector, tree: RepoTree) -> float:
    started = time.process_time()
    facts = tuple(detector.detect(tree))
    spent = time.process_time() - started
    assert RepoFacts(facts=facts).model_dump_json()
    return spent


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
def test_no_detector_grows_faster_than_its_files(tmp_path: Path, unit: str) -> None:
    tree = checkout(tmp_path / "small", unit, SIZE)
    slow = [detector for detector in DETECTORS if seconds(detector, tree) > NOTICEABLE_S]
    for detector in slow:
        # Both anew: the first reading also paid for what several detectors share.
        before = seconds(detector, checkout(tmp_path / "small", unit, SIZE))
        after = seconds(detector, checkout(tmp_path / "large", unit, SIZE * GROWTH))
        assert after < max(before, NOTICEABLE_S) * TOO_MUCH, detector.NAME


@pytest.mark.full
@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())
def test_no_detector_needs_long_for_large_files(tmp_path: Path, unit: str) -> None:
    tree = checkout(tmp_path, unit, LARGE)
    spent = {detector.NAME: seconds(detector, tree) for detector in DETECTORS}
    assert {name: s for name, s in spent.items() if s > LIMIT_S} == {}
