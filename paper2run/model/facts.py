"""Facts about a repository, one type per kind of evidence; each keeps the file and line it came from."""

from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from paper2run.model.ci import CiJob
from paper2run.model.value import Source, Value

Group = Literal["runtime", "build", "test", "extra", "docs", "limit"]
"""What a dependency is for; a `limit` asks for nothing, and only bounds the version of what is wanted anyway."""
Purpose = Literal["install", "run", "test", "download"]
Where = Literal["package", "script", "test", "notebook", "build"]
GpuSign = Literal["operator", "cuda", "gpu"]
"""operator: code loads a library that only CUDA's compiler builds; cuda: the evidence names CUDA or its compiler;
gpu: anything else that wants a GPU."""
OutsideForm = Literal["service", "web", "licence", "platform", "memory", "time"]
UnreadableCause = Literal[
    "absent",
    "unopened",
    "too-large",
    "binary",
    "empty",
    "malformed",
    "odd-name",
    "limit",
    "detector",
]
"""absent: not there, or what it includes is not; unopened: the system refuses it; malformed: not what its name claims;
limit: beyond one of our own limits; detector: a detector broke off."""

T = TypeVar("T")


class LanguageShare(Value):
    """Source files of one language."""

    kind: Literal["language"] = "language"
    language: str
    """Lower case: python, c, c++, fortran, r, javascript, go, julia, java, lua, matlab, rust, notebook, …"""
    files: int
    size_bytes: int
    side_bytes: int = 0
    """Of these, in parts that never lead: vendored, generated, documentation, tests, examples."""
    foreign_bytes: int = 0
    """Of those, in a `SidePart`: not the authors' code."""
    source: Source


class NamedLanguage(Value):
    """A language that the authors name for their code."""

    kind: Literal["named-language"] = "named-language"
    language: str
    """As `LanguageShare` names it; `octave` beside it."""
    form: Literal["prose", "block", "tag"]
    """prose: a sentence of the README; block: the language of its code blocks; tag: a keyword of the paper."""
    times: int = 1
    source: Source
    """The first place."""


class SidePart(Value):
    """A folder that is not the code of the repository's authors."""

    kind: Literal["side-part"] = "side-part"
    folder: str
    form: Literal["vendored", "paper", "template"]
    """vendored: other people's code; paper: the sources of a text; template: those in a journal's template."""
    why: str
    source: Source


class PythonConstraint(Value):
    """Python versions that the repository says it runs on."""

    kind: Literal["python"] = "python"
    specifier: str
    """PEP 440 specifier set such as `>=3.8,<3.12`; a listed version `3.6` is `==3.6.*`."""
    strength: Literal["required", "tested", "mentioned"]
    """required: an installer would refuse others; tested: a CI matrix, tox; mentioned: classifiers, prose."""
    source: Source


class PythonSyntax(Value):
    """Code that only one major version of Python parses."""

    kind: Literal["python-syntax"] = "python-syntax"
    major: Literal[2, 3]
    minor: int = 0
    """Lowest minor version whose grammar accepts the file; 0 where any of that major does."""
    files: int
    """How many files need it."""
    out_of: int = 0
    """How many files of Python there are in all."""
    source: Source
    """The first file and line that shows it."""


class Requirement(Value):
    """One dependency on a Python distribution, as PEP 508 text."""

    kind: Literal["requirement"] = "requirement"
    text: str
    """Normalised PEP 508 requirement, e.g. `numpy>=1.11; python_version<"3"`."""
    name: str
    """Normalised distribution name (PEP 503)."""
    group: Group
    extra: str = ""
    """Name of the extra or dependency group, where it is one."""
    source: Source


class LockedVersion(Value):
    """One exact version in a lock file of the repository.

    It says what the author had installed and adds no requirement.
    """

    kind: Literal["locked"] = "locked"
    name: str
    """Normalised distribution name (PEP 503)."""
    version: str
    marker: str = ""
    """Environment marker under which the version counts; empty for always."""
    group: Group
    source: Source


