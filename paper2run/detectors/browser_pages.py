"""Finds JavaScript that only a browser runs: scripts of pages and of browser extensions.

The need is hard where the checkout holds no code of another language. A package.json says how Node runs it.
https://developer.mozilla.org/docs/Web/API/Document
"""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.knowledge.language_endings import ENDINGS
from paper2run.knowledge.side_folders import is_beside, vendored_place
from paper2run.model.facts import Fact, OutsideNeed
from paper2run.model.value import Source

NAME: Final = "browser_pages"

OF_BROWSER: Final = re.compile(
    r"(?<![\w.])(?:document\.(?:getElement|querySelector|createElement|addEventListener|body|title|cookie|write)\w*"
    r"|window\.\w+|(?:chrome|browser)\.(?:runtime|tabs|storage|bookmarks|extension|browserAction|contextMenus)\."
    r"|\$\(\s*(?:document|function|['\"][#.]))"
)
OF_NODE: Final = re.compile(
    r"(?<![\w.])(?:require\(\s*['\"](?:node:)?(?:fs|path|os|http|https|util)['\"]|process\.)"
)
BESIDE_IT: Final = frozenset({"javascript", "html", "css", "shell"})
"""Languages of what is run in a browser, or puts it together."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield the need with the first script that asks a browser; nothing where Node runs one."""
    if tree.matching("package.json"):
        return
    texts = {path: tree.text(path) for path in tree.matching("*.js", "*.mjs") if _is_own(path)}
    node = [path for path, text in texts.items() if OF_NODE.search(text)]
    asking = {
        path: match
        for path, text in texts.items()
        if path not in node and (match := OF_BROWSER.search(text))
    }
    if len(asking) <= len(node):
        return
    path, match = next(iter(asking.items()))
    others = (file for file in tree.files if file.endswith(tuple(ENDINGS)) and _is_own(file))
    alone = all(ENDINGS[_ending(file)] in BESIDE_IT for file in others)
    line = texts[path].count("\n", 0, match.start()) + 1
    source = Source(kind="file", path=path, line=line, note=match[0][:60])
    yield OutsideNeed(form="platform", what="a web browser", hard=alone, source=source)


def _is_own(path: str) -> bool:
    return not is_beside(path) and not vendored_place(path)[0] and ".min." not in path


def _ending(path: str) -> str:
    return max((end for end in ENDINGS if path.endswith(end)), key=len)
