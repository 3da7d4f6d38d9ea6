"""Gathers the claims of a checkout and its paper."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from paper2run.claims import notebooks
from paper2run.claims.documented_scripts import script_runs
from paper2run.claims.examples import Example, command_for, examples_in
from paper2run.claims.numbers import numbers_in, skeleton, value_of
from paper2run.claims.pictures import FOLDER, Figure, stored_figures
from paper2run.claims.stated import claims_in
from paper2run.claims.ties import Text
from paper2run.formats.code_blocks import read_document
from paper2run.formats.document_files import MAX_DOCUMENT_CHARS, documents_in
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.language_endings import ENDINGS
from paper2run.model.claims import Claim
from paper2run.model.environment import SmokeChoice
from paper2run.model.facts import EntryPoint, RepoFacts
from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.repo import Paper, PaperTable, Section
from paper2run.model.value import Source
from paper2run.python.notebook_source import MAX_NOTEBOOK_BYTES
from paper2run.python.own_projects import own_projects
from paper2run.python.python_modules import role_of
from paper2run.smoke.documented_uses import documented_uses

OF_PAPERS: Final = frozenset({"given", "repository paper"})
"""Origins of a paper's text; a README is one of the documents."""
FIGURES: Final = str(PurePosixPath(SOURCE_FOLDER) / FOLDER)
"""Where the figures of notebooks are written in the image."""
MAX_NOTEBOOKS: Final = 5
MAX_CLAIMS: Final = 1_000
"""More are a data sheet; the first are kept."""
MAX_NUMBERS: Final = 8
"""Of one line of a notebook: more are the parts of one value."""
HELP: Final = re.compile(r"\s(?:-h|--help|--version)(?:\s|$)")
"""Computes nothing."""
MAX_CODE_CHARS: Final = 5_000_000
"""Code that is searched for the numbers themselves."""


class Stated(NamedTuple):
    """What authors state, and how to let it come out."""

    claims: tuple[Claim, ...]
    commands: dict[str, str]
    """By a claim's `command`: the line of shell that runs it."""
    otherwise: dict[str, str]
    """By a claim's `command`: the line to run where that one fails: behind the commands before it, or for a notebook
    with its cells in another order."""
    figures: dict[str, list[Figure]]
    """By a notebook's `command`: the pictures that it keeps."""
    documented: tuple[str, ...]
    """Those of them that a document names; what they write may be the claims of a file."""
    held: frozenset[object]
    """Values with a point that the code itself holds."""
    told: dict[str, str]
    """By a documented command: the remark behind it."""

    def marked(self, claim: Claim) -> Claim:
        """Return the claim, which says whether the code itself holds its number."""
        return claim.changed(in_code=value_of(claim.printed).copy_abs() in self.held)


def stated_claims(
    tree: RepoTree, facts: RepoFacts, paper: Paper, tables: Sequence[PaperTable] = ()
) -> Stated:
    """Return what documents and paper state, each number with the command that should print it.

    `tables` are those of the paper's PDF.
    """
    read = documents_in(tree)
    documents = [
        Text(path, tree.text(path)[:MAX_DOCUMENT_CHARS], Source(kind="file", path=path))
        for path in read
    ]
    is_apart = paper.origin in OF_PAPERS and paper.path not in read
    of_paper = _of_paper(paper, paper.sections if is_apart else (), tables)
    scripts = list(script_runs(tree, facts))
    runs = [*documented_runs(tree, facts), *(one.choice for one in scripts)]
    claims = [*claims_in([*documents, *of_paper], runs)]
    commands = {one.command: one.command for one in runs}
    commands |= {one.choice.command: one.line for one in scripts}
    otherwise = _behind_others(runs, commands)
    installed = bool(own_projects(facts))
    for text in documents:
        if examples := examples_in(read_document(text.path, text.text).blocks):
            name = f"examples of {text.path}"
            commands[name] = command_for(examples, installed=installed)
            claims += [claim for one in examples for claim in _of_example(one, text, name)]
    figures, known = {}, frozenset(tree.files)
    for path in _notebooks(facts):
        name = f"notebook {path}"
        read_book = tree.read(path, limit_bytes=MAX_NOTEBOOK_BYTES)
        book = read_book if isinstance(read_book, str) else ""
        folder = notebooks.working_folder(path, book, known)
        commands[name] = notebooks.command_for(path, FIGURES, folder=folder)
        if notebooks.has_another_order(book):
            otherwise[name] = notebooks.command_for(path, FIGURES, folder=folder, as_stored=True)
        figures[name] = stored_figures(book)
        lines = notebooks.stored_lines(book)
        claims += [claim for line in lines for claim in _of_cell(line, path, name)]
    claims = claims[:MAX_CLAIMS]
    held = _numbers_of_the_code(tree) if commands else frozenset()
    told = {one.command: _remark(tree, one.source) for one in runs}
    stated = Stated(
        (), commands, otherwise, figures, tuple(one.command for one in runs), held, told
    )
    return stated._replace(claims=tuple(map(stated.marked, claims)))


