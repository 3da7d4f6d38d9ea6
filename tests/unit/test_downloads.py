"""What a build fetched by address: its file in the image, its digest, and whether that changed."""

import json

import pytest

from paper2run.model.inventory import Download, Inventory, Package, Revision
from paper2run.model.outcome import BuildFailed, Log
from paper2run.model.rebuild import Drift
from paper2run.planning.addressed_steps import GO_BACK
from paper2run.proofs.downloads import (
    addressed_in,
    changed_downloads,
    cloned_in,
    downloads_in,
    fetched_files,
    of_addresses,
)
from paper2run.proofs.drift import Compared, Held, Origins, compared
from paper2run.proofs.failed_rebuild import drift_of
from paper2run.proofs.file_list import FileEntry
from paper2run.rendering.pinned_addresses import HELD, pinned, read_revisions

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


SEA = "https://forge.example.org/someone/sea.git"
COMMIT, LATER = "a" * 40, "b" * 40
NOTED = f'echo "$(git rev-parse HEAD) {SEA}" >> /etc/required_revisions'


def clone(choice: str, place: str = ".") -> str:
    return (
        f"RUN git clone -q {SEA} /opt/required && cd /opt/required{choice}"
        f" && git submodule -q update --init --recursive && {NOTED} && pip install --no-compile {place}\n"
    )


@pytest.mark.parametrize(
    "choice",
    [
        "",
        " && git checkout -q main --",
        " && git checkout -q 'a~1' --",
        f" && {GO_BACK.format(day='2021-01-01')}",
        f" && git checkout -q main -- && {GO_BACK.format(day='2021-01-01')}",
    ],
)
def test_a_clone_is_held_to_the_commit_that_the_run_took(choice: str) -> None:
    revisions = read_revisions(f"{COMMIT} {SEA}\n".encode())
    held = pinned(f"FROM a\n{clone(choice)}", (), revisions)
    assert (
        f"cd /opt/required && {{ git cat-file -e {COMMIT}^{{commit}} 2>/dev/null || git fetch -q origin {COMMIT}; }}"
        f" && git checkout -q {COMMIT} -- && git submodule" in held
    )
    assert "rev-list" not in held
    assert HELD.search(held) is not None
    assert pinned(held, (), revisions) == held


def test_two_clones_of_one_repository_are_held_each_to_its_own_commit() -> None:
    text = clone(" && git checkout -q one --", "./a") + clone(" && git checkout -q two --", "./b")
    held = pinned(
        f"FROM a\n{text}", (), read_revisions(f"{COMMIT} {SEA}\n{LATER} {SEA}\n".encode())
    )
    first, second = held.splitlines()[1:]
    assert COMMIT in first
    assert LATER not in first
    assert LATER in second


@pytest.mark.parametrize("end", ["", "@main", "@v1.0", "#egg=sea"])
def test_a_clone_of_pip_is_held_to_its_commit(end: str) -> None:
    note = {"url": SEA, "vcs_info": {"vcs": "git", "commit_id": COMMIT}}
    revisions = cloned_in({NOTE: json.dumps(note).encode()})
    assert revisions == (Revision(address=SEA, commit=COMMIT, package="tide"),)
    held = pinned(f"FROM a\nRUN pip install 'tide @ git+{SEA}{end}'\n", (), revisions)
    egg = end if end.startswith("#") else ""
    assert held == f"FROM a\nRUN pip install 'tide @ git+{SEA}@{COMMIT}{egg}'\n"


@pytest.mark.parametrize(
    "line",
    [
        f"{COMMIT[:7]} {SEA}",
        f"{COMMIT} file:///etc/passwd",
        f"{COMMIT} {SEA} ; rm -rf /",
        f"{COMMIT}; rm {SEA}",
        f"$(id) {SEA}",
        f"{COMMIT} https://forge.example.org/$(id)",
        "\x00",
    ],
)
def test_a_note_of_another_form_is_none(line: str) -> None:
    assert read_revisions(f"{line}\n".encode()) == ()


def test_a_note_on_an_address_that_no_step_names_changes_nothing() -> None:
    text = f"FROM a\n{clone('')}RUN true\n"
    forged = read_revisions(f"{COMMIT} https://evil.example/x.git\n".encode())
    assert pinned(text, (), forged) == text


def test_a_repository_that_pip_cloned_at_another_commit_is_data() -> None:
    before, after = (
        Inventory(image_id="i", revisions=(Revision(address=SEA, commit=commit, package="tide"),))
        for commit in (COMMIT, LATER)
    )
    assert changed_downloads(before, after) == (
        Drift(cause="data", item=SEA, before=COMMIT, after=LATER),
    )
    assert of_addresses((before, after), {SEA}) == {"tide"}


@pytest.mark.parametrize(
    "line",
    [
        f"fatal: remote error: upload-pack: not our ref {COMMIT}",
        f"error: Server does not allow request for unadvertised object {COMMIT}",
        f"fatal: repository '{SEA}/' not found",
        f"fatal: unable to access '{SEA}/': The requested URL returned error: 404",
    ],
)
def test_a_commit_that_is_gone_is_a_link(line: str) -> None:
    step = pinned(f"FROM a\n{clone('')}", (), read_revisions(f"{COMMIT} {SEA}\n".encode()))
    step = step.removeprefix("FROM a\n").strip()
    failed = BuildFailed(step=step, exit_code=128, seconds=1.0, log=Log(stderr=line))
    assert drift_of(failed).cause == "link"
    assert drift_of(failed).item == f"{SEA}@{COMMIT}"
