"""Wraps the image's compilers to add flags, where setup scripts and Makefiles ignore variables.

One step writes all wrappers. If a plan already has that step, it is extended, since two would
overwrite each other.
"""

import shlex
from collections.abc import Iterable
from typing import Any, Final

from paper2run.model.environment import EnvPlan

COMPILERS: Final = ("gcc", "g++", "cc", "c++", "x86_64-linux-gnu-gcc", "x86_64-linux-gnu-g++")
CXX_SOURCE: Final = r"*.cpp\ *|*.cc\ *|*.cxx\ *|*.C\ *"
"""Shell pattern over a compiler's arguments: distutils compiles C++ with the C compiler's name."""
C_SOURCE: Final = r"*.c\ *"
STEP_START: Final = "printf '%s\\n' '#!/bin/sh' "
CASE_START: Final = 'case " $* " in '


def flags_first(source: str, flags: Iterable[str]) -> str:
    """Return the wrapper's line that puts `flags` before a compiler's own arguments, for these sources."""
    return f'{CASE_START}{source}) set -- {" ".join(flags)} "$@";; esac'


def flags_last(source: str, flags: Iterable[str]) -> str:
    """Return the wrapper's line that puts `flags` after a compiler's own arguments, where they win."""
    return f'{CASE_START}{source}) set -- "$@" {" ".join(flags)};; esac'


def wrapper_lines(plan: EnvPlan) -> tuple[str, ...]:
    """Return the lines by which the plan's wrappers add flags already, in order, each once."""
    words = [word for step in plan.install_steps if _wraps_c(step) for word in shlex.split(step)]
    return tuple(dict.fromkeys(word for word in words if word.startswith(CASE_START)))


def with_wrappers(plan: EnvPlan, *lines: str) -> dict[str, Any]:
    """Return the change that makes the wrappers hold these lines too, before every other step."""
    kept = tuple(dict.fromkeys((*wrapper_lines(plan), *lines)))
    others = (other for other in plan.install_steps if not _wraps_c(other))
    return {"install_steps": (wrapper_step(kept), *others)}


def wrapper_step(lines: Iterable[str], compilers: Iterable[str] = COMPILERS) -> str:
    """Return the step that writes wrappers with these lines around the compilers."""
    kept = tuple(lines)
    return " && ".join(_write(compiler, kept) for compiler in compilers)


def _write(compiler: str, lines: tuple[str, ...]) -> str:
    script = ("#!/bin/sh", *lines, f'exec /usr/bin/{compiler} "$@"')
    place = f"/usr/local/bin/{compiler}"
    return f"printf '%s\\n' {shlex.join(script)} > {place} && chmod 755 {place}"


def is_wrapper_step(step: str) -> bool:
    """Whether an install step writes wrappers; such a step does not read the checkout."""
    return step.startswith(STEP_START) and " > /usr/local/bin/" in step


def _wraps_c(step: str) -> bool:
    return is_wrapper_step(step) and f" > /usr/local/bin/{COMPILERS[0]} " in step
