"""What the exports know of a run: the records of its folder, and how its authors want to be cited."""

from typing import Final

from paper2run.archive_source import ArchivedSource
from paper2run.errors import UserError
from paper2run.exports.citation import Citation
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.inventory import Inventory
from paper2run.model.outcome import Built
from paper2run.model.repo import Checkout, Paper
from paper2run.model.report import Attempt, Metadata
from paper2run.model.value import Value
from paper2run.source import RemoteSource, RepositorySource, parse, web_page

DOI: Final = "https://doi.org/"
SWH: Final = "https://archive.softwareheritage.org/"


class RunRecord(Value):
    """The records of one run folder."""

    folder: str
    """The folder's own name."""
    metadata: Metadata
    checkout: Checkout
    planned: PlannedEnvironment | None = None
    """The plan at the top of the folder; None for a run that ended before there was one."""
    attempts: tuple[Attempt, ...] = ()
    paper: Paper
    inventory: Inventory | None = None
    """What the image holds; None where the run did not list it."""
    citation: Citation = Citation()

    @property
    def name(self) -> str:
        """`owner/name`; of a folder of this machine only its name."""
        return self.checkout.name

    @property
    def best(self) -> Attempt | None:
        """The attempt that came furthest; None without attempts."""
        number = self.metadata.best_attempt
        return next((one for one in self.attempts if one.number == number), None)

    @property
    def image(self) -> Built | None:
        """The image that the run hands over; None if none was built."""
        best = self.best
        return best.built if best and isinstance(best.built, Built) else None


def public_address(url: str) -> str:
    """Return where others find the repository; empty for a folder or a file of this machine."""
    source = parsed(url)
    if isinstance(source, RemoteSource):
        return web_page(url) or source.url
    if not isinstance(source, ArchivedSource) or source.kind == "file":
        return ""
    if source.kind == "software-heritage":
        return f"{SWH}{source.id}"
    if source.kind == "url" or source.given.startswith("http"):
        # A query may hold a key: OSF opens anonymous reviews with one.
        return source.given.partition("?")[0].partition("#")[0]
    return f"{DOI}{source.given.removeprefix('doi:').strip()}"


def is_of_this_machine(url: str) -> bool:
    """Whether the repository was given as a folder or a file of this machine."""
    source = parsed(url)
    is_remote = isinstance(source, RemoteSource)
    return not is_remote and not (isinstance(source, ArchivedSource) and source.kind != "file")


def is_archive(url: str) -> bool:
    """Whether the repository was given as an archive, whose commit is made here."""
    return isinstance(parsed(url), ArchivedSource)


def parsed(url: str) -> RepositorySource | None:
    """Return what the address of a record means; None if it is no address."""
    try:
        return parse(url)
    except UserError:
        return None
