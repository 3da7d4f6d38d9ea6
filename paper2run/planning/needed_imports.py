"""Which imports of a repository an environment must satisfy."""

from paper2run.model.facts import Import, Project, RepoFacts, Requirement


def needed_imports(facts: RepoFacts) -> tuple[Import, ...]:
    """Return the unguarded imports of code that is run, without those of setup scripts.

    Notebooks beside a project that declares its needs are examples, which import further frameworks of
    gigabytes (torch to load a data set); they count only if nothing else says what the code needs.
    """
    declares = any(project.root == "" for project in facts.of(Project)) and any(
        fact.group == "runtime" and "/" not in fact.source.path for fact in facts.of(Requirement)
    )
    return tuple(
        fact
        for fact in facts.of(Import)
        if not fact.guarded
        and fact.where != "build"
        and not (declares and fact.where == "notebook")
    )
