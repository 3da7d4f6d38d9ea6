"""A library that no table holds: the first build misses its header, the second finds the Debian package that has it."""

import json
from pathlib import Path

import pytest

from flows.reproduce import reproduce
from paper2run.debian import packages_of_header

pytestmark = pytest.mark.docker
HEADER = "argon2.h"
SETUP = """\
from setuptools import Extension, setup

setup(
    name="hashing",
    version="1.0",
    ext_modules=[Extension("hashing", ["hashing.c"], libraries=["argon2"])],
)
"""
SOURCE = f"""\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <{HEADER}>

static PyObject *message(PyObject *self, PyObject *args) {{
    return PyUnicode_FromString(argon2_error_message(ARGON2_OK));
}}

static PyMethodDef methods[] = {{{{"message", message, METH_NOARGS, NULL}}, {{NULL, NULL, 0, NULL}}}};
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "hashing", NULL, -1, methods}};

PyMODINIT_FUNC PyInit_hashing(void) {{ return PyModule_Create(&module); }}
"""


def test_an_extension_whose_header_no_table_holds_is_built_at_the_second_attempt(
    tmp_path, repository, no_containers_left
):
    assert not packages_of_header(HEADER), "the table knows it: the index would not be needed"
    main = "import hashing\n\nprint(hashing.message())\n"
    repo = repository({"setup.py": SETUP, "hashing.c": SOURCE, "run/main.py": main})

    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python run/main.py", return_state=True
    )

    metadata, folder = state.result()
    assert (metadata.status, metadata.attempts) == ("success", 2), metadata.reason
    diagnosis = json.loads((Path(folder) / "attempts/01/diagnosis.json").read_text())
    assert diagnosis["by"] == "missing_header"
    assert f"fatal error: {HEADER}" in diagnosis["evidence"]
    assert "libargon2-dev" in (Path(folder) / "Dockerfile").read_text()
    assert "libargon2-dev" not in (Path(folder) / "attempts/01/Dockerfile").read_text()
    assert (Path(folder) / "attempts/02/smoke_stdout.log").read_text() == "OK\n"
