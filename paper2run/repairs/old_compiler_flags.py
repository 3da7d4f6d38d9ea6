"""Compiles C and C++ by the rules of its time, where today's GCC has made them stricter.

Reads GNU ld (`multiple definition of`: -fno-common since GCC 10, https://gcc.gnu.org/gcc-10/porting_to.html), GCC 14's
errors for implicit declarations (https://gcc.gnu.org/gcc-14/porting_to.html), `-Werror`, and g++ on code from before
C++11 or C++17. The flags come last, by wrappers around the compilers, since Makefiles set their own.
"""

import re
from typing import Final, NamedTuple

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import all_hits
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed
from paper2run.rendering.compiler_wrappers import (
    C_SOURCE,
    CXX_SOURCE,
    flags_last,
    with_wrappers,
    wrapper_lines,
)

NAME: Final = "old_compiler_flags"
ANY_SOURCE: Final = f"{C_SOURCE}|{CXX_SOURCE}"


class Rule(NamedTuple):
    """What the compiler says, and the flag by which it accepts what it used to accept."""

    sign: re.Pattern[str]
    source: str
    flag: str


RULES: Final = (
    Rule(re.compile(r"multiple definition of [‘'`]"), C_SOURCE, "-fcommon"),
    Rule(re.compile(r"error: implicit declaration of function"), C_SOURCE, "-Wno-error=implicit-function-declaration"),
    Rule(re.compile(r"error: (?:return )?type defaults to [‘'`]int"), C_SOURCE, "-Wno-error=implicit-int"),
    Rule(re.compile(r"error: .*from incompatible pointer type"), C_SOURCE, "-Wno-error=incompatible-pointer-types"),
    Rule(re.compile(r"all warnings being treated as errors|\[-Werror[=\]]"), ANY_SOURCE, "-Wno-error"),
    Rule(re.compile(r"error: .* conflicts with a previous declaration"), CXX_SOURCE, "-std=gnu++98"),
    Rule(re.compile(r"error: narrowing conversion of"), CXX_SOURCE, "-Wno-narrowing"),
    Rule(re.compile(r"error: ISO C\+\+17 does not allow"), CXX_SOURCE, "-std=gnu++14"),
)  # fmt: skip


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the flags of all signs in the log; None where they are there already."""
    if not isinstance(failed.failure, BuildFailed):
        return None
    found = [(rule, hits[-1]) for rule in RULES if (hits := all_hits(failed.lines, rule.sign))]
    present = wrapper_lines(failed.plan)
    new = [
        (rule, hit) for rule, hit in found if flags_last(rule.source, [rule.flag]) not in present
    ]
    if not new:
        return None
    lines = dict.fromkeys(flags_last(rule.source, [rule.flag]) for rule, _ in new)
    return repaired(
        failed,
        NAME,
        with_wrappers(failed.plan, *lines),
        reason=f"compiled by the rules of its time: {' '.join(rule.flag for rule, _ in new)}",
        evidence=new[-1][1].line,
    )
