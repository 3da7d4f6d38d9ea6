"""A git server as forges are one (smart HTTP of `git http-backend`), over a folder of this machine."""

import os
import subprocess
from pathlib import Path


def answer(
    root: Path, method: str, target: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of git's own answer for the bare repositories below `root`."""
    path, _, query = target.partition("?")
    variables = {
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        "GIT_PROTOCOL": headers.get("git-protocol", ""),
        "PATH": os.environ["PATH"],
    }
    said = subprocess.run(["git", "http-backend"], input=body, env=variables, capture_output=True)
    head, _, content = said.stdout.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    status = int(fields.pop("Status", "200").split()[0])
    return status, fields, content


def commit(work: Path, files: dict[str, str], day: str) -> str:
    """Commit files on a day in a work tree, which is made if there is none; return the commit."""
    if not (work / ".git").exists():
        work.mkdir(parents=True)
        git(work, "init", "-q", "-b", "main")
    for name, text in files.items():
        (work / name).write_text(text)
    git(work, "add", "-A")
    git(
        work,
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b.example",
        "commit",
        "-q",
        "-m",
        day,
        day=day,
    )
    return git(work, "rev-parse", "HEAD")


def publish(work: Path, root: Path, name: str) -> None:
    """Put the history of a work tree below `root`, in the place of what was there."""
    bare = root / name
    if bare.exists():
        git(bare, "update-ref", "-d", "refs/heads/main")
        git(bare, "reflog", "expire", "--expire=now", "--all")
        git(bare, "gc", "-q", "--prune=now")
        git(bare, "fetch", "-q", "--no-write-fetch-head", str(work), "+main:main")
        return
    git(root, "clone", "-q", "--bare", str(work), str(bare))


def git(at: Path, *words: str, day: str = "") -> str:
    """Return what git prints."""
    dated = {"GIT_COMMITTER_DATE": f"{day}T12:00:00Z", "GIT_AUTHOR_DATE": f"{day}T12:00:00Z"}
    done = subprocess.run(
        ["git", *words],
        cwd=at,
        env={**os.environ, **(dated if day else {})},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
