"""Every parser of strangers' texts gives its value or its documented error, whatever the text.

A line in PARSERS is a new parser. Two ways of asking: the same hurtful texts for all of them, and generated ones.
"""

import ast
import json
import time
from collections.abc import Callable
from pathlib import PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from paper2run.batches.batch_input import read_batch_text
from paper2run.errors import UserError
from paper2run.failures.debian_files import read_release
from paper2run.formats import makefile, yaml_text
from paper2run.formats.code_blocks import read_document
from paper2run.formats.requirement_text import read_requirement
from paper2run.formats.shell_words import (
    apt_packages,
    conda_arguments,
    logical_lines,
    parts,
    pip_arguments,
)
from paper2run.formats.version_ranges import conda, listed_python, pep440, python_range
from paper2run.index.archive_modules import source_modules, wheel_modules
from paper2run.index.lenient_requirement import lenient_requirement
from paper2run.index.package_metadata import source_metadata, wheel_metadata
from paper2run.logs import plain
from paper2run.model.repo import Section
from paper2run.model.value import Source
from paper2run.papers.paper_links import rank_repositories, repository_url
from paper2run.papers.paper_text import (
    mend,
    sections_of_markdown,
    sections_of_pages,
    sections_of_plain_text,
)
from paper2run.python.python_dialects import rewrite
from paper2run.python.python_imports import scan_imports
from paper2run.python.python_source import parse as parse_python
from paper2run.python.setup_script import parse_leniently
from paper2run.rendering.injection import base_images, instructions

PARSERS: dict[str, tuple[Callable[[str], object], tuple[type[Exception], ...]]] = {
    "yaml": (yaml_text.parse, (yaml_text.YamlRefused,)),
    "requirement": (
        lambda text: read_requirement(text, group="run", source=Source(kind="file", path="r")),
        (),
    ),
    "lenient requirement": (lenient_requirement, ()),
    "wheel metadata": (wheel_metadata, ()),
    "PKG-INFO": (lambda text: source_metadata(["a/PKG-INFO"], {"a/PKG-INFO": text}), ()),
    "requires.txt": (lambda text: source_metadata(["r"], {"a/requires.txt": text}), ()),
    "pyproject of a source": (lambda text: source_metadata([], {"pyproject.toml": text}), ()),
    "setup.py of a source": (lambda text: source_metadata([], {"setup.py": text}), ()),
    "members of a wheel": (lambda text: wheel_modules(text.split("\n")), ()),
    "members of a source": (lambda text: source_modules(text.split("\n")), ()),
    "markdown paper": (sections_of_markdown, ()),
    "front matter": (lambda text: sections_of_markdown(f"---\n{text}\n---\n"), ()),
    "plain paper": (sections_of_plain_text, ()),
    "pages of a paper": (lambda text: sections_of_pages([text] * 3), ()),
    "cut words": (mend, ()),
    "links of a paper": (lambda text: rank_repositories((Section(heading="", text=text),)), ()),
    "address of a repository": (repository_url, ()),
    "python": (parse_python, ()),
    "old python": (rewrite, ()),
    "setup script": (parse_leniently, (SyntaxError,)),
    "imports": (scan_imports, ()),
    "logical lines": (lambda text: list(logical_lines(text)), ()),
    "shell words": (
        lambda text: (
            list(parts(text)),
            pip_arguments(text),
            conda_arguments(text),
            apt_packages(text),
        ),
        (),
    ),
    "makefile": (lambda text: (makefile.products(text), makefile.default_recipes(text)), ()),
    "dockerfile": (lambda text: (list(instructions(text)), base_images(text)), ()),
    "readme": (lambda text: read_document("README.md", text), ()),
    "readme.rst": (lambda text: read_document("README.rst", text), ()),
    "readme.org": (lambda text: read_document("README.org", text), ()),
    "readme.adoc": (lambda text: read_document("README.adoc", text), ()),
    "version ranges": (
        lambda text: (listed_python(text), python_range(text), pep440(text), conda(text)),
        (),
    ),
    "os-release": (read_release, ()),
    "log": (plain, ()),
    "batch": (lambda text: read_batch_text(PurePath("/a/b.txt"), text), (UserError,)),
    "batch.csv": (lambda text: read_batch_text(PurePath("/a/b.csv"), text), (UserError,)),
    "batch.yaml": (lambda text: read_batch_text(PurePath("/a/b.yaml"), text), (UserError,)),
    "batch.jsonl": (lambda text: read_batch_text(PurePath("/a/b.jsonl"), text), (UserError,)),
    "name": (canonicalize_name, ()),
}
WORDS = (
    "a",
    "numpy",
    "é",
    "\U0001f600",
    "\ud800",
    "1",
    "1.0",
    "9" * 5000,
    ">=",
    "==",
    "~=",
    "^",
    ";",
    ",",
    ".",
    "-",
    "_",
    "/",
    "\\",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    '"',
    "'",
    '"""',
    "`",
    "```",
    "#",
    "$",
    "$(",
    "${",
    "@",
    "!",
    "%",
    "&&",
    "|",
    "*",
    "=",
    ":",
    "::",
    "---",
    "...",
    "<<",
    "&a ",
    "*a",
    "? ",
    "- ",
    "\t",
    " ",
    "\n",
    "\r",
    "\n\n",
    "\n ",
    "\x00",
    "\x0b",
    "\x0c",
    "\x1b[",
    "\x85",
    "\u2028",
    "import ",
    "from ",
    "print ",
    "def ",
    "if ",
    "RUN ",
    "FROM ",
    "pip install ",
    "apt-get install ",
    "-r ",
    "Requires-Dist: ",
    "extra == ",
    "python_version",
    "and",
    "https://github.com/",
    "file:",
    "git+",
    "[project]\n",
    "0x",
    "1e999",
)
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=25).map("".join)
SIZE = 2_000
GROWTH = 4
NOTICEABLE_S = 0.03
TOO_MUCH = 9
"""Times as long at four times the size: linear reading takes 4 times, quadratic 16."""
MAX_S = 3
"""Of processor time at that size, whatever it was before."""
LONG_UNITS = [
    "\n",
    " ",
    "a",
    "a ",
    "(",
    "[",
    "{",
    "a.",
    "a=",
    "-",
    "- ",
    "a: {",
    '"',
    "\\",
    "\\\n",
    "$(",
    "`",
    "#",
    "a,",
    "a\n",
    " \n",
    "\r",
    "\x85",
    "/",
    "1",
    "1.",
    ";",
    "<",
    "a@",
    "[a]: b\n",
    "a and ",
    "from ",
    "import ",
    "RUN \\\n",
    "a\n=\n",
    "&a ",
    "*a ",
    "not ",
]


