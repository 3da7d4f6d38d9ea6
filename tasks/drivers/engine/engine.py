"""The container engine: Docker, or Podman through its Docker-compatible socket, by docker-py.

The SDK is imported when an engine is asked for, never before, and none of its exceptions leaves the drivers:
`EngineError` where no engine answers or it refuses, `HostError` where trying again may help.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from paper2run.errors import EngineError, HostError
from paper2run.rendering.image_names import digest_in
from tasks.drivers.engine.gpu_offer import GpuOffer, gpu_offer

if TYPE_CHECKING:
    from docker import DockerClient

RUN_LABEL: Final = "paper2run.run"
"""On everything we create; its value is the run's id, and clean-up relies on it alone."""
STANDIN_LABEL: Final = "paper2run.standin"
"""On base images that were made from Debian's packages instead of pulled."""
ID_CHARACTERS: Final = 24
GET_BASE_IMAGE: Final = (
    "run `make base-image` for a stand-in made from Debian's packages, or set PAPER2RUN_REGISTRY_PREFIX to a"
    " registry that answers"
)
PYTHON_IMAGE: Final = re.compile(r"python:(\d+\.\d+)-slim")
UNREACHABLE: Final = re.compile(
    r"dial tcp|no such host|i/o timeout|connection refused|connection reset|TLS handshake|x509|"
    r"server misbehaving|network is unreachable|failed to do request|pinging container registry|"
    r"Client\.Timeout|unexpected EOF|toomanyrequests|status: 5\d\d",
    re.IGNORECASE,
)
"""Messages of Docker 20.10 and 28 and Podman 4.3 for a registry that did not answer."""


@dataclass(frozen=True)
class ImageInfo:
    """A local image."""

    id: str
    """`sha256:…`"""
    size_bytes: int
    labels: Mapping[str, str]
    digest: str = ""
    """`sha256:…` of its manifest in the registry of its name; empty for an image that was made here."""

    @property
    def is_standin(self) -> bool:
        """True if the image was made from Debian's packages instead of pulled."""
        return self.labels.get(STANDIN_LABEL) == "true"


@dataclass(frozen=True)
class Capacity:
    """The machine that an engine runs on."""

    id: str
    """The engine's id, the same for all its clients: `[a-z0-9-]`."""
    cpus: int
    memory_mb: int


@contextmanager
def engine_faults(doing: str) -> Iterator[None]:
    """Turn exceptions of the SDK and its transport into EngineError and HostError.

    `doing` says what was attempted.
    """
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except APIError as error:
        transient = error.status_code is None or error.status_code >= 500
        words = error.explanation or str(error)
        # It will refuse a malformed request again: the request is at fault, not the engine.
        raise EngineError(
            f"{doing}: the engine refused: {words}",
            hint="see what `paper2run doctor` says about the engine, then run again",
            transient=transient,
            trouble="engine" if transient else "",
            says=words,
        ) from error
    except (DockerException, RequestException, HTTPError, ConnectionError, TimeoutError) as error:
        raise HostError(
            f"{doing}: the container engine stopped answering: {innermost(error)}",
            hint="see with `paper2run doctor` whether the engine still runs, then run again",
            transient=True,
            trouble="engine",
        ) from error


