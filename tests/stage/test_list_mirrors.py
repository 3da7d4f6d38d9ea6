"""Commits for the rows of published lists, in copies made by real git."""

import subprocess
from pathlib import Path

import pytest
import yaml

from benchmarks.corpus_entries import read_corpus
from benchmarks.list_gists import SET, gist_entry
from benchmarks.list_rows import Row
from benchmarks.list_sample import choose_commit, entry, write
from benchmarks.mirrors import Mirror, mirrors
from paper2run.errors import UserError

from .conftest import Forge


@pytest.fixture
def copy(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> tuple[Mirror, list[str]]:
    """A copy of three commits: 2019, 2020 and 2022."""
    origin = forge.repository("owner/name")
    commits = []
    for year in (2019, 2020, 2022):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"{year}-06-01T12:00:00Z")
        commits.append(forge.commit(origin, {"year.txt": str(year), "requirements.txt": "torch\n"}))
    folder = forge.root / "copies"
    bring(origin, folder / "owner+name" / "repo")
    return mirrors(folder)["owner/name"], commits


def bring(origin: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(origin), str(copy)], check=True)


def row(name: str, **columns: str) -> Row:
    return Row(name, "owner/name", columns)


def test_commit_of_the_list_is_found_by_its_prefix(copy: tuple[Mirror, list[str]]) -> None:
    mirror, commits = copy

    chosen = choose_commit(row("repo2run", commit_prefix=commits[0][:6]), mirror)

    assert chosen == (commits[0], "the list's")


def test_paper_gets_the_last_commit_of_its_year(copy: tuple[Mirror, list[str]]) -> None:
    mirror, commits = copy

    assert choose_commit(row("papers", year="2021"), mirror).commit == commits[1]
    assert choose_commit(row("papers", year="2022"), mirror).commit == commits[2]
    assert choose_commit(row("pyego_github"), mirror) == (
        commits[1], "the last one before 2021-08-18",
    )  # fmt: skip


def test_newest_commit_stands_in_and_the_entry_says_why(copy: tuple[Mirror, list[str]]) -> None:
    mirror, commits = copy

    assert choose_commit(row("papers", year="2012"), mirror) == (
        commits[2], "the newest of the copy (the copy has none before 2013-01-01)",
    )  # fmt: skip
    assert choose_commit(row("papers", year=""), mirror) == (commits[2], "the newest of the copy")
    assert choose_commit(row("repo2run", commit_prefix="0" * 6), mirror) == (
        commits[2], "the newest of the copy (the list's 000000 is not in the copy)",
    )  # fmt: skip


def test_copy_that_lacks_a_file_gets_a_commit_without_it(
    forge: Forge, copy: tuple[Mirror, list[str]], tmp_path: Path
) -> None:
    mirror, commits = copy
    bare = forge.root / "copies/owner+name/repo"
    blob = forge.git(bare, "rev-parse", f"{commits[2]}:year.txt")
    (bare / "objects" / blob[:2] / blob[2:]).unlink()

    made = entry(row("repo2run", commit_prefix=commits[2]), mirror)
    again = entry(row("repo2run", commit_prefix=commits[2]), mirror)

    assert made == again
    assert made["published_commit"] == commits[2]
    assert made["absent_files"] == 1
    assert forge.git(bare, "ls-tree", "-r", "--name-only", made["commit"]) == "requirements.txt"
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--no-checkout", str(bare), str(clone)], check=True)
    forge.git(clone, "checkout", "-q", made["commit"])


def test_written_sample_is_a_corpus_that_the_benchmark_reads(
    copy: tuple[Mirror, list[str]], tmp_path: Path
) -> None:
    mirror, commits = copy
    out = tmp_path / "sample.yaml"

    write(out, [entry(row("repo2run", commit_prefix=commits[0]), mirror)], ["seed 7"], 7)

    [read] = read_corpus(out)
    assert (read.id, read.commit, read.from_list) == ("repo2run-owner-name", commits[0], "repo2run")
    assert read.heavy
    assert read.oracle["L2"].measures == "collection"
    assert out.read_text().startswith("# seed 7\n")
    assert yaml.safe_load(out.read_text())[0]["commit_from"] == "the list's"


def test_order_of_the_file_is_the_seeds_and_not_the_lists(tmp_path: Path) -> None:
    entries = [{"id": f"{name}{n}"} for name in "ab" for n in range(10)]
    out = tmp_path / "sample.yaml"

    write(out, entries, [], 7)
    first = yaml.safe_load(out.read_text())
    write(out, entries[::-1], [], 7)

    assert yaml.safe_load(out.read_text()) == first
    assert {found["id"][0] for found in first[:10]} == {"a", "b"}


def test_folder_of_copies_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder"):
        mirrors(tmp_path / "none")


def gists(forge: Forge, monkeypatch: pytest.MonkeyPatch, text: bytes) -> Mirror:
    """A copy of a published set of one gist, brought in 2018 and changed elsewhere in 2020."""
    origin = forge.repository("dockerizeme/dockerizeme")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2018-08-12T12:00:00Z")
    forge.commit(origin, {"hard-gists/0abc/snippet.py": text})
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2020-07-26T12:00:00Z")
    forge.commit(origin, {"README": "gists"})
    bring(origin, forge.root / "copies" / "dockerizeme+dockerizeme" / "repo")
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    return mirrors(forge.root / "copies")[SET]


def gist_row(name: str = "0abc", py3: str = "0") -> Row:
    return Row("gists", name, {"py3": py3})


def test_gist_becomes_a_repository_of_the_sets_day_and_the_same_one_again(
    forge: Forge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = b"print 'caf\xe9'\r\n\r\n"
    published = gists(forge, monkeypatch, text)

    made = gist_entry(gist_row(), published, tmp_path / "a")
    again = gist_entry(gist_row(), published, tmp_path / "a")
    elsewhere = gist_entry(gist_row(), published, tmp_path / "b")

    folder = tmp_path / "a" / "0abc"
    assert made == again
    assert made["commit"] == elsewhere["commit"] == forge.git(folder, "rev-parse", "HEAD")
    assert made["url"] == str(folder)
    assert (folder / "snippet.py").read_bytes() == text
    assert forge.git(folder, "ls-tree", "--name-only", "HEAD") == "snippet.py"
    assert forge.git(folder, "show", "-s", "--format=%cs") == "2018-08-12"
    assert made["from_list"] == "gists, older Python"
    assert gist_entry(gist_row(py3="1"), published, tmp_path / "a")["from_list"] == "gists, Python 3"  # fmt: skip


def test_gist_that_the_published_set_lacks_is_an_error(
    forge: Forge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="the published set lacks hard-gists/none"):
        gist_entry(gist_row("none"), gists(forge, monkeypatch, b"1"), tmp_path)