def ask(name: str, text: str) -> None:
    parse, documented = PARSERS[name]
    try:
        parse(text)
    except documented as error:
        assert str(error)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=30)
@given(text=TEXTS)
def test_a_parser_gives_a_value_or_its_documented_error(name: str, text: str) -> None:
    ask(name, text)


def seconds(name: str, unit: str, end: str, size: int) -> float:
    text = unit * (size // len(unit)) + end
    started = time.process_time()
    ask(name, text)
    return time.process_time() - started


@pytest.mark.parametrize("name", [name for name in PARSERS if not name.startswith("batch")])
def test_a_parser_of_a_long_text_takes_no_quadratic_time(name: str) -> None:
    for unit in LONG_UNITS:
        for end in ("!", "\n!"):
            before = seconds(name, unit, end, SIZE)
            if before < NOTICEABLE_S / GROWTH**2:
                continue
            after = seconds(name, unit, end, SIZE * GROWTH)
            if after > NOTICEABLE_S * GROWTH:
                # Once more, because the first reading may have been disturbed.
                before = max(before, seconds(name, unit, end, SIZE))
                after = min(after, seconds(name, unit, end, SIZE * GROWTH))
                assert after < min(before * TOO_MUCH, MAX_S), f"{name} of {unit!r}"


def test_python_of_any_depth_is_parsed_or_refused() -> None:
    for text in (
        "-" * 50_000 + "1",
        "(" * 50_000,
        "a" + ".a" * 50_000,
        "a" + "[0]" * 5_000,
        "lambda: " * 5_000 + "1",
    ):
        ask("python", text)
        ask("setup script", text)


def test_json_of_any_depth_is_no_error_of_ours() -> None:
    ask("batch.jsonl", "[" * 100_000)
    ask("batch.jsonl", json.dumps({"repo": "a" * 100_000}))
    assert ast.parse("1")
