"""Texts of a page as HTML: lines of a log, sentences with code spans. Jinja escapes all else."""

import re

from markupsafe import Markup, escape

from paper2run.text_gate import flat, visible_lines


def shown(value: object) -> object:
    """Return a text on one line without invisible and direction characters; any other value as it is."""
    return flat(value) if type(value) is str else value


def block(text: str) -> Markup:
    """Return lines for a `pre` element."""
    return escape(visible_lines(text))


def spans(text: str) -> Markup:
    """Return a sentence with its code spans as elements."""
    pieces = re.split(r"`([^`]+)`", flat(text))
    return Markup().join(
        Markup("<code>{}</code>").format(piece) if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    )
