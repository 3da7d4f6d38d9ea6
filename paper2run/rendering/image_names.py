"""How images are named: in the registry that workers share, and base images at this site."""

from collections.abc import Iterable

from paper2run.model.outcome import Built

ID_CHARACTERS = 12
"""Of an image's id, as `docker images` shows it."""


def pushed_reference(built: Built, registry: str) -> str:
    """Return the image's name in the registry.

    Its tag ends with the image's id, so it never means another image.
    """
    short_id = built.image_id.removeprefix("sha256:")[:ID_CHARACTERS]
    return f"{registry.rstrip('/')}/{built.image}-{short_id}"


def cache_reference(image: str, registry: str) -> str:
    """Return the name of a repository's last image, where builds elsewhere look for cached layers."""
    return f"{registry.rstrip('/')}/{image.rpartition(':')[0]}:cache"


def site_image(reference: str, prefix: str) -> str:
    """Return the name of a base image at a site whose mirror has official images below `prefix`.

    `python:3.11-slim` is official, `ghcr.io/owner/name` is not; an empty prefix changes nothing.
    """
    name = reference.removeprefix("docker.io/").removeprefix("library/")
    return f"{prefix.rstrip('/')}/{name}" if prefix and "/" not in name else reference


def digest_in(known: Iterable[str], reference: str) -> str:
    """Return the digest under which the registry of `reference` has the image; empty if it has none.

    An image that was also pushed elsewhere has a digest there, by which its own registry does not know it.
    """
    name = reference.partition("@")[0]
    repository = name if ":" not in name.rpartition("/")[2] else name.rpartition(":")[0]
    for place, _, digest in (entry.partition("@") for entry in known):
        if _short_name(place) == _short_name(repository):
            return digest
    return ""


def _short_name(repository: str) -> str:
    """Return `python` for `docker.io/library/python`."""
    return repository.removeprefix("docker.io/").removeprefix("library/")
