"""Makes each gist of the published set a repository of its own: one file, `snippet.py`, one commit.

The commit has the day on which the set was published: the day of the gist itself is not known.
"""

from pathlib import Path
from typing import Any, Final

from benchmarks.constructed import COMMITTER, git
from benchmarks.list_rows import Row
from benchmarks.mirrors import Mirror
from paper2run.errors import UserError

SET: Final = "dockerizeme/dockerizeme"
"""The repository that has the gists' text."""
SNIPPET: Final = "snippet.py"
LIMIT_S: Final = 120
"""A program that still runs then waits for something."""


def gist_entry(row: Row, published: Mirror, folder: Path) -> dict[str, Any]:
    """Return the gist as an entry of a corpus, its repository made below `folder`.

    UserError if the published set lacks it.
    """
    path = f"hard-gists/{row.repo}/{SNIPPET}"
    file = next(iter(published.files("HEAD", path)), None)
    if file is None:
        raise UserError(f"the published set lacks {path}", hint="name its row in --unavailable")
    return {
        "id": f"gist-{row.repo}",
        "url": str(folder / row.repo),
        "commit": _repository(
            folder / row.repo, published.content(file), published.last_change(path)
        ),
        # Two columns of the table: the anchors are told apart in the same way.
        "from_list": "gists, Python 3" if row.columns["py3"] == "1" else "gists, older Python",
        "commit_from": "made for this sample, of the day on which the set was published",
        "oracle": {"L2": {"cmd": f"python {SNIPPET}", "measures": "program", "timeout_s": LIMIT_S}},
    }


def _repository(folder: Path, content: bytes, day: str) -> str:
    """Return the commit of a repository with that file alone; the same input gives the same commit."""
    if not (folder / ".git").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        git(["init", "--quiet", "--initial-branch=main"], folder)
    (folder / SNIPPET).write_bytes(content)
    git(["-c", "core.autocrlf=false", "add", "--", SNIPPET], folder)
    if git(["status", "--porcelain"], folder):
        dated = {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
        git([*COMMITTER, "commit", "--quiet", "--no-verify", "--message", "Snippet"], folder, dated)
    return git(["rev-parse", "HEAD"], folder)
