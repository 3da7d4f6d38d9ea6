"""Finds what runs on one platform alone: by modules of Windows, macOS and boards, programs, words.

A need is hard where most of the leading work loads such a module unguarded, or a file that starts a program of Windows
and asks nowhere which system it is on; and where the classifiers of the project name no other system beside it. What
only documents say is soft, unless they say it of the whole code and name Linux nowhere.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.detectors import languages
from paper2run.detectors.documented_work import shared_by_most
from paper2run.detectors.own_modules import own_names
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, LanguageShare, OutsideNeed
from paper2run.model.value import Source
from paper2run.python.python_modules import PythonModule, modules_of

NAME: Final = "platforms"

MODULES: Final = {
    "Windows": frozenset(
        {"winreg", "_winreg", "msvcrt", "winsound", "win32api", "win32con", "win32gui", "win32com", "win32file",
         "win32process", "win32clipboard", "win32service", "win32event", "win32pipe", "pythoncom", "pywintypes",
         "wmi", "pywinauto", "comtypes"}
    ),
    "macOS": frozenset(
        {"objc", "AppKit", "Foundation", "Quartz", "AddressBook", "Cocoa", "CoreFoundation", "ScriptingBridge",
         "rumps", "ApplicationServices", "CoreServices"}
    ),
    "a Raspberry Pi": frozenset({"RPi", "picamera", "picamera2", "smbus", "spidev", "pigpio", "sense_hat"}),
    "a microcontroller": frozenset(
        # Not ujson, which the index has for every machine.
        {"machine", "micropython", "pyb", "pycom", "ubinascii", "uhashlib", "uos", "usocket", "ustruct", "utime"}
    ),
    "Google App Engine": frozenset({"google.appengine", "webapp2_extras"}),
}  # fmt: skip
"""By platform: modules that exist there alone."""
CLASSIFIED: Final = re.compile(r"\bOperating System :: (Microsoft :: Windows|MacOS|[\w ]+)")
"""Trove classifiers, https://peps.python.org/pep-0301/."""
MANIFESTS: Final = ("setup.py", "setup.cfg", "pyproject.toml")
CALLS: Final = re.compile(r"^(?:ctypes\.)?(?:windll|WinDLL|oledll)(?:\.|$)")
WINDOWS_LOADERS: Final = frozenset({"windll", "oledll", "WinDLL", "OleDLL"})
"""What `ctypes` has on Windows alone."""
STARTS: Final = re.compile(
    r"""(?:\bsubprocess\.\w+|\bPopen|\bos\.(?:system|popen|startfile))\(\s*\[?\s*[rfb]{0,2}["']"""
    r"""(?P<program>(?:[^"'\n]{0,200}?[\s/\\])?[\w.{}-]*[\w}]\.(?:bat|cmd|exe))(?=["'\s])""",
    re.IGNORECASE,
)
ASKS: Final = re.compile(r"\bsys\.platform\b|\bplatform\.\w+\(|\bos\.name\b|\bwine\b|\bmono\b")
"""A file that asks for its system, or knows an emulator, starts another program elsewhere."""
WORDS: Final = (
    ("Windows", re.compile(r"(?i)\bwindows[- ]only\b|\bonly (?:\w+ ){0,4}(?:on|under|for|with) (?:microsoft )?windows\b"
                           r"|\brequires? (?:microsoft )?windows\b")),
    ("macOS", re.compile(r"(?i)\b(?:mac ?os(?: x)?|os x)[- ]only\b"
                         r"|\bonly (?:\w+ ){0,4}(?:on|under|for|with) (?:a )?(?:mac ?os|os x|apple|mac\b)"
                         r"|\brequires? (?:mac ?os|os x|an? apple)")),
    ("an ARM processor", re.compile(r"(?i)\brequires? (?:an? )?(?:arm64|aarch64|arm processor|apple silicon)")),
    ("Intel SGX", re.compile(r"(?i)\b(?:requires?|needs?|must (?:have|support)|with)\b[^.\n]{0,40}\bSGX\b")),
    ("an FPGA", re.compile(r"(?i)\b(?:requires?|needs?|must have)\b[^.\n]{0,40}\bFPGAs?\b")),
    ("RDMA hardware", re.compile(r"(?i)\b(?:requires?|needs?|must have)\b[^.\n]{0,60}\b(?:RDMA|InfiniBand)\b")),
    ("a TPU", re.compile(r"(?i)\b(?:requires?|needs?|must have)\b[^.\n]{0,40}\bTPUs?\b")),
)  # fmt: skip
"""By platform: words of a document."""
DOTNET: Final = frozenset({"c#", "f#", "visual basic"})
PROJECTS: Final = ("*.csproj", "*.vbproj", "*.fsproj")
OF_WINDOWS: Final = re.compile(
    r"<Use(?:WPF|WindowsForms)>\s*true|<TargetPlatformIdentifier>\s*UAP|<TargetFrameworks?>[^<;]*-windows[\d.]*<"
    r"|Include=\"(?:System\.Windows\.Forms|PresentationFramework|PresentationCore|WindowsBase|Microsoft\.Kinect"
    r"|Microsoft\.Office\.[\w.]+|UIAutomationClient)[\",]",
    re.IGNORECASE,
)
"""In a project of .NET: what Windows alone has. https://learn.microsoft.com/en-us/dotnet/standard/frameworks"""
PORTABLE: Final = re.compile(r"<TargetFrameworks?>[^<]*(?:netcoreapp|net(?:[5-9]|\d\d)\.0(?:[;<]))")
"""A program that .NET starts on Linux, too; a portable library alone starts nowhere."""
STARTS_ALONE: Final = re.compile(r"<OutputType>\s*Exe\s*<", re.IGNORECASE)
"""A program for the console; Mono starts one of the old framework, too."""
WHOLE: Final = re.compile(
    r"^[^\w\n]{0,20}(?:(?:currently|at (?:the )?(?:present|moment)|for now),? )?"
    r"(?:(?:the|this) (?:code|package|software|library|program|tool|toolbox|project|repository|sdk) (?:currently )?)?"
    r"(?:is |has been )?(?:only (?:works?|runs?|supports?|available|supported)\b[^.\n]{0,30}"
    r"\b(?:windows|mac ?os)\b"
    r"|only (?:windows|mac ?os) is supported|(?:windows|mac ?os)[- ]only)",
    re.IGNORECASE | re.MULTILINE,
)
"""A sentence that says it of the whole code, and not of a part."""
DOCUMENTS: Final = ("README*", "readme*", "INSTALL*")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each platform once: what code shows, then what only documents say."""
    found: dict[str, OutsideNeed] = {}
    for need in (*_code(tree), *_dotnet(tree), *_binaries(tree), *_documents(tree)):
        found.setdefault(need.what, need)
    return found.values()


def _code(tree: RepoTree) -> Iterator[OutsideNeed]:
    code = [module for module in modules_of(tree) if module.role in {"package", "script"}]
    for platform, names in MODULES.items():

        def needs(module: PythonModule, names: frozenset[str] = names) -> bool:
            return any(not guarded for _, guarded, _ in _signs(tree, module, names))

        found = [module for module in code if any(_signs(tree, module, names))]
        if not found:
            continue
        leading = shared_by_most(tree, needs)
        module = leading or found[0]
        line, _, note = min(_signs(tree, module, names), key=lambda sign: (sign[1], sign[0]))
        place = Source(kind="import", path=module.path, line=line, note=note)
        hard = leading is not None or _declared(tree) == platform
        yield OutsideNeed(form="platform", what=platform, hard=hard, source=place)


def _dotnet(tree: RepoTree) -> Iterator[OutsideNeed]:
    """Yield Windows where a project of .NET uses what Windows alone has.

    It is hard where .NET's languages lead, and no project starts on Linux.
    """
    projects = {path: tree.text(path) for path in tree.matching(*PROJECTS)}
    found = {path: match for path, text in projects.items() if (match := OF_WINDOWS.search(text))}
    if not found:
        return
    path, match = next(iter(found.items()))
    shares = [fact for fact in languages.detect(tree) if isinstance(fact, LanguageShare)]
    code = [share for share in shares if share.language not in {"shell", "notebook"}]
    leads = bool(code) and code[0].language in DOTNET
    shared = (tree.text(path) for path in tree.matching("Directory.Build.props"))
    portable = any(map(PORTABLE.search, (*projects.values(), *shared))) or any(
        path not in found and STARTS_ALONE.search(text) for path, text in projects.items()
    )
    line = projects[path].count("\n", 0, match.start()) + 1
    place = Source(kind="file", path=path, line=line, note=match[0].strip("<").split(",")[0][:80])
    yield OutsideNeed(form="platform", what="Windows", hard=leads and not portable, source=place)


def _binaries(tree: RepoTree) -> Iterator[OutsideNeed]:
    """Yield Windows where the classifiers name it alone, and the checkout brings libraries for it alone."""
    found = [path for path in tree.matching("*.dll") if tree.begin(path, 2) == b"MZ"]
    if found and _declared(tree) == "Windows" and not tree.matching("*.so"):
        place = Source(kind="file", path=found[0])
        yield OutsideNeed(form="platform", what="Windows", hard=True, source=place)


def _declared(tree: RepoTree) -> str:
    """Return the only system that the project's classifiers name, Windows or macOS; else empty."""
    metadata = "".join(tree.text(name) for name in MANIFESTS if tree.has(name))
    named = {match[1] for match in CLASSIFIED.finditer(metadata)}
    if named == {"Microsoft :: Windows"}:
        return "Windows"
    return "macOS" if named == {"MacOS"} else ""


