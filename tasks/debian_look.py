"""Look of a model at Debian: packages of a base image's release, and the files in them.

The lists are those that plans and repairs are made by. What is searched for is the model's, so it is hostile input;
only names of Debian's own lists are shown.
"""

from typing import Final

from paper2run.errors import HostError
from paper2run.planners.look_arguments import debian_in
from paper2run.rendering.image_names import site_image
from paper2run.settings import Settings
from tasks.drivers.engine.debian_contents import files_with
from tasks.drivers.engine.debian_names import names_with
from tasks.drivers.engine.debian_release import release_of
from tasks.drivers.engine.engine_connection import connect

MAX_NAMES: Final = 20
MAX_FILES: Final = 20


def packages(text: str, base_image: str, run_id: str, settings: Settings) -> list[str]:
    """Return the packages and files of the image's release whose names hold the text."""
    part = debian_in(text)
    if not base_image:
        return ["not shown: there is no base image yet"]
    image = site_image(base_image, settings.registry_prefix)
    try:
        engine = connect()
        if engine.image(image) is None:
            return ["not shown: the base image is not on this machine"]
        release = release_of(engine, image, run_id, settings)
        if release is None:
            return ["not shown: the base image is not Debian's"]
        names = names_with(part.lower(), release, settings)
        files = files_with(part, release, settings, MAX_FILES + 1)
    except HostError:
        return ["not shown: Debian's lists cannot be asked"]
    if not names and not files:
        return [f"not shown: the main archive of {release.suite} has nothing of this name"]
    return [
        *(f"package {name}" for name in names[:MAX_NAMES]),
        *([f"and {len(names) - MAX_NAMES} more packages"] if len(names) > MAX_NAMES else []),
        *(f"file {line}" for line in files[:MAX_FILES]),
        *(["and more files"] if len(files) > MAX_FILES else []),
    ]
