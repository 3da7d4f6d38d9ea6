"""A model's opinion of a run, in words for its report."""

from typing import Final

from paper2run.model.opinion import Opinion, Shows
from paper2run.text_gate import prose

ANSWERS: Final[dict[Shows, str]] = {
    "yes": "what ran shows what the documents say",
    "part": "what ran shows a part of it, or that its code loads",
    "no": "what ran does not show it",
}


def opinion_in_words(opinion: Opinion) -> str:
    """Return who says what of the run, and why."""
    answer = f"{ANSWERS[opinion.shows]} (confidence {opinion.confidence})"
    return f"{opinion.by}: {answer}. {opinion.reason}"


def opinion_section(opinion: Opinion | None) -> str:
    """Return the opinion with the quotes that it stands on; empty without one."""
    if opinion is None:
        return ""
    lines = [
        "## What the model says of it",
        "",
        prose(opinion_in_words(opinion)),
    ]
    if opinion.evidence:
        lines += ["", *(f"- “{prose(quote)}”" for quote in opinion.evidence)]
    return "\n".join(lines)
