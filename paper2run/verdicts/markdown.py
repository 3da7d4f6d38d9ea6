"""Words for people: the report of a run with verdict, needs and next steps. Pure text.

Text from a repository, an index, a model or a paper passes paper2run/text_gate.py, so that it never acts as markup.
"""

from collections.abc import Sequence
from typing import Final

from paper2run.formats.plurals import counted
from paper2run.model.facts import LanguageShare, RepoFacts, Unreadable
from paper2run.model.repo import Checkout, Paper
from paper2run.model.report import Attempt, Metadata
from paper2run.text_gate import cell, code, fenced, prose
from paper2run.verdicts.attempts_page import attempt_section, attempts_table, printed
from paper2run.verdicts.experiments import in_words
from paper2run.verdicts.failure_words import not_shown
from paper2run.verdicts.headlines import REACHED, headline, part_of
from paper2run.verdicts.opinion_words import opinion_section

NO_PAPER: Final = Paper(path="", origin="none")
OF_PAPERS: Final = frozenset({"given", "repository paper"})
"""Origins of a paper's text; a README stands in where there is none."""


def report(
    metadata: Metadata,
    checkout: Checkout,
    facts: RepoFacts,
    attempts: Sequence[Attempt],
    paper: Paper = NO_PAPER,
    claims: str = "",
) -> str:
    """Return `report.md`: the verdict, `claims`, what to do, what was tried, each decision's reason."""
    parts = [
        _verdict(metadata),
        _printed(metadata, attempts),
        claims,
        _next_steps(metadata),
        _not_shown(attempts),
        _needs(metadata),
        opinion_section(metadata.opinion),
        _tried(metadata),
        attempts_table(attempts),
        *(
            attempt_section(attempt, attempts[number - 1] if number else None)
            for number, attempt in enumerate(attempts)
        ),
        _model(metadata),
        _repository(metadata, checkout, facts, paper),
        _stages(metadata),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdict(metadata: Metadata) -> str:
    lines = [
        f"# {prose(metadata.name)}: {prose(headline(metadata))}",
        "",
        f"**Verdict** `{metadata.status}`"
        + (f", grade `{metadata.grade}`" if metadata.grade != "none" else "")
        + (f", cause `{metadata.cause}`" if metadata.cause else "")
        + (f", covers {prose(part_of(metadata))} only" if part_of(metadata) else ""),
        "",
        prose(metadata.reason),
        *_blame(metadata),
    ]
    if metadata.image:
        size_mb = metadata.image_size_bytes / 1_000_000
        lines += [
            "",
            f"Image {code(metadata.image)} ({size_mb:.0f} MB), reached: {REACHED[metadata.rung]}.",
        ]
        if metadata.image_removed:
            lines.append(
                "It was removed after this verdict was written, as requested; building `Dockerfile` recreates it."
            )
        if metadata.image_pushed:
            pushed = code(metadata.image_pushed)
            lines.append(f"On every machine that reaches the registry: {pushed}.")
    if metadata.notes:
        lines += ["", *(f"- {prose(note)}" for note in metadata.notes)]
    return "\n".join(lines)


def _blame(metadata: Metadata) -> list[str]:
    """Return the first error, what it is about and who wanted that; empty where nothing failed."""
    found = metadata.blame
    if found is None:
        return []
    lines = ["", f"- First error: {code(found.error)}"]
    if found.about:
        lines.append(f"- Concerns: {code(found.about)}")
    if found.wanted_by:
        lines.append(f"- Required by: {prose(found.wanted_by)}")
    return lines


def _printed(metadata: Metadata, attempts: Sequence[Attempt]) -> str:
    """Return the end of what the smoke command printed; empty where none passed."""
    best = attempts[metadata.best_attempt - 1] if metadata.best_attempt else None
    text = printed(best) if best else ""
    return "\n".join(["## What it printed", "", fenced(text, "text")]) if text else ""


def _not_shown(attempts: Sequence[Attempt]) -> str:
    """Return what a success leaves open; empty if the first choice of smoke command passed."""
    lines = [f"- {prose(words)}" for words in not_shown(attempts)]
    return "\n".join(["## What was not shown", "", *lines]) if lines else ""


def _needs(metadata: Metadata) -> str:
    """Return what the work needs from outside, one row each; empty if nothing is known."""
    if not metadata.needs:
        return ""
    rows = [
        f"| {need.kind} | {cell(need.what)} | {'main work' if need.hard else 'a part'} "
        f"| {'met' if need.met else 'unmet'} | {cell(str(need.source))} |"
        for need in metadata.needs
    ]
    head = ["| need | what | needed for | here | source |", "|---|---|---|---|---|"]
    return "\n".join(["## What it needs from outside", "", *head, *rows])


def _next_steps(metadata: Metadata) -> str:
    lines = ["## What to do next", ""]
    match metadata.status:
        case "success":
            if metadata.image_removed:
                lines.append(
                    f"- Build it again, here: {code(f'docker build -t {metadata.image} .')}"
                )
            lines += [
                f"- Run it: {code(f'docker run --rm {metadata.image}')}",
                f"- Look inside: {code(f'docker run --rm -it {metadata.image} bash')}",
                "- Rebuild it anywhere from `Dockerfile` and `repo/` in this folder: see `INSTRUCTIONS.md`",
            ]
        case "stopped-by-llm":
            change = prose(metadata.smallest_change)
            judged = "The model's judgement, not a proof: `--smoke CMD` tries another command."
            lines += [f"- {words}" for words in (judged, change) if words]
        case _ if metadata.smallest_change:
            lines.append(f"- {prose(metadata.smallest_change)}")
            if metadata.experiment is not None:
                lines.append(f"- {prose(in_words(metadata.experiment))}")
            elif metadata.status == "stopped-by-rule":
                lines.append(
                    "- Paper2Run could not try this change: no image, or no stand-in for what is missing."
                )
        case "smoke-failed":
            lines.append(
                "- Read the log below, then try another command (`--smoke`) or let a model diagnose it (`--model`)."
                if metadata.rung != "none"
                else "- Read the log below: without an image no command could run. `--model` asks a model for a repair."
            )
        case "exception":
            lines.append(
                "- The traceback is in `logs/exception.txt`; the finished stages are kept for the next run."
            )
        case _:
            return ""
    return "\n".join(lines)


def _tried(metadata: Metadata) -> str:
    """Return what was tried, and which attempt the folder holds, for a run that ends without success."""
    if metadata.status == "success" or not metadata.attempts:
        return ""
    lines = ["## What was tried", "", *(f"- {prose(line)}" for line in metadata.tried)]
    if not metadata.tried:
        lines.append(
            "- no repair was tried: all attempts were used"
            if metadata.status == "max-attempts-exhausted"
            else "- no repair was tried: no rule repairs this failure"
        )
    if metadata.best_attempt != metadata.attempts:
        lines.append(
            f"- attempt {metadata.best_attempt} came furthest: `plan.json`, `Dockerfile` and the image are from it"
        )
    return "\n".join(lines)


def _model(metadata: Metadata) -> str:
    """Return the model's calls and their cost, one row each; empty if no model was called."""
    if not metadata.model_calls:
        return ""
    cost = "unknown" if metadata.cost_usd is None else f"${metadata.cost_usd:.4f}"
    rows = [
        "## Model",
        "",
        f"{counted(metadata.tokens, 'token')}, cost {cost}. Prompts and answers are in `logs/`.",
        "",
        "| asked for | model | tokens in | tokens out | cost | seconds | failure |",
        "|---|---|---|---|---|---|---|",
    ]
    for call in metadata.model_calls:
        cost = "unknown" if call.cost_usd is None else f"${call.cost_usd:.4f}"
        rows.append(
            f"| {call.purpose} | {cell(call.model)} | {call.prompt_tokens} | {call.completion_tokens} | {cost} "
            f"| {call.latency_s:.1f} | {cell(call.failure)} |"
        )
    return "\n".join(rows)


def _repository(metadata: Metadata, checkout: Checkout, facts: RepoFacts, paper: Paper) -> str:
    languages = ", ".join(f"{share.language} ({share.files})" for share in facts.of(LanguageShare))
    unreadable = [
        f"- not readable: {code(fact.path)}: {prose(fact.why)}" for fact in facts.of(Unreadable)
    ][:20]
    submodules = [
        f"- submodule {code(module.path)} is missing: {prose(module.why_not)}"
        for module in checkout.submodules
        if not module.fetched
    ]
    pointers = [
        f"- Git LFS content not fetched: {code(path)}" for path in checkout.lfs_pointers[:20]
    ]
    date = checkout.committed_at.date().isoformat() if checkout.committed_at else "no date"
    swhids = [*filter(None, (checkout.swhid_revision, checkout.swhid_directory))]
    return "\n".join(
        [
            "## Repository",
            "",
            f"- {prose(checkout.url)} at {code(checkout.commit)} ({date})",
            *([f"- SWHID: {', '.join(map(code, swhids))}"] if swhids else []),
            f"- {counted(facts.files, 'file')}; languages: {languages or 'none'}",
            *(
                [f"- Paper: {prose(paper.title or paper.path)}"]
                if paper.origin in OF_PAPERS
                else []
            ),
            *(f"- {prose(note)}" for note in checkout.notes),
            *submodules,
            *pointers,
            *unreadable,
        ]
    )


def _stages(metadata: Metadata) -> str:
    rows = ["## Stages", "", "| stage | attempt | seconds | cached |", "|---|---|---|---|"]
    rows += [
        f"| {timing.stage} | {timing.attempt or ''} | {timing.seconds:.1f} | {'yes' if timing.cached else ''} |"
        for timing in metadata.stages
    ]
    versions = metadata.versions
    no_engine = "no engine" if metadata.status == "preflight-failed" else "engine not needed"
    rows += [
        "",
        f"paper2run {versions.paper2run} (rules {versions.rules}), Prefect {versions.prefect}, "
        f"{prose(versions.engine or no_engine)}, planner {prose(metadata.planner or 'none')}.",
    ]
    return "\n".join(rows)
