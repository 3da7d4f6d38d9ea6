"""Dependencies as wheels and source archives declare them."""

from paper2run.index.package_metadata import source_metadata, wheel_metadata


def test_a_wheel_declares_its_dependencies_in_its_metadata():
    text = "Metadata-Version: 2.1\nName: a\nRequires-Dist: b>=1\nRequires-Dist: c; extra == 'x'\n\nRequires-Dist: no\n"
    assert wheel_metadata(text).requires == ("b>=1", "c; extra == 'x'")


def test_a_source_declares_them_in_the_requires_file_of_setuptools():
    requires = "b>=1\n\n[:python_version < '3']\nold\n\n[x]\nc\n\n[x:os_name == 'nt']\nd\n"
    found = source_metadata(
        ["a-1/a.egg-info/requires.txt"], {"a-1/a.egg-info/requires.txt": requires}
    )
    assert found.requires == (
        "b>=1",
        "old ; (python_version < '3')",
        "c ; extra == 'x'",
        "d ; extra == 'x' and (os_name == 'nt')",
    )
    assert found.build_requires == ("setuptools", "wheel")
    assert not found.compiled


def test_a_newer_source_declares_them_in_its_pkg_info():
    texts = {"a-1/PKG-INFO": "Name: a\nRequires-Dist: b\n"}
    assert source_metadata(list(texts), texts).requires == ("b",)


def test_the_shallowest_file_of_a_name_is_the_projects_own():
    texts = {
        "a-1/vendored/z/pyproject.toml": '[build-system]\nrequires = ["flit"]',
        "a-1/pyproject.toml": "",
    }
    assert source_metadata(list(texts), texts).build_requires == ("setuptools", "wheel")


def test_a_build_needs_its_backend_and_what_its_setup_imports():
    texts = {
        "a-1/pyproject.toml": '[build-system]\nrequires = ["setuptools>=42", "wheel"]',
        "a-1/setup.py": "import os\nfrom Cython.Build import cythonize\n    import numpy as np\n",
    }
    found = source_metadata([*texts, "a-1/fast.pyx"], texts)
    assert found.build_requires == ("setuptools>=42", "wheel", "Cython", "numpy")
    assert found.compiled


def test_a_broken_pyproject_means_the_usual_tools():
    texts = {"a-1/pyproject.toml": "[build-system\nrequires = 3"}
    assert source_metadata(list(texts), texts).build_requires == ("setuptools", "wheel")
