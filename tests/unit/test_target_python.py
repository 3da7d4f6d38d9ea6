"""What an interpreter installs and how markers read there."""

import pytest
from packaging.markers import Marker

from paper2run.index.target_python import target_python


@pytest.mark.parametrize(
    ("version", "tag"),
    [
        ("2.7", "cp27-cp27mu-manylinux1_x86_64"),
        ("2.7", "py2-none-any"),
        ("3.6", "cp36-cp36m-manylinux2010_x86_64"),
        ("3.6", "cp34-abi3-manylinux1_x86_64"),
        ("3.9", "cp39-cp39-manylinux_2_28_x86_64"),
        ("3.13", "py3-none-manylinux2014_x86_64"),
    ],
)
def test_a_wheel_made_for_the_image_fits(version, tag):
    assert tag in target_python(version).tags


@pytest.mark.parametrize(
    ("version", "tag"),
    [
        ("2.7", "cp27-cp27m-manylinux1_x86_64"),
        ("2.7", "cp27-cp27mu-manylinux_2_24_x86_64"),
        ("3.6", "cp36-cp36m-manylinux_2_34_x86_64"),
        ("3.9", "cp38-cp38-manylinux1_x86_64"),
        ("3.9", "cp39-cp39-manylinux_2_39_x86_64"),
        ("3.9", "cp39-cp39-win_amd64"),
        ("3.9", "cp39-cp39-manylinux2014_aarch64"),
        ("3.9", "py2-none-any"),
    ],
)
def test_a_wheel_made_for_something_else_does_not(version, tag):
    assert tag not in target_python(version).tags


def test_another_machine_has_its_own_wheels_and_no_manylinux1():
    tags = target_python("3.9", "aarch64").tags
    assert "cp39-cp39-manylinux2014_aarch64" in tags
    assert "cp39-cp39-manylinux1_aarch64" not in tags


@pytest.mark.parametrize(
    ("version", "marker", "holds"),
    [
        ("2.7", 'python_version < "3"', True),
        ("2.7", 'sys_platform == "linux2"', True),
        ("3.6", 'sys_platform == "linux"', True),
        ("3.10", 'python_version >= "3.9"', True),
        ("3.6", 'sys_platform == "win32"', False),
        ("3.6", 'python_full_version < "3.6.1"', False),
    ],
)
def test_markers_are_read_for_the_image_not_for_this_machine(version, marker, holds):
    assert target_python(version).satisfies(Marker(marker)) is holds


def test_an_extra_holds_only_where_it_was_asked_for():
    marker = Marker('extra == "test"')
    assert target_python("3.9").satisfies(marker, "test")
    assert not target_python("3.9").satisfies(marker)


@pytest.mark.parametrize(
    ("requires", "allowed"),
    [
        ("", True),
        (">=3.7", True),
        ("<3.9", False),
        (">=2.7, !=3.0.*", True),
        (">=3.10.*", False),
        ("any", True),
    ],
)
def test_requires_python_decides_even_where_it_is_written_badly(requires, allowed):
    assert target_python("3.9").allowed_by(requires) is allowed
