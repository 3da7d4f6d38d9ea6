"""What a build fetched by address: its file in the image, its digest, and whether that changed."""

import json

import pytest

from paper2run.model.inventory import Download, Inventory, Package
from paper2run.model.rebuild import Drift
from paper2run.proofs.downloads import addressed_in, downloads_in, fetched_files
from paper2run.proofs.drift import Compared, Held, Origins, compared
from paper2run.proofs.file_list import FileEntry
from paper2run.rendering.pinned_addresses import pinned

URL = "https://data.example.org/set.csv"
ONE, OTHER = "1" * 64, "2" * 64
SITE = "usr/local/lib/python3.11/site-packages"
NOTE = f"{SITE}/tide-1.0.dist-info/direct_url.json"
ARCHIVE = "https://forge.example.org/tide.zip"


@pytest.mark.parametrize(
    ("step", "path"),
    [
        (f"wget {URL}", "/repo/set.csv"),
        (f"wget -q {URL} -O /opt/a.csv", "/opt/a.csv"),
        (f"wget -qO data/a.csv '{URL}'", "/repo/data/a.csv"),
        (f"wget -P data {URL}", "/repo/data/set.csv"),
        (f"wget --output-document=../a.csv {URL}", "/a.csv"),
        (f"curl -LO {URL}", "/repo/set.csv"),
        (f"mkdir -p d && cd d && curl -fsSL {URL} -o a.csv", "/repo/d/a.csv"),
        (f"curl -sSLo a.csv {URL} && sha256sum a.csv", "/repo/a.csv"),
        (f"(curl {URL} > a.csv)", "/repo/a.csv"),
        (f"""python -c "from urllib.request import *; urlretrieve('{URL}', 'a.csv')\"""", "/repo/a.csv"),
    ],
)  # fmt: skip
def test_the_file_that_a_step_fetches_is_found(step: str, path: str) -> None:
    assert list(fetched_files(f"FROM a\nWORKDIR /repo\nRUN {step}\n")) == [(URL, path)]


@pytest.mark.parametrize(
    "step",
    [
        f"curl -sSL {URL} | tar xz",
        f"wget -qO - {URL}",
        f"curl {URL}",
        f"curl -o a.csv {URL} {URL}2",
        f'wget "{URL}',
        "wget -O a.csv $ADDRESS",
        f"echo wget {URL}",
        "true",
    ],
)
def test_what_is_no_file_of_one_address_is_left_out(step: str) -> None:
    assert list(fetched_files(f"FROM a\nRUN {step}\n")) == []


def test_digests_come_from_the_list_of_files_and_from_pips_notes() -> None:
    entries = [FileEntry("repo/a.csv", "file", 0o644, "0:0", 1, ONE)]
    notes = {
        NOTE: json.dumps({"url": ARCHIVE, "archive_info": {"hashes": {"sha256": OTHER}}}).encode(),
        f"{SITE}/old-1.0.dist-info/direct_url.json": json.dumps(
            {"url": "https://forge.example.org/old.zip", "archive_info": {}}
        ).encode(),
        f"{SITE}/demo-1.0.dist-info/direct_url.json": b'{"url": "file:///repo", "dir_info": {}}',
        f"{SITE}/git_one-1.0.dist-info/direct_url.json": b'{"url": "file:///opt/required"}',
        f"{SITE}/odd-1.0.dist-info/direct_url.json": b"[" * 100_000,
    }

    found = downloads_in(f"FROM a\nWORKDIR /repo\nRUN curl -o a.csv {URL}\n", entries, notes)

    assert found == (
        Download(address=URL, sha256=ONE, path="/repo/a.csv"),
        Download(address=ARCHIVE, sha256=OTHER, path=f"/{SITE}/tide-1.0.dist-info", package="tide"),
    )
    addressed = addressed_in(notes)
    assert addressed.here == {"demo"}
    assert addressed.elsewhere == {"tide", "old", "git-one", "odd"}


