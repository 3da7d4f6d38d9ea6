"""The host that a build could not reach, as each program names it."""

import pytest

from paper2run.failures.unreached_hosts import unreached


@pytest.mark.parametrize(
    ("line", "host"),
    [
        (
            "fatal: unable to access 'https://forge.invalid/a/b.git/': Could not resolve host: forge.invalid",
            "forge.invalid",
        ),
        (
            "ERROR: Could not install packages due to an OSError: HTTPSConnectionPool(host='forge.invalid', port=443):"
            " Max retries exceeded with url: /a.tar.gz (Caused by NewConnectionError('<pip._vendor.urllib3.connection."
            "HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno -2] Name or service not"
            " known',))",
            "forge.invalid",
        ),
        ("wget: unable to resolve host address 'data.invalid'", "data.invalid"),
    ],
)  # fmt: skip
def test_a_program_names_the_host_that_it_could_not_reach(line, host):
    hit = unreached([line])

    assert hit is not None
    assert hit.match["host"] == host


def test_a_try_that_pip_repeats_is_no_end():
    line = "WARNING: Retrying (Retry(total=4)) after connection broken by 'ConnectionPool(host='a.invalid') Errno -2]'"

    assert unreached([line]) is None
