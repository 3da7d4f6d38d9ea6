"""Finds scripts of JavaScript that only somebody else's editor or program runs.

They are told by the objects that it gives them: Google Earth Engine gives `ee` and `Map`, Google's documents
`SpreadsheetApp`, Adobe's programs `app.activeDocument`. No other interpreter has these, and nothing in the checkout
defines them. The need is hard where most of the scripts use them.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from paper2run.detectors import languages
from paper2run.detectors.side_parts import side_of
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, LanguageShare, OutsideForm, OutsideNeed
from paper2run.model.value import Source

NAME: Final = "script_hosts"


class Host(NamedTuple):
    """A program that runs scripts, and what shows that one is written for it."""

    what: str
    form: OutsideForm
    given: re.Pattern[str]
    """Objects that it gives its scripts."""
    library: re.Pattern[str]
    """How a script gets the same objects elsewhere: from a package, or as the host's own declaration."""


HOSTS: Final = (
    Host(
        "the code editor of Google Earth Engine",
        "service",
        re.compile(
            r"\bee\.(?:Image|ImageCollection|Feature|FeatureCollection|Geometry|Filter|Reducer|List|Date|Number|Array)\b"
            r"|\bMap\.(?:addLayer|centerObject|setCenter)\(|\bExport\.(?:image|table|video|map)\.to\w+\("
        ),
        re.compile(r"earthengine|\bee\.initialize\("),
    ),
    Host(
        "an account of Google, in which Apps Script runs",
        "service",
        re.compile(
            r"\b(?:SpreadsheetApp|DriveApp|DocumentApp|FormApp|GmailApp|UrlFetchApp|CalendarApp|PropertiesService)\.\w+\("
        ),
        re.compile(r"\b(?:var|let|const|class|function)\s+(?:SpreadsheetApp|DriveApp|DocumentApp|UrlFetchApp)\b"),
    ),
    Host(
        "a program of Adobe's",
        "licence",
        re.compile(
            r"^[ \t]*#target\s+\"?(?:photoshop|illustrator|indesign|aftereffects|premierepro)"
            r"|\bapp\.(?:activeDocument|beginUndoGroup|project\.activeItem|selection)\b",
            re.IGNORECASE | re.MULTILINE,
        ),
        re.compile(r"\b(?:var|let|const)\s+app\s*="),
    ),
)  # fmt: skip
SCRIPTS: Final = ("*.js", "*.gs", "*.jsx", "*.JS")
MOST: Final = 2 / 3


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the host of which most scripts use an object, where JavaScript has most files of code."""
    paths = [path for path in tree.matching(*SCRIPTS) if side_of(tree, path) is None]
    for host in HOSTS:
        found = {
            path: match
            for path in paths
            if (match := host.given.search(tree.text(path)))
            and not host.library.search(tree.text(path))
        }
        if not found:
            continue
        path, match = next(iter(found.items()))
        line = tree.text(path).count("\n", 0, match.start()) + 1
        place = Source(kind="file", path=path, line=line, note=match[0][:80])
        hard = len(found) >= MOST * len(paths) and _leads(tree)
        yield OutsideNeed(form=host.form, what=host.what, hard=hard, source=place)
        return


def _leads(tree: RepoTree) -> bool:
    """Whether no other language has more files of code."""
    shares = [fact for fact in languages.detect(tree) if isinstance(fact, LanguageShare)]
    files = {share.language: share.files for share in shares if share.language != "shell"}
    others = [count for language, count in files.items() if language != "javascript"]
    return files.get("javascript", 0) >= max(others, default=0)
