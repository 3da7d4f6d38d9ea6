"""Options and fixtures that all tests share."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-expected",
        action="store_true",
        help="rewrite the expected files of the case folders; read the diff before committing it",
    )


@pytest.fixture
def write_expected(request: pytest.FixtureRequest) -> bool:
    """Tell whether expected files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--write-expected"))
