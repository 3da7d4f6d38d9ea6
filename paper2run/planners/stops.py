"""Stops for a repository that no provider has a plan for, each with the file and line that shows why.

Each says what its evidence excludes: docs/verdicts.md.
"""

import re
from typing import Final

from paper2run.model.diagnosis import Cause, Diagnosis, DiagnosisDecision, Reach
from paper2run.model.facts import (
    BuildFile,
    DataNeed,
    ForeignRequirement,
    LanguageShare,
    MissingPart,
    NoCode,
)
from paper2run.model.value import DEFAULT, Source
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import leading_of, leads
from paper2run.planning.leading_signs import family_of
from paper2run.planning.toolchain_stops import PLANNED, stop_for

TORCH7: Final = frozenset({"torch", "nn", "nngraph", "cutorch", "cunn", "cudnn", "optim"})
"""Torch for Lua: its last release is of 2017, and its parts come from source repositories and LuaRocks alone.
https://github.com/torch/distro"""

COMPILES: Final = frozenset({"maven", "gradle", "ant", "cargo", "go"})
"""Systems that compile the sources beside their file; a Makefile may do anything."""
CLOSED: Final = re.compile(
    r"(?i)(?:^|/)\.gitmodules$|\.(?:zip|tar|t?gz|tgz|t?bz2|t?xz|7z|rar|whl|jar|war|apk|exe|msi|dmg|deb|rpm|mlx|mlapp|mdl|slx|vi|xlsm"
    r"|xlsb|docm|sb3|aia|pbix|knwf|fmu|bin|dsk|iso|img)$"
)
"""Archives, submodules, and what only one program opens: code may be in it."""


def without_plan(evidence: Evidence) -> Diagnosis:
    """Return the stop for a repository that no provider has a plan for."""
    toolchain = _toolchain(evidence)
    # What only this program lacks says less than what the repository lacks, and more than words of a document.
    ours = toolchain is not None and toolchain.cause == "unknown_toolchain"
    return (
        _no_code(evidence)
        or torch_for_lua(evidence)
        or (None if ours else toolchain)
        or _missing_script(evidence)
        or toolchain
        or _restricted_data(evidence)
        or _nothing_to_start(evidence)
    )


def unplannable(refused: str) -> Diagnosis:
    """Return the stop for a repository whose own names or commands would make a forbidden step."""
    return stop_by_evidence(
        "build_error",
        "What the repository declares would make a command that no plan may hold.",
        refused,
        DEFAULT,
        "The author names files, requirements and programs so that no part of a name reads as a command.",
        "this-plan",
    )


def _no_code(evidence: Evidence) -> Diagnosis | None:
    """Stop if the repository has no source code, unless a build file describes how it is built.

    It is no proof beside an archive, a submodule or a program's own format, whose contents are not read; nor beside a
    build file that would compile what is not there.
    """
    builds = evidence.facts.of(BuildFile)
    if any(fact.system not in COMPILES for fact in builds):
        return None
    for fact in evidence.facts.of(NoCode):
        if builds:
            reason = f"The repository holds no code: {fact.why}; {builds[0].path} would build it."
            change = f"The author publishes the code that {builds[0].path} builds."
            source = builds[0].source
            return stop_by_evidence("no_code", reason, fact.why, source, change, "this-plan")
        closed = next((path for path in sorted(evidence.paths) if CLOSED.search(path)), "")
        if closed:
            reason = f"No code can be read here: {fact.why}; {closed} may hold some."
            change = f"The author publishes as source files what {closed} holds."
            return stop_by_evidence("no_code", reason, fact.why, fact.source, change, "this-plan")
        reason = f"The repository holds no code: {fact.why}."
        change = "The author publishes the code."
        return stop_by_evidence("no_code", reason, fact.why, fact.source, change, "every-plan")
    return None


def torch_for_lua(evidence: Evidence) -> Diagnosis | None:
    """Stop if Lua leads and loads Torch."""
    if not leads(evidence, frozenset({"lua"})):
        return None
    loaded = [fact for fact in evidence.facts.of(ForeignRequirement) if fact.ecosystem == "lua"]
    parts = [fact for fact in loaded if fact.name.partition(".")[0] in TORCH7]
    # The core is the clearest evidence; some parts are only loaded with a GPU.
    for fact in sorted(parts, key=lambda fact: fact.name != "torch")[:1]:
        return stop_by_evidence(
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
            return stop_by_evidence(
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
            return stop_by_evidence(
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
        return stop_by_evidence(
            "unsupported_platform",
            f"Only Visual Studio builds this code ({named}), which is a program of Windows.",
            project.path,
            project.source,
            "The author publishes a build for Linux, such as a CMakeLists.txt.",
            # Its sources may be portable all the same.
            "this-plan",
        )
    return stop_by_evidence(
        "missing_entrypoint",
        f"Nothing shows how to run this code ({named}): no build file, no entry point.",
        f"languages found: {named}",
        Source(kind="file", path=shares[0].source.path) if shares else DEFAULT,
        "A command to run: `--smoke CMD` with the base image's tools, or a model as planner.",
        # Without evidence: the rules found nothing to start.
        "this-plan",
    )


def stop_by_evidence(
    cause: Cause,
    reason: str,
    evidence: str,
    source: Source,
    smallest_change: str,
    excludes: Reach,
) -> Diagnosis:
    """Return the stop; what excludes only this plan has low confidence."""
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
