"""Classes the cause of a failure by its first error alone, for what no rule recognises.

A class is for counting and for people, never a proof: what a rule says of the same failure comes first. What a site
lacks (a registry, a mirror) is named as such, not as the repository's fault.
"""

import re
from typing import Final, Literal

from paper2run.commands.command_purpose import runs_tests
from paper2run.failures.failed_attempt import FailedAttempt
from paper2run.failures.failure_log import connects_itself, last_traceback
from paper2run.failures.gone_names import NO_MODULE, last_gone
from paper2run.knowledge.distributions import distribution_for
from paper2run.knowledge.network_words import NO_NETWORK
from paper2run.knowledge.service_clients import REFUSED
from paper2run.knowledge.toolkits import TOOLKITS
from paper2run.model.diagnosis import Cause
from paper2run.model.outcome import BuildFailed
from paper2run.model.value import Source

Confidence = Literal["low", "medium"]
Row = tuple[re.Pattern[str], Cause, Confidence]

CUDA: Final = (
    r"nvcc\b.*(?:not found|No such file)|No such file or directory: '(?:[^']*/)?nvcc'|CUDA_HOME(?!\.)"
    r"|CUDA_TOOLKIT_ROOT_DIR"
    r"|(?:Failed to|[Cc]ould not) find nvcc|Could NOT find CUDA"
    r"|^\S+:\d+: \*\*\* .*\b(?:CUDA|nvcc)\b|CMAKE_CUDA_COMPILER|No CUDA GPUs|not compiled with CUDA|NVIDIA driver"
    r"|CUDA environment is invalid|cudaErrorNoDevice|CUDA error"
    r"|\b(?:cuda|cublas|cudnn|curand|cusparse|cufft)\w*\.hp{0,2}: No such"
    r"|lib(?:cuda|cudart|cublas|cudnn)\w*\.so|[Nn]o CUDA-capable device"
)
ALWAYS: Final[tuple[Row, ...]] = (
    (re.compile(r"No space left on device|Disk quota exceeded"), "out_of_disk", "medium"),
    (re.compile(r"Killed signal terminated|virtual memory exhausted|Cannot allocate memory|^Killed$|MemoryError"
                r"|SIGKILL"), "out_of_memory", "medium"),
    (re.compile(CUDA), "needs_gpu", "medium"),
    *((toolkit.absent, toolkit.cause, "medium") for toolkit in TOOLKITS),
    # CMake's words of a submodule that is not there, make's of a source.
    (re.compile(r"add_subdirectory given source \S+ which is not an existing directory"
                r"|does not contain a CMakeLists\.txt file"
                r"|No rule to make target [`'][^']+\.(?:c|cc|cpp|cxx|cu|h|hpp|f|f90|java|py)', needed by"),
     "absent_module", "medium"),
    (re.compile(r"\.dll\b|\.dylib\b|windll|WinDLL|WindowsError"
                r"|fatal error: '?(?:(?i:windows|winsock2?)\.h|"
                r"\w[\w.]*\\\w)"
                r"|(?:Unable to load library '|\blib)(?i:user32|kernel32|gdi32|advapi32|shell32|ntdll)(?:'|\.so)"),
     "unsupported_platform", "low"),
    (re.compile(r"requires a different Python|requires Python '|Requires-Python"
                r"|[Pp]ython (?:>=? ?)?\d+\.\d+\+?(?: or (?:newer|later|higher|above))? is (?:needed|required)"),
     "unsupported_python", "medium"),
    (re.compile(r"\b(?:404|410)\b.*(?:Not Found|Gone)|returned error: 4(?:04|10)|repository '[^']+' not found"),
     "dead_link", "low"),
    # javac's: a library that no build file names, or sources that were left out.
    (re.compile(r"error: package [\w.]+ does not exist|cannot find symbol: (?:class|interface) "),
     "absent_module", "medium"),
)  # fmt: skip
BUILDS: Final[tuple[Row, ...]] = (
    (re.compile(NO_NETWORK), "registry_unreachable", "medium"),
    (re.compile(r"ResolutionImpossible|conflicting dependencies|ERESOLVE|version solving failed"),
     "unresolvable", "medium"),
    (re.compile(r"\(from versions: none\)|is not in (?:the npm|this) registry|Could not find artifact"),
     "dead_dependency", "low"),
    # A setup.py lists what the repository lacks: setuptools' words.
    (re.compile(r"package directory '[^']+' does not exist"), "absent_module", "medium"),
    (re.compile(r"satisfies the requirement|No matching (?:distribution|version)"), "unresolvable", "low"),
)  # fmt: skip
RUNS: Final[tuple[Row, ...]] = (
    (re.compile(r"ConnectionRefusedError|[Cc]onnection refused|Cannot assign requested address"
                r"|could not connect to server|psycopg2\.OperationalError"
                r"|ServerSelectionTimeoutError|redis\.exceptions\.ConnectionError|Can't connect to (?:local )?MySQL"
                r"|api_key client option"
                r"|[Aa]uthenticationError|NoCredentialsError|(?:401|403) Client Error|[Ii]nvalid API key"),
     "external_service", "medium"),
    (REFUSED, "external_service", "medium"),
    # Whatever its words, an exception that names a key wants it.
    (re.compile(r"^(?!(?:Name|Syntax|Import|ModuleNotFound|Attribute)Error\b)[\w.]*(?:Error|Exception|Exit|Failure): "
                r".*\b[A-Z][A-Z0-9]*_(?:(?:API|ACCESS|SECRET)_?KEY|(?:API|ACCESS|AUTH)_TOKEN)\b"),
     "external_service", "medium"),
    (re.compile(NO_NETWORK), "missing_data", "medium"),
    (re.compile(r"VersionConflict|DistributionNotFound|ImportError: \S+[=<>~!]=\S+ is (?:needed|required)"),
     "unresolvable", "low"),
    (re.compile(r"can't open file|is a package and cannot be directly executed|No module named \S+\.__main__"
                r"|EOF when reading a line|arguments are required|too few arguments|^[Uu]sage: "
                # Django's, of a part whose project is elsewhere.
                r"|settings are not configured\. You must either define"),
     "missing_entrypoint", "medium"),
    (re.compile(r"\.so[.\d]*: cannot open|undefined symbol|DLL load failed|ABI version|binary incompatib"),
     "build_error", "medium"),
    # R's.
    (re.compile(r"there is no package called"), "absent_module", "low"),
    (re.compile(r"No such file or directory|FileNotFoundError|Resource \S+ not found|(?:IO|OS)Error: \S+ not found"
                # pandas before 1.0.
                r"|Error: File \S+ does not exist"
                # R's readr, data.table and readxl.
                r"|does not exist in current working directory|does not exist or is non-readable|`path` does not exist"
                # Octave's and MATLAB's.
                r"|[Uu]nable to find (?:the )?file|[Uu]nable to read file"),
     "missing_data", "low"),
    # Octave's, of code that was written for MATLAB.
    (re.compile(r"^(?:error: )?parse error(?: near line|:)"),
     "proprietary_toolchain", "low"),
    (re.compile(r"ended by the signal|Segmentation fault|Aborted|Illegal instruction"), "build_error", "low"),
    (re.compile(r"not found$"), "build_error", "low"),
)  # fmt: skip
"""In order: a service before the network that it is asked by."""

