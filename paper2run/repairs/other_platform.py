"""Stops where the repository's own code calls the interfaces of Windows or of Apple's systems.

Reads CPython on Linux (`module 'ctypes' has no attribute 'windll'`, `name 'WindowsError' is not defined`, `module 'os'
has no attribute 'startfile'`, in Python 2 `'module' object has no attribute 'WinDLL'`), the dynamic loader that is
given a `.dll` or `.dylib`, JNA (`Unable to load library 'user32'`), and compilers that lack `windows.h` or
`Cocoa/Cocoa.h`, or are to include `calib\\calib.h`.
Modules of such systems are another rule's; a package of the index that does not build for the same reason says nothing
about the repository, which may do without.
"""

import re
from typing import Final

from paper2run.failures.failed_attempt import FailedAttempt, stopped
from paper2run.failures.failure_log import code_line, last_error, last_hit
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.outcome import BuildFailed
from paper2run.rendering.pip_steps import INSTALLERS

NAME: Final = "other_platform"
WINDOWS: Final = re.compile(
    r"module 'ctypes' has no attribute '(?:windll|WinDLL|oledll|WINFUNCTYPE|WinError)'"
    r"|cannot import name '(?:windll|WinDLL|WINFUNCTYPE|WinError)' from 'ctypes'|name 'WindowsError' is not defined"
    r"|'module' object has no attribute '(?:windll|WinDLL|oledll|WINFUNCTYPE|startfile|STARTUPINFO)'"
    r"|cannot import name (?:windll|WinDLL|WINFUNCTYPE|WinError)$"
    r"|module 'os' has no attribute 'startfile'|module 'signal' has no attribute 'CTRL_(?:C|BREAK)_EVENT'"
    r"|module 'asyncio' has no attribute 'Windows\w+Policy'|module 'subprocess' has no attribute 'STARTUPINFO'"
    r"|OSError: \S+\.dll: (?:cannot open shared object file|invalid ELF header)"
    r"|fatal error: '?(?i:windows|winsock2?|win(?:def|user|base|inet|ternl)|conio|tchar|shlobj|tlhelp32|afx\w*"
    r"|atl(?:base|com|str|win)|ntddk|ntifs|d3d(?:9|1[0-2])\w*)\.h'?(?::| file not found)"
    # JNA's, of what only Windows has.
    r"|UnsatisfiedLinkError: Unable to load library '(?i:user32|kernel32|gdi32|advapi32|shell32|psapi|ntdll)'"
    # A path that only compilers of Windows take.
    r"|fatal error: '?\w[\w.]*\\[\w.\\]+'?(?:: No such file| file not found)"
)
APPLE: Final = re.compile(
    r"OSError: \S+\.dylib: (?:cannot open shared object file|invalid ELF header)|osascript: (?:command )?not found"
    r"|fatal error: '?(?:Cocoa/Cocoa|Foundation/Foundation|CoreFoundation/CoreFoundation|Accelerate/Accelerate)\.h"
)


def repair(failed: FailedAttempt) -> Diagnosis | None:
    """Return the stop with the system and the line of code; None where pip builds someone else's package."""
    failure = failed.failure
    if isinstance(failure, BuildFailed) and INSTALLERS.search(failure.step):
        return None
    hit = last_hit(failed.lines[last_error(failed.lines) :], WINDOWS, APPLE)
    if hit is None:
        return None
    system = "Windows" if hit.match.re is WINDOWS else "macOS"
    return stopped(
        NAME,
        "unsupported_platform",
        reason=f"The code calls what only {system} has.",
        evidence=hit.line,
        source=code_line(failed.lines, hit.line),
        excludes=failed.reach_of(hit.line),
        smallest_change=f"Run on a machine with {system}; or make these calls work on Linux.",
    )
