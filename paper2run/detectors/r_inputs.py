"""Finds files that R scripts source or read, and that the repository lacks.

A file that a script writes or fetches is not missing, nor one whose name lies anywhere in the checkout: scripts are
started from many folders. A need is hard where R leads and most scripts want such a file. For a package, its user has
the data.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from paper2run.detectors import languages
from paper2run.detectors.data_needs import DATA_ENDINGS
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.side_folders import is_beside
from paper2run.model.facts import DataNeed, Fact, LanguageShare, MissingPart
from paper2run.model.value import Source

NAME: Final = "r_inputs"

SCRIPTS: Final = ("*.R", "*.r", "*.Rmd", "*.rmd", "*.qmd")
FILE: Final = (
    r"""\(\s*(?:(?:file|path|input)\s*=\s*)?(?:(?:here::)?here\(\s*)?["']([^"'\n]{2,200})["']"""
)
SOURCED: Final = re.compile(rf"\b(?:source|sys\.source|sourceCpp){FILE}")
READ: Final = re.compile(
    r"\b(?:read[\w.]*|fread|load|vroom|import|qread|nc_open|raster|stack|rast|vect|open_dataset|cmdstan_model|stan_model)"
    rf"{FILE}"
)
WRITES: Final = re.compile(
    r"\b(?:save\w*|write[\w.]*|fwrite|qsave|download\.file|drive_download|unzip|untar|sink|file\.copy|export|system2?)\("
)
TEXT: Final = re.compile(r"""["']([^"'\n]{2,300})["']""")
COMMENT: Final = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
MODELS: Final = (
    ".stan", ".bug", ".bugs", ".jags", ".rdata", ".rda", ".rmd", ".txt", ".shp", ".tif", ".qs", ".feather",
)  # fmt: skip
"""Endings of files that R reads beside those of data everywhere."""
PACKAGE: Final = re.compile(r"^Package:[ \t]*[A-Za-z]", re.MULTILINE)
MOST: Final = 2 / 3
CALL_LENGTH: Final = 300
"""In which a call that writes names its file."""
PARENTHESIS: Final = re.compile(r"[()]")
MAX_SCRIPTS: Final = 500
MAX_FACTS: Final = 50


class ReadInput(NamedTuple):
    """A file that a script wants and the checkout lacks."""

    path: str
    is_code: bool
    source: Source


class Script(NamedTuple):
    """A script with the names of files that it sources, wants and writes.

    `writes_all`: some names that it writes are computed.
    """

    path: str
    sourced: frozenset[str]
    wants: tuple[ReadInput, ...]
    written: frozenset[str]
    writes_all: bool


def is_package(tree: RepoTree) -> bool:
    """Whether the repository is a package: its DESCRIPTION has a name, unlike that of a compendium."""
    return tree.has("DESCRIPTION") and PACKAGE.search(tree.text("DESCRIPTION")) is not None


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each missing file once, with the first line that wants it, in the order of scripts and lines."""
    if is_package(tree) or tree.truncated:
        return
    names = {path.rpartition("/")[2].lower() for path in tree.files}
    scripts = [_script(tree, path, names) for path in tree.matching(*SCRIPTS)[:MAX_SCRIPTS]]
    written = frozenset().union(*(script.written for script in scripts))
    sourced = frozenset().union(*(script.sourced for script in scripts))
    lacking = {
        script.path: [one for one in script.wants if _name(one.path) not in written]
        for script in scripts
    }
    leading = [one for one in scripts if not is_beside(one.path) and _name(one.path) not in sourced]
    parts = {path: [one for one in wanted if one.is_code] for path, wanted in lacking.items()}
    r_leads = next(filter(None, map(_language, languages.detect(tree))), "") == "r"
    hard_parts = r_leads and _most(leading, scripts, parts)
    computed = any(script.writes_all for script in scripts)
    hard = hard_parts or (r_leads and not computed and _most(leading, scripts, lacking))
    first: dict[str, ReadInput] = {}
    for one in (one for wanted in lacking.values() for one in wanted):
        if len(first) < MAX_FACTS:
            first.setdefault(one.path, one)
    for path, one in first.items():
        if one.is_code and r_leads:
            yield MissingPart(module=path, path=path, hard=hard_parts, source=one.source)
        elif not one.is_code:
            yield DataNeed(what=path, hard=hard and not hard_parts, source=one.source)


def _language(fact: Fact) -> str:
    return fact.language if isinstance(fact, LanguageShare) else ""


def _most(
    leading: list[Script], scripts: list[Script], lacking: dict[str, list[ReadInput]]
) -> bool:
    wanting = [one for one in leading if _in_all(one, scripts, lacking)]
    return bool(wanting) and len(wanting) >= MOST * len(leading)


def _in_all(script: Script, scripts: list[Script], lacking: dict[str, list[ReadInput]]) -> bool:
    """Whether a script, or one that it sources, lacks a file."""
    by_name = {_name(one.path): one for one in scripts}
    seen, waiting = {script.path}, [script]
    while waiting:
        here = waiting.pop()
        if lacking[here.path]:
            return True
        for name in here.sourced:
            below = by_name.get(name)
            if below is not None and below.path not in seen:
                seen.add(below.path)
                waiting.append(below)
    return False


def _script(tree: RepoTree, path: str, names: set[str]) -> Script:
    text = COMMENT.sub("", tree.text(path))
    wants: list[ReadInput] = []
    sourced: set[str] = set()
    for found, is_code in ((SOURCED, True), (READ, False)):
        for match in found.finditer(text):
            name = _name(match[1])
            if is_code:
                sourced.add(name)
            readable = is_code or name.endswith((*DATA_ENDINGS, *MODELS))
            if readable and "://" not in match[1] and name not in names:
                line = text.count("\n", 0, match.start(1)) + 1
                source = Source(kind="file", path=path, line=line)
                wants.append(ReadInput(match[1], is_code or name.endswith(".stan"), source))
    written: set[str] = set()
    writes_all = False
    for call in WRITES.finditer(text):
        named = [_name(part) for part in TEXT.findall(_inside(text, call.end()))]
        written.update(named)
        writes_all = writes_all or not named
    return Script(path, frozenset(sourced), tuple(wants), frozenset(written), writes_all)


def _inside(text: str, start: int) -> str:
    """Return what stands between a call's parentheses.

    The next call may read what this one does not write.
    """
    part, depth = text[start : start + CALL_LENGTH], 1
    for match in PARENTHESIS.finditer(part):
        depth += 1 if match[0] == "(" else -1
        if depth == 0:
            return part[: match.start()]
    return part


def _name(path: str) -> str:
    return re.split(r"[/\\]", path)[-1].lower()
