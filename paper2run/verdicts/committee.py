"""Answers the questions of an artifact evaluation committee from a run's records. Pure text.

The questions follow the badges of ACM, https://www.acm.org/publications/policies/artifact-review-and-badging-current.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from paper2run.archive_source import ArchivedSource
from paper2run.errors import UserError
from paper2run.formats.plurals import counted
from paper2run.model.facts import Command, RepoFacts
from paper2run.model.grade import Grade
from paper2run.model.leading import WHOLE
from paper2run.model.outcome import BuildFailed, Passed
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt, Metadata
from paper2run.source import RemoteSource, RepositorySource, parse, shown_address
from paper2run.verdicts.attempts_page import log_tail, printed
from paper2run.verdicts.claims_page import in_words
from paper2run.verdicts.failure_words import failure_line, not_shown, shortened
from paper2run.verdicts.headlines import headline
from paper2run.verdicts.overview import README
from paper2run.verdicts.progress import of_candidate
from paper2run.verdicts.verdicts import UNBUILT

Judged = Literal["yes", "partly", "no", "not judged"]

RECORDS: Final = frozenset({"zenodo", "figshare", "osf", "software-heritage", "doi"})
"""Kinds of archives that keep what they have and give it an identifier."""
WORK: Final[frozenset[Grade]] = frozenset({"documented-run", "tests", "results"})
"""Grades that show the authors' own experiment, however small."""
MAX_COMMANDS: Final = 5
"""Documented commands that the evidence lists, of each kind."""
END_LINES: Final = 8
"""Of a log; more of it stands among the attempts."""


class Evidence(NamedTuple):
    """One piece of evidence."""

    words: str
    place: Literal["", "#attempts", "#claims", "#printed", "Dockerfile"] = ""
    """The part of the page, or the file beside it, that has more; empty if none has."""


class Answer(NamedTuple):
    """One question of the committee."""

    question: str
    answer: Judged
    why: str
    evidence: tuple[Evidence, ...] = ()
    end: str = ""
    """The last lines of the log of what failed."""


def committee_answers(
    metadata: Metadata,
    checkout: Checkout,
    facts: RepoFacts,
    attempts: Sequence[Attempt],
    *,
    files: Sequence[str],
    licences: Sequence[str],
) -> tuple[Answer, ...]:
    """Return the answers in the committee's order; `files` and `licences` lie at the repository's root."""
    best = attempts[metadata.best_attempt - 1] if metadata.best_attempt else None
    return (
        _available(checkout, licences),
        _documented(facts, [name for name in files if README.fullmatch(name)]),
        _installs(metadata, attempts, best),
        _runs(metadata, attempts, best),
        _claims(metadata),
    )


def _available(checkout: Checkout, licences: Sequence[str]) -> Answer:
    question, source = "Is it available?", _parsed(checkout.url)
    evidence = [Evidence(f"address: `{shown_address(checkout.url)}`")]
    # The commit that an archive or a plain folder becomes is known to this machine alone.
    if not isinstance(source, ArchivedSource) and checkout.committed_at is not None:
        evidence.append(
            Evidence(f"commit: `{checkout.commit}` (SWHID `swh:1:rev:{checkout.commit}`)")
        )
    named = ", ".join(f"`{path}`" for path in licences)
    licence = f"Its licence: {named}." if named else "No file at its root names a licence."
    evidence += [Evidence(f"licence: `{path}`") for path in licences]
    if isinstance(source, ArchivedSource) and source.kind in RECORDS:
        why = f"An archive keeps it under an identifier. {licence}"
        return Answer(question, "yes" if licences else "partly", why, tuple(evidence))
    if isinstance(source, RemoteSource) or (source is not None and source.kind == "url"):
        why = (
            f"It has an address, but neither a DOI nor an SWHID of an archive was given. {licence}"
        )
        return Answer(question, "partly", why, tuple(evidence))
    why = f"It was given as a folder or file of this machine; where it is published is not known. {licence}"
    return Answer(question, "not judged", why, tuple(evidence))


def _parsed(url: str) -> RepositorySource | None:
    try:
        return parse(url)
    except UserError:
        return None


