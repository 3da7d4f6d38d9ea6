"""Gathers the claims of a checkout and its paper."""

from typing import Final

from paper2run.claims.numbers import numbers_in, value_of
from paper2run.claims.stated import claims_in
from paper2run.claims.ties import Text
from paper2run.formats.document_files import MAX_DOCUMENT_CHARS, documents_in
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.language_endings import ENDINGS
from paper2run.model.claims import Claim
from paper2run.model.environment import SmokeChoice
from paper2run.model.facts import RepoFacts
from paper2run.model.repo import Paper, Section
from paper2run.model.value import Source
from paper2run.python.python_modules import role_of
from paper2run.smoke.smoke_choices import documented_uses

OF_PAPERS: Final = frozenset({"given", "repository paper"})
"""Origins of a paper's text; a README is one of the documents."""
MAX_CODE_CHARS: Final = 5_000_000
"""Code that is searched for the numbers themselves."""


def stated_claims(tree: RepoTree, facts: RepoFacts, paper: Paper) -> tuple[Claim, ...]:
    """Return what documents and paper state, each number with the command that should print it."""
    read = documents_in(tree)
    documents = (
        Text(path, tree.text(path)[:MAX_DOCUMENT_CHARS], Source(kind="file", path=path))
        for path in read
    )
    sections = (
        # Its place in a PDF is a page; the tables of Markdown are read as such wherever they stand.
        Text("paper.md", section.text, _place(paper, section), section.heading)
        for section in (
            paper.sections if paper.origin in OF_PAPERS and paper.path not in read else ()
        )
    )
    claims = claims_in([*documents, *sections], documented_runs(tree, facts))
    if not claims:
        return ()
    held = _numbers_of_the_code(tree)
    return tuple(
        claim.changed(in_code=value_of(claim.printed).copy_abs() in held) for claim in claims
    )


def _place(paper: Paper, section: Section) -> Source:
    name = paper.path.rpartition("/")[2]
    return Source(kind="paper", path=name, line=section.page, note=section.heading)


def documented_runs(tree: RepoTree, facts: RepoFacts) -> list[SmokeChoice]:
    """Return the commands of documents that need nothing but the checkout."""
    uses = documented_uses(facts, frozenset(tree.files))
    return [choice for choice in uses if choice.kind == "documented"]


def _numbers_of_the_code(tree: RepoTree) -> frozenset[object]:
    """Return the values with a point that the code itself holds, tests aside."""
    held: set[object] = set()
    left = MAX_CODE_CHARS
    for path in tree.matching(*(f"*{ending}" for ending in ENDINGS)):
        if left <= 0:
            break
        if role_of(tree, path) == "test":
            continue
        text = tree.text(path)[:left]
        left -= len(text)
        for line in text.splitlines():
            held |= {
                value_of(one.printed).copy_abs() for one in numbers_in(line) if "." in one.printed
            }
    return frozenset(held)
