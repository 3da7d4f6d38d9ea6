"""Ranks the commands that could show that an environment works, and says what each would prove.

A command that can pass on an empty or missing file is left out.
"""

import re
import shlex
from pathlib import PurePosixPath
from typing import Final

from pydantic import TypeAdapter, ValidationError

from paper2run.commands.plain_commands import folder_and_line, plain_words
from paper2run.model.environment import Asked, SmokeChoice, SmokeKind
from paper2run.model.facts import (
    Command,
    EntryPoint,
    OwnModule,
    RepoFacts,
    Unreadable,
)
from paper2run.model.image import OUTSIDE
from paper2run.model.plan_text import ShellCommand
from paper2run.model.value import Source
from paper2run.planning.plan_builder import choice
from paper2run.python.own_projects import is_aside, is_installed, own_projects
from paper2run.python.python_examples import only_imports
from paper2run.smoke.ci_tests import tested_by_ci
from paper2run.smoke.documented_uses import documented_uses, programs
from paper2run.smoke.suite_smoke import leading_suite

OF_SERVICES: Final = re.compile(r"(?:^|/)\.\w")
"""Below a folder such as `.github`, where scripts serve the project's upkeep."""
OF_TESTS: Final = re.compile(r"(?:(?<![A-Za-z])(?:unit)?test|Test|TEST)(?:s|ing|er)?(?![a-z])")
"""The word in a path; not `contest`, `latest`, `attest`."""
OF_UPKEEP: Final = re.compile(
    r"(?:^|[_-])(?:docs?|release|publish|bump|changelog|lint|deploy|build|package|install)(?:[_-]|$)"
)
"""A word in the name of a script that serves the project's upkeep: it does nothing of the code's own work."""
MAX_ALONE: Final = 4
"""Packages that are imported by themselves where the import of all fails."""
MAX_LARGEST: Final = 2
"""Modules of one package that stand for it: where these do not load, the rest are helpers."""
MAX_DOCUMENTED: Final = 2
"""The first commands of a README are the quick start; later ones are variants."""
SHELL_COMMAND: Final[TypeAdapter[str]] = TypeAdapter(ShellCommand)


def choices(facts: RepoFacts, files: frozenset[str], asked: Asked) -> list[SmokeChoice]:
    """Return the commands, best first; `files` are the paths of the checkout.

    An empty script counts as absent: starting it would prove nothing.
    """
    files -= {fact.path for fact in facts.of(Unreadable) if fact.cause == "empty"}
    if asked.smoke:
        source = Source(kind="user", note="--smoke")
        return [choice("user", asked.smoke, "what the user asked for", source)]
    installed = bool(own_projects(facts))
    documented = documented_uses(facts, files)
    uses = [choice for choice in documented if not only_imports(choice.command)]
    work = [choice for choice in uses if not _is_upkeep(choice.command)][:MAX_DOCUMENTED]
    tested = tested_by_ci(facts, files)
    # Commands of the authors or their CI come first, then those that the packaging promises; scripts and tests come
    # last, since no document says to run them as they are: they may need data, a screen or a day.
    ranked = [
        *work,
        *([tested] if tested else []),
        *[choice for choice in uses if choice not in work][: MAX_DOCUMENTED - len(work)],
        *[choice for choice in documented if choice not in uses][:1],
        *(_console_scripts(facts) if installed else []),
        *_imports(facts, installed=installed),
        *_scripts(facts),
        *leading_suite(facts),
    ]
    return [choice for choice in ranked if _is_allowed(choice.command)]


def _is_allowed(command: str) -> bool:
    """Whether a plan may hold the command; repositories contain commands of all kinds."""
    try:
        SHELL_COMMAND.validate_python(command)
    except ValidationError:
        return False
    return True


def _is_upkeep(command: str) -> bool:
    """Whether a documented command starts a script that builds, publishes or checks the project."""
    words = plain_words(folder_and_line(command)[1])
    if len(words) < 2 or words[0] != "python":
        return False
    started = words[2].rpartition(".")[2] if words[1] == "-m" else words[1]
    return _of_upkeep(started)


def _of_upkeep(script: str) -> bool:
    return OF_UPKEEP.search(PurePosixPath(script).stem) is not None


