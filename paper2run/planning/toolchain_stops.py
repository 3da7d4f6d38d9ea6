"""The stop for a repository whose leading code no plan runs: what that code would need."""

from typing import Final

from paper2run.knowledge.language_names import shown_name
from paper2run.model.diagnosis import Cause, Diagnosis, DiagnosisDecision
from paper2run.model.leading import Leading
from paper2run.planning.leading_signs import family_of

PROPRIETARY: Final = {
    "matlab": "MATLAB",
    "stata": "Stata",
    "sas": "SAS",
    "spss": "SPSS",
    "mathematica": "Mathematica",
    "gams": "GAMS",
    "igor": "Igor Pro",
    "visual basic": "Visual Basic",
}
"""Languages whose interpreter needs a licence, as `detectors/languages.py` names them."""
PLANNED: Final = frozenset(
    {"native", "python", "r", "go", "rust", "java", "javascript", "julia", "perl", "shell"}
)
"""Families for which plans are known: what is missing there is a way to start."""


def stop_for(leading: Leading, covered: str = "") -> Diagnosis:
    """Return the stop that says what the leading code needs; `covered` is the part that was shown to work."""
    cause, reason, change = _need(leading)
    proven = cause == "proprietary_toolchain" and (leading.language != "matlab" or leading.named)
    beside = f" What was shown is {covered} only." if covered else ""
    return Diagnosis(
        decision=DiagnosisDecision(
            decision="stop",
            reason=reason + beside,
            confidence="high" if leading.sure and cause != "missing_entrypoint" else "low",
        ),
        by="rules",
        cause=cause,
        evidence="; ".join(leading.signs),
        source=leading.source,
        # Where Octave or no product is named, Octave may run it. What only this program lacks proves nothing of the
        # repository.
        excludes="every-plan" if proven else "this-plan",
        smallest_change=change,
    )


def _need(leading: Leading) -> tuple[Cause, str, str]:
    """Return cause, reason and smallest change."""
    language = leading.language
    product = PROPRIETARY.get(language)
    if language == "matlab":
        change = "Get a MATLAB licence; or, if GNU Octave can run the code, name the command: `--smoke CMD`."
        return "proprietary_toolchain", "The code is MATLAB, which needs a licence.", change
    if product:
        reason = f"Only {product} runs this code, and it needs a licence."
        return "proprietary_toolchain", reason, f"Get a licence of {product}, and an image with it."
    if family_of(language) in PLANNED:
        reason = f"Nothing shows how to build or run the leading code, which is {language}."
        change = (
            "A command to run: `--smoke CMD` with the base image's tools, or a model as planner."
        )
        return "missing_entrypoint", reason, change
    if language.startswith("."):
        reason = (
            f"The code is in files ending in {language}, and Paper2Run does not know their tool."
        )
        change = "The author names the tool that runs these files; an image with it."
        return "unknown_toolchain", reason, change
    tool = leading.tool or f"a tool for {language}"
    name = shown_name(language)
    reason = f"The code is written in {name} and needs {tool}, which Paper2Run does not support."
    return "unknown_toolchain", reason, f"An image with {tool}, and the command that runs the code."
