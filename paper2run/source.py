"""What a user may give as repository, by its text alone: a URL of any forge, a folder, an archive.

Follows the forms of git's own addresses (https://git-scm.com/docs/git-clone#_git_urls) without its remote
helpers (`ext::…`), which run programs; and the web pages of a branch, tag or commit that browsers show.
"""

import re
from collections.abc import Callable
from pathlib import PurePath, PurePosixPath
from typing import Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from paper2run.archive_source import ArchivedSource, archived
from paper2run.errors import UserError
from paper2run.model.value import Value

SCHEMES: Final = ("https", "http", "ssh", "git")
"""Transports that git speaks by itself; ftp and rsync are gone or insecure."""
MAX_LENGTH: Final = 2000
SHOWN_CHARACTERS: Final = 60
FORMS: Final = "give an https://, ssh:// or git@host:owner/name address, a folder, an archive, a DOI or an SWHID"

_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*)://")
_REMOTE_HELPER = re.compile(r"^[A-Za-z0-9+.-]*::")
_SCP = re.compile(r"^(?:[\w.+-]+@)?(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<path>[^:]+)$")
_GITLAB_PAGE = re.compile(r"^(?P<repo>/.+?)/-/(?:tree|blob|raw|commits?|tags)/(?P<ref>.+)$")
_GITHUB_PAGE = re.compile(
    r"^(?P<repo>/[^/]+/[^/]+)/(?:tree|blob|raw|commits?|releases/tag|src(?:/(?:branch|tag|commit))?)/(?P<ref>.+)$"
)  # Gitea and Bitbucket say src.
_HUB = "huggingface.co"
_HUB_PAGE = re.compile(
    r"^(?P<repo>/(?:(?:spaces|datasets)/)?[^/]+/[^/]+)/(?:tree|blob|resolve|raw|commits?)/(?P<ref>.+)$"
)
_HOST_AND_PATH = re.compile(
    r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:/[\w.~+%@=-]+){2,}/?"
)
_OWNER_AND_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_.-]*[A-Za-z0-9_-]")


class Login(Value):
    """A user name and password that stood in the URL; they belong to that host alone."""

    host: str
    """`https://host:port`, to which they may be sent."""
    username: SecretStr
    password: SecretStr


class RemoteSource(Value):
    """A repository that git fetches over the network."""

    kind: Literal["remote"] = "remote"
    url: str
    """The address without credentials; safe to show and to keep."""
    name: str
    """`owner/name`; only `name` where the address has one part."""
    page: str = ""
    """What follows `/tree/` in a web address: a ref, perhaps followed by a path; empty elsewhere."""
    login: Login | None = None


class LocalSource(Value):
    """A folder of this machine: a git repository or plain files."""

    kind: Literal["local"] = "local"
    path: str
    """As given, perhaps relative."""


RepositorySource = RemoteSource | LocalSource | ArchivedSource


def parse(given: str) -> RepositorySource:
    """Return what `given` means; UserError if it is empty, hostile or of a form that is not understood."""
    text = given.strip()
    if not text:
        raise UserError("neither a repository nor a paper that names one was given", hint=FORMS)
    if len(text) > MAX_LENGTH or not text.isprintable():
        raise UserError(
            "the repository's address is too long or holds control characters", hint=FORMS
        )
    # Such words are options or programs to git (CVE-2017-1000117 and its kin).
    if text.startswith("-"):
        raise UserError(f"{text!r} starts with a dash and is no address", hint=FORMS)
    if _REMOTE_HELPER.match(text):
        raise UserError(
            f"{text.split('::')[0]}:: addresses run programs and are refused", hint=FORMS
        )
    if packed := archived(text):
        return packed
    if scheme := _SCHEME.match(text):
        return _from_url(text, scheme[1].lower())
    if (scp := _SCP.match(text)) and not text.startswith((".", "/", "~")):
        return _from_scp(text, scp)
    return LocalSource(path=text)


def meant_address(given: str, folder: PurePath, is_there: Callable[[PurePath], bool]) -> str:
    """Return the address that a path means which leads from `folder` to nothing; empty if none.

    `github.com/owner/name` is of that host, `owner/name` of GitHub, unless `owner` is a folder: then it is a typing
    error. `is_there` says whether something is at a path.
    """
    here = folder / given
    if is_there(here) or is_there(here.parent):
        return ""
    if _HOST_AND_PATH.fullmatch(given):
        return f"https://{given}"
    return f"https://github.com/{given}" if _OWNER_AND_NAME.fullmatch(given) else ""


