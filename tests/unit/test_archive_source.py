"""What people have in hand of archived code, told from addresses of git and from folders."""

import pytest

from paper2run.archive_source import ArchivedSource, archived
from paper2run.errors import UserError
from paper2run.source import LocalSource, RemoteSource, parse, shown_name

SWHID = "swh:1:dir:" + "0a" * 20


@pytest.mark.parametrize(
    ("given", "kind", "key", "name"),
    [
        ("code.zip", "file", "", "code"),
        ("/home/a b/Mesh 1.0.tar.gz", "file", "", "Mesh 1.0"),
        ("https://lab.example/mesh-1.2.tgz?download=1", "url", "", "mesh-1.2"),
        ("https://zenodo.org/records/1234567", "zenodo", "1234567", "zenodo-1234567"),
        ("https://zenodo.org/record/1234567", "zenodo", "1234567", "zenodo-1234567"),
        ("10.5281/zenodo.1234567", "zenodo", "1234567", "zenodo-1234567"),
        ("https://doi.org/10.5281/zenodo.1234567", "zenodo", "1234567", "zenodo-1234567"),
        ("https://figshare.com/articles/software/Mesh/9876543/2", "figshare", "9876543", "figshare-9876543"),
        ("doi:10.6084/m9.figshare.9876543.v2", "figshare", "9876543", "figshare-9876543"),
        ("https://osf.io/ab3de/", "osf", "ab3de", "osf-ab3de"),
        ("https://doi.org/10.17605/OSF.IO/AB3DE", "osf", "ab3de", "osf-ab3de"),
        (SWHID, "software-heritage", SWHID, "software-heritage-0a0a0a0a0a0a"),
        (f"https://archive.softwareheritage.org/{SWHID};origin=https://x", "software-heritage", SWHID,
         "software-heritage-0a0a0a0a0a0a"),
        ("10.1145/3510003.3510188", "doi", "10.1145/3510003.3510188", "doi-10.1145-3510"),
    ],
)  # fmt: skip
def test_an_archive_is_told_by_its_text(given: str, kind: str, key: str, name: str) -> None:
    found = parse(given)

    assert isinstance(found, ArchivedSource)
    assert (found.kind, found.id, found.name) == (kind, key, name)
    assert shown_name(given) == name


@pytest.mark.parametrize(
    "given", ["https://figshare.com/articles/x/9876543/2", "10.6084/m9.figshare.9876543.v2"]
)
def test_a_version_of_a_record_is_kept(given: str) -> None:
    found = archived(given)
    assert found is not None and found.version == "2"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("https://github.com/owner/name", RemoteSource),
        ("https://github.com/owner/name.zip.git", RemoteSource),
        ("git@host.example:owner/name.zip", RemoteSource),
        ("./folder", LocalSource),
        ("10.0", LocalSource),
        ("swh:1:cnt:" + "0a" * 20, LocalSource),
    ],
)
def test_all_else_is_git_s_or_a_folder(given: str, kind: type) -> None:
    assert isinstance(parse(given), kind)


@pytest.mark.parametrize(
    "given",
    [
        "https://me:secret@lab.example/code.zip",
        "https://lab.example/code.zip?X-Amz-Signature=abc1",
        "https://osf.io/ab3de/?view_only=abc1",
        "https://osf.io/ab3de/files/osfstorage?VIEW%5Fonly=abc1",
    ],
)
def test_a_secret_in_the_address_of_an_archive_is_refused(given: str) -> None:
    with pytest.raises(UserError, match="holds a login or a token") as caught:
        parse(given)
    assert "secret" not in str(caught.value) and "abc1" not in str(caught.value)


@pytest.mark.parametrize("given", ["https://[x/y.git", "https://me:p\u2100ss@host.example/x.git"])
def test_a_malformed_address_is_a_bad_request_that_quotes_nothing(given: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(given)
    assert "ss@host" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("https://zenodo.org/records/123?preview=1", "zenodo"),
        ("https://zenodo.org/record/123#.Yabc", "zenodo"),
        ("https://zenodo.org/api/records/123/files/mesh.zip/content", "url"),
        ("https://ndownloader.figshare.com/files/123", "url"),
        ("https://osf.io/download/ab3de/", "url"),
        ("https://files.osf.io/v1/resources/ab3de/providers/osfstorage/?zip=", "url"),
        ("https://github.com/o/r/archive/refs/tags/v1.zip", "url"),
        ("https://github.com/o/r/blob/main/data.zip", "remote"),
    ],
)
def test_pages_and_files_of_records_are_known(given: str, kind: str) -> None:
    assert parse(given).kind == kind
