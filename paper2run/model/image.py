"""Where things are in an image that is built from a plan, and who runs there."""

from typing import Final

SOURCE_FOLDER: Final = "/repo"
USER: Final = "1000:1000"
"""Owner of the source in the image, and the user of smoke runs: repositories write next to their code."""
USER_NAME: Final = "paper2run"
OUTSIDE: Final = "/tmp"
"""A folder that holds nothing of the repository: what is imported there is what was installed."""
