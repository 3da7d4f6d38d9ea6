"""Installs what the repository requires by address.

Git repositories are installed as of the commit's day, and the image notes at which commit; archives as they are. pip's
forms of an address: https://pip.pypa.io/en/stable/topics/vcs-support/. What is installed already stays as it is, except
for a release of the same name.
"""

import posixpath
import re
import shlex
from collections.abc import Collection
from datetime import date
from typing import Final, NamedTuple

from packaging.utils import canonicalize_name

from paper2run.model.facts import OwnModule, PipInclude, Project, RepoFacts
from paper2run.model.value import Source
from paper2run.planning.addresses import is_address, is_on_another_machine, names_of
from paper2run.planning.declarations import Declarations
from paper2run.rendering.pinned_addresses import FOLDER, note_of

SCP: Final = re.compile(r"git\+(?:ssh://)?[\w.-]+@(?P<host>[A-Za-z0-9.-]+):(?!\d+/)(?P<path>[\w~])")
"""`git@host:owner/name`, as git and ssh write it."""
GIT: Final = re.compile(
    r"git\+(?:https?|git|ssh)://(?:[^\s@/]*@)?(?P<place>[A-Za-z0-9.-]+(?::\d+)?/[\w./~+-]+)(?:@(?P<revision>\w[\w./+-]*))?"
)
ARCHIVE: Final = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::\d+)?/[\w./~+%-]+\.(?:zip|whl|tar\.gz|tgz|tar\.bz2)"
)
PLAIN_HTTP: Final = re.compile(r"git\+http://")
SUBFOLDER: Final = re.compile(r"[#&]subdirectory=([\w./-]+)")
COMMIT: Final = re.compile(r"[0-9a-f]{7,40}")
GO_BACK: Final = (
    "if git symbolic-ref -q HEAD > /dev/null; then git checkout -q"
    ' "$(git rev-list -1 --before={day}T23:59:59Z HEAD | grep . || git rev-parse HEAD)" --; fi'
)
"""Shell: the last commit of a branch on a day; a tag stays as it is."""
PINS: Final = f"{FOLDER}.txt"
MAX_STEPS: Final = 10


class AddressedStep(NamedTuple):
    """The install of one requirement by address."""

    command: str
    address: str
    """As the clone or the download gets it."""
    project: str
    """Address and folder, alike for all ways to write them: what one install serves."""
    source: Source
    why: str


def addressed_steps(facts: RepoFacts, day: date | None) -> tuple[AddressedStep, ...]:
    """Return the installs of the addresses that are needed for running, in the order of the manifests."""
    declarations, own = Declarations(facts), own_names(facts)
    found: dict[str, AddressedStep] = {}
    for include in facts.of(PipInclude):
        if (
            include.group != "runtime"
            or not is_address(include)
            or is_on_another_machine(include)
            or not declarations.speaks(include.source)
            or is_itself(include, own)
        ):
            continue
        step = _step(include, day)
        if step is not None:
            # The manifests' first word counts: a second install would put another revision in its place.
            found.setdefault(step.project, step)
    return tuple(found.values())[:MAX_STEPS]


def project_of(include: PipInclude) -> str:
    """Return what `AddressedStep.project` is for an address; empty where nothing can be installed from it."""
    step = _step(include, None)
    return step.project if step else ""


def is_itself(include: PipInclude, own: Collection[str]) -> bool:
    """Whether an address is one of the projects `own`, as `pip freeze` names a checkout."""
    return not frozenset(own).isdisjoint(names_of(include.text))


def own_names(facts: RepoFacts) -> frozenset[str]:
    """Return the normalised names of the repository's projects and of the modules that they install."""
    projects = [fact.name for fact in facts.of(Project) if fact.name]
    modules = [fact.module for fact in facts.of(OwnModule) if fact.installed]
    return frozenset(map(canonicalize_name, (*projects, *modules)))


def _step(include: PipInclude, day: date | None) -> AddressedStep | None:
    """Return the install of one address; None where it is neither a git repository nor an archive."""
    git = GIT.search(SCP.sub(r"git+ssh://\g<host>/\g<path>", include.text))
    if git is None:
        archive = ARCHIVE.search(include.text)
        if archive is None:
            return None
        address, before, project = archive[0], f"mkdir -p {FOLDER}", shlex.quote(archive[0])
        place = "."
    else:
        # Builds hold no key; a public repository needs no login.
        scheme = "http" if PLAIN_HTTP.search(include.text) else "https"
        address = f"{scheme}://{git['place']}"
        subfolder = SUBFOLDER.search(include.text)
        place = posixpath.normpath(subfolder[1]) if subfolder else "."
        if place.startswith(("/", "..")):
            return None
        before = f"git clone -q {shlex.quote(address)} {FOLDER} && cd {FOLDER}"
        if git["revision"]:
            before += f" && git checkout -q {shlex.quote(git['revision'])} --"
        if day is not None and not COMMIT.fullmatch(git["revision"] or ""):
            # A branch has moved since. A branch whose history begins later stays where it is.
            before += f" && {GO_BACK.format(day=day)}"
        before += f" && git submodule -q update --init --recursive && {note_of(address)}"
        project = shlex.quote(f"./{place}" if place != "." else ".")
    same = "".join(f"/^{name.replace('-', '[-_.]')}==/Id;" for name in names_of(include.text))
    command = (
        f"{before} && pip freeze | sed -n '{same}/==/p' > {PINS}"
        f" && pip install --no-compile -c {PINS} {project} && rm -rf {FOLDER} {PINS}"
    )
    as_of = f", as of {day}" if git and day else ""
    written = address.partition("://")[2].rstrip("/").removesuffix(".git").lower()
    return AddressedStep(
        command, address, f"{written}/{place}", include.source, f"required by its address{as_of}"
    )
