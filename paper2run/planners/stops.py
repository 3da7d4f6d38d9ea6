"""Stops that the evidence alone gives, each with the file and line that shows why nothing can be run.

A stop is only given where no part of the repository could be run: never beside an installable project, a test
suite, or a command that the user asks for. Each says what its evidence excludes: docs/verdicts.md.
"""

import re
from pathlib import PurePosixPath
from typing import Final

from paper2run.commands.started_files import PLACEHOLDER, started_files
from paper2run.knowledge.language_endings import ENDINGS
from paper2run.model.diagnosis import Cause, Diagnosis, DiagnosisDecision, Reach
from paper2run.model.facts import (
    BuildFile,
    Command,
    DataNeed,
    EntryPoint,
    ForeignRequirement,
    GpuNeed,
    LanguageShare,
    MissingPart,
    NoCode,
    OwnModule,
    Project,
    TestSuite,
    Unreadable,
)
from paper2run.model.value import DEFAULT, Source
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import NATIVE, leading_of, leads
from paper2run.planning.leading_signs import family_of
from paper2run.planning.toolchain_stops import PLANNED, stop_for

TORCH7: Final = frozenset({"torch", "nn", "nngraph", "cutorch", "cunn", "cudnn", "optim"})
"""Torch for Lua: its last release is of 2017, and its parts come from source repositories and LuaRocks alone.
https://github.com/torch/distro"""

CLOSED: Final = re.compile(
    r"(?i)(?:^|/)\.gitmodules$|\.(?:zip|tar|t?gz|tgz|t?bz2|t?xz|7z|rar|whl|jar|war|apk|exe|msi|dmg|deb|rpm|mlx|mlapp|mdl|slx|vi|xlsm"
    r"|xlsb|docm|sb3|aia|pbix|knwf|fmu|bin|dsk|iso|img)$"
)
"""Archives, submodules, and what only one program opens: code may be in it."""


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
        or (_torch_for_lua(evidence) if sure else None)
    )


def without_plan(evidence: Evidence) -> Diagnosis:
    """Return the stop for a repository that no provider has a plan for."""
    toolchain = _toolchain(evidence)
    # What only this program lacks says less than what the repository lacks, and more than words of a document.
    ours = toolchain is not None and toolchain.cause == "unknown_toolchain"
    return (
        _no_code(evidence)
        or _torch_for_lua(evidence)
        or (None if ours else toolchain)
        or _missing_script(evidence)
        or toolchain
        or _restricted_data(evidence)
        or _nothing_to_start(evidence)
    )


