"""Includes the standard C++ header that newer compilers no longer bring along by chance.

Reads g++: `error: 'numeric_limits' is not a member of 'std'` and its kin. Since GCC 11 `<limits>`, `<memory>` and
others must be included by name, since GCC 13 `<cstdint>` too (https://gcc.gnu.org/gcc-11/porting_to.html).
The header is included by wrappers around the compilers: setup scripts and Makefiles that set their own flags hear of
no variable, and the sources stay as they are.
"""

import re
import shlex
from typing import Any, Final

from paper2run.broken import Broken, repaired
from paper2run.failure_log import all_hits
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import EnvPlan
from paper2run.model.outcome import BuildFailed

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
COMPILERS: Final = ("gcc", "g++", "cc", "c++", "x86_64-linux-gnu-gcc", "x86_64-linux-gnu-g++")
CXX_SOURCE: Final = r"*.cpp\ *|*.cc\ *|*.cxx\ *|*.C\ *"
"""Shell pattern over a compiler's arguments: distutils compiles C++ with the C compiler's name."""


def repair(broken: Broken) -> Diagnosis | None:
    """Return the plan with the headers included; None for names that no standard header is known for."""
    if not isinstance(broken.failure, BuildFailed):
        return None
    hits = [*all_hits(broken.lines, NOT_A_MEMBER), *all_hits(broken.lines, NO_TYPE)]
    headers = sorted({HEADERS[hit.match["name"]] for hit in hits if hit.match["name"] in HEADERS})
    known = " ".join(broken.plan.install_steps)
    headers = [name for name in headers if f"-include {name} " not in known]
    if not headers:
        return None
    return repaired(
        broken,
        NAME,
        _with_wrappers(broken.plan, headers),
        reason=f"included for the compiler of today: {', '.join(f'<{name}>' for name in headers)}",
        evidence=hits[-1].line,
    )


def _with_wrappers(plan: EnvPlan, headers: list[str]) -> dict[str, Any]:
    flags = " ".join(f"-include {name}" for name in headers)
    steps = []
    for compiler in COMPILERS:
        lines = (
            "#!/bin/sh",
            f'case " $* " in {CXX_SOURCE}) set -- {flags} "$@";; esac',
            f'exec /usr/bin/{compiler} "$@"',
        )
        place = f"/usr/local/bin/{compiler}"
        steps.append(f"printf '%s\\n' {shlex.join(lines)} > {place} && chmod 755 {place}")
    return {"install_steps": (" && ".join(steps), *plan.install_steps)}
