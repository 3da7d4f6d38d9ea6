"""Reads conda's files: environments, lock files, and the literal parts of build recipes.

https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html,
https://conda.github.io/conda-lock/, https://docs.conda.io/projects/conda-build/en/stable/resources/define-metadata.html
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from paper2run.formats import yaml_text
from paper2run.formats.conda_specs import conda_package
from paper2run.formats.lined_text import line_of
from paper2run.formats.lock_entries import locked_version
from paper2run.formats.requirement_text import read_requirement
from paper2run.formats.structured import read_yaml, table, text, texts, unreadable
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Command, CondaEnvironment, CondaPackage, Fact, Unreadable
from paper2run.model.value import Source
from paper2run.python.named_lists import environments_for_conda

NAME: Final = "conda_environment"

ENVIRONMENT: Final = re.compile(
    r"(?:^|/)(?:[\w.-]*environment[\w.-]*|(?:conda[\w-]*|[\w-]*env|requirements[\w-]*|anaconda-project))\.ya?ml$",
    re.IGNORECASE,
)
LOCK: Final = re.compile(r"(?:^|/)(?:[\w.-]*\.)?conda-lock\.ya?ml$")
JINJA_STATEMENT: Final = re.compile(r"\{%[^%\n]*%\}")
JINJA_EXPRESSION: Final = re.compile(r"\{\{[^{}\n]*\}\}")
FOREIGN_SELECTOR: Final = re.compile(r"#\s*\[\s*(?:win\d*|osx|not\s+linux|not\s+unix)\b")
"""Recipes mark lines for other systems with a comment."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield what each environment file asks for, in path order.

    Other kinds of YAML files with such a name give nothing.
    """
    named = environments_for_conda(tree)
    for path in tree.files:
        if not path.endswith((".yml", ".yaml")):
            continue
        is_environment = path in named or ENVIRONMENT.search(path) is not None
        if LOCK.search(path):
            yield from _read(tree, path, _locked)
        elif is_environment and not path.startswith(".github/"):
            is_recipe = "{{" in tree.text(path) or "{%" in tree.text(path)
            yield from _recipe(tree, path) if is_recipe else _read(tree, path, _environment)
        elif path.endswith(("/meta.yaml", "/meta.yml")) or path == "meta.yaml":
            yield from _recipe(tree, path)


def _read(
    tree: RepoTree, path: str, facts: Callable[[str, object], Iterator[Fact]]
) -> Iterator[Fact]:
    content = read_yaml(tree, path)
    if isinstance(content, Unreadable):
        yield content
    else:
        yield from facts(path, content)


def _environment(path: str, content: object) -> Iterator[Fact]:
    """Yield the packages; the interpreter is a constraint, the pip section holds requirements."""
    top = table(content)
    if isinstance(top.get("dependencies"), list):
        yield CondaEnvironment(
            form="environment",
            channels=tuple(map(str, texts(top.get("channels")))),
            specs=tuple(map(str, texts(top["dependencies"]))),
            source=Source(kind="file", path=path),
        )
    for key in ("dependencies", "packages"):
        listed = top.get(key)
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, str):
                yield from conda_package(item, _at(path, item))
            for wanted in texts(table(item).get("pip")):
                yield from read_requirement(wanted, group="runtime", source=_at(path, wanted))


def _locked(path: str, content: object) -> Iterator[Fact]:
    """Yield conda-lock's packages for Linux, pip's as locked versions."""
    listed = table(content).get("package")
    packages = [table(package) for package in listed] if isinstance(listed, list) else []
    yield _locked_environment(path, table(content, "metadata"), packages)
    for package in packages:
        name, version = text(package.get("name")), text(package.get("version"))
        if text(package.get("platform")) not in {"", "linux-64"} or not name or not version:
            continue
        if text(package.get("manager")) == "pip":
            yield from locked_version(name, version, "", "runtime", _at(path, name))
        else:
            for fact in conda_package(f"{name}=={version}", _at(path, name)):
                is_package = isinstance(fact, CondaPackage)
                yield fact.changed(locked=True) if is_package else fact


def _locked_environment(
    path: str, metadata: dict[str, object], packages: list[dict[str, object]]
) -> CondaEnvironment:
    here = [
        package
        for package in packages
        if text(package.get("platform")) == "linux-64" and text(package.get("manager")) == "conda"
    ]
    channels = metadata.get("channels")
    return CondaEnvironment(
        form="lock",
        channels=tuple(
            str(text(table(channel).get("url")) or text(channel))
            for channel in (channels if isinstance(channels, list) else [])
        ),
        specs=tuple(f"{text(p.get('name'))}=={text(p.get('version'))}" for p in here),
        archives=tuple(
            f"{text(package.get('url'))}#{digest}"
            for package in here
            if (
                digest := text(table(package, "hash").get("sha256"))
                or text(table(package, "hash").get("md5"))
            )
        ),
        source=Source(kind="file", path=path),
    )


def _recipe(tree: RepoTree, path: str) -> Iterator[Fact]:
    """Yield the literal parts of a build recipe: what it needs to run, what its test needs and runs."""
    content = tree.read(path)
    if isinstance(content, Unreadable):
        yield content
        return
    lines = ("" if FOREIGN_SELECTOR.search(line[:500]) else line for line in content.split("\n"))
    plain = JINJA_EXPRESSION.sub("", JINJA_STATEMENT.sub("", "\n".join(lines)))
    try:
        recipe = yaml_text.parse(plain)
    except yaml_text.YamlRefused as error:
        yield unreadable(path, f"not YAML: {error}")
        return
    run = tuple(texts(table(recipe, "requirements").get("run")))
    if run:
        source = Source(kind="file", path=path)
        yield CondaEnvironment(form="recipe", specs=tuple(map(str, run)), source=source)
    for item in run:
        yield from conda_package(item, _at(path, item), "mentioned")
    for item in texts(table(recipe, "test").get("commands")):
        yield Command(purpose="test", line=item, source=_at(path, item))


def _at(path: str, item: str) -> Source:
    return Source(kind="file", path=path, line=line_of(item))