NO_TESTS: Final = re.compile(r"^(?:=+ )?no tests ran in |^collected 0 items$|^Ran 0 tests in ")
"""pytest's and unittest's words of a suite without a test; beside errors of collection they say another thing."""
UNDEFINED: Final = re.compile(r"error: '(?P<name>\w+)' undefined")
UNIMPLEMENTED: Final = re.compile(
    r"function is not yet implemented in Octave|function belongs to the .{1,60} package"
)
"""Octave's words of a function of MATLAB's; of others it knows nothing."""
NO_PLACE: Final = re.compile(
    r"IndexError: list index out of range|ValueError: not enough values to unpack"
)
KEY: Final = re.compile(
    r"KeyError: '\w*(?:API_?KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?|_URL|_URI|_DSN)'|[A-Z]_(?:SECRET|TOKEN|PASSWORD)\b"
)
"""An error that names a variable for a service, or a word of a vocabulary: `MAX_TOKEN`."""
OF_ENVIRONMENT: Final = re.compile(r"\benviron\b|\bgetenv\b")
"""The line of code that a traceback shows: the variable is one of the environment."""
PROGRAM: Final = re.compile(r"No such file or directory: '(?P<name>[\w+-]+)'$")
STARTED: Final = re.compile(r"\bsubprocess\b")
"""In a traceback: the file that is not there is a program."""
ARGV: Final = re.compile(r"\bargv\b")
"""The line of code that a traceback shows: the program wants arguments and checks nothing."""

