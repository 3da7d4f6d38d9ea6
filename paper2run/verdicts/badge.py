"""Draws the badge of a verdict: a small SVG for a README or a page, which loads nothing. Pure text."""

from typing import Final

from markupsafe import escape

from paper2run.model.grade import Grade
from paper2run.model.report import Metadata
from paper2run.text_gate import flat
from paper2run.verdicts.state_names import state_name

LABEL: Final = "paper2run"
GREEN: Final = "#2c6e2f"
AMBER: Final = "#8a5a00"
RED: Final = "#a5282c"
GREY: Final = "#555"
WEAK: Final[frozenset[Grade]] = frozenset({"built-only", "help-only", "imports"})
"""Grades that show none of the work."""
CHARACTER_PX: Final = 6.6
"""Width of an average character at 11 pixels."""
PADDING_PX: Final = 6


def badge(metadata: Metadata) -> str:
    """Return the badge with the words of the run's final state."""
    words = flat(state_name(metadata).replace("_", " "))
    left = round(len(LABEL) * CHARACTER_PX) + 2 * PADDING_PX
    right = round(len(words) * CHARACTER_PX) + 2 * PADDING_PX
    title = escape(f"{LABEL}: {words}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<rect width="{left + right}" height="20" rx="3" fill="{colour(metadata)}"/>'
        f'<path d="M3 0h{left - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#333"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{PADDING_PX}" y="14">{LABEL}</text>'
        f'<text x="{left + PADDING_PX}" y="14">{escape(words)}</text></g></svg>\n'
    )


def colour(metadata: Metadata) -> str:
    """Return the badge's colour: amber for a success that showed none of the work, and for a stop."""
    if metadata.status == "success":
        return AMBER if metadata.grade in WEAK else GREEN
    if metadata.status.startswith("stopped-"):
        return AMBER
    return RED if metadata.status in ("smoke-failed", "max-attempts-exhausted") else GREY
