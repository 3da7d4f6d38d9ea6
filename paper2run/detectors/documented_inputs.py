"""Finds the data and weights that documented commands want and the checkout lacks.

They are hard where most documented commands of a repository that is no library want something of the kind, and its
documents say that one has to get it; else they are soft. Each such command yields what it wants first.
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from paper2run.commands.plain_commands import folder_and_line
from paper2run.detectors import data_needs
from paper2run.detectors.data_needs import DATA_ENDINGS, DOCUMENTS, RESTRICTED
from paper2run.detectors.documented_work import Work, documented_works, is_library
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import DataNeed, Fact
from paper2run.model.value import Source
from paper2run.python.python_modules import modules_of
from paper2run.python.python_source import Called

NAME: Final = "documented_inputs"

INPUT: Final = re.compile(
    r"(?i)-{1,2}(?!train[-_]dir)(?:\w+[-_])*(?:data\w*|input\w*|in|img|imgs|images?|videos?|weights?|ckpt\w*|checkpoint|resume|pretrain\w*|"
    r"load\w*|init|src|source|corpus|train|valid|val|test|vocab\w*|bert\w*|embeddings?|features?|annotations?)"
    r"(?:[-_](?:path|dir|file|root|folder|name|set|dirs|paths|files|weights|ckpt|model|checkpoint|image|images|corpus))*"
)
"""Options whose value is read."""
OUTPUT: Final = re.compile(
    r"(?i)-{1,2}(?:\w+[-_])*(?:o|out\w*|save\w*|log\w*|result\w*|dest\w*|target|export\w*|name|tag)(?:[-_]\w+)*"
)
PLACEHOLDER: Final = re.compile(
    r"(?i)[<{\[][^>}\]]*(?:path|dir|data|file|folder|ckpt|checkpoint|weights?|image|video)[^>}\]]*[>}\]]"
    r"|path[-_/ ]?to(?![a-z])|/path/|your[-_ /]?\w*(?:path|dir|data|file|folder|image)"
    r"|\$\{?\w*(?:DATA|PATH|DIR|CKPT|WEIGHT)\w*"
)
SETTINGS: Final = re.compile(r"(?i)conf|cfg|ya?ml|script|out|save|log|result|repo|python|venv|env")
"""Placeholders for what people write or choose themselves."""
BRACKETED: Final = re.compile(r"[<{\[][^<>{}\[\]\n]{1,60}[>}\]]")
JOINED: Final = re.compile(
    r"default\s*=\s*os\.path\.join\([^'\"\n]{0,80}['\"]([^'\"\n]+)['\"]\s*\)"
)
GET: Final = re.compile(
    r"(?i)\bdownload\w*|request(?:ing)? access|apply for|\bobtain\w*|available (?:at|from|on|here|upon)"
    r"|can be found (?:at|here|on)|\bdata ?sets?\b.{0,80}\bhttps?:|prepare (?:the |your )?(?:\w+ )?data"
)
"""Words of a document that send people elsewhere for data."""
FETCH: Final = re.compile(r"(?:^|[\s`$&;|])(?:wget|curl|aria2c|gdown)\s")
"""A line of a document or a script that fetches a file."""
MIN_NAME: Final = 3
DATA_FILES: Final = (*DATA_ENDINGS, ".jpg", ".jpeg", ".png", ".mp4", ".wav", ".txt", ".json")
NUMBER: Final = re.compile(r"-?[\d.]+(?:[eE][+-]?\d+)?")
MAX_FOUND: Final = 20
MOST: Final = 2 / 3
"""Part of the documented commands that must want something: the rest are steps that prepare, plot or explain."""


class WantedInput(NamedTuple):
    """One thing that a piece of work wants and that is not in the checkout."""

    what: str
    source: Source
    downloaded: bool = False
    made_before: bool = False
    """An earlier command makes it, and wants something itself."""


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield what each documented command wants first; each thing once."""
    works = documented_works(tree)
    wanted = list(_wanted(tree, works))
    # Beside a command with an input of the checkout, others of the same program are for people's own data.
    supplied = {
        work.starts
        for work, found in zip(works, wanted, strict=True)
        if found is None and _has_its_input(tree, work)
    }
    wanted = [
        None if work.starts in supplied else found
        for work, found in zip(works, wanted, strict=True)
    ]
    hard = (
        bool(works)
        and MOST * len(works) <= sum(found is not None for found in wanted)
        and not is_library(tree)
        and (all(found.downloaded for found in wanted if found) or _is_explained(tree))
    )
    first: dict[str, WantedInput] = {}
    for found in wanted:
        if found and not found.made_before:
            first.setdefault(found.what, found)
    for found in islice(first.values(), MAX_FOUND):
        yield DataNeed(what=found.what, hard=hard, downloaded=found.downloaded, source=found.source)


