"""From imported names to distributions, and what an archive's members make importable."""

import json
from importlib import resources
from typing import get_args

import pytest

from paper2run.index.archive_modules import source_modules, wheel_modules
from paper2run.knowledge.distributions import (
    Absence,
    distribution_for,
    stdlib_span,
    third_party_name,
)


@pytest.mark.parametrize(
    ("module", "declared", "name", "certainty"),
    [
        ("sklearn", (), "scikit-learn", "known"),
        ("cv2", (), "opencv-python-headless", "known"),
        ("cv2", ("opencv-python",), "opencv-python", "declared"),
        ("google.protobuf", (), "protobuf", "known"),
        ("mpl_toolkits", (), "matplotlib", "known"),
        ("numpy", ("numpy",), "numpy", "declared"),
        ("louvain_custom", ("python-louvain-custom",), "python-louvain-custom", "declared"),
        ("some_new_thing", (), "some-new-thing", "same-name"),
        ("rospy", (), "", "absent"),
        ("rospy", ("rospy",), "rospy", "declared"),
    ],
)
def test_a_guess_says_how_sure_it_is(
    module: str, declared: tuple[str, ...], name: str, certainty: str
) -> None:
    guess = distribution_for(module, declared)
    assert (guess.name, guess.certainty) == (name, certainty)


@pytest.mark.parametrize(
    ("dotted", "needed"),
    [
        ("os.path", ""),
        ("ConfigParser", ""),
        ("tomllib", ""),
        ("sklearn.svm", "sklearn"),
        ("google.protobuf.message", "google.protobuf"),
        ("mpl_toolkits.mplot3d", "mpl_toolkits"),
        ("mpl_toolkits.basemap", "mpl_toolkits.basemap"),
    ],
)
def test_standard_modules_need_nothing_and_namespaces_two_levels(dotted: str, needed: str) -> None:
    assert third_party_name(dotted) == needed


def test_the_standard_library_is_known_by_version() -> None:
    assert stdlib_span("urllib2") == ("2.7", "2.7")
    assert stdlib_span("imp") == ("2.7", "3.11")
    assert stdlib_span("numpy") is None


def test_wheel_members_tell_packages_modules_and_namespaces() -> None:
    members = [
        "yaml/__init__.py",
        "_yaml.cpython-311-x86_64-linux-gnu.so",
        "google/protobuf/message.py",
        "yaml.libs/libx.so",
        "yaml-1.0.dist-info/RECORD",
        "yaml-1.0.data/purelib/extra/__init__.py",
        "yaml-1.0.data/scripts/tool.py",
    ]
    assert set(wheel_modules(members)) == {"_yaml", "extra", "google.protobuf", "yaml"}


def test_modules_tell_what_lies_directly_below_them() -> None:
    members = ["a/__init__.py", "a/b.py", "a/c/__init__.py", "a/c/d.py", "a/data.txt", "n/m/x.so"]
    assert wheel_modules(members) == {"a": ("b", "c"), "n.m": ("x",)}


def test_what_the_repository_names_elsewhere_comes_before_the_modules_own_name() -> None:
    guess = distribution_for("observer", ("numpy",), ("pandas", "acme-observer"))
    assert (guess.name, guess.certainty, guess.unverified) == ("acme-observer", "mentioned", True)


def test_a_known_distribution_comes_before_what_is_only_named() -> None:
    assert distribution_for("yaml", (), ("acme-yaml",)).name == "pyyaml"


def test_source_members_tell_what_setup_would_install() -> None:
    members = [
        "x-1.0/setup.py",
        "x-1.0/src/x/__init__.py",
        "x-1.0/single.py",
        "x-1.0/tests/__init__.py",
        "x-1.0/docs/conf.py",
    ]
    assert set(source_modules(members)) == {"single", "x"}


def test_an_old_archive_without_a_folder_tells_its_modules():
    assert set(source_modules(["README.txt", "setup.py", "hexdump.py"])) == {"hexdump"}


def test_a_module_that_a_source_compiles_is_told_by_its_source():
    members = ["a-1/setup.py", "a-1/pyBig.c", "a-1/fast/__init__.py", "a-1/fast/inner.cpp"]
    assert source_modules(members) == {"fast": ("inner",), "pyBig": ()}


@pytest.mark.parametrize("module", ["_x", "__x", "x_", "_", "größe"])
def test_a_module_whose_name_no_distribution_can_have_is_never_guessed(module: str) -> None:
    guess = distribution_for(module)
    assert (guess.name, guess.certainty) == ("", "absent")
    assert module in guess.source
    assert distribution_for("a__b").name == "a-b"


@pytest.mark.parametrize(
    ("module", "absence"),
    [
        ("matlab", "proprietary_toolchain"),
        ("win32api", "unsupported_platform"),
        ("winreg", "unsupported_platform"),
        ("rospy", "unknown_toolchain"),
        ("utils", "absent_module"),
        ("Utils.losses", "absent_module"),
    ],
)
def test_an_absent_module_says_what_its_absence_means(module: str, absence: str) -> None:
    assert distribution_for(module).absence == absence


def test_only_absent_modules_have_an_absence() -> None:
    text = resources.files("paper2run").joinpath("data", "import_names.json").read_text("utf-8")
    table = json.loads(text)
    assert table["absences"].keys() <= table["absent"].keys()
    assert set(table["absences"].values()) <= set(get_args(Absence))


def test_a_name_of_one_s_own_files_is_taken_from_the_index_only_on_request() -> None:
    assert distribution_for("utils").name == ""
    assert distribution_for("utils", {"utils"}).certainty == "declared"
    assert distribution_for("evaluate").certainty == "known"
