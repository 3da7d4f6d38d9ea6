"""Addresses that users give, and what becomes of them."""

from pathlib import PurePath

import pytest

from paper2run.errors import UserError
from paper2run.source import (
    LocalSource,
    RemoteSource,
    meant_address,
    parse,
    shown_address,
    submodule_url,
    without_login,
)


@pytest.mark.parametrize(
    ("given", "url", "name", "page"),
    [
        ("https://forge.test/o/n", "https://forge.test/o/n", "o/n", ""),
        (" https://forge.test/o/n.git/ ", "https://forge.test/o/n.git", "o/n", ""),
        ("HTTPS://Forge.Test:8443/o/n", "https://forge.test:8443/o/n", "o/n", ""),
        ("https://forge.test/group/sub/n", "https://forge.test/group/sub/n", "sub/n", ""),
        ("https://forge.test/n", "https://forge.test/n", "n", ""),
        ("https://forge.test/o/n/tree/main", "https://forge.test/o/n", "o/n", "main"),
        ("https://forge.test/o/n/tree/a/b/docs", "https://forge.test/o/n", "o/n", "a/b/docs"),
        (
            "https://huggingface.co/spaces/o/n/tree/main",
            "https://huggingface.co/spaces/o/n",
            "o/n",
            "main",
        ),
        (
            "https://huggingface.co/datasets/o/n/resolve/main/a.py",
            "https://huggingface.co/datasets/o/n",
            "o/n",
            "main/a.py",
        ),
        (
            "https://forge.test/o/n/blob/v1.0/x%20y.py",
            "https://forge.test/o/n",
            "o/n",
            "v1.0/x y.py",
        ),
        ("https://forge.test/g/s/n/-/tree/main/x", "https://forge.test/g/s/n", "s/n", "main/x"),
        ("https://forge.test/o/n/src/branch/dev", "https://forge.test/o/n", "o/n", "dev"),
        ("https://forge.test/o/n/releases/tag/v2", "https://forge.test/o/n", "o/n", "v2"),
        ("https://forge.test/o/n?tab=readme#usage", "https://forge.test/o/n", "o/n", ""),
        ("https://[2001:db8::1]:80/o/n", "https://[2001:db8::1]:80/o/n", "o/n", ""),
        ("ssh://git@forge.test:2222/o/n.git", "ssh://git@forge.test:2222/o/n.git", "o/n", ""),
        ("git@forge.test:o/n.git", "git@forge.test:o/n.git", "o/n", ""),
        ("forge.test:n", "forge.test:n", "n", ""),
        ("git://forge.test/o/n", "git://forge.test/o/n", "o/n", ""),
    ],
)
def test_remote_addresses_of_any_forge_are_understood(
    given: str, url: str, name: str, page: str
) -> None:
    source = parse(given)
    assert isinstance(source, RemoteSource)
    assert (source.url, source.name, source.page) == (url, name, page)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/srv/code", "/srv/code"),
        ("./code", "./code"),
        ("../with space", "../with space"),
        ("code", "code"),
        ("owner/name", "owner/name"),
        ("./host:name", "./host:name"),
        ("file:///srv/with%20space", "/srv/with space"),
        ("file://localhost/srv/code", "/srv/code"),
    ],
)
def test_paths_and_file_urls_are_local(given: str, path: str) -> None:
    assert parse(given) == LocalSource(path=path)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("github.com/owner/name", "https://github.com/owner/name"),
        ("git.forge.test/group/sub/name.git", "https://git.forge.test/group/sub/name.git"),
        ("owner/name", "https://github.com/owner/name"),
        ("owner/name.js", "https://github.com/owner/name.js"),
        ("name", ""),
        ("./owner/name", ""),
        ("/owner/name", ""),
        ("a/b/c", ""),
        ("owner/..", ""),
        ("-owner/name", ""),
        ("here/name", ""),
        ("archive.zip/x", ""),
    ],
)
def test_a_path_to_nothing_may_mean_an_address(given: str, meant: str) -> None:
    def is_there(path: PurePath) -> bool:
        return path in {PurePath("/start"), PurePath("/start/here"), PurePath("/")}

    assert meant_address(given, PurePath("/start"), is_there) == meant