def _signs(
    tree: RepoTree, module: PythonModule, names: frozenset[str]
) -> Iterator[tuple[int, bool, str]]:
    """Yield line, whether the module goes on without it, and the name, of each sign of a platform."""
    for imported in module.source.imports:
        moved = names.intersection(imported.names) if imported.module == "six.moves" else ()
        name = next((n for n in names if f"{imported.module}.".startswith(f"{n}.")), "")
        name = name or next(iter(moved), "")
        if imported.module == "ctypes" and "winreg" in names:
            name = next(iter(WINDOWS_LOADERS.intersection(imported.names)), "")
        if name and not imported.level and not own_names(tree).provider_of(imported, module.path):
            yield imported.line, imported.guarded, name
    if "winreg" in names:
        text = tree.text(module.path)
        for started in STARTS.finditer(text) if ".exe" in text or ".bat" in text else ():
            program = re.split(r"[\s/\\]", started["program"])[-1]
            # People name what they compile on Linux `model.exe`, too.
            if not program.lower().endswith(".exe") or _is_of_windows(tree, program):
                line = text.count("\n", 0, started.start()) + 1
                yield line, ASKS.search(text) is not None, program[-60:]
        for called in module.source.calls:
            if CALLS.match(called.name):
                # Where it stands is not known: in a function for Windows, most of the time.
                yield called.line, True, called.name


def _is_of_windows(tree: RepoTree, program: str) -> bool:
    return any(tree.begin(path, 2) == b"MZ" for path in tree.matching(program))


def _documents(tree: RepoTree) -> Iterator[OutsideNeed]:
    for path in tree.matching(*DOCUMENTS):
        if "/" in path:
            continue
        text = tree.text(path)
        for platform, words in WORDS:
            match = words.search(text)
            if match:
                line = text.count("\n", 0, match.start()) + 1
                note = " ".join(match[0].split())[:80]
                place = Source(kind="readme", path=path, line=line, note=note)
                whole = WHOLE.search(text) is not None and "linux" not in text.lower()
                hard = whole or _declared(tree) == platform
                yield OutsideNeed(form="platform", what=platform, hard=hard, source=place)
