"""Adds the site's access (CA certificates, index, proxies) and download caches to a Dockerfile.

For our own build only: the Dockerfile that people get has none of it, and nothing of it stays in
the image. Site data is mounted from the context; the image's history names the mount point, never
the data. It expects Dockerfiles as our renderer writes them, without here-documents.
https://docs.docker.com/reference/dockerfile/
"""

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import Field

from paper2run.digests import digest_of
from paper2run.errors import UserError
from paper2run.index.conda_channels import credentials, mirrors
from paper2run.model.value import Value
from paper2run.rendering.cpu_builds import without_index
from paper2run.rendering.debian_snapshot import MIRRORS
from paper2run.rendering.image_names import site_image
from paper2run.settings import Settings

SITE_FOLDER: Final = ".paper2run"
"""Folder of the build context, beside `repo/`, that holds the mounted files."""
MOUNT_POINT: Final = "/mnt"
"""Part of every Debian image (FHS 3.0), so no stub stays behind. Mounting over the image's own
ca-certificates.crt instead breaks every step in which update-ca-certificates replaces that file."""
CACHE_PATH: Final = "/./."
"""Start of the paths of our caches, the same as `/` to every program: the only sign by which engines before
Docker 25 tell our caches from other people's."""
CACHES: Final = {
    "pip": (f"{CACHE_PATH}/root/.cache/pip", re.compile(r"\bpip|\bpython[0-9.]*\s+-m\s+pip\b")),
    "npm": (f"{CACHE_PATH}/root/.npm", re.compile(r"\bnp[mx]\b")),
}
"""Download caches that are kept between builds, and the steps that use each: others stay shareable layers. Not apt's:
its lock would make parallel builds wait for each other's whole step, and official images delete the packages anyway
(docker-clean)."""
CACHE_ID: Final = "paper2run-"
"""Beginning of our caches' ids on the engine. One cache a repository: code of a build can write to it as root, not
only in steps that build something, for a `.pth` file of an installed package runs whenever pip starts."""
NO_DOWNLOADS_KEPT: Final = re.compile(r"ARG\s+PIP_NO_CACHE_DIR\b", re.IGNORECASE)
"""In the Dockerfile for people (dockerfile.py); any value of the variable, 0 too, turns pip's cache off."""
CA_FILE: Final = "ca.pem"
WGETRC_FILE: Final = "wgetrc"
CA_VARIABLES: Final = {
    "SSL_CERT_FILE": CA_FILE,
    "PIP_CERT": CA_FILE,
    "REQUESTS_CA_BUNDLE": CA_FILE,
    "CURL_CA_BUNDLE": CA_FILE,
    "GIT_SSL_CAINFO": CA_FILE,
    "NODE_EXTRA_CA_CERTS": CA_FILE,
    # Debian's wget is built with GnuTLS, which reads none of the variables above.
    "WGETRC": WGETRC_FILE,
}
SNAPSHOTS_FILE: Final = "debian-snapshots"
OUR_MIRRORS: Final = f"for mirror in $(cat {MOUNT_POINT}/{SNAPSHOTS_FILE});"
"""In the step that installs Debian's packages of one time (debian_snapshot.py)."""
CONDA_VARIABLE: Final = "XDG_CONFIG_HOME"
"""rattler reads `rattler/config.toml` in this folder, and in no site-wide one that XDG names."""
INDEX_VARIABLE: Final = "XDG_CONFIG_DIRS"
"""pip reads `pip/pip.conf` and uv `uv/uv.toml` in these folders, below the settings of user and project."""
LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
"""A line as Docker has it, which ends at LF only: `str.splitlines` ends lines at U+2028 and seven others as well."""
INSTRUCTION: Final = re.compile(r"\s*(?P<name>[A-Za-z]+)(?P<gap>\s+)(?P<rest>.*)", re.DOTALL)
STAGE_NAME: Final = re.compile(r"\sAS\s+(\S+)\s*$", re.IGNORECASE)


class Instruction(NamedTuple):
    """One instruction or comment of a Dockerfile with all its lines, line ends included."""

    name: str
    """In capitals; empty for comments and blank lines."""
    text: str