@pytest.mark.parametrize(
    "given",
    [
        "",
        "   ",
        "-uupload-pack=touch",
        "--upload-pack=touch",
        "ext::sh -c touch% x",
        "fd::17",
        "ftp://forge.test/o/n",
        "javascript://forge.test/o/n",
        "file://elsewhere/srv/code",
        "https:///o/n",
        "https://forge.test",
        "https://forge.test/",
        "https://forge.test:99999/o/n",
        "ssh://-oProxyCommand=touch/o/n",
        "ssh://-oProxyCommand=touch@forge.test/o/n",
        "-oProxyCommand=touch:o/n",
        "https://forge.test/o/n\nhttps://other.test",
        "https://forge.test/" + "n" * 3000,
    ],
)
def test_hostile_and_unsupported_addresses_are_refused_with_the_forms_that_work(given: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(given)
    assert caught.value.what
    assert "https://" in caught.value.hint


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://me:secret@a.example/o/n", "https://a.example/o/n"),
        ("../paper", "../paper"),
        ("ext::sh -c id", "ext::sh -c id"),
    ],
)
def test_an_address_is_shown_without_its_login(given: str, shown: str) -> None:
    assert shown_address(given) == shown


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://me:secret@a.example:8443/o/n/tree/v1", "https://a.example:8443/o/n/tree/v1"),
        ("https://secret@a.example/o/n.git", "https://a.example/o/n.git"),
        ("https://me:se%40cret@a.example/o/n?private_token=secret#secret", "https://a.example/o/n"),
        ("https://me:se@cret@a.example/o/n", "https://a.example/o/n"),
        (" HTTP://me:secret@a.example/o/n ", "http://a.example/o/n"),
        ("git://me:secret@a.example/o/n", "git://a.example/o/n"),
        ("ssh://git:secret@a.example:2222/o/n", "ssh://git@a.example:2222/o/n"),
        ("git@a.example:o/n", "git@a.example:o/n"),
        ("https://[::1]:8443/o/n", "https://[::1]:8443/o/n"),
        ("../paper", "../paper"),
        ("file:///home/me/o@n", "file:///home/me/o@n"),
    ],
)
def test_an_address_loses_all_that_may_be_secret_and_means_the_same(given: str, kept: str) -> None:
    assert without_login(given) == kept
    before, after = parse(given), parse(kept)
    if isinstance(before, RemoteSource):
        assert after == before.changed(login=None)


def test_credentials_are_kept_apart_and_never_shown() -> None:
    source = parse("https://anna:hunter%3A2@forge.test/o/n.git")
    assert isinstance(source, RemoteSource)
    assert source.login is not None
    assert source.url == "https://forge.test/o/n.git"
    assert source.login.host == "https://forge.test"
    assert source.login.username.get_secret_value() == "anna"
    assert source.login.password.get_secret_value() == "hunter:2"
    for shown in (repr(source), str(source), source.model_dump_json()):
        assert "hunter" not in shown
        assert "anna" not in shown


def test_a_malformed_address_with_a_password_is_refused_without_quoting_it() -> None:
    with pytest.raises(UserError) as caught:
        parse("https://anna:s3cret/x@forge.test/o/n")
    assert "s3cret" not in caught.value.what + caught.value.hint


@pytest.mark.parametrize(
    ("parent", "url", "absolute"),
    [
        ("https://forge.test/o/n.git", "../m.git", "https://forge.test/o/m.git"),
        ("https://forge.test/o/n", "../../p/m", "https://forge.test/p/m"),
        ("https://forge.test/o/n", "./m", "https://forge.test/o/n/m"),
        ("git@forge.test:o/n.git", "../m.git", "git@forge.test:o/m.git"),
        ("git@forge.test:n", "../m", "git@forge.test:m"),
        ("https://forge.test/o/n", "https://other.test/x/y", "https://other.test/x/y"),
    ],
)
def test_relative_submodules_are_resolved_against_their_repository(
    parent: str, url: str, absolute: str
) -> None:
    assert submodule_url(parent, url) == absolute
