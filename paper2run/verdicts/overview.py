"""Summarises a repository: the files that a person would open first."""

import re
from collections.abc import Iterable
from typing import Final

from paper2run.model.facts import (
    BuildFile,
    CondaPackage,
    EntryPoint,
    ForeignRequirement,
    Project,
    RepoFacts,
    Requirement,
)
from paper2run.model.repo import Checkout, Overview

README: Final = re.compile(r"readme(?:\.\w+)?$", re.IGNORECASE)
DECLARING: Final = (Project, Requirement, CondaPackage, ForeignRequirement, BuildFile)
"""Facts that only a manifest can give."""


def overview(checkout: Checkout, facts: RepoFacts, names: Iterable[str]) -> Overview:
    """Return the overview of a checkout; `names` are the names in its root folder."""
    declared = {
        fact.source.path
        for fact in facts.facts
        if isinstance(fact, DECLARING) and fact.source.kind == "file" and fact.source.path
    }
    # Where the mirrors lie is this machine's affair, and people hand folders on.
    modules = tuple(module.changed(mirror="") for module in checkout.submodules)
    return Overview(
        checkout=checkout.changed(mirror="", submodules=modules),
        readmes=tuple(sorted(name for name in names if README.fullmatch(name))),
        manifests=tuple(sorted(declared)),
        entrypoints=tuple(dict.fromkeys(fact.name for fact in facts.of(EntryPoint))),
    )
