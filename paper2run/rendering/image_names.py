"""How images are named in the registry that workers share."""

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
