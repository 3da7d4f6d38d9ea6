"""What a report answers to an artifact evaluation committee, for each way in which a run ends."""

import re

import pytest

from paper2run.model.claims import ClaimCounts
from paper2run.model.facts import RepoFacts
from paper2run.verdicts.committee import Answer, committee_answers
from tests.run_pages import (
    CRASHED,
    DOCUMENTED,
    ENDS,
    FAILURE,
    FORGE,
    INCOMPLETE,
    PASSED,
    STOP,
    SUCCESS,
    UNBUILT,
    ended,
    page_of,
)

NOTHING = RepoFacts()
RECORD = FORGE.changed(url="10.5281/zenodo.1234567")
FOLDER = FORGE.changed(url="/home/ada/mesh")


def answers(
    metadata=SUCCESS, checkout=FORGE, facts=NOTHING, attempts=(PASSED,), files=(), licences=()
) -> list[Answer]:
    return list(
        committee_answers(metadata, checkout, facts, attempts, files=files, licences=licences)
    )


@pytest.mark.parametrize(
    ("checkout", "licences", "answer"),
    [
        (RECORD, ["LICENSE"], "yes"),
        (RECORD, [], "partly"),
        (FORGE, ["LICENSE"], "partly"),
        (FORGE.changed(url="https://forge.test/mesh.zip"), ["LICENSE"], "partly"),
        (FOLDER, ["LICENSE"], "not judged"),
    ],
)
def test_only_an_archived_record_with_a_licence_is_available(checkout, licences, answer):
    available = answers(checkout=checkout, licences=licences)[0]

    assert available.answer == answer
    assert ("LICENSE" in available.why) == bool(licences)


def test_a_commit_of_git_has_an_identifier_of_its_own_and_one_made_of_an_archive_has_none():
    forge, record = (answers(checkout=which)[0].evidence for which in (FORGE, RECORD))

    assert f"swh:1:rev:{FORGE.commit}" in str(forge)
    assert FORGE.commit not in str(record)


@pytest.mark.parametrize(
    ("facts", "files", "answer"),
    [
        (DOCUMENTED, ["README.md", "train.py"], "yes"),
        (NOTHING, ["README.md"], "partly"),
        (RepoFacts(facts=DOCUMENTED.facts[:1]), ["README.md"], "partly"),
        (NOTHING, ["train.py"], "no"),
    ],
)
def test_documented_means_a_readme_with_a_command_to_install_and_one_to_run(facts, files, answer):
    assert answers(facts=facts, files=files)[1].answer == answer


def test_commands_of_the_documents_are_named_with_their_lines():
    evidence = [piece.words for piece in answers(facts=DOCUMENTED, files=["README.md"])[1].evidence]

    assert evidence == [
        "install: `pip install .` (README.md:10)",
        "run: `python train.py` (README.md:16)",
    ]


@pytest.mark.parametrize(
    ("metadata", "attempts", "installs", "runs"),
    [
        (SUCCESS, [PASSED], "yes", "yes"),
        (SUCCESS.changed(covers="bundled zlib (third_party/zlib)"), [PASSED], "yes", "partly"),
        (SUCCESS.changed(grade="program-starts"), [PASSED], "yes", "partly"),
        (SUCCESS.changed(grade="imports"), [PASSED], "yes", "not judged"),
        (SUCCESS.changed(grade="imports", best_attempt=2), [CRASHED, PASSED.changed(number=2)], "yes", "no"),
        (STOP, [INCOMPLETE], "partly", "no"),
        (FAILURE, [CRASHED], "yes", "no"),
        (FAILURE, [UNBUILT], "no", "no"),
        (ended("stopped-by-rule", cause="no_code", reason="no code", best_attempt=0), [], "not judged", "no"),
        (ended("planned", best_attempt=0), [], "not judged", "not judged"),
        (ended("preflight-failed", best_attempt=0), [], "not judged", "not judged"),
    ],
)  # fmt: skip
def test_what_was_built_and_run_decides_two_answers(metadata, attempts, installs, runs):
    found = answers(metadata, attempts=attempts)

    assert [found[2].answer, found[3].answer] == [installs, runs]


@pytest.mark.parametrize(
    ("counts", "answer"),
    [
        (None, "not judged"),
        (ClaimCounts(), "not judged"),
        (ClaimCounts(stated=3, not_run=3), "not judged"),
        (ClaimCounts(stated=3, reproduced=3), "yes"),
        (ClaimCounts(stated=3, reproduced=2, not_run=1), "partly"),
        (ClaimCounts(stated=3, close=3), "partly"),
        (ClaimCounts(stated=3, differing=2, not_found=1), "no"),
    ],
)
def test_claims_hold_where_every_stated_number_came_out(counts: ClaimCounts | None, answer: str):
    assert answers(SUCCESS.changed(claims=counts))[4].answer == answer


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("success", ("A documented command runs.", 'href="#printed"', "225 MB")),
        ("stop", ("its work needs a GPU", "not found: data", "<code>imports</code>")),
        ("failure", ("1 attempt built no image", "RUN make", "no rule to make")),
    ],
)
def test_the_page_shows_the_answers_in_one_table_and_the_evidence_below(kind, shown):
    page, (metadata, attempt) = page_of(kind), ENDS[kind]
    section = page[page.index('<section id="committee">') :]
    section = section[: section.index("</section>")]
    cells = re.findall(r'<td class="short (\w+)">([^<]+)</td>', section)

    assert [answer for _, answer in cells] == [
        one.answer
        for one in answers(
            metadata, FORGE, DOCUMENTED, [attempt], ["README.md"], licences=["LICENSE"]
        )
    ]
    for words in (*shown, "(README.md:16)", "<dd>17</dd>", "&lt;b&gt;Meshes", "<details open>"):
        assert words in section
    places = set(re.findall(r'href="#(\w+)"', section))
    assert places <= set(re.findall(r'<section id="(\w+)">', page)), "each place is on the page"
