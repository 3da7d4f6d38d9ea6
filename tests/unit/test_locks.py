"""Which lock files count, and what a locked requirement is to the resolver."""

from paper2run.model.facts import CondaPackage, LockedVersion, RepoFacts, Requirement
from paper2run.model.value import Source
from paper2run.planning.locks import locks_of, loosened


def locked(name: str, version: str, path: str, line: int = 1) -> LockedVersion:
    source = Source(kind="file", path=path, line=line)
    return LockedVersion(name=name, version=version, group="runtime", source=source)


def wish(text: str, name: str, path: str = "setup.py", line: int = 1) -> Requirement:
    source = Source(kind="file", path=path, line=line)
    return Requirement(text=text, name=name, group="runtime", source=source)


def found(*facts: object, declared=(), conda_names=None) -> list[str]:
    locks = locks_of(RepoFacts(facts=tuple(facts)), declared, conda_names or {})
    return [f"{lock.name}{lock.specifier} {lock.source.path}" for lock in locks]


def test_a_lock_file_that_contradicts_the_manifest_gives_way_to_one_that_does_not():
    facts = (locked("numpy", "1.19.0", "uv.lock"), locked("numpy", "2.0.1", "poetry.lock"))
    assert found(*facts, declared=[wish("numpy>=2", "numpy")]) == ["numpy==2.0.1 poetry.lock"]
    assert found(*facts) == ["numpy==1.19.0 uv.lock"]


def test_locks_below_the_root_are_of_other_projects():
    assert found(locked("numpy", "1.19.0", "examples/uv.lock")) == []


def test_a_line_of_compiled_requirements_wishes_for_the_name_alone():
    wished = wish("numpy[x]==1.19.5; python_version>'3'", "numpy", "requirements.txt", 3)
    other = wish("six==1.15", "six", "requirements.txt", 4)
    facts = RepoFacts(facts=(locked("numpy", "1.19.5", "requirements.txt", 3),))
    texts = [fact.text for fact in loosened(facts, [wished, other])]
    assert texts == ['numpy[x]; python_version > "3"', "six==1.15"]


def test_versions_of_a_conda_environment_are_series_of_the_index():
    source = Source(kind="file", path="environment.yml", line=4)
    packages = [
        CondaPackage(name=name, version=version, source=source)
        for name, version in (("a", "=1.16"), ("b", "=1.4=py37_0"), ("c", ">=2"), ("d", "==2rc1"))
    ]
    names = {package.name: package.name for package in packages}
    assert found(*packages, conda_names=names) == [
        "a==1.16.* environment.yml",
        "b==1.4.* environment.yml",
        "d==2rc1 environment.yml",
    ]
