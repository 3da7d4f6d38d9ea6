"""Chooses the READMEs that speak for a repository: the root's, else those of folders."""

from collections.abc import Collection, Iterable

from paper2run.model.facts import Command, Fact, Purpose
from paper2run.python.own_projects import is_aside


def readme_commands(facts: Iterable[Fact], purposes: Collection[Purpose]) -> list[Command]:
    """Return the commands of these purposes in order; none of fixtures, tools or other people's code."""
    said = [
        fact
        for fact in facts
        if isinstance(fact, Command)
        and fact.purpose in purposes
        and fact.source.kind == "readme"
        and not is_aside(fact.source.path.rpartition("/")[0])
    ]
    return [fact for fact in said if "/" not in fact.source.path] or said
