"""Stage `render`: the plan as Dockerfile, INSTRUCTIONS.md and ignore file."""

from typing import Final

from paper2run.digests import digest_of
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.outcome import BuildContext
from paper2run.model.repo import Checkout
from paper2run.rendering import dockerfile
from tasks.running.caching import stage

TIMEOUT_S: Final = 60


@stage(
    "render",
    timeout_s=TIMEOUT_S,
    key=lambda given: (
        given["checkout"].name,
        given["checkout"].commit,
        digest_of(given["planned"]),
        given["digest"],
        given["snapshot"],
    ),
)
def render(
    checkout: Checkout, planned: PlannedEnvironment, digest: str, snapshot: str
) -> BuildContext:
    """Return the texts of the build context.

    `digest` is the base image's, `snapshot` the time of Debian's packages; both may be empty.
    """
    return dockerfile.render(checkout, planned, digest, snapshot)
