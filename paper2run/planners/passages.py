"""Chooses a paper's passages that help to plan: set-up, data, hardware, versions, results."""

import re
from typing import Final

from paper2run.model.repo import Paper

HEADINGS: Final = re.compile(
    r"install|set-?up|setting|requirement|depend|usage|quick|getting started|run|reproduc|availab|software|code"
    r"|implementation|data|hardware|experiment|result|environment|example|test",
    re.IGNORECASE,
)
WORDS: Final = re.compile(
    r"\b(?:install\w*|requir\w+|depend\w+|version|python|numpy|pytorch|tensorflow|cuda|gpus?|cpus?|memory|linux|ubuntu"
    r"|docker|conda|pip|compil\w+|download\w*|data ?sets?|weights|checkpoint\w*|scripts?|github|gitlab|zenodo|seeds?"
    r"|hours?|minutes|accuracy|table \d)\b|\bv?\d+\.\d+(?:\.\d+)?\b",
    re.IGNORECASE,
)
REFERENCES: Final = re.compile(r"reference|bibliograph|acknowledg", re.IGNORECASE)
HEADING_POINTS: Final = 4
"""Weight of a fitting heading relative to words in the paragraph."""
MAX_PARAGRAPH_CHARS: Final = 1500
"""A longer paragraph (a PDF page without blank lines) is read in pieces of this length."""


def passages(paper: Paper, room_chars: int) -> str:
    """Return the most telling paragraphs in the paper's order, under their headings, within `room_chars`.

    A last line says how many telling paragraphs did not fit.
    """
    ranked = sorted(_paragraphs(paper), key=lambda item: (-item[0], item[1]))
    chosen: list[tuple[int, str, str]] = []
    telling = [paragraph for paragraph in ranked if paragraph[0] > 0]
    for _, place, heading, text in telling:
        size = len(text) + len(heading) + 8
        if size <= room_chars:
            chosen.append((place, heading, text))
            room_chars -= size
    lines: list[str] = []
    last = None
    for _, heading, text in sorted(chosen):
        lines += [f"## {heading}"] if heading and heading != last else []
        lines.append(text)
        last = heading
    if len(chosen) < len(telling):
        lines.append(f"[{len(telling) - len(chosen)} more passages left out]")
    return "\n".join(lines)


def _paragraphs(paper: Paper) -> list[tuple[int, int, str, str]]:
    """Return points, place, heading and text of each paragraph outside the references."""
    found: list[tuple[int, int, str, str]] = []
    for section in paper.sections:
        if REFERENCES.search(section.heading):
            continue
        page = f" (page {section.page})" if section.page else ""
        bonus = HEADING_POINTS if HEADINGS.search(section.heading) else 0
        for text in _pieces(section.text):
            points = bonus + len({match.lower() for match in WORDS.findall(text)})
            found.append((points, len(found), section.heading + page, text))
    return found


def _pieces(text: str) -> list[str]:
    paragraphs = (part.strip() for part in re.split(r"\n\s*\n", text))
    return [
        part[start : start + MAX_PARAGRAPH_CHARS]
        for part in paragraphs
        for start in range(0, len(part), MAX_PARAGRAPH_CHARS)
    ]
