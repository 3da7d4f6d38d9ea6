"""Includes the standard C++ header that newer compilers no longer bring along by chance.

Reads g++: `error: 'numeric_limits' is not a member of 'std'` and its kin. Since GCC 11 `<limits>`, `<memory>` and
others must be included by name, since GCC 13 `<cstdint>` too (https://gcc.gnu.org/gcc-11/porting_to.html).
The header is included by wrappers around the compilers: setup scripts and Makefiles that set their own flags hear of
no variable, and the sources stay as they are.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, repaired
from paper2run.failures.failure_log import all_hits
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed
from paper2run.rendering.compiler_wrappers import CXX_SOURCE, flags_first, with_wrappers

NAME: Final = "missing_std_header"
NOT_A_MEMBER: Final = re.compile(
    r"error: [‘'`](?:std::)?(?P<name>\w+)[’'] (?:is not a member of|in namespace) [‘'`]std[’']"
)
NO_TYPE: Final = re.compile(
    r"error: [‘'`](?P<name>u?int(?:8|16|32|64)_t)[’'] (?:does not name a type|was not declared)"
)
HEADERS: Final = {
    "numeric_limits": "limits",
    "unique_ptr": "memory", "shared_ptr": "memory", "make_unique": "memory", "make_shared": "memory",
    "function": "functional", "bind": "functional", "greater": "functional", "less": "functional",
    "sort": "algorithm", "min": "algorithm", "max": "algorithm", "find": "algorithm", "reverse": "algorithm",
    "accumulate": "numeric", "iota": "numeric",
    "pair": "utility", "exchange": "utility", "move": "utility", "swap": "utility",
    "thread": "thread", "this_thread": "thread", "mutex": "mutex", "array": "array", "string": "string",
    "runtime_error": "stdexcept", "invalid_argument": "stdexcept", "logic_error": "stdexcept",
    "setw": "iomanip", "setprecision": "iomanip", "stringstream": "sstream", "ostringstream": "sstream",
    "uint8_t": "cstdint", "uint16_t": "cstdint", "uint32_t": "cstdint", "uint64_t": "cstdint",
    "int8_t": "cstdint", "int16_t": "cstdint", "int32_t": "cstdint", "int64_t": "cstdint",
    "memcpy": "cstring", "memset": "cstring", "strlen": "cstring", "strcmp": "cstring",
    "exit": "cstdlib", "malloc": "cstdlib", "abs": "cstdlib", "atoi": "cstdlib",
}  # fmt: skip
"""Standard header of each name, as the C++ standard has them."""


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the plan with the headers included; None for names that no standard header is known for."""
    if not isinstance(failed.failure, BuildFailed):
        return None
    hits = [*all_hits(failed.lines, NOT_A_MEMBER), *all_hits(failed.lines, NO_TYPE)]
    headers = sorted({HEADERS[hit.match["name"]] for hit in hits if hit.match["name"] in HEADERS})
    known = " ".join(failed.plan.install_steps)
    headers = [name for name in headers if f"-include {name} " not in known]
    if not headers:
        return None
    flags = [f"-include {name}" for name in headers]
    return repaired(
        failed,
        NAME,
        with_wrappers(failed.plan, flags_first(CXX_SOURCE, flags)),
        reason=f"included for the compiler of today: {', '.join(f'<{name}>' for name in headers)}",
        evidence=hits[-1].line,
    )