class PipInclude(Value):
    """A requirement that is not a name: a URL, a VCS address or a local path."""

    kind: Literal["requirement-url"] = "requirement-url"
    text: str
    group: Group
    source: Source


class OtherIndex(Value):
    """A package index, or a page of links, that the repository's installer asks; we never ask it."""

    kind: Literal["other-index"] = "other-index"
    address: str
    """As written, without login, query and fragment."""
    source: Source


class CondaPackage(Value):
    """One dependency in a conda environment file, outside its pip section."""

    kind: Literal["conda"] = "conda"
    name: str
    version: str = ""
    """The version part as written, e.g. `=1.16`; empty if none."""
    locked: bool = False
    """One of the whole set of a lock file rather than a wish."""
    source: Source


class CondaEnvironment(Value):
    """One file from which conda makes an environment, as written; its packages are separate facts."""

    kind: Literal["conda-environment"] = "conda-environment"
    form: Literal["environment", "lock", "recipe"]
    channels: tuple[str, ...] = ()
    """Names or addresses, most important first; empty if the file names none."""
    specs: tuple[str, ...] = ()
    """Package specifications as written, the interpreter's too, without the pip section."""
    archives: tuple[str, ...] = ()
    """A lock's packages for Linux: address, `#`, digest."""
    source: Source


class SystemPackage(Value):
    """A Debian package that the repository installs (CI, Dockerfile, README) or that its code uses."""

    kind: Literal["system-package"] = "system-package"
    name: str
    called: str = ""
    """The package's program that the code starts, or library that it opens; empty if the repository installs it."""
    source: Source


class Import(Value):
    """A third-party top-level module that the repository's own code imports."""

    kind: Literal["import"] = "import"
    module: str
    """Top-level name, e.g. `sklearn`; two levels for a namespace package, e.g. `google.protobuf`."""
    where: Where
    guarded: bool = False
    """Only inside try/except ImportError, a function, or `if TYPE_CHECKING`: optional."""
    files: int
    below: tuple[str, ...] = ()
    """Names directly below the module that are imported as modules, e.g. `cluster` of `sklearn`; sorted."""
    taken: tuple[str, ...] = ()
    """What unguarded imports take of it, e.g. `sklearn.cluster:KMeans` and `scipy.misc`; sorted, bounded."""
    source: Source
    """The first file and line that imports it."""


class OldName(Value):
    """A name of a library that the code uses and that a release of the library took away."""

    kind: Literal["old-name"] = "old-name"
    name: str
    """Dotted: `tensorflow.contrib.layers`."""
    distribution: str
    below: str
    """The release that took it away: older ones have it."""
    source: Source


class OwnModule(Value):
    """A top-level package or module that the repository itself provides."""

    kind: Literal["own-module"] = "own-module"
    module: str
    root: str
    """Folder that must be on `sys.path` for it, below the repository; empty for the root."""
    installed: bool
    """The packaging metadata lists it, or the layout shows that an install would carry it."""
    hollow: bool = False
    """It holds modules beside `__init__.py`, and each of its files of code is empty; or it is an empty file, as all
    code but that of tests."""
    inner: tuple[str, ...] = ()
    """Modules of a package whose `__init__.py` loads none of them, largest first: its import alone shows nothing."""
    source: Source


class Project(Value):
    """An installable Python project: a folder that `pip install` takes."""

    kind: Literal["project"] = "project"
    root: str
    """Folder below the repository; empty for its root."""
    backend: str
    """PEP 517 backend such as `setuptools.build_meta`, or `setup.py` where no pyproject names one."""
    name: str = ""
    build_imports: tuple[str, ...] = ()
    """Third-party modules that must be there before the build: setup.py imports them, or the backend does."""
    dynamic_version: bool = False
    """The version comes from version control (setuptools_scm, hatch-vcs, pbr, versioneer)."""
    leaves_out: bool = False
    """Its list of packages lacks folders with an `__init__.py` below those that it names."""
    source: Source


class Extension(Value):
    """Compiled code that an install builds."""

    kind: Literal["extension"] = "extension"
    language: Literal["c", "c++", "cython", "fortran", "rust", "cuda", "pybind11"]
    module: str = ""
    """Dotted name of the module that setup.py declares for it; empty where the sources alone show it."""
    source: Source


