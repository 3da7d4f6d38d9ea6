"""What differs between two images: drift with its cause, and what every build writes anew."""

import gzip
import hashlib

import pytest

from paper2run.model.inventory import Inventory, Package
from paper2run.model.outcome import BuildFailed, Log
from paper2run.proofs.drift import Compared, Held, Origins, compared, owners_in
from paper2run.proofs.engine_change import is_other
from paper2run.proofs.failed_rebuild import drift_of
from paper2run.proofs.file_list import FileEntry, entries_of, packed
from paper2run.proofs.folder_record import FolderRecord, KeptFile, differences

HASHES = """\
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions
    tide==1.0 from https://index.example/tide-1.0-py3-none-any.whl (from -r /tmp/requirements.lock (line 1)):
        Expected sha256 aaaa
"""
DEAD_LINK = """\
  ERROR: HTTP error 404 while getting https://forge.example/a.zip
ERROR: Could not install requirement a from https://a.zip because of HTTP error 404 Client Error: Not Found\
 for url: https://forge.example/a.zip for URL https://forge.example/a.zip
"""
SITE = "usr/local/lib/python3.11/site-packages"
BASE = "sha256:base"


def entry(path: str, content: str = "a", *, mode: int = 0o644, owner: str = "0:0") -> FileEntry:
    return FileEntry(path, "file", mode, owner, 1, content)


def image(*packages: Package, files: tuple[FileEntry, ...] = (), base: str = BASE) -> Held:
    inventory = Inventory(image_id="sha256:x", packages=packages)
    return Held(inventory, {each.path: each for each in files}, base)


def of(before: Held, after: Held, *, fetches: bool = False) -> Compared:
    owners = {f"{SITE}/np.py": "numpy", f"{SITE}/own.so": "own"}
    return compared(before, after, Origins(owners, {"own"}, {"far"}, fetches=fetches))


def pip(name: str, version: str) -> Package:
    return Package(kind="pypi", name=name, version=version, place=f"/{SITE}")


def deb(name: str, version: str) -> Package:
    return Package(kind="deb", name=name, version=version, architecture="amd64")


PLANTED = {
    "a release of another version": (image(pip("numpy", "1.0")), image(pip("numpy", "1.1")), "index", "numpy"),
    "a package that is gone": (image(pip("numpy", "1.0")), image(), "index", "numpy"),
    "a newer Debian package": (image(deb("libc6", "1")), image(deb("libc6", "2")), "debian", "libc6"),
    "another base image": (image(), image(base="sha256:other"), "base", "base image"),
    "a wheel published anew": (
        image(files=(entry(f"{SITE}/np.py"),)), image(files=(entry(f"{SITE}/np.py", "b"),)), "index", f"/{SITE}/np.py"),
    "a file with other rights": (
        image(files=(entry("usr/bin/x"),)), image(files=(entry("usr/bin/x", mode=0o755),)), "unknown", "/usr/bin/x"),
    "a file of another owner": (
        image(files=(entry("usr/bin/x"),)), image(files=(entry("usr/bin/x", owner="1:1"),)), "unknown", "/usr/bin/x"),
    "a file that is new": (image(), image(files=(entry("usr/bin/y"),)), "unknown", "/usr/bin/y"),
}  # fmt: skip


@pytest.mark.parametrize("case", PLANTED)
def test_a_drift_is_named_with_its_cause(case: str) -> None:
    before, after, cause, item = PLANTED[case]

    found = of(before, after)

    assert [(drift.cause, drift.item) for drift in found.drifts] == [(cause, item)]