def _of_paper(
    paper: Paper, sections: Sequence[Section], tables: Sequence[PaperTable]
) -> Iterator[Text]:
    """Yield the tables of a paper's PDF, then its sections."""
    for table in tables:
        place, caption = _place_of_table(paper, table), _caption(paper, table.number)
        yield Text("paper.md", "", place, table=table, caption=caption)
    rows = tuple(row for table in tables for row in table.rows)
    for section in sections:
        # Its place in a PDF is a page; the tables of Markdown are read as such wherever they stand.
        yield Text("paper.md", _prose(section), _place(paper, section), section.heading, rows=rows)


def _of_example(one: Example, text: Text, command: str) -> Iterator[Claim]:
    for number, line in enumerate(one.want.split("\n")):
        for position, found in enumerate(numbers_in(line)):
            yield Claim(
                form="example",
                label=one.source.strip().splitlines()[0][:200],
                position=position,
                line=number,
                row=skeleton(line),
                printed=found.printed,
                unit=found.unit,
                command=command,
                source=text.source.changed(line=one.line),
            )


def _notebooks(facts: RepoFacts) -> list[str]:
    """Return the notebooks of Python, those nearest to the root first, in the order of their names."""
    found = [
        fact.name
        for fact in facts.of(EntryPoint)
        if fact.form == "notebook" and fact.language == "python"
    ]
    return sorted(found, key=lambda path: (path.count("/"), path))[:MAX_NOTEBOOKS]


def _of_cell(line: notebooks.Line, path: str, command: str) -> Iterator[Claim]:
    for position, found in enumerate(numbers_in(line.text)[:MAX_NUMBERS]):
        yield Claim(
            form="cell",
            label=line.code,
            position=position,
            line=line.before,
            cell=line.cell,
            row=skeleton(line.text),
            printed=found.printed,
            unit=found.unit,
            command=command,
            source=Source(kind="file", path=path, note=f"cell {line.cell}"),
        )


def _place(paper: Paper, section: Section) -> Source:
    name = paper.path.rpartition("/")[2]
    return Source(kind="paper", path=name, line=section.page, note=section.heading)


def _place_of_table(paper: Paper, table: PaperTable) -> Source:
    name = paper.path.rpartition("/")[2]
    return Source(kind="paper", path=name, line=table.page, note=f"Table {table.number}")


def _remark(tree: RepoTree, source: Source) -> str:
    lines = tree.text(source.path).split("\n") if source.line else []
    return lines[source.line - 1].partition(" #")[2] if source.line <= len(lines) else ""


def _prose(section: Section) -> str:
    """Return the text of a section, with a heading whose line goes on with its first sentence."""
    runs_on = re.search(r"[a-z]\. [A-Z]", section.heading)
    return f"{section.heading}\n{section.text}" if runs_on else section.text


def _caption(paper: Paper, number: str) -> str:
    """Return what the paper's text says behind `Table 2.`, up to the end of the sentence."""
    begin = re.compile(
        rf"^tab(?:le|\.)\s*{re.escape(number)}[.:]?\s+(\S[^.]{{2,200}})", re.I | re.M
    )
    for section in paper.sections:
        if match := begin.search(section.text):
            return " ".join(match[1].split())
    return ""


def documented_runs(tree: RepoTree, facts: RepoFacts) -> list[SmokeChoice]:
    """Return the commands of documents that need nothing but the checkout."""
    uses = documented_uses(facts, frozenset(tree.files), all_in_order=True)
    return [
        choice for choice in uses if choice.kind == "documented" and not HELP.search(choice.command)
    ]


def _behind_others(runs: Sequence[SmokeChoice], lines: Mapping[str, str]) -> dict[str, str]:
    """Return the lines that run commands behind those before them in the same document.

    What these print is dropped; one of them may fail.
    """
    found: dict[str, str] = {}
    before: dict[str, dict[str, None]] = {}
    for one in runs:
        others = before.setdefault(one.source.path, {})
        if others and one.command not in others:
            first = "\n".join(f"{{ {lines[other]}\n}} >/dev/null 2>&1" for other in others)
            found[one.command] = f"{first}\n{lines[one.command]}"
        others[one.command] = None
    return found


def _numbers_of_the_code(tree: RepoTree) -> frozenset[object]:
    """Return the values with a point that the code itself holds, tests aside."""
    held: set[object] = set()
    left = MAX_CODE_CHARS
    for path in tree.matching(*(f"*{ending}" for ending in ENDINGS)):
        if left <= 0:
            break
        if role_of(tree, path) == "test":
            continue
        text = tree.text(path)
        if path.endswith(".ipynb"):
            # What its cells print is no code.
            text = "\n".join(code for code, _ in notebooks.cells_of(text))
        text = text[:left]
        left -= len(text)
        for line in text.splitlines():
            held |= {
                value_of(one.printed).copy_abs() for one in numbers_in(line) if "." in one.printed
            }
    return frozenset(held)
