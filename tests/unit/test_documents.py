"""Links and paths in our documents lead to files that exist."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
NOT_OURS = ("tests/repos/", "examples/", "paper2run/planners/prompts/")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)\s#]+)(#[^)\s]*)?\)")
PATH = re.compile(r"`((?:paper2run|tasks|flows|deployments|benchmarks|tests|docs)/[\w./-]+\.\w+)`")
PLACEHOLDER = re.compile(r"/(?:NAME|CASE|SITUATION)\b")


def documents() -> list[str]:
    """Return our Markdown files, as git has them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [name for name in listed if not name.startswith(NOT_OURS) and (ROOT / name).is_file()]


@pytest.mark.parametrize("name", documents())
def test_links_and_paths_lead_to_files(name):
    text = (ROOT / name).read_text()
    links = [(ROOT / name).parent / link for link, _ in LINK.findall(text)]
    paths = [ROOT / path for path in PATH.findall(text) if not PLACEHOLDER.search(path)]

    assert [str(path) for path in links + paths if not path.exists()] == []


def test_the_citation_names_our_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())

    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert [author["name"] for author in citation["authors"]] == [
        author["name"] for author in project["authors"]
    ]
