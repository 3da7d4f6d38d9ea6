"""Files that a build fetched by their address, with their digests: curl's, wget's, Python's and pip's.

pip 23.1 and newer note the digest of an archive that they install by its address, and since 20.1 the commit of a
repository (PEP 610); what curl, wget and
`urlretrieve` leave in the image has one in the list of its files. What was unpacked and removed is known by its files
alone.
"""

import json
import posixpath
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.inventory import Download, Inventory, Revision
from paper2run.model.rebuild import Drift
from paper2run.proofs.file_list import FileEntry
from paper2run.proofs.installed import CONDA
from paper2run.redaction import redact
from paper2run.rendering.injection import instructions
from paper2run.rendering.pinned_addresses import FOLDER

ADDRESS_OF_PIP: Final = ".dist-info/direct_url.json"
"""Of what came from an address or a folder and no index.
https://packaging.python.org/en/latest/specifications/direct-url/"""
ADDRESS: Final = re.compile(r"https?://[^\s$`]+")
RETRIEVED: Final = re.compile(
    r"urlretrieve\(\s*['\"](?P<address>https?://[^'\"]+)['\"]\s*,\s*['\"](?P<path>[^'\"]+)['\"]"
)
SHA256: Final = re.compile(r"[0-9a-f]{64}")
COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
OWN_SOURCE: Final = re.compile(rf"file://{SOURCE_FOLDER}(?:/|$)")
BUILT_THERE: Final = re.compile(rf"file://(?!{re.escape(FOLDER)}(?:/|$))")
"""A folder of the machine that built a package of conda: `file:///home/conda/feedstock_root/…`."""
WITH_FILE: Final = {"wget": "O", "curl": "o"}
"""The option that names the file, as a letter, alone or at the end of others: `-qO FILE`."""
MAX_DOWNLOADS: Final = 1000


class Fetched(NamedTuple):
    """One file that a step fetches and keeps."""

    address: str
    path: str
    """Absolute."""


class Addressed(NamedTuple):
    """What pip installed in an image by address or from a folder, by normalised name."""

    here: frozenset[str]
    """From the repository's own source, which is the same in a rebuild."""
    elsewhere: frozenset[str]


def is_note_of_pip(path: str) -> bool:
    """Whether a file is pip's note on the address of a package."""
    return path.endswith(ADDRESS_OF_PIP)


def downloads_in(
    dockerfile: str, entries: Iterable[FileEntry], contents: Mapping[str, bytes]
) -> tuple[Download, ...]:
    """Return the downloads of the build whose digest is known, by address."""
    found = {
        note.address: note
        for path, content in contents.items()
        if is_note_of_pip(path) and (note := _of_pip(path, content)) is not None
    }
    digests = {f"/{entry.path}": entry.content for entry in entries if entry.kind == "file"}
    for address, path in fetched_files(dockerfile):
        if SHA256.fullmatch(digests.get(path, "")):
            known = Download(address=redact(address), sha256=digests[path], path=path)
            found.setdefault(known.address, known)
    return tuple(found[address] for address in sorted(found))[:MAX_DOWNLOADS]


def cloned_in(contents: Mapping[str, bytes]) -> tuple[Revision, ...]:
    """Return the repositories that pip cloned, with their commits, by address."""
    found = {
        clone.address: clone
        for path, content in contents.items()
        if is_note_of_pip(path) and (clone := _clone_of_pip(path, content)) is not None
    }
    return tuple(found[address] for address in sorted(found))[:MAX_DOWNLOADS]


def addressed_in(contents: Mapping[str, bytes]) -> Addressed:
    """Return which packages came from the source folder, and which from elsewhere.

    Those of conda, which keep the note of who built them, are neither.
    """
    of_conda = tuple(
        {path.partition("conda-meta/")[0] for path in contents if CONDA.fullmatch(path)}
    )
    here: set[str] = set()
    elsewhere: set[str] = set()
    for path, content in contents.items():
        if is_note_of_pip(path):
            url = str(_note(content).get("url", ""))
            if OWN_SOURCE.match(url):
                here.add(_name(path))
            elif not (path.startswith(of_conda) and BUILT_THERE.match(url)):
                elsewhere.add(_name(path))
    return Addressed(frozenset(here), frozenset(elsewhere))


def changed_downloads(before: Inventory, after: Inventory) -> tuple[Drift, ...]:
    """Return the downloads with another digest now, and repositories at another commit, by address."""
    digests = {each.address: each.sha256 for each in after.downloads}
    commits = {each.address: each.commit for each in after.revisions}
    told = [(each.address, each.sha256, digests) for each in before.downloads]
    told += [(each.address, each.commit, commits) for each in before.revisions if each.package]
    return tuple(
        Drift(cause="data", item=address, before=then, after=now[address])
        for address, then, now in told
        if now.get(address, then) != then
    )


