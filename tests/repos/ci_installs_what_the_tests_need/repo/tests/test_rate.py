import shutil

import tonebank


def test_rate():
    assert tonebank.RATE == 8000


def test_program_of_the_system():
    assert shutil.which("rev")
    assert shutil.which("bc")