class Command(Value):
    """A shell command that the repository tells its users to run."""

    kind: Literal["command"] = "command"
    purpose: Purpose
    line: str
    """One command without prompt, continuation lines joined."""
    form: Literal["shell", "python-example"] = "shell"
    """python-example: a block of Python that uses the repository's own package, as `python -c …`."""
    source: Source


class EntryPoint(Value):
    """Something that can be started: a console script or a file with a `__main__` guard."""

    kind: Literal["entry-point"] = "entry-point"
    name: str
    """Console script's name, or the file's path below the repository."""
    form: Literal[
        "console-script",
        "script",
        "module",
        "notebook",
        "node-module",
        "node-program",
        "java-class",
        "perl-script",
        "octave-script",
        "r-script",
    ]
    language: str = ""
    """Of a notebook, in lower case."""
    target: str = ""
    """Of a console script: the dotted module of its function, or the file that is installed."""
    required_arguments: tuple[str, ...] = ()
    """Arguments without which it stops, as its parser declares them."""
    without_parser: bool = False
    """The arguments come from `sys.argv` without a parser, so `--help` would be taken as one."""
    folder: str = ""
    """Of an R script: where it is started, so that it finds the files that it names; empty for the root."""
    source: Source


class TestSuite(Value):
    """A test suite and the program that runs it."""

    __test__ = False

    kind: Literal["tests"] = "tests"
    runner: str
    """pytest, unittest, nose, doctest, make, ctest, npm, go, testthat, …"""
    path: str
    """Folder or file below the repository; empty for the root."""
    files: int
    source: Source


class BuildFile(Value):
    """A build description of a language other than Python, or a container recipe."""

    kind: Literal["build-file"] = "build-file"
    system: str
    """make, cmake, autotools, meson, cargo, npm, go, ant, maven, gradle, r-package, renv, julia, matlab, docker,
    visual-studio; compiler for a document that calls one; main for sources alone; make-settings for a sample to be
    copied to the file `name`."""
    path: str
    name: str = ""
    """What the file calls its package; the import path for go. Empty if it names none."""
    source: Source


class BuildProduct(Value):
    """A program or library that a build description says it makes."""

    kind: Literal["build-product"] = "build-product"
    form: Literal["program", "library"]
    name: str
    """As the build names it: `bwa`, `libbwa.a`; a library of CMake or Meson without its affixes."""
    path: str = ""
    """Where the build leaves it, below the repository; empty if the description does not tell."""
    system: Literal["make", "cmake", "autotools", "meson", "compiler", "main"]
    source: Source


class SystemHeader(Value):
    """A header that C or C++ sources include, and that neither the repository nor the compiler brings."""

    kind: Literal["system-header"] = "system-header"
    header: str
    """As written between the angle brackets."""
    files: int
    source: Source
    """The first file and line that includes it."""


class ForeignRequirement(Value):
    """One dependency on a package of another language, from its manifest or from the sources that load it."""

    kind: Literal["foreign-requirement"] = "foreign-requirement"
    ecosystem: Literal["r", "julia", "npm", "cargo", "go", "maven", "lua", "octave"]
    name: str
    """As the manifest writes it; `group:artifact` for maven."""
    version: str = ""
    """The version part as written; empty if none."""
    development: bool = False
    """Only for working on the package: tests, documentation, build tools."""
    source: Source


class ContainerRecipe(Value):
    """What a Dockerfile of the repository says."""

    kind: Literal["container"] = "container"
    base_image: str
    source: Source


class GpuNeed(Value):
    """A sign that the code wants a GPU."""

    kind: Literal["gpu"] = "gpu"
    hard: bool
    """True if the GPU is indispensable: CUDA sources to compile, an unguarded `.cuda()` in the entry script."""
    sign: GpuSign
    source: Source


