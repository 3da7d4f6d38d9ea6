"""Releases of a project page, and what an interpreter gets of them on a day."""

from datetime import date

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from paper2run.index.releases import (
    IndexFile,
    available,
    installable,
    instead_of_gone,
    later_minors,
    project_of,
)
from paper2run.index.target_python import target_python

MAY = date(2018, 5, 1)
JUNE = date(2018, 6, 1)
PYTHON = target_python("3.6")
LINUX = "cp36-cp36m-manylinux1_x86_64"
WINDOWS = "cp36-cp36m-win_amd64"


def file(filename, day=MAY, **others):
    return IndexFile(
        filename=filename, url=f"https://files.example.org/{filename}", day=day, **others
    )


def only(*files, target=PYTHON):
    project = project_of("a", files)
    return installable(project.releases[0], project, target)


def test_releases_come_newest_first_and_unknown_names_are_left_out():
    names = [
        "a-1.9.tar.gz",
        "a-1.10.zip",
        "a-2011k.tar.gz",
        "a-1.8.win32.exe",
        "a-1.9-py3-none-any.whl",
        "a.whl",
    ]
    project = project_of("a", map(file, names))
    assert [str(release.version) for release in project.releases] == ["1.10", "1.9"]
    assert [wheel.filename for wheel in project.releases[1].wheels] == ["a-1.9-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("name", "filename", "version"),
    [
        ("a", "a-1.0.2-2.tar.gz", "1.0.2.post2"),
        ("a-b", "A_b-1.0.zip", "1.0"),
        ("a-b-c", "a-b.c-2.tgz", "2"),
        ("renamed", "old-1.tar.gz", "1"),
    ],
)
def test_a_source_archives_version_stands_behind_the_projects_name(name, filename, version):
    assert [str(release.version) for release in project_of(name, [file(filename)]).releases] == [
        version
    ]


def test_a_release_is_as_old_as_its_first_file():
    project = project_of("a", [file("a-1.tar.gz", MAY), file(f"a-1-{LINUX}.whl", JUNE)])
    assert [release.day for release in available(project, MAY)] == [MAY]
    assert only(file("a-1.tar.gz", MAY), file(f"a-1-{LINUX}.whl", JUNE)).sdist is False


def test_what_came_later_is_not_available_and_what_has_no_day_is():
    project = project_of("a", [file("a-1.tar.gz", None), file("a-2.tar.gz", JUNE)])
    assert [str(release.version) for release in available(project, MAY)] == ["1"]
    assert len(available(project, None)) == 2


def test_a_release_that_never_had_a_wheel_is_taken_for_pure():
    assert only(file("a-1.tar.gz")).form == "pure"


@pytest.mark.parametrize(("size", "form"), [(10, "small"), (0, "large"), (20_000_000, "large")])
def test_the_source_of_a_release_with_wheels_for_other_systems_is_told_by_its_size(size, form):
    found = only(file(f"a-1-{WINDOWS}.whl"), file("a-1.tar.gz", size_bytes=size))
    assert (found.form, found.sdist) == (form, True)


def test_a_source_is_compiled_where_the_nearest_wheels_are_a_platforms():
    names = ["a-1.tar.gz", f"a-2-{LINUX}.whl", "a-3.tar.gz", "a-4-py3-none-any.whl", "a-5.tar.gz"]
    project = project_of("a", map(file, names))
    assert sorted(map(str, project.compiled)) == ["1", "2"]


def test_a_wheel_for_another_interpreter_is_not_taken():
    assert only(file(f"a-1-{LINUX}.whl"), target=target_python("3.7")) is None
    assert only(file("a-1-py2.py3-none-any.whl", requires_python=">=3.7")) is None
    assert only(file("a-1-py2.py3-none-any.whl", requires_python=">=3.6")).sdist is False


def test_a_release_counts_as_yanked_when_all_its_files_are():
    half = project_of("a", [file("a-1.tar.gz", yanked=True), file("a-1.zip")])
    whole = project_of("a", [file("a-1.tar.gz", yanked=True)])
    assert [half.releases[0].yanked, whole.releases[0].yanked] == [False, True]


def test_later_minor_versions_are_the_first_final_ones_with_wheels():
    names = [
        f"a-{version}-{LINUX}.whl"
        for version in ("1.0", "1.0.1", "1.1rc1", "1.1", "1.1.1", "1.3", "2.0")
    ]
    project = project_of("a", map(file, [*names, "a-1.2.tar.gz"]))
    found = later_minors(project, Version("1.0"), 2)
    assert [str(release.version) for release in found] == ["1.1", "1.3"]


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("==1.7.1+cu110", Version("1.7.1")),
        ("==1.6.5+cu110", Version("1.7.1")),
        ("==1.7.0", Version("1.7.1")),
        ("==2.0", Version("1.8.0")),
        ("==1.7.1", None),
        (">=1.7.2", None),
    ],
)
def test_an_exact_release_that_is_gone_gives_way_to_the_same_one_without_its_label_else_the_next(
    wanted, nearest
):
    names = [f"a-{version}-{LINUX}.whl" for version in ("1.6.0", "1.7.1", "1.8.0")]
    project = project_of("a", map(file, names))
    assert instead_of_gone(project, SpecifierSet(wanted)) == nearest
