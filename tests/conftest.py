"""Options and fixtures that all tests share."""

import pytest

collect_ignore = ["repos"]
"""Checkouts of test situations, whose own tests are data here."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-expected",
        action="store_true",
        help="rewrite the expected files of the case folders; read the diff before committing it",
    )
    parser.addoption(
        "--docker", action="store_true", help="run the tests that need a container engine as well"
    )
    parser.addoption(
        "--small-model",
        action="store_true",
        help="run the tests that ask a real small model as well",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for marker, option in (("docker", "--docker"), ("small_model", "--small-model")):
        if config.getoption(option):
            continue
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"needs {option}"))


@pytest.fixture
def write_expected(request: pytest.FixtureRequest) -> bool:
    """Tell whether expected files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--write-expected"))
