"""Pushes images to the registry that workers share, and pulls them back.

The engine logs in with Docker's own configuration.
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImagePush
"""

from typing import Final

from paper2run.errors import HostError
from tasks.drivers.engine.engine import UNREACHABLE, Engine, ImageInfo, engine_faults

HINT: Final = (
    "see PAPER2RUN_REGISTRY, and `docker login` for a registry that asks for it; what was built is kept for"
    " the next run"
)


def push(engine: Engine, image: str, reference: str) -> None:
    """Push a local image as `reference`; HostError if the registry refuses it.

    The engine keeps the tag `reference` only during the push.
    """
    repository, _, tag = reference.rpartition(":")
    with engine_faults(f"pushing {reference}"):
        engine.client.api.tag(image, repository, tag)
        # A refusal comes in the stream, never as an exception.
        items = engine.client.api.push(repository, tag=tag, stream=True, decode=True)
        refusal = next((str(item["error"]) for item in items if "error" in item), "")
    engine.remove_image(reference)
    if refusal:
        raise HostError(
            f"{image} is built and cannot be pushed as {reference}: {refusal}",
            hint=HINT,
            transient=bool(UNREACHABLE.search(refusal)),
            trouble="network",
        )


def fetch(engine: Engine, reference: str, image: str) -> ImageInfo | None:
    """Pull the image `reference` and tag it as `image`; None if the registry does not have it.

    HostError if the registry cannot be reached.
    """
    found = engine.pull(reference, hint=HINT)
    if found is not None:
        repository, _, tag = image.rpartition(":")
        with engine_faults(f"naming {reference}"):
            engine.client.api.tag(reference, repository, tag)
        engine.remove_image(reference)
    return found