class Engine:
    """A live engine."""

    def __init__(self, client: "DockerClient") -> None:
        self.client = client

    @property
    def http(self) -> Any:
        """docker-py's HTTP client, untyped: for requests that only its private names can make."""
        return self.client.api

    @property
    def name_and_version(self) -> str:
        """`Docker 20.10.24` or `Podman Engine 4.3.1`, as the engine says it."""
        with engine_faults("asking the engine for its version"):
            answer = self.client.version()
        name = next((part["Name"] for part in answer.get("Components") or ()), "Engine")
        return f"{'Docker' if name == 'Engine' else name} {answer['Version'].split('+')[0]}"

    @property
    def described(self) -> str:
        """Name, version, our builder and the store: `Docker 20.10.24 (BuildKit, overlay2)`."""
        named = self.name_and_version
        with engine_faults("asking the engine for its store"):
            info = self.client.info()
        builder = "Buildah" if "podman" in named.lower() else "BuildKit"
        is_containerd = "containerd" in str(info.get("DriverStatus"))
        store = f"{'containerd ' if is_containerd else ''}{info.get('Driver', 'unknown store')}"
        return f"{named} ({builder}, {store})"

    @property
    def architecture(self) -> str:
        """The architecture of the engine's images: `amd64`, `arm64`.

        Names as in https://go.dev/doc/install/source#environment.
        """
        with engine_faults("asking the engine for its architecture"):
            return str(self.client.version()["Arch"])

    @property
    def capacity(self) -> Capacity:
        """What the engine's machine has."""
        with engine_faults("asking the engine for its processors and memory"):
            info = self.client.info()
        # Podman has no id of its own.
        name = re.sub(r"[^a-z0-9]+", "-", str(info.get("ID") or info.get("Name") or "").lower())
        return Capacity(name[:ID_CHARACTERS], int(info["NCPU"]), int(info["MemTotal"]) // 1024**2)

    @property
    def gpu_offer(self) -> GpuOffer | None:
        """How the engine hands NVIDIA GPUs to containers; None if it has none to hand out."""
        with engine_faults("asking the engine for its GPUs"):
            return gpu_offer(self.client.info())

    def image(self, reference: str) -> ImageInfo | None:
        """Return the local image of that name or id; None if there is none."""
        from docker.errors import ImageNotFound

        with engine_faults(f"looking for the image {reference}"):
            try:
                found = self.client.images.get(reference).attrs
            except ImageNotFound:
                return None
        labels = (found.get("Config") or {}).get("Labels") or {}
        digest = digest_in(found.get("RepoDigests") or (), reference)
        return ImageInfo(found["Id"], int(found["Size"]), labels, digest)

    def local_images(self, registry_prefix: str = "") -> tuple[str, ...]:
        """Return the names, with tags, of the local images below the prefix, sorted."""
        with engine_faults("listing the images"):
            images = self.client.api.images()
        start = f"{registry_prefix.rstrip('/')}/" if registry_prefix else ""
        # Podman spells names out, also those of images that were built here.
        starts = (start,) if start else ("docker.io/library/", "localhost/", "")
        tags = {tag for image in images for tag in image.get("RepoTags") or ()}
        found = set()
        for tag in tags:
            own = next((start for start in starts if tag.startswith(start)), None)
            if own is not None:
                found.add(tag.removeprefix(own))
        return tuple(sorted(found))

    def local_python_images(self, registry_prefix: str = "") -> tuple[str, ...]:
        """Return the versions X.Y with a local `python:X.Y-slim`, below the prefix, oldest first."""
        names = self.local_images(registry_prefix)
        versions = {found[1] for name in names if (found := PYTHON_IMAGE.fullmatch(name))}
        return tuple(sorted(versions, key=lambda version: tuple(map(int, version.split(".")))))

    def pull(
        self,
        reference: str,
        on_line: Callable[[str], None] | None = None,
        *,
        hint: str = GET_BASE_IMAGE,
    ) -> ImageInfo | None:
        """Return the image after fetching it; None if the registry answers that it has no such image.

        HostError with `hint` where the registry cannot be reached.
        """
        from docker.errors import APIError

        with engine_faults(f"pulling {reference}"):
            try:
                refusal = self._pull(reference, on_line or (lambda line: None))
            except APIError as error:
                refusal = error.explanation or str(error)
        if not refusal:
            return self.image(reference)
        if not UNREACHABLE.search(refusal):
            return None
        raise HostError(
            f"the image {reference} is not here and its registry cannot be reached: {refusal}",
            hint=hint,
            transient=True,
            trouble="network",
        )

    def remove_image(self, reference: str) -> None:
        """Remove the image; a missing one is not an error, one that a container uses stays."""
        from docker.errors import APIError

        with engine_faults(f"removing the image {reference}"):
            try:
                self.client.images.remove(reference)
            except APIError as error:
                if error.status_code not in (404, 409):
                    raise

    def root(self) -> Path | None:
        """Return the engine's folder; None if the engine does not run on this machine itself."""
        if not self.client.api.base_url.startswith("http+docker://"):
            return None
        with engine_faults("asking the engine for its folder"):
            info = self.client.info()
        root = Path(info.get("DockerRootDir") or "")
        # Docker Desktop names a folder inside its virtual machine, which may exist here as well.
        if info.get("OperatingSystem") == "Docker Desktop" or not root.is_absolute():
            return None
        return root

    def free_mb(self) -> int | None:
        """Return the free space of the disk that holds the engine's images; None if we cannot see it."""
        root = self.root()
        try:
            return shutil.disk_usage(root).free // 1024**2 if root else None
        except OSError:
            return None

    def labelled(self, label: str) -> list[dict[str, Any]]:
        """Return the engine's records of the containers with the label `NAME` or `NAME=VALUE`.

        Stopped containers are included.
        """
        with engine_faults("listing containers"):
            found: list[dict[str, Any]] = self.client.api.containers(
                all=True, filters={"label": label}
            )
        return found

    def _pull(self, reference: str, on_line: Callable[[str], None]) -> str:
        """Fetch the image; return the registry's refusal, empty if it was fetched."""
        name, _, tag = reference.partition("@")
        if not tag:
            name, colon, tag = reference.rpartition(":")
            if not colon or "/" in tag:
                name, tag = reference, "latest"
        for item in self.client.api.pull(name, tag=tag, stream=True, decode=True):
            if "error" in item:
                return str(item["error"])
            # Without the bars: one line per layer and state is enough for a log.
            if "progressDetail" not in item or not item["progressDetail"]:
                on_line(
                    f"{item.get('id', '')} {item.get('status', item.get('stream', ''))}".strip()
                )
        return ""


def remove_container(engine: Engine, reference: str) -> None:
    """Kill and remove a container with its volumes; one that is already gone is not an error."""
    from docker.errors import APIError

    with engine_faults(f"removing the container {reference}"):
        try:
            engine.client.api.remove_container(reference, force=True, v=True)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise


def innermost(error: BaseException) -> str:
    """Return the system's own message for what went wrong.

    The SDK wraps a refused connection in four exceptions.
    """
    words = str(error)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            words = str(cause)
        cause = cause.__cause__ or cause.__context__
    return words
