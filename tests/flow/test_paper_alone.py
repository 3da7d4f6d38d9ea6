"""Only a paper is given: the repository is found in it, or the request is refused with what was found."""

import json
from pathlib import Path

import pytest

from flows.reproduce import reproduce
from paper2run.errors import UserError
from tests.stage.test_paper import write_pdf

ADDRESS = "https://github.com/us/fold"


@pytest.fixture
def forge(repository, tmp_path, monkeypatch) -> str:
    """A repository that git finds at ADDRESS."""
    path = repository({"main.py": "print('fold')\n"}, name="fold")
    config = tmp_path / "gitconfig"
    config.write_text(f'[url "{path}"]\n insteadOf = {ADDRESS}\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    return path


def test_the_repository_behind_a_link_of_the_paper_is_reproduced(forge, tmp_path):
    lines = ("Folding Maps by Machine", "Abstract", "We fold maps. Our code is available here.")
    paper = write_pdf(tmp_path / "paper.pdf", lines, links=[ADDRESS])

    state = reproduce(paper=str(paper), out=str(tmp_path / "runs"), dry_run=True, return_state=True)

    metadata, folder = state.result()
    assert metadata.repo == ADDRESS
    assert metadata.commit
    assert f"the repository is the one that the paper names: {ADDRESS}" in metadata.notes
    assert json.loads((Path(folder) / "paper.json").read_text())["origin"] == "given"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Made of https://github.com/a/one and https://github.com/b/two.",
            "a/one, https://.*b/two",
        ),
        ("We fold maps by hand.", "names no repository"),
    ],
)
def test_a_paper_that_does_not_decide_is_a_bad_request(tmp_path, text, words):
    paper = tmp_path / "paper.md"
    paper.write_text(f"# Folding\n\n{text}\n")

    with pytest.raises(UserError, match=words) as caught:
        reproduce(paper=str(paper), out=str(tmp_path / "runs"))
    assert "--repo" in caught.value.hint
    assert not (tmp_path / "runs").exists()
