"""Detectors: one module per kind of evidence.

All detectors run over every checkout, and all their facts are kept.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from paper2run.detectors import (
    binder,
    browser_pages,
    build_files,
    build_products,
    called_programs,
    ci_github,
    ci_jobs,
    ci_other,
    ci_travis,
    compiled_operators,
    conda_environment,
    data_needs,
    dockerfiles,
    documented_inputs,
    documented_scripts,
    documents,
    entry_points,
    environment_values,
    extensions,
    foreign_manifests,
    go_sources,
    gone_library_names,
    gpu,
    imports,
    java_programs,
    languages,
    licences,
    lua_modules,
    makefile_settings,
    missing_parts,
    named_languages,
    node_package,
    notebooks,
    octave,
    opened_libraries,
    own_modules,
    perl_scripts,
    pipfile,
    platforms,
    project_tools,
    projects,
    pyproject,
    pytest_marks,
    pytest_settings,
    python_locks,
    python_syntax,
    python_version_files,
    r_entries,
    r_inputs,
    r_scripts,
    requirements,
    script_hosts,
    services,
    setup_cfg,
    setup_py,
    side_parts,
    stated_hardware,
    stated_resources,
    system_headers,
    test_suites,
    tox_and_nox,
    web_services,
    written_dates,
    written_files,
)
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, RepoFacts, Unreadable
from paper2run.model.value import Source


class Detector(Protocol):
    """What a module in this package provides."""

    NAME: str

    def detect(self, tree: RepoTree) -> Iterable[Fact]:
        """Yield the facts of one kind of evidence; malformed input is an `Unreadable`, never an error."""
        ...


DETECTORS: tuple[Detector, ...] = (
    languages,
    named_languages,
    side_parts,
    projects,
    pyproject,
    project_tools,
    setup_py,
    setup_cfg,
    requirements,
    script_hosts,
    pipfile,
    python_locks,
    conda_environment,
    python_version_files,
    tox_and_nox,
    ci_github,
    ci_travis,
    ci_other,
    ci_jobs,
    dockerfiles,
    binder,
    documents,
    documented_scripts,
    build_files,
    makefile_settings,
    build_products,
    system_headers,
    foreign_manifests,
    node_package,
    go_sources,
    java_programs,
    r_scripts,
    r_inputs,
    r_entries,
    lua_modules,
    octave,
    perl_scripts,
    own_modules,
    imports,
    missing_parts,
    notebooks,
    gone_library_names,
    written_dates,
    written_files,
    called_programs,
    opened_libraries,
    python_syntax,
    entry_points,
    test_suites,
    pytest_marks,
    pytest_settings,
    extensions,
    gpu,
    compiled_operators,
    data_needs,
    documented_inputs,
    services,
    web_services,
    environment_values,
    licences,
    platforms,
    browser_pages,
    stated_hardware,
    stated_resources,
)
"""In the order in which their facts are listed."""


def read_facts(tree: RepoTree) -> RepoFacts:
    """Return what all detectors find, in their order."""
    facts = [fact for detector in DETECTORS for fact in _found(detector, tree)]
    facts += [
        Unreadable(
            path=name,
            cause="odd-name",
            why="name is not UTF-8, or holds control characters",
            source=Source(kind="file"),
        )
        for name in tree.odd_names
    ]
    facts += tree.not_walked
    return RepoFacts(facts=tuple(facts), files=len(tree.files), truncated=tree.truncated)


def _found(detector: Detector, tree: RepoTree) -> Iterator[Fact]:
    """Yield a detector's facts; the last is an `Unreadable` where a stranger's file broke it off."""
    try:
        yield from detector.detect(tree)
    except (ValueError, AttributeError, RecursionError) as error:
        # The file that did it is not known here; what other detectors find is worth more than an exception.
        why = f"{detector.NAME} broke off: {type(error).__name__}: {str(error)[:200]!r}"
        yield Unreadable(path="", cause="detector", why=why, source=Source(kind="file"))
