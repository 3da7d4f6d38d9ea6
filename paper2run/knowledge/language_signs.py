"""What tells the language of a repository: manifests, build files, commands and test runners."""

import re
from typing import Final

MANIFESTS: Final[tuple[tuple[re.Pattern[str], str, float], ...]] = (
    (re.compile(r".*\.cabal|stack\.yaml|cabal\.project"), "haskell", 4),
    (re.compile(r"dune-project|.*\.opam"), "ocaml", 3),
    (re.compile(r"build\.sbt"), "scala", 4),
    (re.compile(r"nextflow\.config|main\.nf"), "nextflow", 3),
    (re.compile(r"Snakefile"), "snakemake", 3),
    (re.compile(r"_CoqProject"), "coq", 4),
    (re.compile(r"lakefile\.(?:lean|toml)"), "lean", 4),
    (re.compile(r"ROOT"), "isabelle", 3),
    (re.compile(r"PackageInfo\.g"), "gap", 4),
    (re.compile(r".*\.sln|.*\.csproj"), "c#", 4),
    (re.compile(r"Package\.swift|.*\.xcodeproj"), "swift", 4),
    (re.compile(r"Gemfile|.*\.gemspec"), "ruby", 2),
    (re.compile(r"project\.clj|deps\.edn"), "clojure", 4),
    (re.compile(r"mix\.exs"), "elixir", 4),
)
"""Files that only one language has, with what they weigh at the root; one folder below they weigh half."""
BUILDS: Final[dict[str, tuple[str, float]]] = {
    "r-package": ("r", 5), "renv": ("r", 2), "cargo": ("rust", 4), "go": ("go", 4), "julia": ("julia", 4),
    "npm": ("javascript", 3), "ant": ("java", 4), "gradle": ("java", 4), "maven": ("java", 4),
    "cmake": ("native", 3), "autotools": ("native", 3), "meson": ("native", 3), "make": ("native", 2),
}  # fmt: skip
"""By the names of `BuildFile`, for those at the root."""
CALLS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(words), family)
    for words, family in (
        (r"(?:\S*/)?(?:python[\d.]*|pip[\d.]*|ipython|jupyter|pytest|tox|nosetests|conda|poetry|uv)\b", "python"),
        (r"(?:streamlit|torchrun)\b|\S+\.py\b", "python"),
        (r"cmake\b|\S*configure\b|autoreconf|\S*autogen\.sh|ctest\b|meson\b", "native"),
        (r"(?:gcc|g\+\+|clang|clang\+\+|gfortran|mpicc|mpif90)(?=\s)", "native"),
        (r"Rscript\b|R\s+(?:CMD|-e)|install\.packages\(|library\(|\S*install_github\(", "r"),
        (r"julia\b|Pkg\.", "julia"),
        (r"(?:node|npm|npx|yarn)\b", "javascript"),
        (r"go\s+(?:run|get|build|install|test)\b", "go"),
        (r"cargo\b|rustc\b", "rust"),
        (r"(?:java|javac|mvn|ant|\S*gradlew?)\b", "java"),
        (r"(?:matlab|mex|octave)\b", "matlab"),
        (r"nextflow\b|nf-core\b", "nextflow"),
        (r"snakemake\b", "snakemake"),
        (r"(?:stack|cabal|ghc|runhaskell)\b", "haskell"),
        (r"(?:opam|dune|ocaml\w*)\b", "ocaml"),
        (r"(?:coqc|coq_makefile|coqtop)\b", "coq"),
        (r"(?:racket|raco)\b", "racket"),
        (r"(?:perl|cpanm?)\b", "perl"),
        (r"(?:sbt|scala)\b", "scala"),
        (r"dotnet\b", "c#"),
        (r"(?:dafny)\b", "dafny"),
        (r"(?:th|lua|luarocks)\b", "lua"),
        (r"(?:ruby|bundle|gem)\b", "ruby"),
    )
)  # fmt: skip
"""How a command of each language begins."""
PREFIX: Final = re.compile(
    r"^(?:sudo\s+|time\s+|(?:[A-Z_]\w*=\S*\s+)+|mpirun\s+(?:-\S+\s+\S+\s+)*)+"
)
SERVES: Final = re.compile(r"-m\s+(?:http\.server|SimpleHTTPServer|venv|virtualenv)\b")
"""Python as a tool for something else."""
TESTED_BY: Final[dict[str, str]] = {
    "pytest": "python", "unittest": "python", "nose": "python", "doctest": "python", "ctest": "native",
    "npm": "javascript", "go": "go", "cargo": "rust", "testthat": "r", "julia": "julia", "maven": "java",
}  # fmt: skip
LIST: Final = re.compile(r"\.(?:txt|in|pip)$")
"""Files that list distributions without making the repository installable."""
MADE_BY: Final = frozenset({"make", "cmake", "autotools"})
"""Build systems at the root that give a documented `make` its meaning."""
