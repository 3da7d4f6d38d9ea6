"""Repositories that look impossible and are not: what seems to lack keeps no work from running."""

from pathlib import Path

import pytest

from paper2run.model.diagnosis import Diagnosis
from paper2run.planners import rules
from paper2run.verdicts.needs import needs_of
from paper2run.verdicts.verdicts import stopped
from tests.unit.test_leading_language import evidence_of

MAIN = "def main():\n    print(sum(range(3)))\n\n\nif __name__ == '__main__':\n    main()\n"
README = "# Sums\n\n```\npython main.py\n```\n"
SETUP = "from setuptools import setup\nsetup(name='waves', packages=['waves'])\n"
C_MAIN = '#include <stdio.h>\nint main(void) { puts("3"); return 0; }\n'


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {"requirements.txt": "--extra-index-url https://pypi.lab.example/simple\nnumpy\n", "main.py": MAIN},
            id="private index beside the public one",
        ),
        pytest.param(
            {"main.py": f"import sys\nif sys.platform == 'win32':\n    import winreg\n{MAIN}"},
            id="module of Windows behind sys.platform",
        ),
        pytest.param(
            {"main.py": f"try:\n    import matlab.engine\nexcept ImportError:\n    matlab = None\n{MAIN}"},
            id="commercial engine that is optional",
        ),
        pytest.param(
            {"main.py": f"import numpy as np\nnp.save('cache.npy', [1])\nprint(np.load('cache.npy'))\n{MAIN}"},
            id="file that the program writes itself",
        ),
        pytest.param(
            {"main.py": f"from waves import _fast\n{MAIN}", "waves/__init__.py": "", "native/_fast.c": C_MAIN},
            id="module that is built from a folder beside",
        ),
        pytest.param(
            {"main.py": f"from waves import grammar\n{MAIN}", "waves/__init__.py": "",
             "Makefile": "grammar:\n\tpegen waves.peg > waves/grammar.py\n"},
            id="module that a build step generates",
        ),
        pytest.param(
            {"main.py": MAIN, "plots/figure.m": "% draws\nplot(1:3)\n"}, id="MATLAB file beside Python"
        ),
        pytest.param(
            {"main.py": f"print('requires a GPU with CUDA')\n{MAIN}"}, id="text of a program that speaks of a GPU"
        ),
        pytest.param(
            {"README.md": f"{README}\nThe raw data were at https://old.example.org/raw.zip\n", "main.py": MAIN},
            id="dead link that is only mentioned",
        ),
        pytest.param(
            {"main.py": MAIN, "old/convert.py": "print 'done'\nraise IOError, 'x'\n"},
            id="Python 2 in a file that is not used",
        ),
        pytest.param(
            {"setup.py": SETUP, "waves/__init__.py": "", "main.py": MAIN}, id="package of an empty __init__.py alone"
        ),
        pytest.param(
            {"setup.py": SETUP, "waves/__init__.py": "", "waves/fit.py": "", "waves/core.c": C_MAIN, "main.py": MAIN},
            id="empty modules beside compiled code",
        ),
        pytest.param(
            {"README.md": f"{README}\n```\npython old_name.py\n```\n", "main.py": MAIN},
            id="script of an older README",
        ),
        pytest.param(
            {"README.md": f"{README}\nFull data are available on request.\n", "main.py": MAIN},
            id="data on request beside code that does without",
        ),
        pytest.param(
            {"README.md": "# Sums\n\n```\nmake\nsh run.sh\n```\n", "Makefile": "sums: sums.c\n\tcc -o sums sums.c\n",
             "sums.c": C_MAIN, "run.sh": ""},
            id="empty helper beside code in C",
        ),
        pytest.param(
            {"README.md": "# Sums\n\n```\nmake\n./make_data.sh\n```\n", "sums.c": C_MAIN,
             "Makefile": "sums: sums.c\n\tcc -o sums sums.c\n"},
            id="script that is not there beside a build",
        ),
    ],
)  # fmt: skip
def test_what_can_be_run_is_planned_and_needs_nothing_hard(
    tmp_path: Path, files: dict[str, str]
) -> None:
    evidence = evidence_of(tmp_path, {"README.md": README, **files})

    planned = rules.plan(evidence)

    assert not isinstance(planned, Diagnosis), planned.decision.reason
    assert [need for need in needs_of(evidence.facts) if need.hard] == []


@pytest.mark.parametrize(
    ("files", "cause"),
    [
        ({"README.md": "# Code\n", "code.zip": "PK\3\4\0"}, "no_code"),
        ({"README.md": "# Code\n", ".gitmodules": "[submodule 'src']\n\tpath = src\n"}, "no_code"),
        ({"README.md": "# A model\n", "plant.slx": "PK\3\4\0"}, "no_code"),
        ({"README.md": "# Code\n", "pom.xml": "<project><artifactId>a</artifactId></project>\n"}, "no_code"),
        ({"README.md": "# Proofs\n\n```\nmake\n./check.sh\n```\n", "Makefile": "all:\n\tcoqc A.v\n",
          "_CoqProject": "-R . A\n", "A.v": "Theorem a : True.\nQed.\n" * 20}, "unknown_toolchain"),
        ({"README.md": "# Fit\n\nNumeric code.\n", "fit.m": "% fits\nfunction y = fit(x)\ny = x;\nend\n" * 9},
         "proprietary_toolchain"),
        ({"README.md": "# Scripts\n\nData are available upon request.\n", "a.sh": "echo 1\n" * 30}, "missing_data"),
        ({"README.md": "# Scripts\n", "a.awk": "{ print }\n" * 30, "b.sh": "awk -f a.awk\n" * 30},
         "missing_entrypoint"),
    ],
)  # fmt: skip
def test_what_this_program_cannot_plan_is_no_stop(
    tmp_path: Path, files: dict[str, str], cause: str
) -> None:
    found = rules.plan(evidence_of(tmp_path, files))

    assert isinstance(found, Diagnosis)
    assert (found.cause, stopped(found).status) == (cause, "smoke-failed")


@pytest.mark.parametrize(
    ("files", "cause"),
    [
        ({"README.md": "# Code comes soon\n", "paper.pdf": "%PDF"}, "no_code"),
        ({"README.md": README, "main.py": "", "helper.py": "X = 1\n"}, "missing_entrypoint"),
        ({"setup.py": SETUP, "waves/__init__.py": "", "waves/fit.py": "", "tests/test_fit.py": "import waves.fit\n"},
         "no_code"),
        ({"README.md": "# Tables\n", "main.do": "use data.dta\nregress y x\n" * 9}, "proprietary_toolchain"),
    ],
)  # fmt: skip
def test_a_proof_is_a_stop(tmp_path: Path, files: dict[str, str], cause: str) -> None:
    found = rules.plan(evidence_of(tmp_path, files))

    assert isinstance(found, Diagnosis)
    assert (found.cause, stopped(found).status) == (cause, "stopped-by-rule")
