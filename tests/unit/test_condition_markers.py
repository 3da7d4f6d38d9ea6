"""Conditions of setup scripts as environment markers."""

import ast

import pytest

from paper2run.python.condition_markers import markers_of

OLD, NEW = 'python_version < "3"', 'python_version >= "3"'


@pytest.mark.parametrize(
    ("condition", "marker", "contrary"),
    [("sys.version_info[0] == 2", OLD, NEW), ("sys.version_info[0] != 2", NEW, OLD),
     ("sys.version_info.major >= 3", NEW, OLD), ("sys.version_info[0] > 2", NEW, OLD), ("six.PY2", OLD, NEW),
     ("not PY3", OLD, NEW), ("sys.version_info < (3,)", OLD, NEW), ("sys.version_info[0] == 3", NEW, OLD),
     ("sys.version_info < (2, 7)", 'python_version < "2.7"', 'python_version >= "2.7"'),
     ("sys.version_info > (2, 7)", 'python_version >= "2.7"', 'python_version < "2.7"'),
     ("sys.version_info[:2] <= (3, 3)", 'python_version <= "3.3"', 'python_version > "3.3"'),
     ("sys.platform == 'win32'", 'sys_platform == "win32"', 'sys_platform != "win32"'),
     ("sys.platform.startswith('win')", 'sys_platform == "win32"', 'sys_platform != "win32"'),
     ("VERSION_SUFFIX == '3.4'", 'python_version == "3.4"', 'python_version != "3.4"'),
     ("numpy_version < '1.7'", "", ""), ("version == 'a.b'", "", ""), ("sys.version_info < 'x'", "", ""),
     ("USE_CYTHON", "", ""), ("sys.argv[1] == 'test'", "", ""), ("sys.version_info < x", "", "")],
)  # fmt: skip
def test_a_condition_on_the_interpreter_is_a_marker(
    condition: str, marker: str, contrary: str
) -> None:
    assert markers_of(ast.parse(condition, mode="eval").body) == (marker, contrary)
