"""Ranges of other tools as PEP 440 specifiers."""

import pytest

from paper2run.formats.version_ranges import conda, listed_python, pep440, python_range


@pytest.mark.parametrize(
    ("written", "specifier"),
    [("^1.2.3", ">=1.2.3,<2"), ("^0.2.3", ">=0.2.3,<0.3"), ("^0.0.3", ">=0.0.3,<0.0.4"), ("^0", ">=0,<1"),
     ("~1.2.3", ">=1.2.3,<1.3"), ("~1", ">=1,<2"), ("1.2.3", "==1.2.3"), ("1.2.*", "==1.2.*"), ("*", ""),
     (">=1, <2", ">=1,<2"), ("=>1.0", ">=1.0"), (">=1.*", ">=1"), (">=2.7,!=3.0.*", ">=2.7,!=3.0.*"),
     ("^2.7 || ^3.6", ">=2.7,<4"), ("2.7 || >=3.4", ">=2.7"), ("* || ^3", ""), ("latest", ""), (">=2011k", "")],
)  # fmt: skip
def test_a_range_of_poetry_is_the_same_set_of_versions(written: str, specifier: str) -> None:
    assert pep440(written) == specifier


@pytest.mark.parametrize(
    ("written", "specifier"),
    [("=1.16", "==1.16.*"), ("==1.16.2", "==1.16.2"), ("=1.16.2=py36_0", "==1.16.2"), ("1.16.*", "==1.16.*"),
     (">=1.2,<2", ">=1.2,<2"), ("2.7|3.6", ">=2.7,<3.7"), ("", "")],
)  # fmt: skip
def test_one_equals_sign_of_conda_is_any_patch(written: str, specifier: str) -> None:
    assert conda(written) == specifier


@pytest.mark.parametrize(
    ("written", "specifier"),
    [("3.6", "==3.6.*"), ("3.6.9", "==3.6.*"), ("py36", "==3.6.*"), ("py310", "==3.10.*"), ("3.8-dev", "==3.8.*"),
     ("python-3.7.1", "==3.7.*"), ("3.x", "==3.*"), ("pypy", ""), ("pypy-3.6", ""), ("nightly", ""), ("4.0", ""),
     ("36", "")],
)  # fmt: skip
def test_a_listed_interpreter_is_any_patch_of_it(written: str, specifier: str) -> None:
    assert listed_python(written) == specifier


def test_a_range_of_interpreters_may_be_a_listed_one() -> None:
    assert python_range("3.6") == python_range("==3.6.9") == "==3.6.*"
    assert python_range("^3.6") == ">=3.6,<4"
