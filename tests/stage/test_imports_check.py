"""Same-name guesses of the import benchmark against the real index."""

import pytest

from benchmarks.imports import Code, checked, measure
from paper2run.settings import Settings

pytestmark = pytest.mark.index


def test_a_guess_holds_only_if_the_index_has_the_module(tmp_path):
    measured = measure([Code("a.py", "import pyfakefs\nimport i_do_not_exist\nimport numpy\n")])
    words = checked(measured, Settings(home=tmp_path))
    assert words == "same-name guesses: 2 of 2 asked, 1 hold; not: i_do_not_exist"
