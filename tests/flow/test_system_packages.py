"""Debian's own index names the packages of missing files: an unknown header, all libraries at once."""

import json
import platform
import struct
from pathlib import Path

import pytest

from flows.reproduce import reproduce
from paper2run.knowledge.debian import packages_of_header
from tests.flow.conftest import commit_all

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


@pytest.mark.full
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


MACHINES = {"x86_64": 62, "aarch64": 183}
"""Numbers of ELF's e_machine."""


def shared_object(*needed: str) -> bytes:
    """Return a library without code that is linked against others.

    https://refspecs.linuxfoundation.org/elf/elf.pdf
    """
    names = b"\0" + b"".join(name.encode() + b"\0" for name in needed)
    places = [names.index(name.encode()) for name in needed]
    dynamic_at = 64 + 2 * 56
    symbols_at = dynamic_at + 16 * (len(needed) + 5)
    names_at = symbols_at + 24
    entries = [(1, place) for place in places]
    entries += [(5, names_at), (6, symbols_at), (10, len(names)), (11, 24), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    size = 8192
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack(
        "<HHIQQQIHHHHHH", 3, MACHINES[platform.machine()], 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0
    )
    load = struct.pack("<IIQQQQQQ", 1, 6, 0, 0, 0, size, size, 4096)
    place = struct.pack(
        "<IIQQQQQQ", 2, 6, dynamic_at, dynamic_at, dynamic_at, len(dynamic), len(dynamic), 8
    )
    return (header + load + place + dynamic + bytes(24) + names).ljust(size, b"\0")


@pytest.mark.skipif(platform.machine() not in MACHINES, reason="no ELF number for this machine")
def test_all_libraries_that_are_missing_come_in_one_repair(
    tmp_path, repository, no_containers_left
):
    main = "import ctypes\nfor name in ('plot', 'solve'):\n    ctypes.CDLL(f'/repo/{name}.so')\n"
    repo = Path(repository({"main.py": main}))
    (repo / "plot.so").write_bytes(shared_object("libX11.so.6", "libargon2.so.1"))
    (repo / "solve.so").write_bytes(shared_object("libglpk.so.40", "libc.so.6"))
    commit_all(repo)

    state = reproduce(
        repo=str(repo), out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )

    metadata, folder = state.result()
    assert (metadata.status, metadata.attempts) == ("success", 2), metadata.reason
    first = Path(folder) / "attempts" / "01"
    diagnosis = json.loads((first / "diagnosis.json").read_text())
    assert diagnosis["by"] == "missing_shared_library"
    assert diagnosis["diff"] == ["+ apt libargon2-1", "+ apt libglpk40", "+ apt libx11-6"]
    missed = json.loads((first / "verification.json").read_text())["missing_libraries"]
    assert {"name": "libglpk.so.40", "needed_by": "/repo/solve.so"} in missed
