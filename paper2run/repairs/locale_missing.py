"""Sets a UTF-8 locale, or makes the one that the code names.

Reads CPython: `locale.Error: unsupported locale setting`, `UnicodeDecodeError: 'ascii' codec` (setup scripts that read
their README), and Click's `Python 3 was configured to use ASCII`. Slim images know only C, POSIX and C.UTF-8.
"""

import re
from typing import Final

from packaging.version import Version

from paper2run.failures.failed_attempt import FailedAttempt, repaired, with_env, with_packages
from paper2run.failures.failure_log import all_hits, last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.rendering.pip_steps import image_python

NAME: Final = "locale_missing"
NO_LOCALE: Final = re.compile(r"locale\.Error: unsupported locale setting")
ASCII: Final = re.compile(
    r"Unicode(?:Decode|Encode)Error: '(?:ascii|latin-1)' codec can't (?:de|en)code"
    r"|configured to use ASCII as encoding"
)
NAMED: Final = re.compile(
    r"setlocale\(.*['\"](?P<name>[a-z]{2,3}_[A-Z]{2})\.(?P<charset>UTF-?8|utf-?8)['\"]"
)
"""The line of code above the error."""
READS_UTF_8: Final = "3.7"
"""From here on Python itself takes UTF-8 in the C locale (PEP 538, 540): there ASCII is the code's own wish."""
UTF_8: Final = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "UTF-8"}


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the locale; None where the plan has it already."""
    hit = last_hit(failed.lines, NO_LOCALE, ASCII)
    if hit is None:
        return None
    python = image_python(failed.plan.base_image)
    if ASCII.search(hit.line) and python and Version(python) >= Version(READS_UTF_8):
        return None
    named = all_hits(failed.lines, NAMED) if NO_LOCALE.search(hit.line) else []
    if not named:
        return repaired(
            failed,
            NAME,
            with_env(failed.plan, **UTF_8),
            reason="text is UTF-8, the image's locale is not: C.UTF-8",
            evidence=hit.line,
        )
    found = named[-1].match
    step = f"localedef -i {found['name']} -f UTF-8 {found['name']}.UTF-8"
    if step in failed.plan.install_steps:
        return None
    steps = (step, *failed.plan.install_steps)
    return repaired(
        failed,
        NAME,
        {**with_packages(failed.plan, "locales"), "install_steps": steps},
        reason=f"the code asks for the locale {found['name']}.UTF-8, which the image does not have",
        evidence=hit.line,
    )
