"""Finds the code repositories that a paper names and ranks which is most likely its own."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from paper2run.errors import UserError
from paper2run.model.repo import Paper, Section

FORGES: Final = (
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "gitee.com",
    "framagit.org",
    "git.sr.ht",
)
"""Hosts whose addresses are `owner/name`; any other host counts where it is called gitlab.* or ends in `.git`."""
NOT_OWNERS: Final = frozenset(
    {"about", "apps", "blog", "collections", "contact", "explore", "features", "login", "marketplace",
     "orgs", "pricing", "search", "settings", "site", "sponsors", "topics", "user-attachments"}
)  # fmt: skip
"""First path parts on forges that are pages, not owners."""
PAGES: Final = frozenset({"tree", "blob", "raw", "src", "issues", "wikis", "releases", "commit"})
"""Path parts with which a repository's own pages begin, where groups make its address longer than two."""
URL: Final = re.compile(
    r"(?<![\w.-])(?:(?:https?|git|ssh)://(?:git@)?|git@)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,63})[:/]([\w.~/%+-]+)",
    re.IGNORECASE,
)
"""Begins at a name and has bounded parts (RFC 1035): strangers' text must not cost minutes."""
OURS: Final = re.compile(
    r"\bour (?:code|implementation|software|source|repository|package|tool)|\bwe (?:release|provide|publish|make)"
    r"|(?:code|implementation|software|package|scripts?|source)\W+(?:\w+\W+){0,6}(?:available|released|found|hosted)"
    r"|available (?:at|from|on|under)|reproduc|source code",
    re.IGNORECASE,
)
"""Words that stand before an author's own repository."""
AVAILABILITY_HEADING: Final = re.compile(r"availab|software|code|reproduc|artifact", re.IGNORECASE)
REFERENCE_HEADING: Final = re.compile(
    r"reference|bibliograph|acknowledg|related work", re.IGNORECASE
)
CONTEXT_CHARS: Final = 160
"""How far before an address its sentence is read."""
CLEAR_LEAD: Final = 2
"""Points by which the first must lead the second to be chosen without asking."""


@dataclass
class RankedLink:
    """A repository's address with the points that speak for it."""

    url: str
    points: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, points: int, reason: str) -> None:
        """Count `points` once for each reason."""
        if reason not in self.reasons:
            self.points += points
            self.reasons.append(reason)


def rank_repositories(
    sections: Iterable[Section], links: Iterable[str] = (), title: str = ""
) -> tuple[RankedLink, ...]:
    """Return the code repositories named in the text and in link annotations, most likely first.

    Equal points keep the order in which the paper names them.
    """
    found: dict[str, RankedLink] = {}
    clickable = [url for url in map(repository_url, links) if url]
    for number, section in enumerate(sections):
        for match in URL.finditer(section.text):
            url = _whole(repository_url(match[0]), clickable)
            if url:
                link = found.setdefault(url.lower(), RankedLink(url))
                before = section.text[max(0, match.start() - CONTEXT_CHARS) : match.start()]
                _weigh(link, section.heading, before, number)
    for url in clickable:
        found.setdefault(url.lower(), RankedLink(url)).add(1, "a link can be clicked")
    for link in found.values():
        if _names_the_title(link.url, title):
            link.add(2, "its name stands in the title")
    return tuple(sorted(found.values(), key=lambda link: -link.points))


def contenders(ranked: tuple[RankedLink, ...]) -> tuple[str, ...]:
    """Return the repositories too close to call, likeliest first; empty if the first leads clearly."""
    if len(ranked) < 2 or ranked[0].points - ranked[1].points >= CLEAR_LEAD:
        return ()
    return tuple(link.url for link in ranked if ranked[0].points - link.points < CLEAR_LEAD)


def repository_of(paper: Paper) -> str:
    """Return the address of the one repository that the paper names as its own; UserError otherwise."""
    named = paper.path or "the paper"
    if paper.contenders:
        raise UserError(
            f"{named} names several repositories, and nothing in it decides: {', '.join(paper.contenders)}",
            hint="choose one with --repo",
        )
    if not paper.repository_urls:
        raise UserError(
            f"{named} names no repository, neither in its text nor behind a link",
            hint="name it with --repo",
        )
    return paper.repository_urls[0]


def repository_url(text: str) -> str:
    """Return the https address of the repository that `text` points into; empty if it is not on a forge."""
    match = URL.fullmatch(text.strip().rstrip(".,;:)]}>'\"").split("#")[0].split("?")[0])
    if not match:
        return ""
    host = match[1].lower().removeprefix("www.")
    path = match[2].split("/-/")[0].strip("/").rstrip(".,;:")
    parts = [part for part in path.split("/") if part]
    has_groups = host.startswith(("gitlab.", "git.")) and host not in FORGES[2:]
    if not (has_groups or host in FORGES or path.endswith(".git")):
        return ""
    pages = (place for place, part in enumerate(parts) if part in PAGES and place >= 2)
    parts = parts[: 2 if host in FORGES and not has_groups else next(pages, len(parts))]
    if len(parts) < 2 or parts[0].lower() in NOT_OWNERS:
        return ""
    return f"https://{host}/{'/'.join(parts).removesuffix('.git')}"


def _whole(url: str, clickable: list[str]) -> str:
    """Return the link annotation that `url` is a cut-off beginning of, else `url`.

    A PDF's text breaks long addresses at line ends; its annotations hold them whole.
    """
    return next((link for link in clickable if url and link.lower().startswith(url.lower())), url)


def _weigh(link: RankedLink, heading: str, before: str, number: int) -> None:
    link.add(1, "named in the text")
    if OURS.search(before):
        link.add(4, "the words before it speak of the authors' own code")
    if number <= 1:
        link.add(1, "named at the beginning")
    if AVAILABILITY_HEADING.search(heading):
        link.add(2, f"named under {heading!r}")
    if REFERENCE_HEADING.search(heading):
        link.add(-3, f"named under {heading!r}")


def _names_the_title(url: str, title: str) -> bool:
    name = re.sub(r"[^a-z0-9]", "", urlsplit(url).path.rsplit("/", 1)[-1].lower())
    words = {re.sub(r"[^a-z0-9]", "", word) for word in re.split(r"[\s:,]+", title.lower())}
    return len(name) >= 3 and name in words
