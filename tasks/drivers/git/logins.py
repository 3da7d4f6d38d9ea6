"""Keeps logins from addresses in files below PAPER2RUN_HOME that only the user can read.

So neither Prefect's database nor a batch's record holds them. A login is found by its exact address
only: an address that a submodule names gets no login.
"""

import os
import tempfile
from pathlib import Path
from typing import Final

from pydantic import SecretStr, ValidationError

from paper2run.archive_source import ArchivedSource
from paper2run.digests import digest_of
from paper2run.errors import HostError, trouble_of
from paper2run.model.value import Value
from paper2run.source import (
    LocalSource,
    Login,
    RemoteSource,
    RepositorySource,
    parse,
    without_login,
)

FOLDER: Final = "logins"
"""Below PAPER2RUN_HOME, 0700; each file 0600."""


class _Kept(Value):
    """A login as its file holds it, in clear."""

    host: str
    username: str
    password: str


def keep_login(given: str, home: Path) -> str:
    """Return the address without its login, which is stored for `source_of`.

    A later login replaces an earlier one. UserError if `given` is not an address; HostError if the
    login cannot be written.
    """
    source = parse(given)
    if isinstance(source, RemoteSource) and source.login:
        _write(_place(source.url, home), source.login)
    return without_login(given)


def source_of(given: str, home: Path) -> RepositorySource:
    """Return what `given` means, with the login that was kept for its address unless it brings one.

    UserError if it is not an address; HostError if the stored login cannot be read.
    """
    source = parse(given)
    if isinstance(source, ArchivedSource) and source.kind == "file" and Path(given).is_dir():
        # A folder that is called like an archive.
        return LocalSource(path=given)
    if not isinstance(source, RemoteSource) or source.login:
        return source
    login = _read(_place(source.url, home))
    return source.changed(login=login) if login else source


def _place(url: str, home: Path) -> Path:
    return home / FOLDER / f"{digest_of(url)}.json"


def _write(path: Path, login: Login) -> None:
    kept = _Kept(
        host=login.host,
        username=login.username.get_secret_value(),
        password=login.password.get_secret_value(),
    )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made with mode 0600 (mkstemp) and renamed, so that no other user can read it meanwhile.
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(kept.model_dump_json())
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise HostError(
            f"the login of the address cannot be kept: {error.filename}: {error.strerror}",
            hint="set PAPER2RUN_HOME to a folder that you may write to, or use a git credential helper",
            trouble=trouble_of(error),
        ) from error


def _read(path: Path) -> Login | None:
    try:
        kept = _Kept.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        # Without the cause: its words may quote the password.
        raise HostError(
            f"the kept login {path} cannot be read",
            hint="remove it, and give the address with its login once more",
        ) from None
    return Login(
        host=kept.host, username=SecretStr(kept.username), password=SecretStr(kept.password)
    )
