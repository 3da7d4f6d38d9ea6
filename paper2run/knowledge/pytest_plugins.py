"""Which distribution brings an option, setting, mark or fixture of pytest that pytest lacks."""

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
    "class_mocker": "pytest-mock",
    "cookies": "pytest-cookies",
    "data_regression": "pytest-regressions",
    "datadir": "pytest-datadir",
    "event_loop": "pytest-asyncio",
    "fake_process": "pytest-subprocess",
    "fs": "pyfakefs",
    "httpserver": "pytest-httpserver",
    "httpx_mock": "pytest-httpx",
    "image_regression": "pytest-regressions",
    "mocker": "pytest-mock",
    "module_mocker": "pytest-mock",
    "num_regression": "pytest-regressions",
    "qtbot": "pytest-qt",
    "requests_mock": "requests-mock",
    "respx_mock": "respx",
    "script_runner": "pytest-console-scripts",
    "session_mocker": "pytest-mock",
    "shared_datadir": "pytest-datadir",
    "subtests": "pytest-subtests",
}
OF_MARKS: Final = {
    "anyio": "anyio",
    "array_compare": "pytest-arraydiff",
    "asyncio": "pytest-asyncio",
    "datafiles": "pytest-datafiles",
    "django_db": "pytest-django",
    "forked": "pytest-forked",
    "mpl_image_compare": "pytest-mpl",
    "remote_data": "pytest-remotedata",
    "timeout": "pytest-timeout",
    "trio": "pytest-trio",
    "xdist_group": "pytest-xdist",
}
"""Marks that one distribution alone gives a meaning."""
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