def test_a_package_of_conda_is_no_download_though_it_has_a_note() -> None:
    place = "opt/env/lib/python3.11/site-packages"
    notes = {
        "opt/env/conda-meta/six-1.0.json": b"{}",
        f"{place}/six-1.0.dist-info/direct_url.json": b'{"url": "file:///home/conda/feedstock_root/work"}',
        f"{place}/tide-1.0.dist-info/direct_url.json": b'{"url": "file:///opt/required"}',
        f"{place}/far-1.0.dist-info/direct_url.json": b'{"url": "https://forge.example.org/far.zip"}',
    }

    found = addressed_in(notes)

    assert (found.here, found.elsewhere) == (frozenset(), {"tide", "far"})


def test_a_login_in_an_address_is_not_kept() -> None:
    entries = [FileEntry("a.csv", "file", 0o644, "0:0", 1, ONE)]
    step = "RUN curl -o a.csv https://user:s3cret-of-it@data.example.org/set.csv\n"

    (found,) = downloads_in(f"FROM a\n{step}", entries, {})

    assert "s3cret-of-it" not in found.address


def held(version: str, digest: str, code: str, *, package: str = "tide") -> Held:
    fetched = (
        Download(address=ARCHIVE, sha256=digest, path=f"/{SITE}/tide-1.0.dist-info", package="tide")
        if package
        else Download(address=URL, sha256=digest, path="/repo/set.csv")
    )
    packages = (Package(kind="pypi", name="tide", version=version, place=f"/{SITE}"),)
    paths = (f"{SITE}/tide.py", f"{SITE}/tide.so", "repo/set.csv")
    files = {path: FileEntry(path, "file", 0o644, "0:0", 1, code) for path in paths}
    return Held(
        Inventory(image_id="sha256:x", packages=packages, downloads=(fetched,)), files, "sha256:b"
    )


def of(before: Held, after: Held) -> Compared:
    owners = {f"{SITE}/tide.py": "tide", f"{SITE}/tide.so": "tide"}
    return compared(before, after, Origins(owners, (), {"tide"}, fetches=True))


def test_a_changed_archive_is_told_once_with_both_digests() -> None:
    found = of(held("1.0", ONE, "a"), held("1.1", OTHER, "b"))

    assert found.drifts == (
        Drift(cause="data", item="/repo/set.csv", before="a", after="b"),
        Drift(cause="data", item=ARCHIVE, before=ONE, after=OTHER),
    )


def test_a_changed_file_is_told_by_its_address() -> None:
    found = of(held("1.0", ONE, "a", package=""), held("1.0", OTHER, "b", package=""))

    assert found.drifts[-1] == Drift(cause="data", item=URL, before=ONE, after=OTHER)
    assert "/repo/set.csv" not in {drift.item for drift in found.drifts}


def test_files_of_an_equal_archive_are_compiled_anew_and_no_drift() -> None:
    found = of(held("1.0", ONE, "a"), held("1.0", ONE, "b"))

    assert [drift.item for drift in found.drifts] == ["/repo/set.csv"]
    assert sum(some.count for some in found.explained) == 2


def test_python_files_of_an_address_without_a_digest_are_data() -> None:
    before, after = (held("1.0", ONE, code, package="") for code in "ab")

    found = {(drift.cause, drift.item) for drift in of(before, after).drifts}

    assert found == {("data", f"/{SITE}/tide.py"), ("data", "/repo/set.csv")}


def test_a_handed_over_address_is_held_to_its_digest_in_steps_of_pip_alone():
    address, digest = "https://forge.example/a.zip", "a" * 64
    found = (
        Download(address=address, sha256=digest, path="/site", package="a"),
        Download(address="https://forge.example/x.csv", sha256=digest, path="/x.csv"),
    )
    dockerfile = (
        "FROM python:3.11-slim\n"
        f"RUN mkdir -p /opt && pip install -c /opt/pins {address} && rm -rf /opt\n"
        f"RUN curl -O {address} && curl -O https://forge.example/x.csv\n"
        f"RUN pip install {address}.sig\n"
    )

    once = pinned(dockerfile, found)

    assert once == dockerfile.replace(f"pins {address} ", f"pins {address}#sha256={digest} ")
    assert pinned(once, found) == once
