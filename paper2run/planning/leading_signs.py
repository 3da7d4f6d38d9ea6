"""What authors show of their code, as weighted signs: manifests, documents, tests, CI, sources."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final, Literal, NamedTuple

from paper2run.formats.shell_words import parts
from paper2run.knowledge.language_names import TOOLS, shown_name
from paper2run.knowledge.language_signs import (
    BUILDS,
    CALLS,
    LIST,
    MADE_BY,
    MANIFESTS,
    PREFIX,
    SERVES,
    TESTED_BY,
)
from paper2run.knowledge.side_folders import is_beside
from paper2run.model.facts import (
    BuildFile,
    BuildProduct,
    Command,
    EntryPoint,
    LanguageShare,
    NamedLanguage,
    Project,
    RepoFacts,
    Requirement,
    TestSuite,
)
from paper2run.model.value import Source

FAMILIES: Final[dict[str, str]] = {
    "c": "native", "c++": "native", "fortran": "native", "cuda": "native",
    "cython": "python", "notebook": "python",
    "verilog": "hardware", "systemverilog": "hardware", "vhdl": "hardware", "bluespec": "hardware",
}  # fmt: skip
"""Languages that are built together."""
HELPERS: Final = frozenset(
    {"shell", "awk", "tcl", "ruby", "php", "javascript", "perl", "stan", "snakemake", "notebook", "powershell",
     "quarto", "sql", "assembly", "smt", "arduino", "groovy"}
)  # fmt: skip
"""Found beside code of every language: their lines count for a third."""
ENOUGH: Final = 2.0
"""Fewer commands say less than a page of them."""
TRACE: Final = 0.02
"""A smaller part of the code is beside it, whatever documents say."""


class Sign(NamedTuple):
    """One thing that speaks for a family of languages."""

    family: str
    weight: float
    words: str
    source: Source
    form: Literal["manifest", "prose", "command", "test", "code"] = "manifest"


def family_of(language: str) -> str:
    """Return the name of what a language is built with: `native` for C, `python` for notebooks."""
    return FAMILIES.get(language, language)


def own_bytes(facts: RepoFacts) -> dict[str, int]:
    """Return how much code of each language may lead; tests and examples only where there is no other."""
    shares = facts.of(LanguageShare)
    own = {share.language: share.size_bytes - share.side_bytes for share in shares}
    if not any(own.values()):
        own = {share.language: share.size_bytes - share.foreign_bytes for share in shares}
    if not any(fact.system == "matlab" for fact in facts.of(BuildFile)):
        # The ending .m alone may also mean Objective-C.
        own.pop("matlab", 0)
    return {language: size for language, size in own.items() if size}


def signs(facts: RepoFacts, paths: frozenset[str]) -> list[Sign]:
    """Return all signs for families that the repository has code of."""
    held = _held(facts)
    found = (
        *_manifests(facts, paths),
        *_prose(facts),
        *_commands(facts),
        *_tests(facts),
        *_code(facts),
    )
    return [sign for sign in found if sign.family in held]


def _held(facts: RepoFacts) -> set[str]:
    """Return the families of which there is more than a trace, by files or by bytes."""
    own = own_bytes(facts)
    shares = [share for share in facts.of(LanguageShare) if share.language in own]
    size_bytes, files = sum(own.values()), sum(share.files for share in shares)
    return {
        family_of(share.language)
        for share in shares
        if own[share.language] >= TRACE * size_bytes or share.files >= TRACE * files
    }


def _manifests(facts: RepoFacts, paths: frozenset[str]) -> Iterator[Sign]:
    """Yield for each family its strongest manifest, and for Python also what it declares or lists."""
    found: dict[str, Sign] = {}
    for sign in (*_build_files(facts, paths), *_manifest_names(paths)):
        found[sign.family] = max(found.get(sign.family, sign), sign, key=lambda one: one.weight)
    yield from found.values()
    for project in facts.of(Project):
        if project.root == "":
            yield Sign("python", 4, "an installable project at the root", project.source)
    for fact in facts.of(Requirement):
        is_list = fact.source.kind == "file" and "Dockerfile" not in fact.source.path
        if is_list and "/" not in fact.source.path and fact.group == "runtime":
            weight = 2.5 if LIST.search(fact.source.path) else 5.0
            yield Sign("python", weight, "Python requirements at the root", fact.source)
            break


def _build_files(facts: RepoFacts, paths: frozenset[str]) -> Iterator[Sign]:
    paper = _is_paper(paths)
    for build in facts.of(BuildFile):
        if "/" not in build.path and build.system in BUILDS:
            family, weight = BUILDS[build.system]
            if build.system != "make" or not paper:
                yield Sign(family, weight, f"{build.path} at the root", build.source)


def _manifest_names(paths: frozenset[str]) -> Iterator[Sign]:
    for path in sorted(path for path in paths if path.count("/") < 2 and not is_beside(path)):
        folder, _, name = path.rpartition("/")
        for pattern, family, weight in MANIFESTS:
            if pattern.fullmatch(name):
                source = Source(kind="file", path=path)
                yield Sign(family, weight / 2 if folder else weight, f"the manifest {path}", source)


def _is_paper(paths: frozenset[str]) -> bool:
    """Whether the root holds the sources of a paper, which a Makefile there sets."""
    endings = {PurePosixPath(path).suffix for path in paths if "/" not in path}
    return {".tex", ".cls"} <= endings or {".tex", ".bib"} <= endings


def _prose(facts: RepoFacts) -> Iterator[Sign]:
    """Yield what the authors say: 4 for all prose, the first mention most; 3 for code blocks; 3 for tags.

    What prose names first of all weighs 3 more where most of the code is in it, too.
    """
    named = facts.of(NamedLanguage)
    prose = [fact for fact in named if fact.form == "prose"]
    ranks = {fact: fact.times / (number + 1) for number, fact in enumerate(prose)}
    own = own_bytes(facts)
    for fact, rank in ranks.items():
        yield _said(fact, 4 * rank / sum(ranks.values()), "the README speaks of")
        most = own.get(fact.language, 0) * 2 >= sum(own.values())
        # A README also speaks of the languages that its programs read, such as hardware or queries.
        if most and rank == max(ranks.values()) and fact.language not in TOOLS:
            yield _said(fact, 3, "the README and most of its code speak for")
    blocks = [fact for fact in named if fact.form == "block"]
    for fact in blocks:
        share = fact.times / sum(block.times for block in blocks)
        yield _said(fact, 3 * share, "the README shows code of")
    tags = [fact for fact in named if fact.form == "tag"]
    for fact in tags:
        yield _said(fact, 3 / len(tags), "its paper is tagged")


def _said(fact: NamedLanguage, weight: float, words: str) -> Sign:
    language = "matlab" if fact.language == "octave" else fact.language
    form: Literal["prose", "command"] = "prose" if fact.form == "prose" else "command"
    return Sign(
        family_of(language), weight, f"{words} {shown_name(fact.language)}", fact.source, form
    )


def _commands(facts: RepoFacts) -> Iterator[Sign]:
    """Yield 4 for the commands of documents at the root and 2 for CI's, by shares; less for few."""
    made = {product.name for product in facts.of(BuildProduct)}
    if any("/" not in build.path and build.system in MADE_BY for build in facts.of(BuildFile)):
        made.add("make")
    for kind, weight, words in (("readme", 4, "documents"), ("ci", 2, "CI")):
        called: dict[str, list[Command]] = {}
        for command in facts.of(Command):
            at_root = "/" not in command.source.path or kind == "ci"
            family = _called(command, made) if command.source.kind == kind and at_root else ""
            if family:
                called.setdefault(family, []).append(command)
        told = {family: sum(map(_tells, commands)) for family, commands in called.items()}
        total = max(sum(told.values()), ENOUGH)
        for family, commands in called.items():
            first = max(commands, key=_tells)
            line = " ".join(first.line.split())[:60]
            yield Sign(
                family,
                weight * told[family] / total,
                f"{words} call `{line}`",
                first.source,
                "command",
            )


