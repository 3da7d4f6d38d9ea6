"""Finds the lists of packages that a manifest, a document, a Dockerfile or CI names."""

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from paper2run.formats.requirement_text import group_of
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Group

CI_FILE: Final = re.compile(
    r"\.github/(?:workflows|actions)/.*\.ya?ml$|\.travis\.ya?ml$|\.circleci/config\.yml$|circle\.yml$|\.gitlab-ci\.yml$"
    r"|\.?azure-pipelines\.yml$|tox\.ini$|noxfile\.py$"
)
DOCUMENT: Final = re.compile(r"(?:readme|install)(?:\.\w+)?|dockerfile", re.IGNORECASE)
"""At the top: what says how to install."""
INSTALLED: Final = re.compile(
    r"(?:-r|--requirement)[\s=]*(?:\{(?:toxinidir|tox_root)\})?([\w./-]+\.\w+)"
)
CREATED: Final = re.compile(
    r"\b(?:conda|mamba|micromamba)\b[^\n]*?(?:-f|--file)[\s=]+([\w./-]+\.ya?ml)\b"
)
LISTS: Final = (".txt", ".in", ".pip")
MANIFESTS: Final = ("pyproject.toml", "setup.cfg")
FILES: Final = re.compile(r"[\w./-]+\.(?:txt|in|pip)(?![\w.])")
SECTION: Final = re.compile(r"^\[(?P<name>[^\[\]\n]+)\]", re.MULTILINE)
DYNAMIC: Final = re.compile(
    r"^(?P<key>[\w.-]+)[ \t]*=[ \t]*(?:\n[ \t]+)?"
    r"(?:\{[^{}]{0,500}\bfile\b(?P<table>[^{}]{0,2000})\}|file:(?P<plain>[^\n]*(?:\n[ \t]+[^\n]*)*))"
    r"|^files[ \t]*=[ \t]*\[(?P<hook>[^\[\]]{0,2000})\]",
    re.MULTILINE,
)
"""setuptools' `dependencies = {file = ["deps.txt"]}` and `install_requires = file: deps.txt`, and hatch's hook."""


def lists_for_pip(tree: RepoTree) -> Iterator[tuple[str, Group]]:
    """Yield the files that something hands to pip or makes a project's dependencies of, with their group.

    What a document or a Dockerfile names is for running, unless its name says another thing.
    """
    for path in tree.files:
        text = tree.text(path) if CI_FILE.match(path) or DOCUMENT.fullmatch(path) else ""
        lines = text.splitlines()
        said = lines if CI_FILE.match(path) else [one for one in lines if "install" in one]
        other: Group = "extra" if CI_FILE.match(path) else "runtime"
        for name in INSTALLED.findall("\n".join(said)):
            file = posixpath.normpath(name.removeprefix("/"))
            if file.endswith(LISTS) and tree.has(file):
                yield file, group_of(posixpath.basename(file).rpartition(".")[0], other)
    for path in tree.matching(*MANIFESTS):
        yield from _of_manifest(tree, path)


def environments_for_conda(tree: RepoTree) -> frozenset[str]:
    """Return the files that CI, a document or a Dockerfile makes an environment of conda from."""
    named = {
        posixpath.normpath(name)
        for path in tree.files
        if CI_FILE.match(path) or DOCUMENT.fullmatch(path)
        for name in CREATED.findall(tree.text(path))
    }
    return frozenset(path for path in named if tree.has(path))


def _of_manifest(tree: RepoTree, path: str) -> Iterator[tuple[str, Group]]:
    text, folder = tree.text(path), posixpath.dirname(path)
    for found in DYNAMIC.finditer(text) if "file" in text else ():
        sections = [one["name"] for one in SECTION.finditer(text, 0, found.start())]
        section, key = (sections or [""])[-1], found["key"] or ""
        is_hook = found["hook"] is not None and section.endswith("requirements_txt")
        is_dynamic = "optional-dependencies" in section or section.endswith("extras_require")
        is_dynamic = is_dynamic or key in ("dependencies", "install_requires")
        if not is_hook and not is_dynamic:
            continue
        extra = key if key not in ("dependencies", "install_requires", "") else ""
        for name in FILES.findall(found["table"] or found["plain"] or found["hook"] or ""):
            file = posixpath.normpath(posixpath.join(folder, name))
            if tree.has(file):
                yield file, group_of(extra, "extra") if extra else "runtime"
