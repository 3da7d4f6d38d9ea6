"""Finds values for the environment variables that Python code reads.

They stand in samples of settings, CI, compose files, container recipes and documents. Only variables that the code
itself names count; a value that a person or another program fills in is no value.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import EnvironmentValue, Fact
from paper2run.model.plan_text import allowed_variable, one_line
from paper2run.model.value import Source
from paper2run.python.python_modules import modules_of

NAME: Final = "environment_values"

DEMANDED: Final = re.compile(
    r"^(?P<inner>[ \t]*+)(?P<line>.*?)\b(?:os\.)?environ\[\s*['\"](?P<name>[A-Za-z_]\w{1,60})['\"]\s*\]"
    r"(?!\s*(?:=[^=]|\+=))",
    re.MULTILINE,
)
READ: Final = re.compile(
    r"\b(?:getenv|environ\.get|config|env(?:\.\w+)?)\(\s*['\"]([A-Za-z_]\w{1,60})['\"]"
)
"""With a default or not: of the standard library, python-decouple, django-environ and environs."""
SETTINGS_CLASS: Final = re.compile(
    r"^class \w+\((?:\w+\.)?BaseSettings\):\n((?:[ \t]+.*\n|\n)*)", re.M
)
FIELD: Final = re.compile(r"^    (\w+)\s*:\s*[\w.\[\]| ,]+$", re.M)
"""A field of pydantic's settings without a default."""
PREFIX: Final = re.compile(r"env_prefix\s*=\s*['\"](\w*)['\"]")
DJANGO: Final = re.compile(
    r"environ\.setdefault\(\s*['\"](DJANGO_SETTINGS_MODULE)['\"],\s*['\"]([\w.]+)['\"]"
)
PLACES: Final = (
    re.compile(r"^\.github/workflows/[^/]+\.ya?ml$|^\.(?:gitlab-ci|travis)\.yml$|^\.circleci/config\.yml$"),
    re.compile(r"^(?:.*/)?(?:tox\.ini|setup\.cfg|pytest\.ini)$"),
    re.compile(r"^(?:.*/)?(?:\.?env[.\w-]*(?:example|sample|template|dist|defaults?|test|ci)\w*|(?:example|sample)\.env|\.env)$"),
    re.compile(r"^(?:.*/)?(?:docker-)?compose[.\w-]*\.ya?ml$"),
    re.compile(r"^(?:.*/)?Dockerfile[^/]*$"),
    re.compile(r"^README[^/]*$", re.IGNORECASE),
)  # fmt: skip
"""Files that give values, the best first: what tests run with, what authors hand on, what documents show."""
GIVEN: Final = re.compile(
    r"^[\s>$`]*(?:-\s+)?(?:export\s+|ENV\s+|set\s+)?['\"]?(?P<name>[A-Za-z_]\w{1,60})['\"]?(?:\s*[=:]\s*|\s+(?=\S+$))"
    r"(?P<value>[^#\n]*?)\s*(?:\s#.*)?$"
)
FILLED_IN: Final = re.compile(r"[${<]|^(?:your|my|change|xxx|\.\.\.)", re.IGNORECASE)
OF_THE_SYSTEM: Final = frozenset(
    {"CUDA_HOME", "CUDA_VISIBLE_DEVICES", "DISPLAY", "HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "PWD", "PYTHONHOME",
     "PYTHONPATH", "SHELL", "TMPDIR", "USER", "VIRTUAL_ENV"}
)  # fmt: skip
"""What the image itself sets, or what another machine's value would break."""
MAX_FOUND: Final = 40
MAX_VALUE_CHARS: Final = 200


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each variable that code reads and a file names, once, by name, with its best value."""
    read = dict(_read_by_code(tree))
    named = {name.upper(): name for name in read}
    best: dict[str, EnvironmentValue] = {}
    for name, value, place in (*_settings_of_django(tree), *_given(tree, named)):
        known = best.get(name)
        if known is None or (value and not known.value):
            at_import = read.get(named.get(name.upper(), ""), False)
            best[name] = EnvironmentValue(
                name=name,
                value=value,
                at_import=at_import,
                source=known.source if known and not value else place,
            )
    yield from (best[name] for name in sorted(best)[:MAX_FOUND])


def _read_by_code(tree: RepoTree) -> Iterator[tuple[str, bool]]:
    """Yield each variable that code reads, and whether an import of the file fails without it."""
    wanted: dict[str, bool] = {}
    for module in modules_of(tree):
        text = tree.text(module.path)
        if (
            "environ" not in text
            and "env(" not in text
            and "Settings" not in text
            and "config(" not in text
        ):
            continue
        for match in READ.finditer(text):
            wanted.setdefault(match[1], False)
        for match in DEMANDED.finditer(text):
            at_top = not match["inner"] and not match["line"].startswith(("def ", "#", "if "))
            wanted[match["name"]] = wanted.get(match["name"], False) or (
                at_top and module.role != "build"
            )
        for settings in SETTINGS_CLASS.finditer(text):
            prefix = PREFIX.search(settings[1])
            for field in FIELD.finditer(settings[1]):
                wanted[f"{prefix[1] if prefix else ''}{field[1]}"] = True
    yield from wanted.items()


def _is_allowed(name: str) -> bool:
    """Whether a plan may set the variable."""
    try:
        return allowed_variable(name) not in OF_THE_SYSTEM
    except ValueError:
        return False


def _is_held(value: str) -> bool:
    """Whether a plan may hold the value."""
    try:
        return len(one_line(value)) <= MAX_VALUE_CHARS
    except ValueError:
        return False


def _settings_of_django(tree: RepoTree) -> Iterator[tuple[str, str, Source]]:
    """Yield the settings that the project's own programs choose, those nearest to the root first."""
    for path in sorted(
        tree.matching("manage.py", "runtests.py", "conftest.py"), key=lambda path: path.count("/")
    ):
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            match = DJANGO.search(line)
            if match:
                yield match[1], match[2], Source(kind="file", path=path, line=number)


def _given(tree: RepoTree, named: dict[str, str]) -> Iterator[tuple[str, str, Source]]:
    for place in PLACES:
        for path in filter(place.match, tree.files):
            for number, line in enumerate(tree.text(path).splitlines(), 1):
                match = GIVEN.match(line)
                if match and match["name"].upper() in named and _is_allowed(match["name"]):
                    value = match["value"].strip().strip("'\"`").strip()
                    unfit = FILLED_IN.search(value) or not _is_held(value)
                    source = Source(kind="file", path=path, line=number)
                    yield match["name"], "" if unfit else value, source
