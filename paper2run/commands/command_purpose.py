"""Tells what a shell command is for: installing, testing, downloading or running.

The rules look at its words only.
"""

import re
from typing import Final

from paper2run.formats.shell_words import parts
from paper2run.model.facts import Purpose

PYTHON: Final = r"(?:\S*/)?python[\d.]*\s+(?:-[uOBEsW]\S*\s+)*"

INSTALL: Final = (
    r"(?:\S*/)?(?:pip[\d.]*|conda|mamba|micromamba|pipenv|poetry|uv|pdm|apt|apt-get|aptitude|brew|yum|dnf)\s+"
    r"(?:-\S+\s+|pip\s+)*(?:install|update|upgrade|env|create|activate|add|sync|lock|build-dep)\b|easy_install\s",
    rf"{PYTHON}-m\s+(?:pip|venv|virtualenv|build)\b",
    rf"(?:{PYTHON}|\./)setup\.py\s+(?:-\S+\s+)*(?:install|develop|build\w*|egg_info|bdist\w*|sdist)\b",
    r"virtualenv\s|git\s+(?:clone|submodule|checkout)\s|(?:source|\.)\s+\S*activate",
    r"docker\s+(?:build|pull)\s|npm\s+(?:install|i|ci)\b|yarn(?:\s+install)?$|bundle\s+install",
    r"cmake\b|\S*configure\b|autoreconf\b|\S*autogen\.sh|meson\s+(?:setup|compile)|ninja\b",
    r"make(?:\s+-\S+(?:\s+\d+)?)*(?:\s+(?:install|build|all|deps|setup|env|init))?(?:\s+-\S+(?:\s+\d+)?)*$",
    r"go\s+(?:get|build|install)\b|cargo\s+(?:build|install)\b",
    r"(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran)\s+\S",
    r"mvn\s.*(?:install|package)|\S*gradlew?\s+(?:build|assemble)|ant$|R\s+CMD\s+(?:INSTALL|build)|Rscript\s.*install",
)
TEST: Final = (
    r"(?:[\w.]+=\S+\s+|xvfb-run\s+(?:-\S+\s+)*)*(?:\S*/)?"
    r"(?:pytest|py\.test|nosetests[\d.]*|tox|nox|ctest|coverage\s+run|trial|stestr|behave)\b",
    rf"{PYTHON}-m\s+(?:pytest|unittest|nose|doctest|coverage|tox|nox)\b",
    rf"(?:{PYTHON}|\./)setup\.py\s+(?:-\S+\s+)*(?:test|nosetests|pytest)\b",
    rf"{PYTHON}(?:\S*/)?(?:run_?tests?|tests?|\w*_tests?|test_\w+)\.py\b",
    rf"{PYTHON}-c\s.*\.test\(",
    r"(?:make|npm|npm\s+run|yarn|go|cargo|mvn|\S*gradlew?|ant|hatch|pdm)"
    r"\s+(?:-\S+\s+)*(?:tests?|check|pytest)\b",
    r"R\s+CMD\s+check|Rscript\s.*test|julia\s.*Pkg\.test|(?:bash|sh|\.)\s+\S*(?:run_)?tests?\.sh"
    r"|\./(?:\S*[^A-Za-z\s])?(?:[Tt]est|TEST)(?:s|ing|er)?(?![a-z])\S*",
)
DOWNLOAD: Final = (
    r"(?:wget|curl|gdown|aria2c|axel|gsutil|aws\s+s3|dvc\s+pull|kaggle|rsync|scp|git\s+lfs|huggingface-cli|unzip|tar)\b",
    rf"{PYTHON}-m\s+(?:nltk\.downloader|spacy\s+download|wget|gdown)",
    rf"(?:{PYTHON}|bash\s+|sh\s+)\S*(?:download|fetch|get_)\S*\.(?:py|sh)|\./\S*(?:download|fetch|get_)\S*",
)
RUN: Final = (
    r"(?:[A-Z_]\w*=\S*\s+)*(?:time\s+|nohup\s+|(?:mpirun|mpiexec|torchrun)\s(?:-\S+\s+\S+\s+)*)?(?:\S*/)?"
    r"(?:python[\d.]*|ipython|jupyter|bash|sh|Rscript|julia|node|java|perl|octave|matlab|lua|th|accelerate|streamlit)\s+\S",
    r"docker\s+run\s|docker-compose\s|\./\S",
    r"(?:make|npm\s+run|go\s+run|cargo\s+run|npm\s+start)\b",
)

# First match wins: a test that an interpreter starts is a test, a download that one starts is a download.
PURPOSES: Final[tuple[tuple[Purpose, re.Pattern[str]], ...]] = (
    ("install", re.compile("|".join(INSTALL))),
    ("test", re.compile("|".join(TEST))),
    ("download", re.compile("|".join(DOWNLOAD))),
    ("run", re.compile("|".join(RUN))),
)


def purpose_of(command: str) -> Purpose | None:
    """Return what a command is for; None if no part tells.

    The last of its joined parts that tells decides.
    """
    found: Purpose | None = None
    for part in parts(command):
        found = next((purpose for purpose, words in PURPOSES if words.match(part)), found)
    return found


def runs_tests(command: str) -> bool:
    """Tell whether a smoke command runs tests."""
    return purpose_of(command.removeprefix("{ ")) == "test"