def _tells(command: Command) -> float:
    """Return how much a command says: what installs things for the code says less than what runs it."""
    return 0.4 if command.purpose in {"install", "download"} else 1.0


def _called(command: Command, made: set[str]) -> str:
    """Return the family of a command, `made` being programs of the build; empty for others."""
    if command.form == "python-example":
        return "python"
    for part in reversed(tuple(parts(command.line))):
        words = PREFIX.sub("", part.strip())
        if SERVES.search(words):
            return ""
        found = next((family for pattern, family in CALLS if pattern.match(words)), "")
        if words.split(maxsplit=1)[:1] and PurePosixPath(words.split()[0]).name in made:
            return "native"
        if found:
            return found
    return ""


def _tests(facts: RepoFacts) -> Iterator[Sign]:
    seen: set[str] = set()
    for suite in facts.of(TestSuite):
        family = TESTED_BY.get(suite.runner, "")
        if family and family not in seen:
            seen.add(family)
            yield Sign(family, 1, f"tests of {suite.runner}", suite.source, "test")
    for entry in facts.of(EntryPoint):
        if entry.form == "console-script" or (entry.form == "script" and "/" not in entry.name):
            yield Sign("python", 1, f"the program {entry.name}", entry.source, "test")
            break


def _code(facts: RepoFacts) -> Iterator[Sign]:
    """Yield 3 for the code, by share of what may lead; helpers count for a third."""
    sizes = {
        language: size / 3 if language in HELPERS else float(size)
        for language, size in own_bytes(facts).items()
    }
    total = sum(sizes.values())
    sources = {share.language: share.source for share in facts.of(LanguageShare)}
    for language, size in sizes.items():
        words = f"{round(100 * size / total)} % of its code is {shown_name(language)}"
        yield Sign(family_of(language), 3 * size / total, words, sources[language], "code")
