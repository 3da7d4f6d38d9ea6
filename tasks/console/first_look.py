"""Judges a request by the files of this machine before Prefect is imported and a flow run is started.

The stages judge them again, for requests from elsewhere and for files that change. Nothing is asked of a network.
"""

from pathlib import Path

from paper2run.papers.paper_address import paper_address
from paper2run.request import Request
from paper2run.settings import Settings
from paper2run.source import LocalSource, parse
from tasks.drivers.git.git import locate
from tasks.drivers.git.local_source import existing_folder
from tasks.drivers.git.mirror import MIRRORS
from tasks.drivers.git.plain_folder import holds_nothing
from tasks.drivers.host.paper_file import need_paper_file


def look_first(request: Request, settings: Settings) -> None:
    """UserError for a file that is no paper, an empty folder, or a ref that a local repository lacks."""
    paper = Path(request.paper).expanduser()
    if request.paper and (paper.exists() or not paper_address(request.paper)):
        need_paper_file(paper.absolute())
    if not request.repo:
        return
    source = parse(request.repo)
    if not isinstance(source, LocalSource):
        return
    folder = existing_folder(source)
    if not any(folder.iterdir()):
        raise holds_nothing(folder)
    if request.ref:
        # A git repository's refs are read in place; a plain folder has none.
        locate(
            source,
            request.ref,
            settings.home / MIRRORS,
            timeout_s=settings.clone_timeout,
            max_mb=settings.max_repo_mb,
        )
