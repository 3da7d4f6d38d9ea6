"""Finds web services that code asks, by addresses with a query or a version.

A need is hard for a package that bears the service's name, and for documented work that loads such an address most of
the time and whose README names the service. Addresses of files, code and pages are none.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from paper2run.detectors.documented_work import is_used_by_others, leading_works
from paper2run.formats.structured import read_json, text
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.side_folders import is_beside, vendored_place
from paper2run.model.facts import Fact, OutsideNeed
from paper2run.model.value import Source
from paper2run.python.python_modules import role_of
from paper2run.python.python_projects import own_names

NAME: Final = "web_services"

CODE: Final = ("*.py", "*.R", "*.r", "*.java", "*.kt", "*.js", "*.ts", "*.jl")
ADDRESS: Final = re.compile(
    r"['\"`]https?://(?P<host>[\w-]+(?:\.[\w-]+)+)(?P<rest>(?:[:/?][^'\"`\s]*)?)['\"`]"
)
QUERY: Final = re.compile(r"[?&][\w.-]+=|\?$")
"""An address with a question in it."""
PATH: Final = re.compile(
    r"(?i)[/.-](?:api|rest|graphql|sparql|query|search|lookup|services?|ws)(?=[/?.{_-]|$)|/v\d+(?:\.\d+)?(?:/|$)"
    r"|\.(?:cgi|aspx?|php|fcgi)\b"
)
"""A path that takes questions; or, where the file sends none, leads to a page about one."""
HOST: Final = re.compile(
    r"(?i)(?:^|[.-])(?:api|rest|ws|graphql|sparql|eutils|webservices?)(?=[.-])"
)
ELSEWHERE: Final = re.compile(
    r"(?i)(?:^|\.)(?:github(?:usercontent)?|gitlab|bitbucket|pypi|python|readthedocs|zenodo|figshare|osf|dropbox|amazonaws"
    r"|googleapis|huggingface|kaggle|w3|purl|xmlsoap|schema|shields|doi|example|travis-ci|cran|bioconductor|r-project"
    r"|apache|mozilla|stackoverflow|jquery|jsdelivr|unpkg|gstatic|openstreetmap|mathjax|creativecommons)\.\w+"
)
"""Hosts of code, files, pages and names of vocabularies."""
FILE: Final = re.compile(
    r"(?i)\.(?:zip|t?gz|tar|bz2|xz|7z|csv|tsv|txt|h5|hdf5|pth?|pkl|np[yz]|mat|nc|fa(?:sta)?|pdf|html?|md|rst|png|jpe?g|gif"
    r"|svg|js|css|ico|xsd|dtd|owl|rdf|ttl|whl|jar|exe|ipynb)(?:$|[?#])"
)
CLIENT: Final = re.compile(
    r"\b(?:requests|urllib\w*|httplib2?|http\.client|aiohttp|httpx|pycurl|suds|zeep|SPARQLWrapper|httr2?|RCurl|jsonlite|crul"
    r"|rvest|Jsoup|HttpURLConnection|HttpClient|OkHttp\w*|RestTemplate|WebClient|axios|XMLHttpRequest|superagent)\b"
    r"|\bfetch\(|\bcurl::|\bHTTP\.\w+\("
)
"""What sends questions: libraries of Python, R, Java, JavaScript and Julia."""
COMMENT: Final = re.compile(r"\s*(?:#|//|\*|/\*)")
WIDE: Final = frozenset(
    {"www", "api", "data", "web", "rest", "dev", "test", "app", "docs", "info", "mobile", "service", "services",
     "search", "query", "cloud", "server", "public", "open", "download", "files", "static", "images", "news"}
)  # fmt: skip
"""Parts of a host's name that name no service."""
MIN_LABEL: Final = 4
MAX_FILES: Final = 2000
MAX_SERVICES: Final = 5


class Asked(NamedTuple):
    """One address that code asks."""

    host: str
    path: str
    line: int


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each host once, at its first place in the order of paths; at most five."""
    by_host: dict[str, list[Asked]] = {}
    for asked in _asked(tree):
        by_host.setdefault(asked.host, []).append(asked)
    for host, places in islice(by_host.items(), MAX_SERVICES):
        first = places[0]
        yield OutsideNeed(
            form="web",
            what=f"the web service {host}",
            host=host,
            hard=_bears_its_name(tree, host) or _is_documented(tree, host, places),
            source=Source(kind="file", path=first.path, line=first.line),
        )


def _asked(tree: RepoTree) -> Iterator[Asked]:
    """Yield the addresses that code asks; none where no file of that language sends questions."""
    paths = [
        path
        for path in tree.matching(*CODE)[:MAX_FILES]
        if not is_beside(path) and not vendored_place(path)[0] and _is_code(tree, path)
    ]
    sending = {_ending(path) for path in paths if CLIENT.search(tree.text(path))}
    for path in paths:
        code = tree.text(path)
        if "://" not in code or _ending(path) not in sending:
            continue
        sends = CLIENT.search(code)
        for number, line in enumerate(code.splitlines(), start=1):
            if COMMENT.match(line):
                continue
            for match in ADDRESS.finditer(line):
                host, rest = match["host"].lower(), match["rest"]
                asks = HOST.search(host) or QUERY.search(rest) or (sends and PATH.search(rest))
                if asks and not ELSEWHERE.search(host) and not FILE.search(rest):
                    yield Asked(host, path, number)


def _ending(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _is_code(tree: RepoTree, path: str) -> bool:
    return not path.endswith(".py") or role_of(tree, path) in {"package", "script"}


def _bears_its_name(tree: RepoTree, host: str) -> bool:
    """Whether a project of the repository is named after the host."""
    names = " ".join(_letters(name) for name in _project_names(tree))
    return any(label in names for label in _labels(host))


def _is_documented(tree: RepoTree, host: str, places: list[Asked]) -> bool:
    if is_used_by_others(tree):
        return False
    names = re.compile(rf"(?i)\b(?:{'|'.join(map(re.escape, sorted(_labels(host))))})")
    readmes = [path for path in tree.matching("README*", "readme*") if "/" not in path]
    if not _labels(host) or not any(names.search(tree.text(path)) for path in readmes):
        return False
    works, paths = leading_works(tree), {asked.path for asked in places}
    return 2 * sum(not paths.isdisjoint(work.loads) for work in works) > len(works)


def _labels(host: str) -> set[str]:
    parts = host.split(".")[:-1]
    pieces = {piece for part in parts for piece in (part, *part.split("-"))}
    return {_letters(part) for part in pieces - WIDE if len(part) >= MIN_LABEL}


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _project_names(tree: RepoTree) -> Iterator[str]:
    yield from tree.once(own_names)
    if tree.has("DESCRIPTION"):
        found = re.search(r"(?m)^Package:[ \t]*(\S+)", tree.text("DESCRIPTION"))
        yield found[1] if found else ""
    if tree.has("package.json"):
        described = read_json(tree, "package.json")
        yield text(described.get("name")) if isinstance(described, dict) else ""
    if tree.has("pom.xml"):
        yield from re.findall(r"<artifactId>([^<]+)</artifactId>", tree.text("pom.xml"))[:1]
    if tree.has("settings.gradle"):
        yield from re.findall(
            r"rootProject\.name\s*=\s*['\"]([^'\"]+)", tree.text("settings.gradle")
        )
