"""Collects the Python distributions that an environment wants, with reasons, without duplicates.

Declared dependencies come first; undeclared imports are added as optional, so that the resolver may
leave them out if they cause a conflict.
"""

import re
from collections.abc import Collection
from typing import Final

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from paper2run.formats.other_indexes import other_indexes
from paper2run.formats.plurals import counted
from paper2run.model.facts import (
    Command,
    CondaPackage,
    EntryPoint,
    Import,
    LockedVersion,
    OldName,
    PipInclude,
    Project,
    RepoFacts,
    Requirement,
    TestSuite,
)
from paper2run.planning.addressed_steps import (
    addressed_steps,
    is_itself,
    own_names,
    project_of,
)
from paper2run.planning.addresses import addressed, is_address, is_on_another_machine, local_name
from paper2run.planning.build_backends import build_needs
from paper2run.planning.ci_needs import NOTHING, CiNeeds
from paper2run.planning.ci_wanted import wanted_by_ci, wanted_by_files
from paper2run.planning.collected_requirements import Collected, Wanted
from paper2run.planning.declarations import Declarations
from paper2run.planning.locks import locks_of, loosened
from paper2run.planning.needed_imports import needed_imports
from paper2run.python.notebook_runs import started_notebooks
from paper2run.python.own_projects import is_aside, own_projects

TEST_RUNNERS: Final = {"pytest": ("pytest",), "unittest": ("pytest",), "nose": ("pytest", "nose")}
"""Distributions that run a suite; pytest runs unittest suites too, and counts all of them."""
TEST_PROGRAMS: Final = {
    "nosetests": "nose",
    "nosetests3": "nose",
    "py.test": "pytest",
    "pytest": "pytest",
}
"""Distribution of the programs that documented test commands start."""
LOCAL: Final = re.compile(r"\+[\w.]+")
"""A local label, `+cu110`, names a build of the same release."""
SETUPTOOLS_SINCE: Final = 'python_version >= "3.12"'
"""Images of older interpreters bring setuptools and wheel of their time; newer ones bring neither."""
MAX_MODULES: Final = 2000
"""Imported modules whose distributions are looked for, each on the index; large programs import some 200."""


def gather(facts: RepoFacts, needs: CiNeeds = NOTHING, *, notebooks: bool = False) -> Wanted:
    """Return everything an environment for this repository wants; `needs` are those of its CI's tests.

    With `notebooks` also what these alone import.
    """
    projects = own_projects(facts)
    own: set[str] = {
        canonicalize_name(project.name)
        for project in facts.of(Project)
        if project.name and (project in projects or not is_aside(project.root))
    }
    names = [fact.name for fact in facts.of(Requirement) if fact.group != "limit"]
    names += [fact.name for fact in facts.of(LockedVersion)]
    mentioned = dict.fromkeys(name for name in names if name not in own)
    collected = Collected(own, tuple(mentioned), addressed(facts))
    declarations = Declarations(facts)
    declared = _add_declared(collected, facts, declarations)
    if not any(fact.group == "runtime" for fact in declared):
        for lock in _alone(facts):
            text = f"{lock.name}; {lock.marker}" if lock.marker else lock.name
            collected.add(text, "locked, and no manifest says more", lock.source, "lone lock")
    conda_names = {package.name: collected.add_conda(package) for package in _conda_wishes(facts)}
    for project in projects:
        _add_build_needs(collected, project)
    for suite in facts.of(TestSuite):
        for runner in TEST_RUNNERS.get(suite.runner, ()):
            collected.add(runner, "runs the tests", suite.source, "test runner")
    for command in facts.of(Command):
        program = command.line.split(maxsplit=1)[0] if command.purpose == "test" else ""
        if program in TEST_PROGRAMS:
            why = "the documented test command runs it"
            collected.add(TEST_PROGRAMS[program], why, command.source, "test runner")
    for notebook in started_notebooks(facts)[:1]:
        collected.add("ipython", "runs the notebooks", notebook.source, "test runner")
    # Without a package the scripts are the product; beside a package they are often examples.
    own_code = {"package"} if projects else {"package", "script"}
    imports = needed_imports(facts)
    for imported in imports[:MAX_MODULES]:
        collected.add_module(
            imported.module,
            f"imported as {imported.module}",
            imported.source,
            "own import" if imported.where in own_code else "guessed import",
            imported.below,
        )
    if len(imports) > MAX_MODULES:
        more = counted(len(imports) - MAX_MODULES, "imported module")
        collected.leave_out(more, f"only {MAX_MODULES} are looked for", imports[MAX_MODULES].source)
    by_files = wanted_by_files(facts, declarations, own)
    for fact, why in (*by_files, *wanted_by_ci(facts, needs, declarations, own)):
        # Last, and so the first to be dropped.
        collected.add(fact.text, why, fact.source, "step of CI")
    if notebooks:
        _add_of_notebooks(collected, facts)
    for fact in facts.of(Requirement):
        if fact.group == "limit" and declarations.speaks(fact.source):
            bounds = str(Pep508(fact.text).specifier)
            collected.limit(fact.name, bounds, "the constraints file's limits", fact.source)
    _limit_by_old_names(collected, facts)
    return collected.result(locks_of(facts, declared, conda_names), other_indexes(facts))


