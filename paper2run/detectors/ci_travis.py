"""Reads .travis.yml: interpreters, apt packages, commands of the build's phases.

https://docs.travis-ci.com/user/languages/python/, https://docs.travis-ci.com/user/job-lifecycle/
"""

from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.commands.ci_scripts import CiFile
from paper2run.commands.command_facts import distinct
from paper2run.formats.structured import read_yaml, table, text, texts
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, Unreadable
from paper2run.python.python_projects import own_names

NAME: Final = "ci_travis"

# In the order in which Travis runs them.
PHASES: Final = ("before_install", "install", "before_script", "script", "after_success")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield what the root's .travis.yml says, each fact once."""
    for path in (".travis.yml", ".travis.yaml"):
        if tree.has(path):
            config = read_yaml(tree, path)
            if isinstance(config, Unreadable):
                yield config
            else:
                yield from distinct(_config(tree, path, config))


def _config(tree: RepoTree, path: str, config: object) -> Iterator[Fact]:
    top = table(config)
    jobs = [top]
    for key in ("matrix", "jobs"):
        include = table(config, key).get("include")
        jobs += [table(job) for job in include] if isinstance(include, list) else []
    first = next((version for job in jobs for version in texts(job.get("python"))), "")
    file = CiFile(path, tree.once(own_names), {"TRAVIS_PYTHON_VERSION": first} if first else {})
    for job in jobs:
        yield from file.versions(job.get("python"))
        yield from _environment(file, job.get("env"))
    for job in jobs:
        if text(job.get("os")) in {"osx", "windows"}:
            continue
        yield from file.apt(table(job, "addons", "apt").get("packages"))
        yield from file.apt(table(job, "addons").get("apt_packages"))
        for phase in PHASES:
            yield from file.script(job.get(phase))


def _environment(file: CiFile, env: object) -> Iterator[Fact]:
    """Yield the interpreters that the variables of `env` name.

    `env` is a text, a list, or a table of lists and variables.
    """
    yield from file.variables_in(env)
    for key, value in table(env).items():
        if key in {"matrix", "jobs", "global"}:
            yield from file.variables_in(value)
        else:
            yield from file.variables_in([f"{key}={item}" for item in texts(value)])
