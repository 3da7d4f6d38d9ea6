"""A batch file is judged whole: what is good, what is bad with its line, what is there twice."""

from pathlib import PurePosixPath

import pytest

from paper2run.batches.batch_input import read_batch_text

FOLDER = PurePosixPath("/papers")


def read(name: str, text: str):
    return read_batch_text(FOLDER / name, text)


SAME_TWO = {
    "list.txt": "# two\nhttps://a.example/o/one\nhttps://a.example/o/two v1.0 timeout=60 smoke='python x.py'\n",
    "list.yaml": "- https://a.example/o/one\n- repo: https://a.example/o/two\n  ref: v1.0\n  timeout: 60\n"
    "  smoke: python x.py\n",
    "list.csv": "repo,ref,timeout,smoke\nhttps://a.example/o/one,,,\nhttps://a.example/o/two,v1.0,60,python x.py\n",
    "list.jsonl": '"https://a.example/o/one"\n{"repo": "https://a.example/o/two", "ref": "v1.0", "timeout": 60, '
    '"smoke": "python x.py", "paper": null}\n',
    "excel.csv": "\ufeffrepo;ref;timeout;smoke\r\nhttps://a.example/o/one;;;\r\n;;;\r\n"
    "https://a.example/o/two;v1.0;60;python x.py\r\n",
}


@pytest.mark.parametrize("name", SAME_TWO)
def test_every_form_says_the_same(name):
    found = read(name, SAME_TWO[name])

    assert found.bad == ()
    one, two = (line.entry for line in found.lines)
    assert (one.repo, one.ref, one.timeout) == ("https://a.example/o/one", "", None)
    assert (two.repo, two.ref, two.timeout, two.smoke) == (
        "https://a.example/o/two", "v1.0", 60, "python x.py",
    )  # fmt: skip


def test_all_bad_lines_are_said_at_once_each_with_its_line():
    found = read(
        "list.yaml",
        "- https://a.example/o/good\n- repo: https://a.example/o/two\n  tiemout: 5\n"
        "- repo: https://a.example/o/three\n  timeout: 0\n- repo: 'ext::sh -c id'\n- ref: main\n",
    )

    assert [line.entry.repo for line in found.lines] == ["https://a.example/o/good"]
    assert [line.line for line in found.bad] == [2, 4, 6, 7]
    words = [line.problem for line in found.bad]
    assert "did you mean 'timeout'?" in words[0]
    assert words[1].startswith("timeout: ")
    assert "refused" in words[2]
    assert "no repository" in words[3]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.yaml", "- x: [\n", 2),
        ("a.yaml", "repo: https://a.example/o/one\n", 1),
        ("a.yaml", "- [https://a.example/o/one]\n", 1),
        ("a.csv", "url,ref\nhttps://a.example/o/one,\n", 1),
        ("a.csv", "repo,ref\nhttps://a.example/o/one,main,more\n", 2),
        ("a.jsonl", '"https://a.example/o/one"\n{\n', 2),
        ("a.jsonl", "17\n", 1),
        ("a.txt", "\nhttps://a.example/o/one 'unclosed\n", 2),
        ("a.txt", "https://a.example/o/one main extra\n", 1),
        ("a.txt", "# nothing\n", 0),
        ("a.yaml", "", 0),
    ],
)
def test_what_cannot_be_read_is_bad_and_never_a_crash(name, text, line):
    assert [bad.line for bad in read(name, text).bad] == [line]


def test_one_address_written_in_several_ways_is_one_repository():
    found = read(
        "list.txt",
        "https://Forge.example/Owner/Name\ngit@forge.example:owner/name.git\n"
        "ssh://git@forge.example/owner/name/\nhttps://forge.example/owner/name v2\n"
        "https://forge.example/owner/name/tree/v2\nhttps://forge.example/owner/other\n",
    )

    assert [line.line for line in found.lines] == [1, 4, 6]
    assert [line.line for line in found.repeated] == [2, 3, 5]
    assert "line 1" in found.repeated[0].problem


def test_relative_paths_are_relative_to_the_file():
    found = read("list.csv", "repo,paper\n./code,one.pdf\n../elsewhere,/abs/two.pdf\ncode/,\n")

    assert [(line.entry.repo, line.entry.paper) for line in found.lines] == [
        ("/papers/code", "/papers/one.pdf"),
        ("/elsewhere", "/abs/two.pdf"),
    ]
    assert [line.line for line in found.repeated] == [4]


def test_a_key_names_what_is_asked_for():
    one, other = (
        line.entry
        for line in read("a.txt", "https://a.example/o/n\nhttps://a.example/o/n v1\n").lines
    )
    again = read("b.yaml", "- https://a.example/o/n\n").lines[0].entry

    assert one.key == again.key != other.key


def test_what_a_line_says_wins_over_the_flags_of_the_batch():
    entry = read("a.txt", "https://a.example/o/n timeout=60\n").lines[0].entry

    assert entry.over({"timeout": 900, "max_attempts": 2}) == {
        "repo": "https://a.example/o/n", "timeout": 60, "max_attempts": 2,
    }  # fmt: skip


def test_an_owner_and_a_name_without_such_a_folder_are_an_address():
    there = {FOLDER, FOLDER / "local", FOLDER / "local" / "code"}
    text = "owner/name\nlocal/code\nlocal/missing\ngithub.com/owner/other\nhttps://github.com/Owner/Name\n"

    found = read_batch_text(FOLDER / "list.txt", text, lambda path: path in there)

    assert [line.entry.repo for line in found.lines] == [
        "https://github.com/owner/name",
        "/papers/local/code",
        "/papers/local/missing",
        "https://github.com/owner/other",
    ]
    assert [line.line for line in found.repeated] == [5]


def test_columns_of_the_users_own_are_kept_and_no_option():
    text = "paper_id,title,repo,timeout\n12,A wave,https://a.example/o/r,60\n,,https://a.example/o/s,\n"

    first, second = read("list.csv", text).lines

    assert (dict(first.own), dict(second.own)) == ({"paper_id": "12", "title": "A wave"}, {})
    assert first.entry == read("list.txt", "https://a.example/o/r timeout=60").lines[0].entry


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("timout", "timeout"),
        ("papers", "paper"),
        ("commit", "ref"),
        ("Branch", "ref"),
        ("URL", "repo"),
        ("max-tokens", "max_tokens"),
    ],
)
def test_a_column_that_means_an_option_is_no_column_of_the_users_own(column, meant):
    [bad] = read("list.csv", f"repo,{column}\nhttps://a.example/o/r,x\n").bad

    assert f"did you mean '{meant}'?" in bad.problem
