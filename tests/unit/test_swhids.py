"""Identifiers of Software Heritage: where a commit has one, and where they are shown."""

from paper2run.model.repo import Paper
from paper2run.verdicts import markdown
from paper2run.verdicts.report_page import report_page
from tests.run_pages import DOCUMENTED, FORGE, NOW, PASSED, PLANNED, SUCCESS

TREE = "2" * 40
PINNED = FORGE.changed(tree=TREE)
NONE = Paper(path="", origin="none")


def test_a_commit_of_git_has_both_and_one_that_was_made_here_only_that_of_its_files():
    archive = PINNED.changed(made_here=True)
    folder = PINNED.changed(committed_at=None)

    assert PINNED.committed_at == NOW
    assert PINNED.swhid_revision == f"swh:1:rev:{FORGE.commit}"
    for made in (PINNED, archive, folder):
        assert made.swhid_directory == f"swh:1:dir:{TREE}"
    assert archive.swhid_revision == folder.swhid_revision == ""


def test_a_record_of_an_earlier_version_has_no_tree():
    assert FORGE.swhid_directory == ""


def test_both_reports_show_them_near_the_commit():
    text = markdown.report(SUCCESS, PINNED, DOCUMENTED, [PASSED], NONE, "")
    page = report_page(
        SUCCESS, PINNED, DOCUMENTED, [PASSED], PLANNED, NONE, dockerfile="", files=()
    )

    assert f"- SWHID: `swh:1:rev:{FORGE.commit}`, `swh:1:dir:{TREE}`" in text
    for swhid in (PINNED.swhid_revision, PINNED.swhid_directory):
        assert f"<dt>SWHID</dt><dd><code>{swhid}</code></dd>" in page
