"""Stops for code whose entry point is unusable: empty, or built by CUDA's compiler alone.

Each gives the file and line that shows it. None is given to a command that the user asks for.
"""

from pathlib import PurePosixPath

from paper2run.commands.started_files import PLACEHOLDER, started_files
from paper2run.knowledge.language_endings import ENDINGS
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.facts import (
    Command,
    EntryPoint,
    GpuNeed,
    LanguageShare,
    OwnModule,
    Project,
    TestSuite,
    Unreadable,
)
from paper2run.model.value import Source
from paper2run.planners.stops import stop_by_evidence, torch_for_lua
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import NATIVE, leading_of, leads


def dead_end(evidence: Evidence) -> Diagnosis | None:
    """Return the stop for code whose entry point is unusable; None if something may run."""
    if evidence.asked.smoke:
        return None
    if any(isinstance(fact, Project | TestSuite) for fact in evidence.facts.facts):
        return _hollow_code(evidence)
    leading = leading_of(evidence)
    sure = leading is not None and leading.sure
    return (
        _hollow_code(evidence)
        or _empty_entry(evidence)
        or _cuda_only(evidence)
        # Where another language may lead, its part is shown first.
        or (torch_for_lua(evidence) if sure else None)
    )


def _hollow_code(evidence: Evidence) -> Diagnosis | None:
    """Stop if what is installed, or what tests alone import, is empty code: its import would pass."""
    own = evidence.facts.of(OwnModule)
    meant = [fact for fact in own if fact.installed]
    packages = meant and all(fact.source.path.endswith("/__init__.py") for fact in meant)
    if not packages and _starts_more_than_tests(evidence):
        return None
    meant = meant or [*own]
    if not meant or not all(fact.hollow for fact in meant):
        return None
    if not _leads(evidence, meant[0].source.path):
        return None
    names = ", ".join(fact.module for fact in meant)
    return stop_by_evidence(
        "no_code",
        f"Each file of code of {names} is empty: it would import, and do nothing.",
        meant[0].source.path,
        meant[0].source,
        f"The author publishes the code of {names}.",
        "every-plan",
    )


def _starts_more_than_tests(evidence: Evidence) -> bool:
    """Whether anything can be started beside tests and empty files."""
    tests = {
        _found(word, evidence.paths)
        for fact in evidence.facts.of(Command)
        if fact.purpose == "test"
        for word in fact.line.split()
    }
    return any(entry.name not in tests for entry in evidence.facts.of(EntryPoint))


def _empty_entry(evidence: Evidence) -> Diagnosis | None:
    """Stop if documents start only a script that holds nothing, and nothing else that is complete.

    A notebook counts as complete, whatever documents say; a script that they do not name may be a helper. An empty
    helper in another language than the code's says nothing.
    """
    if any(entry.form == "notebook" for entry in evidence.facts.of(EntryPoint)):
        return None
    empty = {fact.path for fact in evidence.facts.of(Unreadable) if fact.cause == "empty"}
    dead: tuple[str, Command] | None = None
    for fact in evidence.facts.of(Command):
        if fact.purpose != "run" or fact.source.kind != "readme":
            continue
        started = [_found(name, evidence.paths) for name in started_files(fact.line)]
        hollow = [path for path in started if path in empty and _leads(evidence, path)]
        if hollow:
            dead = dead or (hollow[0], fact)
        elif any(started) and not PLACEHOLDER.search(fact.line):
            return None
    if dead is None:
        return None
    path, command = dead
    return stop_by_evidence(
        "missing_entrypoint",
        f"{path}, which the documents start, holds nothing to start: it would end with status 0 and do nothing.",
        f"{command.source}: {command.line}",
        Source(kind="file", path=path),
        f"The author publishes what {path} is to start.",
        "every-plan",
    )


def _leads(evidence: Evidence, path: str) -> bool:
    """Whether a file is in the language that leads; nothing leads where every file is empty."""
    language = ENDINGS.get(PurePosixPath(path).suffix.lower(), "")
    return leading_of(evidence) is None or leads(evidence, frozenset({language}))


def _found(name: str, paths: frozenset[str]) -> str:
    """Return the file that a documented script name means, nearest to the root; else nothing."""
    wanted = name.removeprefix("./")
    found = [path for path in paths if path == wanted or path.endswith(f"/{wanted}")]
    return min(found, key=lambda path: (path.count("/"), path), default="")


def _cuda_only(evidence: Evidence) -> Diagnosis | None:
    """Stop if CUDA's compiler builds everything, or if code loads what that compiler builds."""
    needs = [need for need in evidence.facts.of(GpuNeed) if need.hard]
    loads = next((need for need in needs if need.sign == "operator"), None)
    build = loads or next((need for need in needs if need.sign == "cuda"), None)
    if build is None:
        return None
    native = {
        share.language: share.size_bytes
        for share in evidence.facts.of(LanguageShare)
        if share.language in NATIVE
    }
    built_alone = leads(evidence, NATIVE) and max(native, key=native.__getitem__) == "cuda"
    if loads is None and not built_alone:
        return None
    return stop_by_evidence(
        "needs_gpu",
        "The code needs parts that only CUDA's compiler builds and only an NVIDIA GPU runs, and has no CPU path.",
        str(build.source),
        build.source,
        "Run on a machine with an NVIDIA GPU, in an image with the CUDA toolkit; or add a CPU version of these parts.",
        "every-plan",
    )
