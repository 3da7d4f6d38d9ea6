"""The programs that a smoke command may consist of, and the options with which they run nothing."""

import re
from typing import Final

PYTHON: Final = re.compile(r"(?:python|pypy)(?:[23](?:\.\d+)?)?")
SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
INTERPRETERS: Final = frozenset(
    {"Rscript", "R", "julia", "perl", "ruby", "node", "nodejs", "deno", "bun", "java", "scala", "kotlin",
     "groovy", "lua", "luajit", "th", "php", "octave", "octave-cli", "matlab", "sage", "tclsh", "guile",
     "racket", "sbcl", "clisp", "ghc", "runghc", "runhaskell", "ocaml", "swipl", "elixir", "erl", "escript",
     "mono", "dotnet", "spark-submit", "ts-node", "ipython", "jupyter", "papermill", "snakemake", "nextflow",
     "torchrun", "accelerate", "deepspeed", "horovodrun", "coverage", "kernprof", "streamlit", "flask",
     "gnuplot", "gcc", "g++", "cc", "c++", "clang", "clang++", "gfortran", "nvcc", "javac", "rustc", "latexmk",
     "pdflatex"}
)  # fmt: skip
"""Programs that run or compile the file that they are given."""
RUNNERS: Final = frozenset(
    {"pytest", "py.test", "nosetests", "nose2", "tox", "nox", "trial", "make", "gmake", "ninja", "meson",
     "cmake", "ctest", "scons", "waf", "ant", "mvn", "mvnw", "gradle", "gradlew", "sbt", "lein", "cargo", "go",
     "npm", "npx", "yarn", "pnpm", "stack", "cabal", "dune", "mix", "rake", "bundle", "bazel", "prove", "jest",
     "mocha", "phpunit", "lake"}
)  # fmt: skip
"""Programs that find the repository's own code by themselves."""
WITH_SUBCOMMAND: Final = {
    "go": re.compile(r"test|run|build|vet|install"),
    "npm": re.compile(r"test|t|run|run-script|start|ci"),
    "cargo": re.compile(r"test|t|run|r|build|b|check|c|bench"),
    "cmake": re.compile(r"--build|-P|-[SB].*|\.|\.\.|[^-].*"),
}
"""Runners that do something else with other words: `go version`, `npm help`."""
RUNNER_MODULES: Final = frozenset(
    {"pytest", "unittest", "nose", "nose2", "tox", "nox", "twisted", "testify", "xmlrunner"}
)
LAUNCHER_MODULES: Final = re.compile(
    r"(?:cProfile|profile|trace|coverage|runpy|doctest|IPython|jupyter|nbconvert|papermill|memory_profiler|kernprof"
    r"|torch\.distributed\.\w+|accelerate\.commands\.\w+|streamlit|flask|mpi4py|cython|numba)(?:\.\w+)*"
)
"""Modules that run the file that they are given."""
RUN_BY_CODE: Final = re.compile(
    r"\btestthat|\btest_(?:dir|file|local|package)\b|\bdevtools::|\btinytest\b|\bRUnit\b|\bPkg\.test\b|\bpytest\.main\b"
)
"""Code of any language that runs a test suite."""
WRAPPERS: Final = frozenset(
    {"timeout", "env", "nice", "nohup", "stdbuf", "time", "exec", "command", "xvfb-run", "mpirun", "mpiexec",
     "mpiexec.hydra", "srun", "setsid", "unbuffer", "chrt", "taskset", "ionice"}
)  # fmt: skip
"""Programs that run the one behind their options, and end with its status."""
ENVIRONMENTS: Final = frozenset(
    {"conda", "mamba", "micromamba", "uv", "poetry", "pipenv", "pdm", "hatch", "rye", "pixi"}
)
"""Programs whose `run` does so."""
LOOKERS: Final = frozenset(
    {"true", "false", ":", "echo", "printf", "cat", "ls", "grep", "find", "test", "[", "head", "tail", "wc",
     "stat", "file", "sleep", "which", "type", "awk", "sed"}
)  # fmt: skip
KEYWORDS: Final = frozenset(
    {"!", "{", "}", "[[", "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case",
     "esac", "in", "function", "select"}
)  # fmt: skip
ENDING: Final = frozenset(
    {"exit", "exec", "return", "trap", "alias", "unalias", "eval", "break", "continue", "kill"}
)
"""Words of the shell after which what follows may not run, or not as it reads."""
HARMLESS_SET: Final = re.compile(r"-[efuxva]*o?|pipefail|errexit|nounset|xtrace")
LOOK_OPTIONS: Final = frozenset(
    {
        "--version",
        "-version",
        "--help",
        "-h",
        "-V",
        "--dry-run",
        "--just-print",
        "--recon",
        "--show-only",
    }
)
"""What a runner does with these is to print."""
MAKE_LOOKS: Final = re.compile(
    r"-[a-zA-Z]*[nqtip][a-zA-Z]*|--(?:question|touch|ignore-errors|print-data-base)"
)
"""GNU make 4.3: prints, asks, touches, or goes on after errors."""
CODE_OPTIONS: Final = re.compile(r"-e|-E|-ne|-le|--eval|--print|-p|-pe|--execute|--expr")
CHECK_OPTIONS: Final = {
    "perl": re.compile(r"-[wT]*c"), "ruby": re.compile(r"-w?c"), "node": re.compile(r"-c|--check"),
    "nodejs": re.compile(r"-c|--check"), "php": re.compile(r"-l|--syntax-check"),
    "snakemake": re.compile(r"-n|--dryrun"),
}  # fmt: skip
"""What only reads the file's syntax."""
PRINTERS: Final = frozenset({"print", "len", "str", "repr", "type", "bool", "id", "hash"})
