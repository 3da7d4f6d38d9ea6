"""Which distribution brings an option, a setting or a fixture of pytest that pytest itself lacks."""

from typing import Final

OF_OPTIONS: Final = {
    "--arraydiff": "pytest-arraydiff",
    "--asyncio-mode": "pytest-asyncio",
    "--benchmark": "pytest-benchmark",
    "--black": "pytest-black",
    "--cov": "pytest-cov",
    "--dist": "pytest-xdist",
    "--doctest-plus": "pytest-doctestplus",
    "--doctest-rst": "pytest-doctestplus",
    "--flake8": "pytest-flake8",
    "--forked": "pytest-forked",
    "--html": "pytest-html",
    "--isort": "pytest-isort",
    "--mpl": "pytest-mpl",
    "--mypy": "pytest-mypy",
    "--nbval": "nbval",
    "--no-cov": "pytest-cov",
    "--numprocesses": "pytest-xdist",
    "--pep8": "pytest-pep8",
    "--pylint": "pytest-pylint",
    "--random-order": "pytest-random-order",
    "--remote-data": "pytest-remotedata",
    "--reruns": "pytest-rerunfailures",
    "--timeout": "pytest-timeout",
    "-n": "pytest-xdist",
}
"""By option; longer forms of it (`--cov-report`, `--benchmark-only`) belong to the same plugin."""
OF_FIXTURES: Final = {
    "aiohttp_client": "pytest-aiohttp",
    "benchmark": "pytest-benchmark",
    "datadir": "pytest-datadir",
    "event_loop": "pytest-asyncio",
    "httpserver": "pytest-httpserver",
    "mocker": "pytest-mock",
    "qtbot": "pytest-qt",
    "requests_mock": "requests-mock",
    "subtests": "pytest-subtests",
}
OF_SETTINGS: Final = {
    "DJANGO_SETTINGS_MODULE": "pytest-django",
    "asyncio_mode": "pytest-asyncio",
    "env": "pytest-env",
    "qt_api": "pytest-qt",
    "timeout": "pytest-timeout",
}
"""By key of pytest's section."""


def plugin_of_option(word: str) -> str:
    """Return the distribution of an option such as `--cov-report=xml`; empty where none is known."""
    option = word.partition("=")[0]
    for known, plugin in OF_OPTIONS.items():
        if option == known or (known.startswith("--") and option.startswith(f"{known}-")):
            return plugin
    return ""