def shown_name(given: str) -> str:
    """Return `owner/name` of an address or the last part of a path; an invalid address as given."""
    try:
        source = parse(given)
    except UserError:
        return given[:SHOWN_CHARACTERS]
    return PurePosixPath(source.path).name if isinstance(source, LocalSource) else source.name


def shown_address(given: str) -> str:
    """Return the address without the login that it may hold, or what was given where it is no address."""
    try:
        source = parse(given)
    except UserError:
        return given
    return source.url if isinstance(source, RemoteSource) else given


def web_page(given: str) -> str:
    """Return the repository's page for a browser; empty for a folder, another transport and no address."""
    try:
        source = parse(given)
    except UserError:
        return ""
    if isinstance(source, ArchivedSource):
        return source.given if source.given.startswith(("https://", "http://")) else ""
    is_page = isinstance(source, RemoteSource) and source.url.startswith(("https://", "http://"))
    return source.url if is_page and isinstance(source, RemoteSource) else ""


def without_login(given: str) -> str:
    """Return the address without possible secrets: user, password, query, fragment.

    A web page's address stays one. The user of an ssh:// address stays; a path stays as it is.
    UserError as in `parse`.
    """
    text = given.strip()
    if not isinstance(parse(text), RemoteSource) or not _SCHEME.match(text):
        return given
    parts = urlsplit(text)
    user = f"{_ssh_user(parts)}@" if parts.scheme == "ssh" and parts.username else ""
    return f"{parts.scheme}://{user}{parts.netloc.rpartition('@')[2]}{parts.path}"


def submodule_url(parent: str, url: str) -> str:
    """Return a submodule's address; `./` and `../` are relative to its repository's address, `parent`."""
    if not url.startswith(("./", "../")):
        return url
    base, rest = parent.rstrip("/"), url
    while rest.startswith(("./", "../")):
        step, _, rest = rest.partition("/")
        if step == "..":
            slash = base.rfind("/")
            colon = base.rfind(":")
            base = base[: max(slash, colon + 1)] if colon > slash else base[:slash]
    return base + rest if base.endswith(":") else f"{base}/{rest}"


def _from_url(text: str, scheme: str) -> RepositorySource:
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        # Its words may quote a piece of a password.
        raise UserError("the repository's address is malformed", hint=FORMS) from None
    if scheme == "file":
        if parts.hostname not in (None, "localhost"):
            raise UserError("a file:// address must not name another host", hint=FORMS)
        return LocalSource(path=unquote(parts.path))
    if scheme not in SCHEMES:
        raise UserError(f"{scheme}:// addresses are not supported", hint=FORMS)
    host = parts.hostname or ""
    if not host or host.startswith("-") or not parts.path.strip("/"):
        raise UserError("the address names no host or no repository", hint=FORMS)
    host = f"[{host}]" if ":" in host else host
    path, page = _split_page(parts.path, host) if scheme in ("https", "http") else (parts.path, "")
    user = f"{_ssh_user(parts)}@" if scheme == "ssh" and parts.username else ""
    return RemoteSource(
        url=f"{scheme}://{user}{host}{port}{path.rstrip('/')}",
        name=_name(path),
        page=page,
        login=_login(parts, f"{scheme}://{host}{port}"),
    )


def _from_scp(text: str, match: re.Match[str]) -> RemoteSource:
    if match["host"].startswith("-") or match["path"].startswith("-"):
        raise UserError("the address names no host or no repository", hint=FORMS)
    return RemoteSource(url=text.rstrip("/"), name=_name(match["path"]))


def _split_page(path: str, host: str) -> tuple[str, str]:
    """Split the path of a web address into the repository's path and what follows `/tree/` or its like."""
    if host == _HUB:
        page = _HUB_PAGE.match(path)
    else:
        page = _GITLAB_PAGE.match(path) or _GITHUB_PAGE.match(path)
    return (page["repo"], unquote(page["ref"]).strip("/")) if page else (path, "")


def _ssh_user(parts: SplitResult) -> str:
    user = parts.username or ""
    if user.startswith("-"):
        raise UserError("the address names no host or no repository", hint=FORMS)
    return user


def _login(parts: SplitResult, host: str) -> Login | None:
    if parts.scheme.lower() not in ("https", "http") or parts.username is None:
        return None
    username, password = unquote(parts.username), unquote(parts.password or "")
    return Login(host=host, username=SecretStr(username), password=SecretStr(password))


def _name(path: str) -> str:
    parts = [part for part in PurePosixPath(path.removesuffix("/")).parts if part not in ("/", "~")]
    return "/".join(parts[-2:]).removesuffix(".git")
