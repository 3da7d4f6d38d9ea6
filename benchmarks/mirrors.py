"""Reads copies of public repositories: git directories `owner+name/…` below one folder.

No file is checked out. A copy may lack large files. It then gets one more commit, the same tree without them.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from paper2run.errors import UserError
from tasks.drivers.host import process

GIT_LIMIT_S: Final = 600
MAX_LISTING_BYTES: Final = 256 * 1024 * 1024
HASH: Final = re.compile(r"[0-9a-f]{40}")
GIT: Final = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
"""A copy's own settings start no program."""
SUBMODULE: Final = "160000"
"""Mode of an entry that names a commit of another repository; its object is never here."""


class TreeFile(NamedTuple):
    """One file of a commit."""

    path: str
    blob: str


class Mirror:
    """One copy."""

    def __init__(self, git_directory: Path) -> None:
        """Read from that git directory."""
        self._git_directory = git_directory

    def commit(self, name: str) -> str:
        """Return the hash of the commit that a prefix, tag or branch names; empty if it names none."""
        found = self._try(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
        return found if HASH.fullmatch(found) else ""

    def last_before(self, day: str) -> str:
        """Return the last commit of the leading branch before that day, 2021-08-18; empty if there is none."""
        return self._try("rev-list", "--max-count=1", f"--before={day}T00:00:00Z", "HEAD")

    def last_change(self, path: str) -> str:
        """Return when the newest commit that changed the path was made, as git writes it."""
        return self._git("log", "--max-count=1", "--format=%cI", "HEAD", "--", path)

    def files(self, commit: str, *paths: str) -> list[TreeFile]:
        """Return the commit's files in git's order, submodules left out; only those of `paths` if given."""
        listed = self._git("ls-tree", "-r", "-z", commit, "--", *paths)
        found = []
        for line in filter(None, listed.split("\0")):
            described, _, path = line.partition("\t")
            mode, _, blob = described.split()
            if mode != SUBMODULE:
                found.append(TreeFile(path, blob))
        return found

    def text(self, file: TreeFile) -> str:
        """Return the file's text; empty if this copy lacks it."""
        return self._try("cat-file", "blob", file.blob)

    def content(self, file: TreeFile) -> bytes:
        """Return the file as it is; UserError if this copy lacks it."""
        return self._output("cat-file", "blob", file.blob).encode(errors="surrogateescape")

    def absent(self, files: Sequence[TreeFile]) -> set[str]:
        """Return the paths of those files whose content this copy lacks."""
        blobs = "".join(f"{file.blob}\n" for file in files)
        answers = self._git("cat-file", "--batch-check", stdin_text=blobs).splitlines()
        return {
            file.path
            for file, answer in zip(files, answers, strict=True)
            if answer.endswith(" missing")
        }

    def without(self, commit: str, files: Sequence[TreeFile], gone: Collection[str]) -> str:
        """Return a commit beside `commit`, dated like it, with its tree without those paths.

        It is a branch of the copy afterwards: without a name it could not be cloned.
        """
        day = self._git("show", "--no-patch", "--format=%cI", commit)
        index = {"GIT_INDEX_FILE": str(self._git_directory / "paper2run-benchmark-index")}
        # Mode 0 removes; this works without a work tree, update-index --force-remove does not.
        rows = "".join(f"0 {'0' * 40}\t{file.path}\0" for file in files if file.path in gone)
        self._git("read-tree", commit, env=index)
        self._git("update-index", "-z", "--index-info", env=index, stdin_text=rows)
        tree = self._git("write-tree", "--missing-ok", env=index)
        identity = {
            f"GIT_{who}_{field}": value
            for who in ("AUTHOR", "COMMITTER")
            for field, value in (("NAME", "benchmark"), ("EMAIL", "benchmark@example.org"), ("DATE", day))
        }  # fmt: skip
        made = self._git("commit-tree", tree, "-m", f"{commit} without absent files", env=identity)
        self._git("update-ref", f"refs/heads/light-{commit[:12]}", made)
        return made

    def _try(self, *arguments: str) -> str:
        """Return what git says; empty if it fails."""
        finished = process.run([*GIT, *arguments], timeout_s=GIT_LIMIT_S, env=self._environment())
        return "" if finished.exit_code else finished.stdout.strip()

    def _git(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdin_text: str | None = None
    ) -> str:
        return self._output(*arguments, env=env, stdin_text=stdin_text).strip()

    def _output(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdin_text: str | None = None
    ) -> str:
        finished = process.run(
            [*GIT, *arguments],
            timeout_s=GIT_LIMIT_S,
            env={**self._environment(), **(env or {})},
            stdin_text=stdin_text,
            errors="surrogateescape",
            listing_bytes=MAX_LISTING_BYTES,
        )
        if finished.exit_code:
            raise UserError(
                f"git {arguments[0]} failed in {self._git_directory}: {finished.stderr.strip()[-500:]}",
                hint="copy that repository again, or name it in the file of --unavailable",
            )
        return finished.stdout

    def _environment(self) -> dict[str, str]:
        # Without the last a copy that knows its origin would ask it for what is absent.
        return {"GIT_DIR": str(self._git_directory), "GIT_NO_LAZY_FETCH": "1"}


def mirrors(folder: Path) -> dict[str, Mirror]:
    """Return the copies below the folder by `owner/name` in lower case; UserError if it is no folder."""
    if not folder.is_dir():
        raise UserError(
            f"{folder} is no folder", hint="name the folder that holds owner+name/… git directories"
        )
    found: dict[str, Mirror] = {}
    for head in sorted([*folder.glob("*+*/*/HEAD"), *folder.glob("*+*/*/.git/HEAD")]):
        name = head.relative_to(folder).parts[0].replace("+", "/", 1).lower()
        found.setdefault(name, Mirror(head.parent))
    return found