def _has_its_input(tree: RepoTree, work: Work) -> bool:
    """Whether a command names an input that stands in the checkout."""
    folder = folder_and_line(work.line)[0]
    return any(
        (INPUT.fullmatch(option) or (not option and _names_data(value)))
        and ("/" in value or _names_data(value))
        and _is_there(tree, value, folder)
        for option, value in _paths(work)
    )


def _is_explained(tree: RepoTree) -> bool:
    """Whether a document at the root says that data are not here: how to get them, or that nobody can."""
    if tree.once(_fetched):
        return True
    texts = (tree.text(path) for path in tree.matching(*DOCUMENTS) if "/" not in path)
    return any(GET.search(text) or RESTRICTED.search(text) for text in texts)


def _wanted(tree: RepoTree, works: tuple[Work, ...]) -> Iterator[WantedInput | None]:
    """Yield for each work what it wants first, None where it can do with the checkout.

    What an earlier command writes counts as there if that one has all it wants.
    """
    written = _written(tree)
    made: set[str] = set()
    lacking: set[str] = set()
    for work in works:
        named = _paths(work)
        arguments = [value for option, value in named if not OUTPUT.fullmatch(option)]
        waits = next((value for value in arguments if value in lacking), None)
        found = WantedInput(waits, work.source, made_before=True) if waits else None
        there = made | written
        found = (
            found or _of_arguments(tree, work, named, there) or _of_code(tree, work, written, named)
        )
        paths = {value for _, value in named if "/" in value or _names_data(value)}
        (lacking if found else made).update(paths)
        yield found


def _paths(work: Work) -> list[tuple[str, str]]:
    """Return the options of a command with their values, an empty option for a bare argument."""
    if not work.starts:
        return []
    line = folder_and_line(work.line)[1]
    # People put spaces into their placeholders: `{PATH TO THE DATA}`.
    line = BRACKETED.sub(lambda match: match[0].replace(" ", "_"), line)
    try:
        words = shlex.split(line.partition("#")[0])
    except ValueError:
        words = line.split()
    start = next((n for n, word in enumerate(words) if word.endswith(".py") or word == "-m"), 0)
    rest = words[start + 1 :]
    if words[start : start + 1] and re.fullmatch(r"-[a-zA-Z]*m", words[start]):
        rest = words[start + 2 :]
    found = []
    for option, word in pairwise(["", *rest]):
        name, equals, value = word.partition("=")
        if name.startswith("-") and equals:
            found.append((name, value))
        elif not word.startswith("-"):
            found.append((option if option.startswith("-") else "", word))
    return found


def _of_arguments(
    tree: RepoTree, work: Work, named: list[tuple[str, str]], made: set[str]
) -> WantedInput | None:
    folder = folder_and_line(work.line)[0]
    for option, value in named:
        if OUTPUT.fullmatch(option) or value in made or NUMBER.fullmatch(value):
            continue
        reads = INPUT.fullmatch(option) is not None
        if PLACEHOLDER.search(value) and not SETTINGS.search(value):
            return WantedInput(value, work.source)
        # A name in brackets is a placeholder for that file: `<vectors.bin>`.
        plain = value.strip("<>[]{}")
        is_path = "/" in value or plain.lower().endswith(DATA_ENDINGS)
        is_file = _names_data(plain)
        if is_path and (reads or is_file) and not _is_there(tree, value, folder):
            # A folder is filled by the program itself, where that downloads.
            downloaded = not is_file and _downloads(tree, work)
            return WantedInput(value, work.source, downloaded=downloaded)
    return None


def _downloads(tree: RepoTree, work: Work) -> bool:
    """Whether a file that the command starts downloads something."""
    return any(
        "(" in what or "://" in what
        for module in modules_of(tree)
        if module.path in work.starts
        for what, _ in data_needs.needs_of_calls(tree, module.path, module.source)
    )