def _imports(facts: RepoFacts, *, installed: bool) -> list[SmokeChoice]:
    """Return the imports of the repository's own packages: all at once, then each that leads by itself.

    They start outside the checkout where they are installed. A package that loads nothing is imported by its modules.
    """
    own = [
        fact
        for fact in facts.of(OwnModule)
        if (fact.installed and is_installed(facts, fact.root)) == installed
        and (installed or fact.root == "")
        and not fact.hollow
    ]
    # What serves tests and documents is not the code, and a folder without __init__.py imports whatever it holds.
    telling = [
        fact for fact in own if fact.source.path.endswith(".py") and not is_aside(fact.module)
    ]
    own = telling or own
    loaded = {
        fact.module: tuple(f"{fact.module}.{name}" for name in fact.inner) or (fact.module,)
        for fact in own
        if fact.module.isidentifier()
    }
    if not loaded:
        return []
    start = f"cd {OUTSIDE} && " if installed else ""
    every = "its packages can be imported" if installed else "its modules can be imported"
    kind: SmokeKind = "import" if telling else "dependencies"
    modules = sorted(loaded)
    groups = [([name for module in modules for name in loaded[module]], every)]
    if len(groups[0][0]) > 1:
        leading = _leading(facts, modules, installed=installed)
        alone = [name for m in modules if m in leading for name in _telling(facts, loaded[m])]
        groups += [([name], f"{name} can be imported") for name in alone[:MAX_ALONE]]
    return [
        choice(
            kind,
            f"{start}python -c {shlex.quote('import ' + ', '.join(names))}",
            proves,
            own[0].source,
        )
        for names, proves in groups
    ]


def _telling(facts: RepoFacts, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the modules of one package that its README names, else its largest ones."""
    lines = " ".join(fact.line for fact in facts.of(Command) if fact.source.kind == "readme")
    named = tuple(name for name in names if re.search(rf"\b{re.escape(name)}\b", lines))
    return named or names[:MAX_LARGEST]


def _leading(facts: RepoFacts, modules: list[str], *, installed: bool) -> set[str]:
    """Return the modules that stand for the repository: named like a project, or used by its documents.

    Installed packages all do where no name says which; a loose module may be a helper.
    """
    projects = {re.sub(r"[-_.]+", "_", fact.name).lower() for fact in own_projects(facts)}
    named = {module for module in modules if module.lower() in projects}
    shown = " ".join(fact.line for fact in facts.of(Command) if fact.source.kind == "readme")
    used = re.findall(r"\b(?:import|from|-m)\s+(\w+)|\b(\w+)\.py\b", shown)
    named |= {module for pair in used for module in pair if module in modules}
    return named or (set(modules) if installed else set())


def _console_scripts(facts: RepoFacts) -> list[SmokeChoice]:
    return [
        choice(
            "console-script", f"{shlex.quote(fact.name)} --help", "its command starts", fact.source
        )
        for fact in programs(facts)
    ]


def _scripts(facts: RepoFacts) -> list[SmokeChoice]:
    """Return scripts with a `__main__` guard, those nearest to the root first.

    Scripts whose parser wants arguments are asked for their help: that imports all they need. Those that take their
    arguments from `sys.argv` would take `--help` for one of them.
    """
    every = [fact for fact in facts.of(EntryPoint) if fact.form == "script"]
    aside = re.compile(f"{OF_TESTS.pattern}|{OF_SERVICES.pattern}")
    scripts = [fact for fact in every if not (aside.search(fact.name) or fact.without_parser)]
    scripts.sort(key=lambda fact: (fact.name.count("/"), bool(fact.required_arguments), fact.name))
    found = []
    documents = " ".join(fact.line for fact in facts.of(Command) if fact.source.kind != "file")
    named = [fact for fact in scripts if "/" not in fact.name or fact.name in documents]
    leads_alone = not own_projects(facts) and all("/" in fact.name for fact in every)
    if not named and (len(scripts) == 1 or leads_alone):
        # Without a project and without a script at the root they are the work.
        named = scripts
    for fact in scripts:
        arguments, proves = _how_to_start(fact)
        command = shlex.join(["python", fact.name, *arguments])
        leads = fact in named and not _of_upkeep(fact.name)
        kind: SmokeKind = "script" if leads else "side-script"
        found.append(choice(kind, command, proves, fact.source))
    return found


def _how_to_start(script: EntryPoint) -> tuple[list[str], str]:
    """Return the arguments that start a script without any input, and what it shows if it ends well."""
    if script.name.rpartition("/")[2] == "manage.py":
        # Without a command Django's own script prints its help: https://docs.djangoproject.com/en/stable/ref/django-admin/
        return ["check"], "Django's check of the project passes"
    if script.required_arguments:
        return ["--help"], "an entry script starts and names its arguments"
    return [], "an entry script runs"