def test_another_engine_speaks_for_rights_owners_and_second_names_alone():
    link = FileEntry("usr/bin/two", "hard link", 0o755, "0:0", 0, "usr/bin/one")
    before = image(
        files=(entry("usr/bin/x"), entry("repo/y"), entry("repo/z"), link, entry("etc/hosts"))
    )
    after = image(
        files=(
            entry("usr/bin/x", mode=0o755), entry("repo/y", owner="1:1"), entry("repo/z", "b"),
            entry("usr/bin/two", mode=0o755), entry("etc/hosts", "b"),
        )
    )  # fmt: skip
    same, other = (
        {
            (drift.cause, drift.item)
            for drift in compared(before, after, Origins({}, (), (), False, is_other)).drifts
        }
        for is_other in (False, True)
    )

    of_engine = {"/usr/bin/x", "/repo/y", "/usr/bin/two", "/etc/hosts"}
    assert same == {("unknown", item) for item in (*of_engine, "/repo/z")}
    assert other == {("unknown", "/repo/z"), *(("engine", item) for item in of_engine)}


@pytest.mark.parametrize(
    ("words", "item"),
    [
        ("the --mount option requires BuildKit. Refer to https://docs.example/", "--mount"),
        ("dockerfile parse error line 7: Unknown flag: link", "link"),
        ("network mode \"none\" not supported by buildkit", "network mode \"none\""),
        ("no matching manifest for linux/arm64/v8 in the manifest list entries", "linux/arm64/v8"),
    ],
)  # fmt: skip
def test_a_feature_that_another_engine_lacks_is_named(words: str, item: str) -> None:
    failed = BuildFailed(step="", exit_code=None, seconds=1, log=Log(stderr=words))

    told = drift_of(failed, "Docker 20.10.24 (BuildKit, overlay2)", "Docker 18.9.1")

    assert (told.cause, told.item) == ("engine", item)
    assert drift_of(failed, "Docker 20.10.24", "Docker 20.10.24").cause == "unknown"


def test_engines_differ_by_version_builder_or_store_as_far_as_both_records_tell():
    full = "Docker 20.10.24 (BuildKit, overlay2)"
    assert is_other(full, "Docker 20.10.24 (BuildKit, vfs)")
    assert is_other(full, "Podman Engine 4.3.1 (Buildah, overlay)")
    assert not is_other("Docker 20.10.24", full)
    assert not is_other("", full)


def test_what_a_build_fetched_is_data_and_what_it_made_is_no_drift():
    before, after = (image(files=(entry("repo/data/x.csv", text),)) for text in "ab")

    assert [drift.cause for drift in of(before, after, fetches=True).drifts] == ["data"]
    assert [drift.cause for drift in of(before, after).drifts] == ["unknown"]
    before, after = (image(files=(entry("repo/src/main.o", text),)) for text in "ab")
    made = of(before, after, fetches=True)
    assert made.drifts == ()
    assert [(some.count, some.examples) for some in made.explained] == [(1, ("repo/src/main.o",))]


@pytest.mark.parametrize(
    "path",
    [f"{SITE}/own.so", f"{SITE}/__pycache__/a.pyc", "var/log/dpkg.log", "var/cache/ldconfig/aux-cache",
     "etc/passwd-", "root/.wget-hsts", f"{SITE}/own-1.dist-info/RECORD"],
)  # fmt: skip
def test_what_every_build_writes_anew_is_explained(path: str) -> None:
    found = of(image(files=(entry(path),)), image(files=(entry(path, "b"),)))

    assert found.drifts == ()
    assert len(found.explained) == 1


def test_files_of_a_package_whose_version_differs_are_not_told_again():
    before = image(pip("numpy", "1.0"), files=(entry(f"{SITE}/np.py"), entry("usr/share/x")))
    after = image(pip("numpy", "1.1"), files=(entry(f"{SITE}/np.py", "b"), entry("usr/share/x")))

    found = of(before, after)

    assert [drift.item for drift in found.drifts] == ["numpy"]
    assert (found.files, found.files_same) == (2, 1)


def test_files_that_a_newer_version_no_longer_has_are_not_told_again():
    gone = ("np_tool-1.0.dist-info", "np_tool-1.0.dist-info/METADATA", "np_tool/old.py")
    before = image(pip("np-tool", "1.0"), files=tuple(entry(f"{SITE}/{path}") for path in gone))
    after = image(pip("np-tool", "1.1"), files=(entry(f"{SITE}/np_tool/new.py"), entry("opt/x")))
    owners = {
        f"{SITE}/np_tool/new.py": "np-tool",
        f"{SITE}/np_tool-1.1.dist-info/RECORD": "np-tool",
    }

    found = compared(before, after, Origins(owners, (), (), fetches=False))

    told = [(drift.cause, drift.item) for drift in found.drifts]
    assert told == [("index", "np-tool"), ("unknown", "/opt/x")]


