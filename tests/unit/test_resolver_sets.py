"""What a search of the resolver gives, on an index in memory: nothing that nothing needs, and an end."""

from datetime import date, timedelta
from random import Random

import pytest

from paper2run.index.package_metadata import DistributionMetadata
from paper2run.index.releases import IndexFile, project_of
from paper2run.index.target_python import target_python
from paper2run.model.resolution import Lock
from paper2run.model.value import Source
from tasks.drivers.resolver.found_set import Failed, Solved
from tasks.drivers.resolver.offered_releases import OfferedReleases
from tasks.drivers.resolver.release_provider import ReleaseProvider
from tasks.drivers.resolver.resolution import Solve

PYTHON = target_python("3.9")
DAY = date(2019, 1, 1)


class Index:
    """An index of pure wheels: for each name its versions, each with what it declares."""

    def __init__(self, releases, days=None, compiled=()):
        self.questions = []
        self.declared = {}
        files = {name: [] for name in releases}
        for name, versions in releases.items():
            for version, requires in versions.items():
                url = f"https://index.example/{name}-{version}"
                day = (days or {}).get((name, version), date(2018, 1, 1))
                tag = "cp39-cp39-manylinux1_x86_64" if name in compiled else "py3-none-any"
                file = IndexFile(filename=f"{name}-{version}-{tag}.whl", url=url, day=day)
                files[name].append(file)
                self.declared[url] = DistributionMetadata(requires=tuple(requires))
        self.projects = {name: project_of(name, found) for name, found in files.items()}

    def project(self, name):
        return self.projects.get(name)

    def metadata(self, file):
        return self.declared[file.url]

    def need_time(self):
        """Whoever asks here waits for ever."""

    def in_parallel(self, ask, questions):
        questions = list(questions)
        self.questions.append([str(question) for question in questions])
        return [ask(question) for question in questions]


def locks(**versions):
    source = Source(kind="file", path="Pipfile.lock")
    return tuple(
        Lock(name=name, specifier=f"=={version}", source=source)
        for name, version in versions.items()
    )


def versions(found):
    assert isinstance(found, Solved), found
    return {release.name: str(release.version) for release in found.chosen}


def test_a_lock_that_is_kept_late_demands_no_package_that_nothing_needs_then():
    index = Index(
        {
            "top": {"1": ["mid"], "2": ["mid>=2"]},
            "mid": {"1": [], "2": ["low>=2"]},
            "low": {"1": [], "2": []},
        }
    )
    found = Solve(index, PYTHON, DAY, locks(mid="1", low="1")).of(["top"])
    assert versions(found) == {"top": "1", "mid": "1"}


def test_a_lock_is_kept_late_for_a_name_that_stays_needed():
    index = Index(
        {
            "top": {"1": ["mid"], "2": ["mid>=2"]},
            "mid": {"1": ["low"], "2": ["low>=2"]},
            "low": {"1": [], "2": []},
        }
    )
    found = Solve(index, PYTHON, DAY, locks(mid="1", low="1")).of(["top"])
    assert versions(found) == {"top": "1", "mid": "1", "low": "1"}


def test_packages_that_need_each_other_and_that_nothing_needs_any_more_are_left_out():
    index = Index(
        {
            "app": {"1": [], "2": ["one"]},
            "one": {"1": ["two"]},
            "two": {"1": ["one"]},
            "root": {"1": ["zone"]},
            "zone": {"1": ["app<2"]},
        }
    )
    found = Solve(index, PYTHON, DAY).of(["app", "root"])
    assert versions(found) == {"app": "1", "root": "1", "zone": "1"}


@pytest.mark.parametrize("identifier", ["low", "low[fast,small]"])
def test_a_name_that_nothing_needs_any_more_may_be_any_release(identifier):
    index = Index({"low": {"1": [], "2": []}})
    provider = ReleaseProvider(index, PYTHON, OfferedReleases(index, PYTHON, DAY))
    none = {identifier: iter(())}
    found = list(provider.find_matches(identifier, none, {identifier: iter(())})())
    assert [str(release.version) for release in found] == ["2", "1"]
    assert {provider.identify(release) for release in found} == {identifier}


@pytest.mark.parametrize(("year", "names"), [(2018, {"fast", "base"}), (2021, {"fast"})])
def test_a_compiled_wheel_without_needs_has_those_of_its_next_version_until_pip_held_to_them(
    year, names
):
    days = {("fast", "1"): date(year, 2, 1), ("fast", "2"): date(year, 3, 1)}
    index = Index({"fast": {"1": [], "2": ["base"]}, "base": {"1": []}}, days, compiled=("fast",))
    found = Solve(index, PYTHON, date(year, 6, 1)).of(["fast<2"])
    assert set(versions(found)) == names


def test_what_a_set_leads_to_is_asked_for_before_the_search_decides_anything():
    index = Index({"top": {"1": ["mid"]}, "mid": {"1": ["low[x]"]}, "low": {"1": []}})
    solve = Solve(index, PYTHON, DAY)
    solve.of(["top"])
    assert index.questions[:3] == [["top"], ["mid"], ["low[x]"]]


def test_each_release_of_a_set_is_needed_and_meets_all_that_need_it():
    solved = 0
    for seed in range(1500, 1700):
        index, asked, locked = generated(Random(seed))
        solve = Solve(index, PYTHON, DAY, locked)
        found = solve.of(asked)
        if isinstance(found, Failed):
            continue
        solved += 1
        chosen = versions(found)
        roots = [need for text in asked if (need := solve.need(text))]
        assert set(chosen) == {need.name for need in roots} | set(found.dependents)
        assert all(need.specifier.contains(chosen[need.name]) for need in roots)
    assert solved > 50


def generated(random):
    """Return an index whose packages need each other at will, and what is asked and locked of it."""
    names = [f"p{number}" for number in range(random.randint(3, 8))]
    releases, days = {}, {}
    for name in names:
        releases[name] = {}
        for version in range(1, random.randint(2, 5)):
            some = random.sample(names, random.randint(0, min(4, len(names))))
            releases[name][f"{version}"] = [
                other + random.choice(("", "", "[e]")) + limit(random) + marker(random)
                for other in some
                if other != name or random.random() < 0.3
            ]
            days[name, f"{version}"] = date(2015, 1, 1) + timedelta(days=random.randint(0, 2500))
    asked = [name + limit(random) for name in random.sample(names, random.randint(1, 3))]
    locked = {name: str(random.randint(1, 4)) for name in names if random.random() < 0.5}
    return Index(releases, days), asked, locks(**locked)


def limit(random):
    return random.choice(
        ("", f">={random.randint(1, 4)}", f"<{random.randint(2, 4)}", f"=={random.randint(1, 4)}")
    )


def marker(random):
    return random.choice(("", "", " ; extra == 'e'", " ; python_version < '3'"))
