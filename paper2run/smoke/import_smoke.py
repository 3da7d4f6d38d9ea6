"""The smoke commands of code that nothing starts.

They import what the code imports, and run none of it.
"""

import shlex
from collections.abc import Collection, Iterator
from typing import Final

from paper2run.model.environment import GuessedDistribution, SmokeChoice
from paper2run.model.facts import EntryPoint, Import, RepoFacts
from paper2run.model.value import DEFAULT

MAX_COMPILED: Final = 20
"""Scripts that one smoke command compiles."""
MAX_SMOKED: Final = 200
"""Modules that one smoke command imports; larger programs have commands of their own."""
MAX_NAMES_CHARS: Final = 4000
"""Of the names that this command takes from the modules."""
MAX_MODULE_CHARS: Final = 80
"""A longer name is nothing that anybody wrote, and the command has to fit into a plan."""


def import_smokes(facts: RepoFacts, guesses: Collection[GuessedDistribution]) -> list[SmokeChoice]:
    """Return the import of all that the code imports: shows that the dependencies are there.

    Where only names hint at a distribution, the import of all others comes after it. Scripts that need arguments and
    nothing beside the standard library are compiled: the interpreter is all they want.
    """
    imported = {fact.module for fact in facts.of(Import) if not fact.guarded}
    modules = sorted(module for module in imported if len(module) <= MAX_MODULE_CHARS)
    scripts = [fact for fact in facts.of(EntryPoint) if fact.form == "script"]
    if not modules and scripts:
        command = shlex.join(
            ["python", "-m", "py_compile", *(fact.name for fact in scripts[:MAX_COMPILED])]
        )
        proves = "its scripts parse, and need nothing beside the standard library"
        return [
            SmokeChoice(kind="compiled", command=command, proves=proves, source=scripts[0].source)
        ]
    if not modules:
        return []
    guessed = {guess.module for guess in guesses}
    known = [module for module in modules if module not in guessed]
    unsure = ", ".join(sorted(guessed.intersection(modules)))
    found = [_import_of(facts, modules, "all that its code imports is there")]
    if known and unsure:
        found.append(_import_of(facts, known, f"all that its code imports is there but {unsure}"))
    return found


def _import_of(facts: RepoFacts, modules: list[str], proves: str) -> SmokeChoice:
    tried = modules[:MAX_SMOKED]
    lines = [f"import {', '.join(tried)}", *_names_taken(facts, tried)]
    if len(tried) < len(modules):
        proves = (
            f"the first {MAX_SMOKED} of the {len(modules)} modules that its code imports are there"
        )
    return SmokeChoice(
        kind="dependencies",
        command=f"python -c {shlex.quote('; '.join(lines))}",
        proves=proves,
        source=DEFAULT,
    )


def _names_taken(facts: RepoFacts, modules: Collection[str]) -> Iterator[str]:
    """Yield the imports of names from these modules that code has, within a command's room."""
    taken: dict[str, dict[str, None]] = {}
    for fact in facts.of(Import):
        if fact.module in modules and fact.where in {"package", "script", "notebook"}:
            for item in fact.taken:
                module, _, name = item.partition(":")
                taken.setdefault(module, {}).update({name: None} if name else {})
    chars = 0
    for module, names in sorted(taken.items()):
        line = f"from {module} import {', '.join(names)}" if names else f"import {module}"
        chars += len(line)
        if chars <= MAX_NAMES_CHARS:
            yield line