class Injection(Value):
    """What the site adds to a build."""

    ca_bundle: str = Field("", repr=False)
    """PEM text of the certificate authorities; empty to use the images' own."""
    index_url: str = Field("", repr=False)
    """Python package index, credentials and all; empty for the public one."""
    torch_index_url: str = Field("", repr=False)
    """What stands for PyTorch's own index of CPU builds, credentials and all; empty for itself."""
    conda_alias: str = Field("", repr=False)
    """What stands for the public conda channels, credentials and all; empty for themselves."""
    proxies: tuple[tuple[str, str], ...] = Field((), repr=False)
    """Proxy variables; builders predefine them and keep them out of image and history."""
    debian_snapshots: tuple[str, ...] = Field((), repr=False)
    """What stands for the public snapshots of Debian's archive, in order; empty for themselves."""
    registry_prefix: str = ""
    """Where this site has official base images; empty for their public registry."""
    cache_owner: str = Field("", pattern="^[0-9a-f]{0,64}$")
    """Whose download caches are mounted: a digest of the repository's address; empty for no caches."""

    @classmethod
    def of(cls, settings: Settings, repository: str = "") -> Self:
        """Return the injection that the settings ask for, with the download caches of the repository, if any.

        Reads the CA bundle; UserError if that file cannot be read.
        """
        bundle = settings.ca_bundle
        try:
            pem = bundle.read_text(errors="replace") if bundle else ""
        except OSError as error:
            raise UserError(
                f"the CA bundle {bundle} cannot be read: {error.strerror}",
                hint="let PAPER2RUN_CA_BUNDLE (or SSL_CERT_FILE) name a readable PEM file, or unset it",
            ) from error
        return cls(
            ca_bundle=pem,
            index_url=settings.index_url,
            torch_index_url=settings.torch_index_url,
            conda_alias=settings.conda_channel_alias,
            proxies=_proxies(settings),
            debian_snapshots=settings.debian_snapshots,
            registry_prefix=settings.registry_prefix,
            cache_owner=digest_of(repository) if repository else "",
        )

    @property
    def files(self) -> dict[str, bytes]:
        """The files below `SITE_FOLDER` of the context."""
        files: dict[str, bytes] = {}
        if self.ca_bundle:
            files[CA_FILE] = self.ca_bundle.encode()
            files[WGETRC_FILE] = f"ca_certificate = {MOUNT_POINT}/{CA_FILE}\n".encode()
        if self.index_url:
            files["uv/uv.toml"] = (
                f"[[index]]\nurl = {json.dumps(self.index_url)}\ndefault = true\n".encode()
            )
        if self.index_url or self.torch_index_url:
            files["pip/pip.conf"] = self._pip_conf.encode()
        if self.debian_snapshots:
            files[SNAPSHOTS_FILE] = "".join(f"{one}\n" for one in self.debian_snapshots).encode()
        if self.conda_alias:
            files |= _conda_files(self.conda_alias)
        return files

    @property
    def build_args(self) -> dict[str, str]:
        """The values of the ARGs: paths below the mount point, and the proxies."""
        return {**self._variables, **dict(self.proxies)}

    @property
    def _variables(self) -> dict[str, str]:
        variables: dict[str, str] = {}
        if self.ca_bundle:
            variables |= {name: f"{MOUNT_POINT}/{file}" for name, file in CA_VARIABLES.items()}
        if self.index_url or self.torch_index_url:
            variables[INDEX_VARIABLE] = f"{MOUNT_POINT}:/etc/xdg"
        if self.conda_alias:
            variables[CONDA_VARIABLE] = MOUNT_POINT
        return variables

    @property
    def _pip_conf(self) -> str:
        lines = ["[global]"]
        if self.index_url:
            lines.append(f"index-url = {self.index_url}")
        if self.torch_index_url:
            lines.append(f"extra-index-url = {self.torch_index_url}")
        return "\n".join(lines) + "\n"

    @property
    def _caches(self) -> dict[str, str]:
        """The mount of each download cache, by its program."""
        if not self.cache_owner:
            return {}
        return {
            program: f"--mount=type=cache,id={CACHE_ID}{self.cache_owner}-{program},target={folder} "
            for program, (folder, _) in CACHES.items()
        }

    @property
    def _site_mount(self) -> str:
        return f"--mount=type=bind,source={SITE_FOLDER},target={MOUNT_POINT} " if self.files else ""

    def _mounts(self, step: str) -> str:
        caches = (mount for name, mount in self._caches.items() if CACHES[name][1].search(step))
        return "".join(caches) + self._site_mount

    def apply(self, dockerfile: str) -> str:
        """Return the Dockerfile of our own build: every RUN gets the mounts, every stage the ARGs."""
        # Without defaults: the values travel with the request, so this text may be logged and kept.
        arguments = "".join(f"ARG {name}\n" for name in self._variables)
        bases = base_images(dockerfile) if self.registry_prefix else ()
        parts = []
        for instruction in instructions(dockerfile):
            match instruction.name:
                case "RUN":
                    # An index on the command line would override the configuration's mirror.
                    text = (
                        without_index(instruction.text)
                        if self.torch_index_url
                        else instruction.text
                    )
                    if self.debian_snapshots:
                        text = text.replace(MIRRORS, OUR_MIRRORS)
                    parts.append(re.sub(r"(?i)^\s*RUN\s+", f"RUN {self._mounts(text)}", text))
                case "ARG" if self.cache_owner and NO_DOWNLOADS_KEPT.match(instruction.text):
                    continue
                case "FROM":
                    here = self._from_here(instruction.text, bases)
                    parts.append(here.rstrip("\n") + "\n" + arguments)
                case _:
                    parts.append(instruction.text)
        return "".join(parts)

    def _from_here(self, text: str, bases: tuple[str, ...]) -> str:
        """Return a FROM with the name that its image has at this site, if it is one of the base images."""
        words = re.split(r"(\s+)", text)
        return "".join(
            site_image(word, self.registry_prefix) if word in bases else word for word in words
        )

    def strip(self, step: str) -> str:
        """Return the name of a step as the engine reports it, without the mounts."""
        for mount in (*self._caches.values(), self._site_mount):
            step = step.replace(mount, "") if mount else step
        return step.replace(OUR_MIRRORS, MIRRORS)


