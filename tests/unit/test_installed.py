"""The packages of an image, from the databases that its managers keep."""

from paper2run.model.inventory import Package
from paper2run.proofs.installed import is_record, packages_in

STATUS = b"""Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10
Description: GNU C Library
 more words: of it

Package: old
Status: deinstall ok config-files
Architecture: all
Version: 1
"""
RECORDS = {
    "var/lib/dpkg/status": STATUS,
    "usr/lib/python3.11/site-packages/Foo_Bar-1.2.dist-info/METADATA": b"Name: Foo_Bar\nVersion: 1.2\n\nName: other\n",
    "usr/lib/python3/dist-packages/old.egg-info": b"Name: old\nVersion: 3\n",
    "opt/env/conda-meta/numpy-1.2-0.json": b'{"name": "numpy", "version": "1.2"}',
    "usr/lib/node_modules/@scope/tool/package.json": b'{"name": "@scope/tool", "version": "4.0.0"}',
    "usr/lib/R/site-library/ape/DESCRIPTION": b"Package: ape\nVersion: 5.7\n",
    "repo/node_modules/own/package.json": b'{"name": "own", "version": "1"}',
    "usr/lib/node_modules/broken/package.json": b"[1, 2",
    "usr/lib/node_modules/odd/package.json": b'{"name": "\\ud800", "version": "1"}',
    "usr/lib/node_modules/long/package.json": b'{"name": "x", "version": "' + b"1" * 300 + b'"}',
    "repo/vendored-1.dist-info/METADATA": b"Name: vendored\nVersion: 1\n",
}


def test_each_manager_names_its_packages_and_what_the_source_holds_is_not_installed():
    assert all(map(is_record, RECORDS))

    found = packages_in(RECORDS, "/repo")

    assert found == (
        Package(kind="conda", name="numpy", version="1.2", place="/opt/env"),
        Package(kind="cran", name="ape", version="5.7", place="/usr/lib/R/site-library"),
        Package(kind="deb", name="libc6", version="2.36-9+deb12u10", architecture="amd64"),
        Package(kind="npm", name="@scope/tool", version="4.0.0", place="/usr/lib/node_modules/@scope"),
        Package(kind="npm", name="own", version="1", place="/repo/node_modules"),
        Package(kind="pypi", name="foo-bar", version="1.2", place="/usr/lib/python3.11/site-packages"),
        Package(kind="pypi", name="old", version="3", place="/usr/lib/python3/dist-packages"),
    )  # fmt: skip


def test_other_files_are_no_records():
    for path in (
        "etc/passwd",
        "usr/lib/python3/METADATA",
        "tmp/x-1.dist-info/METADATA",
        "package.json",
    ):
        assert not is_record(path)
