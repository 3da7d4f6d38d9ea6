"""Where packages come from, and what a file that others include is for."""

import subprocess
from datetime import date

import pytest

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import PipInclude, Requirement
from paper2run.planning.addressed_steps import GO_BACK, addressed_steps


def facts_of(folder, **files):
    for path, text in files.items():
        (folder / path.replace("__", ".")).write_text(text)
    return read_facts(RepoTree.of(folder))


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ('git = "https://example.org/a/tides", rev = "abc1234"', "git+https://example.org/a/tides@abc1234"),
        ('git = "https://example.org/a/seas", subdirectory = "py"', "git+https://example.org/a/seas#subdirectory=py"),
        ('url = "https://example.org/tides-1.0.zip"', "https://example.org/tides-1.0.zip"),
        ('path = "../tides"', "../tides"),
    ],
)  # fmt: skip
def test_the_sources_of_uv_are_no_packages_of_the_index(tmp_path, entry, address):
    manifest = (
        '[project]\nname = "x"\nversion = "1"\ndependencies = ["tides", "numpy"]\n'
        f"[tool.uv.sources]\ntides = {{ {entry} }}\n"
    )

    facts = facts_of(tmp_path, pyproject__toml=manifest)

    assert [one.text for one in facts.of(PipInclude)] == [f"tides @ {address}"]


def test_a_list_that_running_and_testing_include_is_needed_for_running(tmp_path):
    (tmp_path / "dev-requirements.txt").write_text("-r deps.txt\npytest\n")
    facts = facts_of(tmp_path, requirements__txt="-r deps.txt\n", deps__txt="numpy==1.20\n")

    assert {one.name: one.group for one in facts.of(Requirement)} == {
        "numpy": "runtime",
        "pytest": "test",
    }


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("README__md", "```sh\npip install -r deps.txt\n```\n"),
        ("Dockerfile", "FROM python:3.9\nCOPY . .\nRUN pip install --no-cache-dir -r deps.txt\n"),
    ],
)
def test_a_list_of_another_name_is_read_where_a_document_or_recipe_installs_it(
    tmp_path, path, text
):
    facts = facts_of(tmp_path, **{path: text, "deps__txt": "numpy==1.20\n"})

    assert [one.text for one in facts.of(Requirement)] == ["numpy==1.20"]


def test_a_list_that_another_command_names_is_none(tmp_path):
    facts = facts_of(tmp_path, README__md="`wget -r deps.txt`\n", deps__txt="numpy\n")

    assert facts.of(Requirement) == ()


@pytest.mark.parametrize(
    "text",
    [
        "q @ git+git@example.org:o/q.git",
        "git+ssh://git@example.org:o/q.git",
        "git+https://user:${TOKEN}@example.org/o/q.git",
        "git+https://${TOKEN}@example.org/o/q.git",
    ],
)
def test_an_address_with_a_login_is_cloned_without_it(tmp_path, text):
    facts = facts_of(tmp_path, requirements__txt=f"{text}\n")

    assert [one.address for one in addressed_steps(facts, None)] == ["https://example.org/o/q.git"]


@pytest.mark.parametrize(("revision", "goes_back"), [("a" * 40, False), ("main", True), ("", True)])
def test_a_commit_is_taken_whatever_the_day(tmp_path, revision, goes_back):
    at = f"@{revision}" if revision else ""
    facts = facts_of(tmp_path, requirements__txt=f"git+https://example.org/o/q.git{at}\n")

    [step] = addressed_steps(facts, date(2018, 12, 31))

    assert ("rev-list" in step.command) is goes_back


@pytest.mark.parametrize(
    ("start", "day", "message"),
    [("main", "2020-06-01", "first"), ("main", "2010-01-01", "second"), ("v2", "2020-06-01", "second")],
)  # fmt: skip
def test_a_branch_goes_back_to_a_day_that_it_has(tmp_path, start, day, message):
    def git(*words, **dated):
        return subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org", *words],
            check=True, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **dated},
        ).stdout  # fmt: skip

    git("init", "-q", "--initial-branch=main")
    for text, year in (("first", 2020), ("second", 2021)):
        dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{year}-01-01T00:00:00Z")
        git("commit", "-q", "--allow-empty", "-m", text, **dates)
    git("tag", "v2")
    git("checkout", "-q", start)

    subprocess.run(["/bin/sh", "-ec", GO_BACK.format(day=day)], check=True, cwd=tmp_path)

    assert git("log", "-1", "--format=%s").strip() == message