def _conda_files(alias: str) -> dict[str, bytes]:
    """Return rattler's configuration: the site's mirror and password replace the public roots."""
    roots = mirrors(alias)
    lines = [f"{json.dumps(public)} = [{json.dumps(root)}]" for public, root in roots.items()]
    files = {}
    user, password = credentials(alias)
    if user:
        login = {"BasicHTTP": {"username": user, "password": password}}
        # Looked up by the public host: the password is added before the mirror takes its place.
        hosts = {urlsplit(public).netloc: login for public in roots}
        files["rattler/auth.json"] = json.dumps(hosts).encode()
        path = f"{MOUNT_POINT}/rattler/auth.json"
        lines = [f"authentication-override-file = {json.dumps(path)}", "[mirrors]", *lines]
    else:
        lines = ["[mirrors]", *lines]
    return files | {"rattler/config.toml": ("\n".join(lines) + "\n").encode()}


def instructions(dockerfile: str) -> Iterator[Instruction]:
    """Yield the instructions in order; their texts joined give the Dockerfile again."""
    pending = ""
    for line in LINE.findall(dockerfile):
        comment = line.lstrip().startswith("#")
        pending += line
        # A comment between continued lines does not end the instruction, nor does a blank line.
        if line.rstrip(" \t\r\n").endswith("\\") and not comment:
            continue
        if (comment or not line.strip()) and pending != line:
            continue
        yield _instruction(pending)
        pending = ""
    if pending:
        yield _instruction(pending)


def base_images(dockerfile: str) -> tuple[str, ...]:
    """Return the images that the stages start from, in order; not earlier stages, `scratch` or variables."""
    images: list[str] = []
    stages = {"scratch"}
    for instruction in instructions(dockerfile):
        if instruction.name != "FROM":
            continue
        words = instruction.text.replace("\\\n", " ").split()[1:]
        image = next((word for word in words if not word.startswith("--")), "")
        if image and image not in stages and "$" not in image:
            images.append(image)
        if named := STAGE_NAME.search(instruction.text):
            stages.add(named[1])
    return tuple(dict.fromkeys(images))


def _instruction(text: str) -> Instruction:
    found = INSTRUCTION.match(text)
    return Instruction(found["name"].upper() if found else "", text)


def _proxies(settings: Settings) -> tuple[tuple[str, str], ...]:
    values = {
        "HTTP_PROXY": settings.http_proxy,
        "HTTPS_PROXY": settings.https_proxy,
        "NO_PROXY": settings.no_proxy,
    }
    # Both spellings: curl reads http_proxy in small letters only, other programs the capitals.
    return tuple(
        (spelling, value)
        for name, value in values.items()
        if value
        for spelling in (name, name.lower())
    )
