"""A signal that meets the program in a destructor ends it all the same."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

INSIDE_A_DESTRUCTOR = """
import os, signal, sys, time
from tasks.drivers.host.interrupts import raise_when_ended

class Closing:
    def __del__(self):
        os.kill(os.getpid(), int(sys.argv[1]))
        time.sleep(0.01)
        print("unreachable")

raise_when_ended()
try:
    closing = Closing()
    del closing
    print("goes on", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("caught")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_that_python_dropped_comes_again(number):
    done = subprocess.run(
        [sys.executable, "-P", "-c", INSIDE_A_DESTRUCTOR, str(number.value)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=50,
    )

    assert done.stdout.splitlines() == ["goes on", "caught"], done.stderr
    assert done.returncode == 0


def test_other_exceptions_of_destructors_are_still_printed():
    code = (
        "from tasks.drivers.host.interrupts import raise_when_ended\n"
        "class Closing:\n    def __del__(self):\n        raise ValueError('in vain')\n"
        "raise_when_ended()\nclosing = Closing()\ndel closing\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert "ValueError: in vain" in done.stderr