USAGE: Final = re.compile(r"[Uu]sage: ")
PARSER_ERROR: Final = re.compile(r"[\w./-]+: error: ")
"""argparse's and optparse's, below the usage: whatever the words, the program is called another way."""


def cause_of(
    failed: FailedAttempt, error: str, place: Source | None, *, told: bool
) -> tuple[Cause, Confidence]:
    """Return the class of a failure's cause; `undiagnosed` only for a run whose log says nothing.

    `place` is the repository's own line of code in the error's traceback; `told` is false if no line looks like an
    error.
    """
    failure = failed.failure
    if isinstance(failure, BuildFailed):
        if failure.timed_out:
            return "timeout", "medium"
        if not failed.ran_own_code:
            return _row(error, (*ALWAYS, *BUILDS)) or ("build_error", "medium" if told else "low")
    elif failure.out_of_memory:
        return "out_of_memory", "medium"
    elif failure.out_of_disk:
        return "out_of_disk", "medium"
    traced = last_traceback(failed.lines)
    if NO_PLACE.match(error) and any(map(ARGV.search, traced)):
        return "missing_entrypoint", "medium"
    if KEY.search(error) and any(map(OF_ENVIRONMENT.search, traced)):
        return "external_service", "medium"
    if PROGRAM.search(error) and any(map(STARTED.search, traced)):
        return "unknown_toolchain", "low"
    if UNDEFINED.match(error):
        known = any(UNIMPLEMENTED.search(line) for line in failed.lines)
        # What neither Octave nor its list of MATLAB's functions knows is a file of the author's own, or a variable.
        return ("proprietary_toolchain", "medium") if known else ("absent_module", "low")
    if PARSER_ERROR.match(error) and any(map(USAGE.match, failed.lines)):
        return "missing_entrypoint", "medium"
    if NO_TESTS.match(error):
        return "missing_entrypoint", "medium"
    module = NO_MODULE.search(error)
    if re.search(NO_NETWORK, error) and connects_itself(traced):
        return "external_service", "medium"
    gone = last_gone(failed.lines)
    if gone is not None and gone.line == error and failed.gone_release_of(gone.dotted):
        return "dead_dependency", "medium"
    wanted = place is not None or failed.imports_for_the_code
    found = _row(error, (*ALWAYS, *RUNS)) or (
        _of_module(module["name"], wanted=wanted) if module else None
    )
    if found is not None:
        return found
    if place is not None or runs_tests(failed.plan.smoke_command):
        return "code_error", "medium" if place else "low"
    # An exception in none of the repository's lines: its libraries do not fit each other.
    return ("build_error", "low") if told else ("undiagnosed", "low")


def _of_module(module: str, *, wanted: bool) -> tuple[Cause, Confidence]:
    """Return the class of a module that is not there; `wanted` by the repository's own code."""
    guess = distribution_for(module)
    if guess.certainty == "absent":
        return guess.absence, "medium"
    # A library that lacks a module of its own is a wrong release of it.
    return ("absent_module", "medium") if wanted else ("build_error", "low")


def _row(error: str, rows: tuple[Row, ...]) -> tuple[Cause, Confidence] | None:
    return next(
        ((cause, confidence) for pattern, cause, confidence in rows if pattern.search(error)), None
    )