def _of_code(
    tree: RepoTree, work: Work, written: set[str], named: list[tuple[str, str]]
) -> WantedInput | None:
    """Return what the started files themselves read, by defaults of options or by name, or download."""
    given = {option for option, _ in named}
    for module in modules_of(tree):
        if module.path not in work.loads or module.path not in work.starts:
            continue
        for called in module.source.calls:
            default = _default(tree, module.path, called)
            names = {name for name in called.arguments if name.startswith("-")}
            reads = any(INPUT.fullmatch(name) for name in names) and not names & given
            missing = default not in written and not _is_there(tree, default, "")
            if default and reads and missing:
                note = f"default of {' '.join(sorted(names))}"
                place = Source(kind="file", path=module.path, line=called.line, note=note)
                return WantedInput(default, place)
        for what, line in data_needs.needs_of_calls(tree, module.path, module.source):
            if what not in written:
                place = Source(kind="file", path=module.path, line=line)
                return WantedInput(what, place, downloaded="(" in what or "://" in what)
        for address, name in tree.once(_fetched):
            line = _line_with_path(tree.text(module.path), name)
            if line and not any(PurePosixPath(path).stem == name for path in written):
                return WantedInput(address, Source(kind="file", path=module.path, line=line))
    return None


def _fetched(tree: RepoTree) -> tuple[tuple[str, str], ...]:
    """Return addresses of data that documents have people fetch, with the names of what is not there."""
    found: dict[str, str] = {}
    for path in tree.matching(*DOCUMENTS):
        for line in tree.text(path).splitlines():
            if not FETCH.search(line):
                continue
            for address, _ in data_needs.links(line):
                file = PurePosixPath(address.partition("?")[0]).name
                ending = max(
                    (end for end in DATA_ENDINGS if file.lower().endswith(end)), key=len, default=""
                )
                name = file[: len(file) - len(ending)]
                is_new = len(found) < MAX_FOUND and not _is_there(tree, name, "")
                if ending and len(name) >= MIN_NAME and is_new:
                    found.setdefault(address, name)
    return tuple(found.items())


def _line_with_path(text: str, name: str) -> int:
    """Return the first line of code with a path that has such a folder or file of data; 0 without one."""
    endings = "|".join(map(re.escape, DATA_FILES))
    match = re.search(rf"[\"'/]{re.escape(name)}(?:/|(?:{endings})[\"'])", text)
    return text.count("\n", 0, match.start()) + 1 if match else 0


def _names_data(value: str) -> bool:
    return value.lower().endswith(DATA_FILES)


def _default(tree: RepoTree, path: str, called: Called) -> str:
    """Return the path that an option without a value stands for; empty if its default is no path."""
    if not called.name.endswith("add_argument"):
        return ""
    text = dict(called.keywords).get("default", "")
    value = text[1:-1] if text[:1] in {"'", '"'} else ""
    if not value:
        lines = tree.text(path).split("\n")[called.line - 1 : called.line + 3]
        joined = JOINED.search("\n".join(lines))
        value = joined[1] if joined else ""
    is_path = "/" in value or value.lower().endswith(DATA_ENDINGS)
    return value if is_path and "://" not in value else ""


def _is_there(tree: RepoTree, value: str, folder: str) -> bool:
    plain = str(PurePosixPath(value.replace("\\", "/"))).lstrip("./")
    places = [plain, f"{folder}/{plain}"] if folder else [plain]
    if any(tree.has(place) or tree.below(place) for place in places if place):
        return True
    # A prefix of files (`data/train` for data/train.src), or a path as seen from a folder of the code.
    return any(
        file.startswith(f"{place}.") or file.endswith(f"/{place}") or f"/{place}/" in file
        for place in places
        if place
        for file in tree.files
    )


def _written(tree: RepoTree) -> set[str]:
    """Return the paths that some file of the repository writes by name, folders too."""
    writers = data_needs.WRITERS | {"makedirs", "mkdir"}
    return {
        text
        for module in modules_of(tree)
        for called in module.source.calls
        if called.name.rpartition(".")[2] in writers
        for text in called.arguments
        if text
    }
