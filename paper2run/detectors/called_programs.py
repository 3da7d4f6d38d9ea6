"""Finds programs of the system that Python code starts: `Popen(["ffmpeg", …])`.

Manifests do not name them.

Only names of data/called_programs.json count, and only calls outside tests; of setup scripts only those that build.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Final

from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, SystemPackage
from paper2run.model.value import Source
from paper2run.python.python_modules import modules_of

NAME: Final = "called_programs"

CALL: Final = re.compile(
    r"\b(?:Popen|check_call|check_output|subprocess\.(?:run|call|getoutput|getstatusoutput)|os\.(?:system|popen)"
    r"|(?:shutil\.)?which|find_executable)\(\s*[\[(]?\s*[rfbu]?[\"']([\w.+-]{1,40})(?=[\"'\s])"
)
BUILDERS: Final = frozenset({"cmake", "make", "meson", "ninja", "swig"})
"""Programs that a setup script starts to build something; others tell it only where it runs."""
SIGN: Final = re.compile(r"subprocess|os\.system|os\.popen|which\(|find_executable")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each package once, with the first call that needs it, by name."""
    first: dict[str, SystemPackage] = {}
    for module in modules_of(tree):
        text = tree.text(module.path) if module.role in {"package", "script", "build"} else ""
        for match in CALL.finditer(text) if SIGN.search(text) else ():
            if module.role == "build" and match[1] not in BUILDERS:
                continue
            package = _packages().get(match[1])
            if package and package not in first:
                line = text.count("\n", 0, match.start(1)) + 1
                note = f"calls {match[1]}"
                place = Source(kind="file", path=module.path, line=line, note=note)
                first[package] = SystemPackage(name=package, called=match[1], source=place)
    yield from (first[name] for name in sorted(first))


@cache
def _packages() -> dict[str, str]:
    text = resources.files("paper2run").joinpath("data", "called_programs.json").read_text("utf-8")
    return dict(json.loads(text)["programs"])
