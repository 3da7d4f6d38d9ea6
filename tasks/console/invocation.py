"""Leaves the folder in which a command was started, before anything reads or imports from it.

That folder may be a stranger's clone. Python, Prefect and other libraries take modules and settings from the working
folder (`prefect.toml`, `.env`, `[tool.prefect]` of pyproject.toml: logging configuration, hence code). The command
therefore resolves its paths first and works in PAPER2RUN_HOME. Imports nothing of Prefect's.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from paper2run.archive_source import ArchivedSource
from paper2run.environment_file import NAME, OUT, harmless
from paper2run.errors import HostError, UserError
from paper2run.papers.paper_address import paper_address
from paper2run.request import no_setting, read_settings
from paper2run.settings import unknown_variables
from paper2run.source import LocalSource, RemoteSource, meant_address, parse
from tasks.drivers.git.local_source import existing_archive, existing_folder
from tasks.drivers.git.logins import keep_login
from tasks.drivers.host.python_children import SAFE_CHILDREN

PATH_VARIABLES: Final = (
    "PAPER2RUN_HOME", "PAPER2RUN_OUT", "PAPER2RUN_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
    "PREFECT_HOME", "PREFECT_PROFILES_PATH",
)  # fmt: skip
"""Variables that hold a path, relative to the command's folder."""
Say = Callable[[str], None]


class Invocation:
    """The folder where the command was started; its relative paths start there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Nearly all of what came before was imports, which wait for nothing.
        self._begun = time.monotonic() - time.process_time()

    @property
    def seconds(self) -> float:
        """Time since the command began, in seconds: with imports and the start of a server."""
        return time.monotonic() - self._begun

    def path(self, given: str) -> str:
        """Return the absolute path that `given` means; empty stays empty."""
        return str(self.folder / Path(given).expanduser()) if given else ""

    def paper(self, given: str) -> str:
        """Return the absolute path of the paper's file, or its address where no file is called so."""
        is_there = bool(given) and (self.folder / given).exists()
        return self.path(given) if is_there else paper_address(given) or self.path(given)

    def repository(self, given: str) -> str:
        """Return the absolute path of the folder that `given` means, or an address without its login.

        The login is stored below PAPER2RUN_HOME. UserError if `given` is neither, or if there is no such folder.
        """
        if not given:
            return ""
        if (self.folder / Path(given).expanduser()).is_dir():
            # Whatever its name looks like: `10.2020/project`, `mesh.zip`.
            return self.path(given)
        source = parse(given)
        if isinstance(source, ArchivedSource) and source.kind != "file":
            return given.strip()
        if not isinstance(source, RemoteSource):
            path = source.path if isinstance(source, LocalSource) else source.given
            address = meant_address(path, self.folder, lambda path: Path(path).exists())
            if isinstance(source, LocalSource):
                return address or str(existing_folder(source.changed(path=self.path(path))))
            return address or str(existing_archive(self.path(path)))
        return keep_login(given, read_settings().home)

    def take_settings(self, say: Say, repository: str = "") -> None:
        """Put the harmless settings of the folder's `.env` into the environment, unless already set.

        A folder inside the local `repository` to run is ignored. `say` is told what is ignored.
        """
        self._take_env_file(say, repository)
        # Run folders go where the command was started, unless told otherwise.
        os.environ[OUT] = self.path(str(read_settings().out))

    def _take_env_file(self, say: Say, repository: str) -> None:
        file = self.folder / NAME
        if not file.is_file():
            return
        if repository and self.folder.resolve().is_relative_to(Path(repository).resolve()):
            say(f"{file} is ignored: it belongs to the repository to run")
            return
        try:
            found = harmless(file.read_text(encoding="utf-8", errors="replace"))
        except OSError as error:
            raise UserError(
                f"{file} cannot be read: {error.strerror}",
                hint="remove it or make it readable",
            ) from error
        for name in unknown_variables(found.ignored):
            raise no_setting(name, f"in {file}")
        if found.ignored:
            say(
                f"{file} cannot set {', '.join(found.ignored)}: use the environment, or your own settings file"
                " (docs/security.md)"
            )
        for name, value in found.values.items():
            if name not in os.environ:
                os.environ[name] = value


_left: list[Invocation] = []
"""Where this process was started; empty until it leaves that folder."""


def invocation() -> Invocation:
    """Return where the command was started; the working folder if the process never left it."""
    return _left[0] if _left else Invocation(Path.cwd())


def leave() -> None:
    """Make PAPER2RUN_HOME the working folder, and remember where the command was started.

    UserError for an argument that is not text; HostError if the start folder is gone.
    """
    _need_text(sys.argv)
    try:
        started = Invocation(Path.cwd())
    except FileNotFoundError as error:
        raise HostError("the working folder is gone", hint="change to another folder") from error
    for name in PATH_VARIABLES:
        if os.environ.get(name):
            os.environ[name] = started.path(os.environ[name])
    os.environ.update(SAFE_CHILDREN)
    # As our servers: Prefect's client would report that it is used, and print a notice on the first time.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    if not sys.flags.safe_path and sys.path[:1] in ([""], [str(started.folder)]):
        del sys.path[0]
    os.chdir(_place())
    _left[:] = [started]


def use_endpoint(base_url: str) -> None:
    """Put the address that the user typed into the environment, so that it may get the environment's keys.

    See `endpoint`.
    """
    if base_url:
        os.environ["PAPER2RUN_BASE_URL"] = base_url


def _place() -> Path:
    """Return the home; the root folder if the home cannot be created.

    The stage that writes to the home then reports the error.
    """
    home = read_settings().home
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(os.sep)
    return home


def _need_text(arguments: list[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UserError(
                f"the argument {os.fsencode(argument)!r} is not UTF-8 text",
                hint="give files and folders names in UTF-8, or run from a UTF-8 locale",
            ) from None