def _documented(facts: RepoFacts, readmes: Sequence[str]) -> Answer:
    question = "Is it documented?"
    said = [fact for fact in facts.of(Command) if fact.source.kind == "readme"]
    installing = [fact for fact in said if fact.purpose == "install"]
    running = [fact for fact in said if fact.purpose in ("run", "test")]
    if not readmes and not said:
        return Answer(question, "no", "There is no README, and no document names a command.")
    names = ", ".join(f"`{name}`" for name in readmes) or "no README"
    why = (
        f"Documents: {names}; {counted(len(installing), 'command')} to install"
        f" and {counted(len(running), 'command')} to run or test found."
    )
    evidence = tuple(
        Evidence(f"{words}: {_command(fact)} ({fact.source.path}:{fact.source.line})")
        for words, found in (("install", installing), ("run", running))
        for fact in found[:MAX_COMMANDS]
    )
    complete = readmes and installing and running
    return Answer(question, "yes" if complete else "partly", why, evidence)


def _command(fact: Command) -> str:
    is_example = fact.form == "python-example"
    return "an example in Python" if is_example else f"`{shortened(fact.line)}`"


def _installs(metadata: Metadata, attempts: Sequence[Attempt], best: Attempt | None) -> Answer:
    question = "Does it install?"
    if best is None:
        return Answer(question, "not judged", f"No image was built: {headline(metadata)}.")
    failed = [attempt for attempt in attempts if isinstance(attempt.built, BuildFailed)]
    evidence = [
        Evidence(f"attempt {attempt.number}: {failure_line(attempt)}", "#attempts")
        for attempt in failed
    ]
    if isinstance(best.built, BuildFailed):
        why = f"{counted(len(attempts), 'attempt')} built no image."
        return Answer(question, "no", why, tuple(evidence), _end(log_tail(best)))
    image = best.built
    evidence.insert(
        0, Evidence(f"image: `{image.image}`, {image.size_bytes / 1e6:.0f} MB", "Dockerfile")
    )
    lacks = [
        f"{result.rung}: {result.detail}"
        for result in best.verification.rungs
        if result.rung == "imports" and not result.passed
    ]
    around = any(
        attempt.diagnosis and attempt.diagnosis.by == UNBUILT and attempt.number < best.number
        for attempt in of_candidate(attempts, best)
    )
    if around:
        lacks.append("the project's own setup failed, and its code runs from the checkout")
    evidence += [Evidence(words, "#attempts") for words in lacks]
    why = f"Attempt {best.number} built an image in {image.seconds:.0f} s on `{best.planned.plan.base_image}`"
    why += f"; {'; '.join(lacks)}." if lacks else "."
    return Answer(question, "partly" if lacks else "yes", why, tuple(evidence))


def _runs(metadata: Metadata, attempts: Sequence[Attempt], best: Attempt | None) -> Answer:
    question = "Does a small experiment run?"
    if metadata.status in ("planned", "preflight-failed", "exception", "interrupted", "running"):
        return Answer(question, "not judged", f"{headline(metadata)}.")
    if best is None:
        return Answer(question, "no", metadata.reason, (Evidence(f"cause: `{metadata.cause}`"),))
    if isinstance(best.built, BuildFailed):
        return Answer(question, "no", "There is no image in which it could run.")
    evidence = [Evidence(f"command: `{shortened(best.planned.plan.smoke_command)}`")]
    if isinstance(best.smoke, Passed):
        shows = f"grade: `{metadata.grade}`, after {best.smoke.seconds:.0f} s"
        evidence.append(Evidence(shows, "#printed" if printed(best) else ""))
    evidence += [Evidence(f"failed: {words}", "#attempts") for words in not_shown(attempts)]
    end = "" if best.succeeded else _end(log_tail(best))
    if metadata.status != "success":
        return Answer(question, "no", metadata.reason, tuple(evidence), end)
    answer: Judged = "partly"
    if metadata.grade in WORK and metadata.covers in ("", WHOLE):
        answer = "yes"
    elif metadata.grade not in WORK and metadata.grade != "program-starts":
        answer = "no" if not_shown(attempts) else "not judged"
    return Answer(question, answer, f"{headline(metadata)}.", tuple(evidence), end)


def _claims(metadata: Metadata) -> Answer:
    question, found = "Do its claims hold?", metadata.claims
    if found is None:
        why = "No numbers were compared; --target claims compares what documents and paper state with what comes out."
        return Answer(question, "not judged", why)
    answer: Judged = "partly"
    if found.reproduced + found.close + found.differing == 0:
        answer = "not judged"
    elif found.reproduced == found.stated:
        answer = "yes"
    elif found.reproduced + found.close == 0:
        answer = "no"
    evidence = Evidence("each number with its place and the line of the output", "#claims")
    return Answer(question, answer, f"{in_words(found)}.", (evidence,) if found.stated else ())


def _end(text: str) -> str:
    return "\n".join(text.splitlines()[-END_LINES:])
