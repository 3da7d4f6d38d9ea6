"""Which words of pip mean that the index did not answer, and which that something else is wrong."""

import pytest

from paper2run.failures.silent_index import is_index_silent
from paper2run.rendering.injection import Injection

SITE = Injection(index_url="https://name:secret@index.example.org/api/pypi/simple")
POOL = "HTTPSConnectionPool(host='{}', port=443): {}"
BROKEN = (
    "WARNING: Retrying (Retry(total={}, connect=None)) after connection broken by "
    "'ReadTimeoutError(\"" + POOL.format("files.example.org", "Read timed out.") + "\")': {}"
)
CALLED = "\nDistutilsError(\"Command '['python', '-m', 'pip', 'wheel', '--index-url', '{}', 'six']' returned\")"
TIMED_OUT = "ReadTimeoutError: " + POOL.format("files.example.org", "Read timed out.")
NO_NAME = "(Caused by NameResolutionError('Temporary failure in name resolution'))"


@pytest.mark.parametrize(
    ("log", "is_silent"),
    [
        (BROKEN.format(0, "/simple/six/"), True),
        (BROKEN.format(0, "/packages/d9/5a/six-1.16.0.tar.gz"), True),
        (BROKEN.format(4, "/simple/six/"), False),
        (BROKEN.format(0, "/simple/six/") + CALLED.format("https://pypi.python.org/simple"), False),
        (BROKEN.format(0, "/simple/six/") + CALLED.format("https://index.example.org/simple"), True),
        (CALLED.format("https://pypi.python.org/simple") + "\n" + BROKEN.format(0, "/simple/six/"), True),
        (BROKEN.format(0, "/lab/tools/archive/main.zip"), False),
        (f"pip._vendor.urllib3.exceptions.{TIMED_OUT}", True),
        (f'  File "/l/pip/_vendor/urllib3/response.py", line 1\n    raise ReadTimeoutError()\n{TIMED_OUT}', True),
        (f"urllib3.exceptions.{TIMED_OUT}", False),
        (f'  File "/l/urllib3/response.py", line 1\n    raise ReadTimeoutError()\n{TIMED_OUT}', False),
        (POOL.format("index.example.org", "Max retries exceeded with url: /x/six.whl"), True),
        (POOL.format("o.example.org", f"Max retries exceeded with url: /packages/a {NO_NAME}"), True),
        (POOL.format("o.example.org", f"Max retries exceeded with url: /a.zip {NO_NAME}"), False),
        (POOL.format("o.example.org", "Read timed out."), False),
        (POOL.format("download.pytorch.org", "Max retries exceeded with url: /whl - skipping"), False),
    ],
)  # fmt: skip
def test_only_what_pip_gave_up_of_the_index_is_the_networks_trouble(log, is_silent):
    assert is_index_silent(f"Collecting six\n{log}\nnote: the end\n", SITE) is is_silent
