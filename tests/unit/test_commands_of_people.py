"""Commands as READMEs and CI files write them: what they are for, and what they install."""

import pytest

from paper2run.commands.command_purpose import purpose_of
from paper2run.formats.shell_words import (
    apt_packages,
    conda_arguments,
    logical_lines,
    pip_arguments,
    unprompted,
    without_remark,
)

PURPOSES = {
    "install": ["pip install numpy", "sudo pip3 install -U x", "python -m pip install .", "python setup.py develop",
                "python setup.py build_ext --inplace", "conda env create -f environment.yml", "make", "make -j 4",
                "poetry install", "cmake ..", "./configure", "git clone https://example.org/x", "R CMD INSTALL ."],
    "test": ["pytest", "py.test -q tests", "python -m pytest", "poetry run pytest", "python setup.py test", "tox",
             "make check", "npm test", "python tests/run_tests.py", "python -c 'import x; x.test()'",
             "pip install -e . && nosetests", "coverage run -m pytest", "cd tests && python test_all.py"],
    "download": ["wget http://example.org/a", "python download_data.py", "bash scripts/get_data.sh",
                 "python -m nltk.downloader punkt", "git lfs pull"],
    "run": ["python train.py --test", "CUDA_VISIBLE_DEVICES=0 python a.py", "./run.sh", "jupyter notebook",
            "uv run python x.py", "for i in 1 2; do python x.py; done", "Rscript a.R", "cd a && python b.py"],
    None: ["", "ripple --help", "step 1 of 10", "import numpy", "poetry publish", "echo pip"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "purpose"),
    [(line, purpose) for purpose, lines in PURPOSES.items() for line in lines],
)
def test_the_words_of_a_command_tell_what_it_is_for(command: str, purpose: str | None) -> None:
    assert purpose_of(command) == purpose


def test_only_plain_names_on_the_line_are_requirements() -> None:
    line = "pip install -U -r r.txt -e . 'a>=1' b[x]==2 $C --index-url u .[all] pip ../d && pip install e > log"
    assert pip_arguments(line) == ("a>=1", "b[x]==2", "e")
    assert pip_arguments("echo pip install") == ()
    assert conda_arguments("conda install -y -c forge numpy=1.1 python=3") == (
        "numpy=1.1",
        "python=3",
    )
    assert apt_packages("sudo apt-get -qq install -y g++ libx-dev=1.0 $Y Bad_Name") == (
        "g++",
        "libx-dev",
    )


@pytest.mark.parametrize(
    ("line", "packages"),
    [("pip install numpy or conda install numpy", ("numpy",)), ("pip install numpy   // the arrays", ("numpy",)),
     ("pip install -r requirements.txt to install the dependencies", ()), ("pip install numpy (needed)", ("numpy",)),
     ("pip install numpy, scipy, and matplotlib", ("numpy", "scipy", "matplotlib")), ("pip install package_name", ()),
     ("pip install numpy; then run it", ("numpy",)), ("pip install your-package", ()), ("pip install foo...", ()),
     ("pip install the packages", ()), ("pip install requirements.txt", ()), ("pip install a -- for b", ("a",)),
     ("pip install a --target out --implementation cp --python-version 37 --platform win32 --abi cp37m", ("a",)),
     ("pip install requirements-dev.lock", ()),
     ("python -m pip install <library name>", ()), ("pip install 'a<2' b<3 <name>", ("a<2", "b<3")),
     ("pip install importlib-resources toolz and-or", ("importlib-resources", "toolz", "and-or"))],
)  # fmt: skip
def test_what_people_explain_behind_a_command_is_no_package(
    line: str, packages: tuple[str, ...]
) -> None:
    assert pip_arguments(line) == packages


@pytest.mark.parametrize(
    ("line", "command", "prompted"),
    [("$ pip install x", "pip install x", True), ("(env) me@host:~/x$ ls", "ls", True), ("% make", "make", True),
     ("~/x$ ./run.py", "./run.py", True), ("host:~ $ ls", "ls", True), ("~/.ssh/config", "~/.ssh/config", False),
     (">>> import x", "import x", True), ("!pip install x", "pip install x", True), ("make x", "make x", False),
     ("%matplotlib inline", "%matplotlib inline", False), ("$HOME/bin/x", "$HOME/bin/x", False)],
)  # fmt: skip
def test_a_prompt_is_no_part_of_the_command(line: str, command: str, prompted: bool) -> None:
    assert unprompted(line) == (command, prompted)


def test_continued_lines_are_one_command_and_comments_none() -> None:
    script = "# first\npip install \\\n  a \\\n  # inside\n  b\n\nmake  # last\nend \\"
    assert list(logical_lines(script, 10)) == [(11, "pip install a b"), (16, "make"), (17, "end")]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("python fit.py all      the six scenarios", "python fit.py all"),
        ("python fit.py   (about 5 minutes)", "python fit.py"),
        ("python fit.py --efficacy     sensitivity, 0.6-0.9", "python fit.py --efficacy"),
        ("python fit.py     in.csv out.csv", "python fit.py     in.csv out.csv"),
        ("python fit.py     --seed 3", "python fit.py     --seed 3"),
        ("python fit.py all the rest", "python fit.py all the rest"),
    ],
)
def test_a_column_beside_a_command_is_no_part_of_it(line, command):
    assert without_remark(line) == command
