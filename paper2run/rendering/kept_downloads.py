"""Adds to a build what keeps its downloads, or what serves them again with the network off.

Each RUN first starts a proxy (tasks/drivers/engine/download_server.py) on its own loopback, with a Python that is
mounted from another image; the usual variables lead pip, apt, npm, git, curl and the rest there. With `keep` the proxy
writes each answer into the image, below KEPT, which is read from there; with `serve` it answers from the build context.
Nothing else of the Dockerfile changes, so what is built is what the run's own build makes.
"""

import json
import re
from collections.abc import Iterable
from typing import Final, Literal, Self

from pydantic import Field

from paper2run.rendering.image_names import site_image
from paper2run.rendering.injection import MOUNT_POINT, SITE_FOLDER, Injection, base_images

KEPT: Final = "/.paper2run-downloads"
"""In the image of a build that keeps; that image is thrown away."""
SERVED: Final = "kept"
"""Below the site's folder of the context of a build that is served."""
PLACE: Final = "downloads"
"""Below the site's folder: the proxy and what starts it."""
RUNTIME: Final = "/media"
"""Where the image with the proxy's Python is mounted; part of every Debian image (FHS 3.0), so no stub stays behind."""
PORT: Final = 18_377
"""On the loopback of the step's own network."""
PROXY: Final = f"http://127.0.0.1:{PORT}"
OWN_HOST: Final = "localhost,127.0.0.1,::1"
AUTHORITIES: Final = f"{RUNTIME}/etc/ssl/certs/ca-certificates.crt"
HAS_PYTHON: Final = re.compile(r"(?:^|/)python:3\.(?:[89]|\d\d)\b(?!.*alpine)")
"""Base images whose own Python can run the proxy."""
USUAL: Final = "3.12"
APT_VARIABLE: Final = "APT_CONFIG"
APT_FILE: Final = "apt.conf"
APT_SETTINGS: Final = 'Acquire::Check-Valid-Until "false";\nAcquire::Check-Date "false";\n'
"""Lists of Debian's updates say that they hold for a week; their signatures are checked all the same."""
START: Final = """\
# Starts the proxy beside a step of the build, with a Python that is mounted and not the image's own.
set -eu
loader= python=
for each in {root}/lib/*/ld-linux*.so.* {root}/usr/lib/*/ld-linux*.so.*; do
  if [ -e "$each" ]; then loader=$each; break; fi
done
for each in {root}/usr/local {root}/usr; do
  if [ -e "$each/bin/python3" ]; then python=$each; break; fi
done
if [ -z "$loader" ] || [ -z "$python" ] || [ ! -e {root}/usr/bin/openssl ]; then
  echo "paper2run: the mounted image has no Python with OpenSSL of Debian" >&2
  exit 1
fi
folder=${{loader%/*}}
libraries=$folder:{root}/usr/lib/${{folder##*/}}:{root}/usr/local/lib
exec env -i OPENSSL_CONF=/dev/null PYTHONHOME="$python" PYTHONPATH={place} LC_ALL=C.UTF-8 \\
  "$loader" --library-path "$libraries" "$python/bin/python3" -B -s -S {place}/{program} \\
  {way} {port} {folder} {place} "$loader" --library-path "$libraries" {root}/usr/bin/openssl
"""


