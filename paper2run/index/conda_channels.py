"""Where conda's channels are, and how a site's mirror stands in for them.

https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-channels.html
"""

import base64
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

PUBLIC: Final = "https://conda.anaconda.org/"
"""What conda puts before a channel's name (`channel_alias`)."""
DEFAULTS_ROOT: Final = "https://repo.anaconda.com/pkgs/"
DEFAULTS: Final = (f"{DEFAULTS_ROOT}main", f"{DEFAULTS_ROOT}r")
"""The channels of the name `defaults`, which is also what a file without channels means."""
NAME: Final = re.compile(r"^[A-Za-z0-9_][\w.-]*(?:/[\w.-]+)*$")
TOKEN: Final = re.compile(r"/t/[^/]+")
SUBDIR: Final = "linux-64"
"""The platform of our images, beside `noarch`."""


def addresses(names: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """Return the public addresses of channels, in order, and why we cannot ask some of them (else empty).

    Only the public hosts are asked: an address in a stranger's file may point into our own network.
    """
    found: dict[str, None] = {}
    for name in list(names) or ["defaults"]:
        plain = name.strip().rstrip("/")
        if plain in ("nodefaults", ""):
            continue
        if plain in ("defaults", "conda.anaconda.org/defaults"):
            found |= dict.fromkeys(DEFAULTS)
        elif NAME.match(plain) and "." not in plain.partition("/")[0]:
            found[f"{PUBLIC}{plain}"] = None
        elif plain.startswith((PUBLIC, DEFAULTS_ROOT)) and NAME.match(plain.partition("://")[2]):
            found[_without_platform(plain)] = None
        else:
            return tuple(found), f"the channel {shown(plain)} is on a host of its own"
    return tuple(found), ""


def shown(address: str) -> str:
    """Return a channel's address without user, password and token; nothing of one that is no address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        # Brackets stand for an IPv6 host alone; templates write `https://[your-mirror]/conda`.
        return "of an unreadable address"
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
    return TOKEN.sub("/t/…", urlunsplit(plain))


def mirrors(alias: str) -> dict[str, str]:
    """Map the public roots to the site's mirror, without credentials; empty without an alias."""
    if not alias:
        return {}
    parts = urlsplit(alias.rstrip("/") + "/")
    root = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return {PUBLIC: root, DEFAULTS_ROOT: root}


def authorization(alias: str) -> str:
    """Return the header with the alias' credentials; empty if it has none."""
    user, password = credentials(alias)
    if not user:
        return ""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def credentials(alias: str) -> tuple[str, str]:
    """Return user and password in the alias, both empty if there are none."""
    parts = urlsplit(alias)
    return unquote(parts.username or ""), unquote(parts.password or "")


def mirrored(address: str, alias: str) -> str:
    """Return where a public address is asked for on this site, without credentials."""
    for public, root in mirrors(alias).items():
        if address.startswith(public):
            return root + address.removeprefix(public)
    return address


def _without_platform(address: str) -> str:
    return re.sub(r"/(?:noarch|linux-\w+|osx-\w+|win-\w+)$", "", address)