def _limit_by_old_names(collected: Collected, facts: RepoFacts) -> None:
    for old in facts.of(OldName):
        why = f"the code uses {old.name}, which {old.distribution} {old.below} took away"
        collected.limit(old.distribution, f"<{old.below}", why, old.source)


def _add_of_notebooks(collected: Collected, facts: RepoFacts) -> None:
    """Add what notebooks import that nothing else wants, and the shell that runs them."""
    found = [fact for fact in facts.of(Import) if fact.where == "notebook" and not fact.guarded]
    for fact in found[:MAX_MODULES]:
        why = f"a notebook imports {fact.module}"
        collected.add_module(fact.module, why, fact.source, "guessed import", fact.below)
    for entry in [one for one in facts.of(EntryPoint) if one.form == "notebook"][:1]:
        collected.add("ipython", "runs the notebooks", entry.source, "test runner")


def _add_declared(
    collected: Collected, facts: RepoFacts, declarations: Declarations
) -> tuple[Requirement, ...]:
    """Add and return what the manifests require by name; requirements by path are left out."""
    local = {(fact.source.path, local_name(fact)) for fact in facts.of(PipInclude)}
    named = list(declarations.requirements())
    for fact in named:
        if (fact.source.path, fact.name) in local:
            collected.leave_out(fact.text, "the same file says that it is a folder", fact.source)
    named = [fact for fact in named if (fact.source.path, fact.name) not in local]
    declared = loosened(facts, named)
    for fact in declared:
        role = _role(fact, declarations)
        if role != "document":
            collected.add(fact.text, "declared", fact.source, role)
    for fact in declared:
        if _role(fact, declarations) == "document":
            collected.add(fact.text, "a document installs it", fact.source, "document")
            wanted = LOCAL.sub("", str(Pep508(fact.text).specifier))
            if wanted:
                collected.limit(fact.name, wanted, "the version of a document", fact.source)
    own = own_names(facts)
    steps = addressed_steps(facts, None)
    followed = {step.source for step in steps}
    installed = {step.project for step in steps}
    for include in facts.of(PipInclude):
        if include.group != "runtime" or not is_address(include) or include.source in followed:
            continue
        if declarations.speaks(include.source) and project_of(include) not in installed:
            collected.leave_out(include.text, _why_not_installed(include, own), include.source)
    return declared


def _role(fact: Requirement, declarations: Declarations) -> str:
    """Return the role of a declared requirement in `trust.TABLE`."""
    if fact.group == "test":
        return "test need"
    if fact.source.kind != "readme" and not fact.source.path.endswith(".ipynb"):
        return "run-time manifest"
    return "document" if declarations.has_manifest else "lone document"


def _why_not_installed(include: PipInclude, own: Collection[str]) -> str:
    if is_on_another_machine(include):
        return "a project of its author's machine; the index's of that name is another"
    if is_itself(include, own):
        return "the repository itself"
    return "an address that is neither a git repository's nor an archive's"


def _alone(facts: RepoFacts) -> list[LockedVersion]:
    """Return what the first lock file at the root has for running."""
    found = [
        fact
        for fact in facts.of(LockedVersion)
        if "/" not in fact.source.path and fact.group == "runtime"
    ]
    return [fact for fact in found if fact.source.path == found[0].source.path]


def _conda_wishes(facts: RepoFacts) -> list[CondaPackage]:
    """Return what environment files ask for, or else the sets of lock files.

    Where the root's manifests say what the code needs, files of subfolders describe other machines: a container,
    a documentation server, somebody's Windows.
    """
    found = facts.of(CondaPackage)
    if any(
        fact.group == "runtime" and "/" not in fact.source.path for fact in facts.of(Requirement)
    ):
        found = tuple(fact for fact in found if "/" not in fact.source.path)
    return [fact for fact in found if not fact.locked] or list(found)


def _add_build_needs(collected: Collected, project: Project) -> None:
    if project.backend == "setup.py" or project.backend.startswith("setuptools"):
        for name in ("setuptools", "wheel"):
            text = f"{name}; {SETUPTOOLS_SINCE}"
            collected.add(text, "builds the project", project.source, "build backend")
    for name in build_needs(project).distributions:
        collected.add(name, f"{project.backend} asks for it", project.source, "build backend")
    for module in project.build_imports:
        why = f"the build imports {module}"
        collected.add_module(module, why, project.source, "build import")
