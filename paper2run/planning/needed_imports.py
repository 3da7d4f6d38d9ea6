"""Which imports of a repository an environment must satisfy."""

from paper2run.model.facts import Import, Project, RepoFacts, Requirement


def needed_imports(facts: RepoFacts) -> tuple[Import, ...]:
    """Return the unguarded imports of what is run; not those of setup scripts.

    Notebooks beside a project that declares what it needs are examples, which bring frameworks of their own by the
    gigabyte (torch to load a data set): they count where nothing else says what the code needs.
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