def of_addresses(inventories: Iterable[Inventory], addresses: Collection[str]) -> set[str]:
    """Return the paths and the normalised package names of these downloads."""
    names: set[str] = set()
    for one in inventories:
        names |= {each.package or each.path for each in one.downloads if each.address in addresses}
        names |= {each.package for each in one.revisions if each.address in addresses}
    return names - {""}


def unchanged_packages(before: Inventory, after: Inventory) -> set[str]:
    """Return the normalised names of the packages that came from an archive with the same digest."""
    known = {(each.package, each.sha256) for each in before.downloads if each.package}
    return {each.package for each in after.downloads if (each.package, each.sha256) in known}


def fetched_files(dockerfile: str) -> Iterator[Fetched]:
    """Yield the files that its steps fetch and keep, each path once; what cannot be read yields none."""
    folder, seen = "/", set()
    for instruction in instructions(dockerfile):
        text = instruction.text.strip()
        if instruction.name == "WORKDIR":
            folder = posixpath.join(folder, text.split(None, 1)[-1])
        if instruction.name != "RUN":
            continue
        for fetched in _of_step(text.split(None, 1)[-1], folder):
            if fetched.path not in seen:
                seen.add(fetched.path)
                yield fetched


def _of_step(step: str, folder: str) -> Iterator[Fetched]:
    for match in RETRIEVED.finditer(step):
        yield Fetched(match["address"], posixpath.normpath(posixpath.join(folder, match["path"])))
    for words in _commands(step):
        if words[0] == "cd" and len(words) > 1:
            folder = posixpath.join(folder, words[1])
        if words[0] in WITH_FILE:
            for address, path in _of_command(words):
                yield Fetched(address, posixpath.normpath(posixpath.join(folder, path)))


def _commands(step: str) -> Iterator[list[str]]:
    """Yield the words of each command, redirections included, none of them empty."""
    reader = shlex.shlex(step, posix=True, punctuation_chars=True)
    reader.whitespace_split, reader.commenters = True, ""
    try:
        tokens = list(reader)
    except ValueError:
        return
    words: list[str] = []
    for token in [*tokens, ";"]:
        if set(token) <= set("();|&"):
            if words:
                yield words
            words = []
        elif token not in ("{", "}", "sudo", "then", "do", "else"):
            words.append(token)


def _of_command(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each address of a call of curl or wget, and the file that it goes to."""
    program, *rest = words
    file, folder, keeps_name = "", "", program == "wget"
    addresses = [word for word in rest if ADDRESS.fullmatch(word)]
    following = iter(rest)
    for word in following:
        option, _, value = word.partition("=")
        letters = word[1:] if re.fullmatch(r"-[A-Za-z]+", word) else ""
        if option in ("--output", "--output-document") or letters.endswith(WITH_FILE[program]):
            file = value or next(following, "")
        elif option in ("--directory-prefix", "--output-dir") or (word, program) == ("-P", "wget"):
            folder = value or next(following, "")
        elif word == ">":
            file = next(following, "")
        elif program == "curl" and (letters.endswith("O") or option == "--remote-name"):
            keeps_name = True
    if file and len(addresses) == 1 and file not in ("-", "/dev/stdout", "/dev/null"):
        yield addresses[0], posixpath.join(folder, file)
    elif not file and keeps_name:
        for address in addresses:
            parts = urlsplit(address)
            name = posixpath.basename(parts.path)
            # wget keeps the query as a part of the name.
            name += f"?{parts.query}" if program == "wget" and parts.query else ""
            yield address, posixpath.join(folder, name or "index.html")


def _of_pip(path: str, content: bytes) -> Download | None:
    """Return an archive that pip installed; None for a folder, and without a digest."""
    note = _note(content)
    url, archive = note.get("url"), note.get("archive_info")
    digests = archive.get("hashes") if isinstance(archive, dict) else None
    digest = digests.get("sha256") if isinstance(digests, dict) else None
    if not isinstance(url, str) or not ADDRESS.fullmatch(url) or not isinstance(digest, str):
        return None
    if not SHA256.fullmatch(digest):
        return None
    folder = "/" + path.rpartition("/")[0]
    return Download(address=redact(url), sha256=digest, path=folder, package=_name(path))


def _clone_of_pip(path: str, content: bytes) -> Revision | None:
    """Return a repository that pip cloned; None for what it did not."""
    note = _note(content)
    url, clone = note.get("url"), note.get("vcs_info")
    commit = clone.get("commit_id") if isinstance(clone, dict) else None
    if not isinstance(url, str) or not ADDRESS.fullmatch(url) or not isinstance(commit, str):
        return None
    if not COMMIT.fullmatch(commit):
        return None
    return Revision(address=redact(url), commit=commit, package=_name(path))


def _note(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _name(path: str) -> str:
    folder = path.rsplit("/", 2)[-2].removesuffix(".dist-info")
    return canonicalize_name(folder.rpartition("-")[0])