def test_a_newer_debian_package_hides_no_change_elsewhere():
    files = (f"{SITE}/np.py", "opt/model.bin", "root/nltk_data/x", "usr/lib/libc.so.6")
    before, after = (
        image(deb("libc6", version), files=tuple(entry(path, version) for path in files))
        for version in "12"
    )

    found = {(drift.cause, drift.item) for drift in of(before, after).drifts}

    assert found == {
        ("debian", "libc6"),
        ("index", f"/{SITE}/np.py"),
        ("unknown", "/opt/model.bin"),
        ("unknown", "/root/nltk_data/x"),
    }


def test_a_record_owns_nothing_outside_its_environment():
    record = b"../../../../../usr/bin/python3,,\n../../../../../repo/train.py,,\nnp.py,,\n"

    found = owners_in({f"{SITE}/evil-1.0.dist-info/RECORD": record})

    assert found == {f"{SITE}/np.py": "evil"}


def test_a_list_of_files_comes_back_whatever_its_names_are():
    entries = [entry("a\tb\nc"), entry("ü"), FileEntry("l", "link", 0o777, "0:0", 0, "/x y")]

    data, digest = packed(entries)

    text = gzip.decompress(data)
    assert hashlib.sha256(text).hexdigest() == digest
    assert set(entries_of(text.decode())) == set(entries)
    assert packed(reversed(entries)) == (data, digest)
    with pytest.raises(ValueError, match="fields"):
        list(entries_of("a\tb\n"))


def test_records_of_wheels_name_the_owners_of_files_outside_their_folder():
    record = b'np.py,sha256=x,1\n../../../bin/f2py,,\n"odd,name.py",,\n'

    found = owners_in({f"{SITE}/numpy-1.0.dist-info/RECORD": record})

    assert found == {
        f"{SITE}/np.py": "numpy",
        "usr/local/bin/f2py": "numpy",
        f"{SITE}/odd,name.py": "numpy",
    }


@pytest.mark.parametrize(
    ("log", "cause", "item"),
    [
        ("ERROR: No matching distribution found for tide==1.0", "index", "tide==1.0"),
        (HASHES, "index", "tide"),
        ("E: Unable to locate package libfoo1", "debian", "libfoo1"),
        ("E: Version '1.2' for 'gcc' was not found", "debian", "gcc"),
        ("fatal: repository 'https://forge.example/a/b/' not found", "link", "https://forge.example/a/b/"),
        (DEAD_LINK, "link", "https://forge.example/a.zip"),
        ("curl: (22) The requested URL returned error: 404", "link", "RUN step"),
        ("Segmentation fault", "unknown", "RUN step"),
    ],
)  # fmt: skip
def test_a_failed_rebuild_names_what_is_gone(log: str, cause: str, item: str) -> None:
    failed = BuildFailed(step="RUN step", exit_code=1, seconds=1, log=Log(stderr=log))

    found = drift_of(failed)

    assert (found.cause, found.item) == (cause, item)


def test_a_missing_base_image_is_named():
    failed = BuildFailed(step="FROM python:3.5-slim", exit_code=None, seconds=0)

    assert (drift_of(failed).cause, drift_of(failed).item) == ("base", "python:3.5-slim")


def test_a_folder_differs_from_its_record_by_what_is_changed_missing_and_added():
    def record(**files: str) -> FolderRecord:
        kept = (KeptFile(path=path, kind="file", content=text) for path, text in files.items())
        return FolderRecord(files=tuple(kept))

    told = list(differences(record(a="1", b="1", c="1"), record(a="1", b="2", d="1")))

    assert told == ["b: changed", "c: missing", "d: added"]
