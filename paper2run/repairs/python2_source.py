"""Moves a plan to Python 2.7 when its code parses there only.

Reads `SyntaxError: Missing parentheses in call to 'print'` (3.x), and modules that only Python 2 has.
Installing such code exits 0; only the import fails. The source is never converted.
"""

import re
from typing import Final

from paper2run.broken import Broken, repaired
from paper2run.failure_log import last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.pip_steps import image_python

NAME: Final = "python2_source"
PYTHON_2: Final = "2.7"
SIGNS: Final = (
    re.compile(r"SyntaxError: Missing parentheses in call to '(?:print|exec)'"),
    re.compile(r"SyntaxError: multiple exception types must be parenthesized"),
    re.compile(r"SyntaxError: leading zeros in decimal integer literals"),
    re.compile(
        r"(?:ModuleNotFoundError|ImportError): No module named '?"
        r"(?:urllib2|ConfigParser|cPickle|Tkinter|StringIO|Queue|HTMLParser|httplib|urlparse|__builtin__|cStringIO)'?$"
    ),
    re.compile(r"NameError: name '(?:unicode|xrange|raw_input|basestring|unichr|execfile|reduce)' is not defined"),
    re.compile(r"AttributeError: 'dict' object has no attribute '(?:iteritems|itervalues|iterkeys|has_key)'"),
)  # fmt: skip


def repair(broken: Broken) -> Diagnosis | None:
    """Return the plan on Python 2.7; None if it is there already or its image is no official Python."""
    hit = last_hit(broken.lines, *SIGNS)
    version = image_python(broken.plan.base_image)
    if hit is None or not version or version == PYTHON_2:
        return None
    return repaired(
        broken,
        NAME,
        {"base_image": broken.plan.base_image.replace(f":{version}", f":{PYTHON_2}", 1)},
        reason="the code is Python 2; it runs on 2.7",
        evidence=hit.line,
        cause="unsupported_python",
        pythons=(PYTHON_2,),
    )