def unplannable(refused: str) -> Diagnosis:
    """Return the stop for a repository whose own names or commands would make a forbidden step."""
    return _stop(
        "build_error",
        "What the repository declares would make a command that no plan may hold.",
        refused,
        DEFAULT,
        "The author names files, requirements and programs so that no part of a name reads as a command.",
        "this-plan",
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
    return _stop(
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
    return _stop(
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
    return _stop(
        "needs_gpu",
        "The code needs parts that only CUDA's compiler builds and only an NVIDIA GPU runs, and has no CPU path.",
        str(build.source),
        build.source,
        "Run on a machine with an NVIDIA GPU, in an image with the CUDA toolkit; or add a CPU version of these parts.",
        "every-plan",
    )


def _no_code(evidence: Evidence) -> Diagnosis | None:
    """Stop if the repository has no source code, unless a build file describes how it is built.

    It is no proof beside an archive, a submodule or a program's own format, whose contents are not read.
    """
    if evidence.facts.of(BuildFile):
        return None
    for fact in evidence.facts.of(NoCode):
        closed = next((path for path in sorted(evidence.paths) if CLOSED.search(path)), "")
        if closed:
            reason = f"No code can be read here: {fact.why}; {closed} may hold some."
            change = f"The author publishes as source files what {closed} holds."
            return _stop("no_code", reason, fact.why, fact.source, change, "this-plan")
        reason = f"The repository holds no code: {fact.why}."
        change = "The author publishes the code."
        return _stop("no_code", reason, fact.why, fact.source, change, "every-plan")
    return None


def _torch_for_lua(evidence: Evidence) -> Diagnosis | None:
    """Stop if Lua leads and loads Torch."""
    if not leads(evidence, frozenset({"lua"})):
        return None
    loaded = [fact for fact in evidence.facts.of(ForeignRequirement) if fact.ecosystem == "lua"]
    parts = [fact for fact in loaded if fact.name.partition(".")[0] in TORCH7]
    # The core is the clearest evidence; some parts are only loaded with a GPU.
    for fact in sorted(parts, key=lambda fact: fact.name != "torch")[:1]:
        return _stop(
            "dead_dependency",
            f"The code loads {fact.name} of Torch for Lua, which has had no release since 2017 and is in no"
            " package registry.",
            f"require '{fact.name}'",
            fact.source,
            "A port to PyTorch, or an image in which somebody has built Torch for Lua.",
            "every-plan",
        )
    return None


def _toolchain(evidence: Evidence) -> Diagnosis | None:
    """Stop if the leading code is for a tool that no plan brings."""
    leading = leading_of(evidence)
    if leading is None or family_of(leading.language) in PLANNED:
        return None
    return stop_for(leading)


def _restricted_data(evidence: Evidence) -> Diagnosis | None:
    for need in evidence.facts.of(DataNeed):
        if need.restricted:
            return _stop(
                "missing_data",
                "Nothing is known that could be run without data that the authors keep, or give out on request only.",
                need.what,
                need.source,
                "Access to the data; or a sample of them in the repository.",
                # A document says so; no run has shown that the code asks for them.
                "this-plan",
            )
    return None


def _missing_script(evidence: Evidence) -> Diagnosis | None:
    """Stop if the README starts a script that is not there, and nothing else shows how to run the code.

    A build file may write the script, or build what leads.
    """
    if any(
        fact.system not in ("matlab", "docker", "visual-studio")
        for fact in evidence.facts.of(BuildFile)
    ):
        return None
    for part in evidence.facts.of(MissingPart):
        if part.form == "script":
            return _stop(
                "missing_entrypoint",
                f"Documents start {part.path}, which is not in the repository, and nothing else can be started.",
                part.module,
                part.source,
                f"The author publishes {part.path}.",
                "every-install",
            )
    return None


def _nothing_to_start(evidence: Evidence) -> Diagnosis:
    shares = evidence.facts.of(LanguageShare)
    named = ", ".join(share.language for share in shares) or "none that is known here"
    studio = (fact for fact in evidence.facts.of(BuildFile) if fact.system == "visual-studio")
    if project := next(studio, None):
        return _stop(
            "unsupported_platform",
            f"Only Visual Studio builds this code ({named}), which is a program of Windows.",
            project.path,
            project.source,
            "The author publishes a build for Linux, such as a CMakeLists.txt.",
            # Its sources may be portable all the same.
            "this-plan",
        )
    return _stop(
        "missing_entrypoint",
        f"Nothing shows how to run this code ({named}): no build file, no entry point.",
        f"languages found: {named}",
        Source(kind="file", path=shares[0].source.path) if shares else DEFAULT,
        "A command to run: `--smoke CMD` with the base image's tools, or a model as planner.",
        # Without evidence: the rules found nothing to start.
        "this-plan",
    )


def _stop(
    cause: Cause,
    reason: str,
    evidence: str,
    source: Source,
    smallest_change: str,
    excludes: Reach,
) -> Diagnosis:
    confidence: Final = "low" if excludes == "this-plan" else "high"
    return Diagnosis(
        decision=DiagnosisDecision(decision="stop", reason=reason, confidence=confidence),
        by="rules",
        cause=cause,
        evidence=evidence,
        source=source,
        excludes=excludes,
        smallest_change=smallest_change,
    )
