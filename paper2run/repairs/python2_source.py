"""Moves a plan to Python 2.7 when its code parses there only.

Reads `SyntaxError: Missing parentheses in call to 'print'` (3.x), and modules that only Python 2 has.
Installing such code exits 0; only the import fails. The source is never converted. A plain `invalid syntax` counts
where the line of code above it is Python 2's (`raise X, "…"`, `except X, e`, `exec c in d`, backquotes, `<>`, `0777`).
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import Hit, last_error, last_hit
from paper2run.failures.other_python import is_allowed, with_python
from paper2run.model.diagnosis import Diagnosis
from paper2run.rendering.pip_steps import image_python

NAME: Final = "python2_source"
PYTHON_2: Final = "2.7"
SIGNS: Final = (
    re.compile(r"SyntaxError: Missing parentheses in call to '(?:print|exec)'"),
    re.compile(r"TabError: inconsistent use of tabs and spaces"),
    re.compile(r"SyntaxError: multiple exception types must be parenthesized"),
    re.compile(r"SyntaxError: leading zeros in decimal integer literals"),
    re.compile(
        r"(?:ModuleNotFoundError|ImportError): No module named '?"
        r"(?:urllib2|ConfigParser|cPickle|Tkinter|StringIO|Queue|HTMLParser|httplib|urlparse|__builtin__|cStringIO)'?$"
    ),
    re.compile(r"NameError: name '(?:unicode|xrange|raw_input|basestring|unichr|execfile|reduce)' is not defined"),
    re.compile(r"AttributeError: 'dict' object has no attribute '(?:iteritems|itervalues|iterkeys|has_key)'"),
)  # fmt: skip
SYNTAX_ERROR: Final = re.compile(
    r"SyntaxError: invalid (?:syntax|token)|SyntaxError: invalid decimal literal"
)
OLD_CODE: Final = re.compile(
    r"^\s*(?:raise\s+[\w.]+\s*,|except\s+[\w.]+\s*,\s*\w+\s*:|exec\s+.+\s+in\s|print\s+(?:>>|['\"]))"
    r"|<>|`[\w.]+`|[\s(,=]0[0-7]{2,}\b|[\s(,=][uU][rR]['\"]"
)
CODE_IS_WITHIN_LINES: Final = 3
"""Between the line of code and the error stands at most a line of carets."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan on Python 2.7; None where 2.7 is used already, ruled out or not available.

    It is available where the plan's image is an official Python image.
    """
    hit = _hit(failed.lines)
    version = image_python(failed.plan.base_image)
    if hit is None or version in {"", PYTHON_2} or not is_allowed(failed, PYTHON_2):
        return None
    return repaired(
        failed,
        NAME,
        with_python(failed.plan, PYTHON_2),
        reason="the code is Python 2; it runs on 2.7",
        evidence=hit.line,
        cause="unsupported_python",
        pythons=(PYTHON_2,),
    )


def shows_python_2(lines: list[str]) -> bool:
    """Whether the last error is one of code that only Python 2 reads."""
    return _hit(lines) is not None


def _hit(lines: list[str]) -> Hit | None:
    """Return the last error where it is such a sign: an earlier one was handled, or is of byte-compiling."""
    last = last_error(lines)
    hit = last_hit(lines[last:], *SIGNS)
    match = SYNTAX_ERROR.search(lines[last]) if lines and hit is None else None
    shown = lines[max(0, last - CODE_IS_WITHIN_LINES) : last]
    return Hit(match, lines[last].strip()) if match and any(map(OLD_CODE.search, shown)) else hit