class KeptDownloads(Injection):
    """What a build gets beside the site's access."""

    way: Literal["keep", "serve"]
    runtime: str
    """Image whose Python runs the proxy, on the engine."""
    program: tuple[tuple[str, str], ...] = Field(repr=False)
    """The proxy's modules: each with its path below the folder that Python imports from, and its text.
    The first one is run."""
    authority_key: str = Field("", repr=False)
    """PEM: what signs the certificates of hosts; empty with `serve`, where they were made before."""
    site_ca: str = Field("", repr=False)
    """PEM: authorities that this site trusts beside the image's."""
    site_proxies: tuple[tuple[str, str], ...] = Field((), repr=False)
    """Proxies of this site, by variable; not with `serve`."""
    base: str = ""
    """Image that stands for the Dockerfile's base image; empty for itself."""

    @classmethod
    def keeping(
        cls,
        site: Injection,
        runtime: str,
        program: tuple[tuple[str, str], ...],
        certificate: str,
        key: str,
    ) -> Self:
        """Return what keeps the downloads of a build at this site, behind an authority made for it."""
        return cls(
            **{
                **dict(site),
                "cache_owner": "",
                "ca_bundle": certificate,
                "proxies": _proxies(),
                "way": "keep",
                "runtime": runtime,
                "program": program,
                "authority_key": key,
                "site_ca": site.ca_bundle,
                "site_proxies": site.proxies,
            }
        )

    @classmethod
    def serving(
        cls,
        kept: Injection,
        runtime: str,
        program: tuple[tuple[str, str], ...],
        certificate: str,
        base: str,
    ) -> Self:
        """Return what serves the downloads of a build that `kept` describes, whatever this site is."""
        return cls(
            index_url=kept.index_url,
            torch_index_url=kept.torch_index_url,
            conda_alias=kept.conda_alias,
            ca_bundle=certificate,
            proxies=_proxies(),
            way="serve",
            runtime=runtime,
            program=program,
            base=base,
        )

    @property
    def files(self) -> dict[str, bytes]:
        """The files below `SITE_FOLDER` of the context."""
        place = f"{MOUNT_POINT}/{PLACE}"
        folder = KEPT if self.way == "keep" else f"{MOUNT_POINT}/{SERVED}"
        start = START.format(
            root=RUNTIME,
            place=place,
            program=self.program[0][0],
            way=self.way,
            port=PORT,
            folder=folder,
        )
        files = {"start.sh": start, APT_FILE: APT_SETTINGS, **dict(self.program)}
        if self.way == "keep":
            proxies = dict(self.site_proxies)
            site = {
                "authorities": AUTHORITIES,
                "proxies": {
                    scheme: proxies[name]
                    for scheme, name in (("http", "HTTP_PROXY"), ("https", "HTTPS_PROXY"))
                    if name in proxies
                },
                "no_proxy": proxies.get("NO_PROXY", ""),
            }
            files |= {
                "ca.pem": self.ca_bundle,
                "ca-key.pem": self.authority_key,
                "site.json": json.dumps(site),
            }
            files |= {"site-ca.pem": self.site_ca} if self.site_ca else {}
        return super().files | {f"{PLACE}/{name}": text.encode() for name, text in files.items()}

    @property
    def _variables(self) -> dict[str, str]:
        apt = {APT_VARIABLE: f"{MOUNT_POINT}/{PLACE}/{APT_FILE}"} if self.way == "serve" else {}
        return super()._variables | apt

    @property
    def _beside(self) -> str:
        mount = f"--mount=type=bind,from={self.runtime},source=/,target={RUNTIME} "
        return f"{mount}{self._before}"

    @property
    def _before(self) -> str:
        return f"sh {MOUNT_POINT}/{PLACE}/start.sh; "

    def _mounts(self, step: str) -> str:
        is_list = step.split(None, 1)[-1].startswith("[")
        return super()._mounts(step) + ("" if is_list else self._beside)

    def _from_here(self, text: str, bases: tuple[str, ...]) -> str:
        if not self.base:
            return super()._from_here(text, bases)
        named = base_images(text)
        words = re.split(r"(\s+)", text)
        return "".join(self.base if word in named else word for word in words)

    def strip(self, step: str) -> str:
        """Return the name of a step as the engine reports it, without what was added."""
        return super().strip(step).replace(self._beside, "")


def runtime_for(base: str, here: Iterable[str], prefix: str) -> str:
    """Return the image whose Python runs the proxy: the base image, else the newest slim one that is here.

    `here` are versions X.Y, the oldest first.
    """
    if HAS_PYTHON.search(base.partition("@")[0]):
        return base
    found = [each for each in here if HAS_PYTHON.search(f"python:{each}-slim")]
    return site_image(f"python:{found[-1] if found else USUAL}-slim", prefix)


def kept_folder() -> str:
    """Return where the context of a build that is served holds the downloads."""
    return f"{SITE_FOLDER}/{SERVED}"


def _proxies() -> tuple[tuple[str, str], ...]:
    values = {"HTTP_PROXY": PROXY, "HTTPS_PROXY": PROXY, "NO_PROXY": OWN_HOST}
    return tuple(
        (spelling, value) for name, value in values.items() for spelling in (name, name.lower())
    )
