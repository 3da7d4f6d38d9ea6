"""Repairs small repositories that fail in one known way, for real.

Each is planned, built, run, judged and built again.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from flows.reproduce import reproduce
from paper2run.settings import Settings
from tasks.drivers.engine.engine_connection import connect
from tests.flow.batches import wait_until
from tests.flow.conftest import containers_of, recipe_of

pytestmark = [pytest.mark.docker, pytest.mark.index]
NAME = "mended"
"""Of the repositories."""


class Situation(NamedTuple):
    """A repository, the rules that answer its failures in order, and what the last Dockerfile says."""

    rules: tuple[str, ...]
    files: dict[str, str]
    holds: str
    smoke: str = ""
    """The user's own command; empty: the planner's, which repairs may exchange."""
    needs: tuple[str, ...] = ()
    """Base images beside those that every test machine has."""


MAIN = 'if __name__ == "__main__":\n    main()\n'
C_PROGRAM = 'int main(void) { set(); printf("%d\\n", answer); return 0; }\n'
SITUATIONS = {
    "setup that fails by itself": Situation(
        ("unbuildable_project",),
        {
            "setup.py": "from setuptools import setup\nassert not 'released'\n"
            "setup(name='sieve', version='1', packages=['sieve'], install_requires=['six'])\n",
            "sieve/__init__.py": "import six\n",
        },
        'PYTHONPATH="/repo"',
    ),
    "data that the manifest forgets": Situation(
        ("module_elsewhere",),
        {
            "setup.py": "from setuptools import setup\nsetup(name='waves', version='1', packages=['waves'])\n",
            "waves/__init__.py": "import pathlib\n\n"
            "TABLE = (pathlib.Path(__file__).parent / 'table.txt').read_text()\n",
            "waves/table.txt": "1 2 3\n",
        },
        'PYTHONPATH="/repo"',
        smoke="cd /tmp && python -c 'import waves'",
    ),
    "plugin of a fixture": Situation(
        ("pytest_drift",),
        {
            # Written so that no reader of the source sees which fixture is asked for.
            "test_all.py": "def test_all(request):\n"
            "    mocker = request.getfixturevalue('mocker')\n"
            "    assert mocker.Mock(return_value=1)() == 1\n"
        },
        "pytest-mock==",
        smoke="python -m pytest -q",
    ),
    "name that a library dropped": Situation(
        ("library_too_new",),
        {
            "requirements.txt": "jinja2\n",
            # Written so that no reader of the source sees which name is asked for.
            "main.py": "import jinja2\nprint(getattr(jinja2, 'escape')('<'))\n",
        },
        "jinja2==3.0.3",
        smoke="python main.py",
    ),
    "build that reads its version from git": Situation(
        ("build_tools",),
        {
            "setup.py": "import os, sys\nfrom setuptools import setup\n"
            "version = os.environ.get('PBR_VERSION')\n"
            "if not version:\n    sys.exit('Versioning for this project requires either an sdist tarball, or git')\n"
            "setup(name='waves', version=version, py_modules=['waves'])\n",
            "waves.py": "HEIGHT = 1\n",
        },
        "PBR_VERSION",
        smoke="cd /tmp && python -c 'import waves'",
    ),
}
SLOW = {
    "program that make calls": Situation(
        ("missing_program",),
        {
            "Makefile": "all: greet\n\ngreet: greet.m4\n\tm4 greet.m4 > greet\n\tchmod +x greet\n",
            "greet.m4": "#!/bin/sh\ndefine(`WHO', `world')echo hello WHO\n",
            "main.py": "import subprocess\nsubprocess.run(['make'], check=True)\n"
            "subprocess.run(['./greet'], check=True)\n",
        },
        "m4",
        smoke="python main.py",
    ),
    "script that reads beside itself": Situation(
        ("wrong_directory",),
        {
            "README.md": "# Demo\n\nRun it:\n\n```sh\npython study/run.py\n```\n",
            "study/run.py": f"def main():\n    print(open('words.txt').read())\n\n\n{MAIN}",
            "study/words.txt": "hello\n",
        },
        "cd study && python run.py",
    ),
    "folder that git does not keep": Situation(
        ("missing_folder",),
        {
            "main.py": f"def main():\n    open('results/new/sum.txt', 'w').write('3')\n    print('saved')\n\n\n{MAIN}"
        },
        "mkdir -p results/new",
    ),
    "program that asks": Situation(
        ("unattended_command",),
        {"main.py": f"def main():\n    print('seed', input('Which seed? ') or 7)\n\n\n{MAIN}"},
        "yes ''",
    ),
    "bootstrap from the web": Situation(
        ("bootstrapped_setuptools",),
        {
            "setup.py": "import ez_setup\nez_setup.use_setuptools()\nfrom setuptools import setup\n"
            "setup(name='waves', version='1.0', py_modules=['waves'])\n",
            "ez_setup.py": "from urllib.request import urlopen\n\n\ndef use_setuptools():\n"
            "    urlopen('http://127.0.0.1:9/setuptools.tar.gz')\n",
            "waves.py": "HEIGHT = 1\n",
        },
        "def use_setuptools",
        smoke="cd /tmp && python -c 'import waves'",
    ),
    "library that is opened at run time": Situation(
        ("missing_shared_library",),
        {"main.py": "import ctypes\nprint(ctypes.CDLL('libargon2.so.1'))\n"},
        "libargon2-1",
        smoke="python main.py",
    ),
    "compiler without the C library's files": Situation(
        ("missing_compiler",),
        {
            "model.c": "int main(void) { return 0; }\n",
            "main.py": "import subprocess\nsubprocess.run(['gcc', '-o', 'model', 'model.c'], check=True)\n"
            "subprocess.run(['./model'], check=True)\n",
        },
        "libc6-dev",
        smoke="python main.py",
    ),
    "locale that the code names": Situation(
        ("locale_missing",),
        {"main.py": "import locale\nlocale.setlocale(locale.LC_ALL, 'de_DE.UTF-8')\n"},
        "localedef -i de_DE",
        smoke="python main.py",
    ),
    "variables defined in a header": Situation(
        ("old_compiler_flags",),
        {
            "Makefile": "study: main.o set.o\n\tgcc -o study main.o set.o\n",
            "shared.h": "#include <stdio.h>\nint answer;\nvoid set(void);\n",
            "main.c": f'#include "shared.h"\n{C_PROGRAM}',
            "set.c": '#include "shared.h"\nvoid set(void) { answer = 42; }\n',
        },
        "-fcommon",
    ),
    "standard header that came by chance": Situation(
        ("missing_std_header",),
        {
            "Makefile": "study: main.cpp\n\tg++ -o study main.cpp\n",
            "main.cpp": '#include <cstdio>\nint main() { std::printf("%d\\n", std::numeric_limits<int>::max()); }\n',
        },
        "-include limits",
    ),
    "window without a display": Situation(
        ("no_display",),
        {
            "main.py": "import os, socket, sys\nname = os.environ.get('DISPLAY')\n"
            "if not name:\n    sys.exit('cannot open display: ')\n"
            "number = name.split(':')[1].split('.')[0]\n"
            "with socket.socket(socket.AF_UNIX) as display:\n"
            "    display.connect('\\0/tmp/.X11-unix/X' + number)\n",
        },
        "xvfb-run",
        smoke="python main.py",
    ),
    "game that opens a window": Situation(
        ("no_display",),
        {
            "requirements.txt": "pygame\n",
            "main.py": "import pygame\npygame.display.init()\nprint(pygame.display.set_mode((9, 9)))\n",
        },
        "SDL_VIDEODRIVER",
        smoke="python main.py",
    ),
    "plot in a window": Situation(
        ("missing_shared_library", "no_display"),
        {
            "requirements.txt": "matplotlib\n",
            "main.py": "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\n"
            "plt.plot([1, 2])\nplt.savefig('plot.png')\n",
        },
        "xvfb-run",
        smoke="python main.py",
    ),
    "print statement": Situation(
        ("python2_source",),
        {"main.py": "exec('print 1')\n"},
        "FROM python:2.7-slim",
        smoke="python main.py",
        needs=("python:2.7-slim",),
    ),
    "name that the standard library lost": Situation(
        ("unsupported_python",),
        {"main.py": "from fractions import gcd\nprint(gcd(4, 6))\n"},
        "FROM python:3.8-slim",
        smoke="python main.py",
        needs=("python:3.8-slim",),
    ),
    "tests that yield": Situation(
        ("pytest_drift",),
        {
            "requirements.txt": "pytest>=8.4\n",
            "test_all.py": "def check(n):\n    assert n < 3\n\n\ndef test_all():\n    for n in range(3):\n"
            "        yield check, n\n",
        },
        "FROM python:3.7-slim",
        smoke="python -m pytest -q",
        needs=("python:3.7-slim",),
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_failure_is_repaired(name, tmp_path, repository):
    reproduce_and_judge(SITUATIONS[name], tmp_path, repository)


def test_a_package_that_nobody_published_costs_itself_only(tmp_path, repository):
    files = {
        "requirements.txt": "tabulate\nlabtools-that-nobody-published\n",
        "main.py": "import tabulate\n",
    }
    repo = repository(files, NAME)

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )

    metadata, folder = state.result()
    assert (metadata.status, metadata.attempts) == ("success", 1), metadata.reason
    assert "tabulate==" in recipe_of(Path(folder))
    report = (Path(folder) / "report.md").read_text()
    assert "labtools-that-nobody-published: not on the index" in report


@pytest.mark.full
@pytest.mark.parametrize("name", SLOW)
def test_a_further_failure_is_repaired(name, tmp_path, repository):
    reproduce_and_judge(SLOW[name], tmp_path, repository)


@pytest.mark.full
def test_a_repair_that_makes_it_worse_is_taken_back_and_the_best_attempt_kept(tmp_path, repository):
    repo = repository(
        {"main.py": "import locale\nlocale.setlocale(locale.LC_ALL, 'xx_YY.UTF-8')\n"}, NAME
    )

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )

    metadata, kept = state.result()
    folder = Path(kept)
    assert (metadata.status, metadata.attempts, metadata.best_attempt) == ("smoke-failed", 2, 1)
    dockerfiles = [folder / part / "Dockerfile" for part in ("", "attempts/01", "attempts/02")]
    assert dockerfiles[0].read_text() == dockerfiles[1].read_text() != dockerfiles[2].read_text()
    assert connect().image(metadata.image) is not None
    assert metadata.tried[0].endswith("then: fell back")
    report = (folder / "report.md").read_text()
    assert "attempt 1 came furthest" in report
    assert "locale_missing: the code asks for the locale xx_YY.UTF-8" in report


def test_an_answer_that_leads_to_the_same_plan_ends_the_run_without_another_build(
    tmp_path, repository
):
    nowhere = "labtools_that_nobody_published"
    repo = repository(
        {"main.py": f"import importlib\nimportlib.import_module('{nowhere}')\n"}, NAME
    )

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )

    metadata, kept = state.result()
    # That one answer is used up proves nothing: the cause is a class, no stop.
    assert (metadata.status, metadata.cause) == ("smoke-failed", "absent_module")
    assert metadata.attempts == 1
    assert nowhere in metadata.reason
    assert "asking for another one" in (Path(kept) / "run.log").read_text()


def reproduce_and_judge(situation: Situation, tmp_path: Path, repository) -> None:
    missing = [image for image in situation.needs if connect().image(image) is None]
    if missing and not Settings().registry_prefix:
        pytest.skip(f"no image {', '.join(missing)} on this engine")
    repo = repository(situation.files, NAME)

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke=situation.smoke, return_state=True
    )

    metadata, kept = state.result()
    folder = Path(kept)
    diagnoses = [
        json.loads(path.read_text()) for path in sorted(folder.glob("attempts/*/diagnosis.json"))
    ]
    assert tuple(found["by"] for found in diagnoses) == situation.rules
    assert all(found["diff"] and found["evidence"] for found in diagnoses)
    assert (metadata.status, metadata.attempts) == ("success", len(situation.rules) + 1), (
        metadata.reason
    )
    assert situation.holds in recipe_of(folder)
    assert situation.holds not in recipe_of(folder / "attempts/01")
    assert len(metadata.tried) == len(situation.rules)
    assert metadata.tried[-1].endswith("then: it runs")
    # Another process may be running another situation.
    wait_until(lambda: containers_of(NAME) == [], "the end of all containers of runs")