class DataNeed(Value):
    """Data or weights that are not in the repository."""

    kind: Literal["data"] = "data"
    what: str
    """URL or path that is wanted."""
    restricted: bool = False
    """The authors keep it, or give it out on request only; `what` are then the words that say so."""
    hard: bool = False
    """Each command that the documents start on the leading code wants something that is not in the checkout."""
    downloaded: bool = False
    """The code fetches it by itself: the network alone brings it."""
    source: Source

    @property
    def address(self) -> str:
        """The URL or path that is wanted; empty where `what` holds the authors' words."""
        return "" if self.restricted else self.what


class WrittenFile(Value):
    """A file of data that code of the repository writes."""

    kind: Literal["written-file"] = "written-file"
    name: str
    """Without its folder."""
    source: Source
    """The first line that writes it."""


class OutsideNeed(Value):
    """Something besides GPU and data that code or documents want from outside the repository."""

    kind: Literal["outside"] = "outside"
    form: OutsideForm
    what: str
    """In a few words: `MATLAB`, `the variable OPENAI_API_KEY`, `64 GB of memory`."""
    hard: bool = False
    """The leading code cannot do its documented work without it."""
    amount: float = 0.0
    """Memory in MB, time in seconds; 0 for all else."""
    host: str = ""
    """Of a web service: whom the code asks."""
    source: Source


class WrittenOn(Value):
    """The latest day that the headers of own files or the notice of copyright name."""

    kind: Literal["written-on"] = "written-on"
    day: date
    """The last of the year where only a year is named."""
    source: Source


class EnvironmentValue(Value):
    """An environment variable that the code reads, and the value that a file of the repository gives it."""

    kind: Literal["environment-value"] = "environment-value"
    name: str
    value: str = ""
    """As written; empty where the file only names it, or its value is to be filled in."""
    at_import: bool = False
    """An import of the file that reads it fails without it."""
    source: Source
    """The line that names it."""


class Unreadable(Value):
    """A file that could not be read as what it claims to be. Never a crash, always a fact."""

    kind: Literal["unreadable"] = "unreadable"
    path: str
    cause: UnreadableCause
    why: str
    """The cause in words for people."""
    source: Source


class MissingPart(Value):
    """What own code imports or includes, or the README starts, and the repository lacks."""

    kind: Literal["missing-part"] = "missing-part"
    form: Literal["module", "script", "header"] = "module"
    """A header may also be a library's: that nobody has it is known where a build fails for want of it."""
    module: str
    """As the import writes it: `mypkg.data.loader`, `.loader`, `config`; a script or header as it is named."""
    path: str
    """Where it would lie, below the repository and without an ending."""
    hard: bool = False
    """Most of the leading work wants it."""
    left_out: Source | None = None
    """The line of `.gitignore` or `.gitmodules` that says why it is not there; None if neither does."""
    source: Source
    """The first import or documented command that wants it."""


class NoCode(Value):
    """The repository holds nothing that could be run."""

    kind: Literal["no-code"] = "no-code"
    why: str
    source: Source


Fact = Annotated[
    LanguageShare
    | NamedLanguage
    | SidePart
    | PythonConstraint
    | PythonSyntax
    | Requirement
    | LockedVersion
    | PipInclude
    | OtherIndex
    | CondaPackage
    | CondaEnvironment
    | SystemPackage
    | Import
    | OldName
    | OwnModule
    | Project
    | Extension
    | Command
    | CiJob
    | EntryPoint
    | TestSuite
    | BuildFile
    | BuildProduct
    | SystemHeader
    | ForeignRequirement
    | ContainerRecipe
    | GpuNeed
    | DataNeed
    | WrittenFile
    | OutsideNeed
    | EnvironmentValue
    | WrittenOn
    | Unreadable
    | MissingPart
    | NoCode,
    Field(discriminator="kind"),
]


class RepoFacts(Value):
    """Everything the detectors found in one commit, in the order of the detectors, then path and line."""

    facts: tuple[Fact, ...] = ()
    files: int = 0
    """Files listed; the listing is bounded (tree.py)."""
    truncated: bool = False
    """True if the repository has more files than were listed."""

    def of(self, kind: type[T]) -> tuple[T, ...]:
        """Return the facts of one type, in order."""
        return tuple(fact for fact in self.facts if isinstance(fact, kind))
