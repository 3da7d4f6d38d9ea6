"""Plans R: a package or scripts on Debian's R.

Packages that it loads come from Debian, the rest from CRAN.
"""

import json
import re
import shlex
from typing import Final

from paper2run.commands.plain_commands import UNSAFE
from paper2run.knowledge import debian
from paper2run.model.environment import PlannedEnvironment, SmokeChoice
from paper2run.model.facts import (
    BuildFile,
    Command,
    EntryPoint,
    ForeignRequirement,
    LanguageShare,
    RepoFacts,
    SystemHeader,
    TestSuite,
)
from paper2run.model.image import OUTSIDE
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import NATIVE, leads
from paper2run.planning.plan_builder import PlanBuilder, choice
from paper2run.smoke.program_smoke import reads_the_checkout

NAME: Final = "r_language"

BASE: Final = frozenset(
    {"R", "base", "compiler", "datasets", "graphics", "grDevices", "grid", "methods", "parallel", "splines", "stats",
     "stats4", "tcltk", "tools", "utils"}
)  # fmt: skip
"""Part of R itself."""
FOR_AUTHORS: Final = frozenset(
    {
        "covr",
        "devtools",
        "knitr",
        "lintr",
        "microbenchmark",
        "pkgdown",
        "rmarkdown",
        "roxygen2",
        "spelling",
        "usethis",
    }
)
"""Suggested by packages for writing documents and releases, not for running or testing."""
PACKAGE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9.]*")
"""https://cran.r-project.org/doc/manuals/r-release/R-exts.html#The-DESCRIPTION-file"""


def propose(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan for an R package at the root, or for scripts where R leads; None otherwise."""
    facts = evidence.facts
    package = next(
        (
            fact
            for fact in facts.of(BuildFile)
            if fact.path == "DESCRIPTION" and PACKAGE_NAME.fullmatch(fact.name)
        ),
        None,
    )
    shares = {share.language: share.source for share in facts.of(LanguageShare)}
    if "r" not in shares or (package is None and not leads(evidence, frozenset({"r"}))):
        return None
    builder = PlanBuilder()
    builder.install("r-base-core", why="R itself", source=shares["r"])
    missing = _packages(builder, facts)
    compiled = next((shares[name] for name in sorted(NATIVE) if name in shares), None)
    if compiled is not None or missing:
        builder.install(
            "r-base-dev",
            why="to compile packages",
            source=missing[0].source if compiled is None else compiled,
        )
        for header in facts.of(SystemHeader):
            wanted = debian.packages_of_header(header.header)
            builder.install(*wanted, why=f"<{header.header}>", source=header.source)
    if missing:
        builder.step(_from_cran(missing), missing[0].source)
    if package is None:
        if not _has_scripts(evidence):
            builder.install(
                "r-cran-knitr", why="takes the code out of R Markdown", source=shares["r"]
            )
        first = _script_smoke(evidence)
        others = [each for each in _entries(facts) if each.command != first.command]
        return builder.finish(evidence, first, *others)
    builder.step("R CMD INSTALL --no-docs .", package.source, writes_source=True)
    command = f"cd {OUTSIDE} && Rscript -e {shlex.quote(f'library({package.name})')}"
    loads = choice("import", command, "the package is installed and loads", package.source)
    return builder.finish(evidence, *_test_smokes(facts), loads)


def _test_smokes(facts: RepoFacts) -> list[SmokeChoice]:
    """Return the package's own tests where one file starts them: https://r-pkgs.org/testing-basics.html."""
    return [
        choice(
            "tests",
            f"cd {shlex.quote(suite.source.path.rpartition('/')[0] or '.')} && Rscript testthat.R",
            "its tests pass",
            suite.source,
        )
        for suite in facts.of(TestSuite)
        if suite.runner == "testthat"
    ][:1]


def _packages(builder: PlanBuilder, facts: RepoFacts) -> list[ForeignRequirement]:
    """Install what Debian has; return what it lacks and the code cannot do without."""
    tested = any(suite.runner == "testthat" for suite in facts.of(TestSuite))
    missing: dict[str, ForeignRequirement] = {}
    for fact in facts.of(ForeignRequirement):
        if fact.ecosystem != "r" or fact.name in BASE:
            continue
        if fact.development and (not tested or fact.name in FOR_AUTHORS):
            continue
        package = debian.r_package(fact.name)
        if package:
            builder.install(package, why=f"R package {fact.name}", source=fact.source)
        elif not fact.development:
            missing.setdefault(fact.name, fact)
    return list(missing.values())


def _from_cran(missing: list[ForeignRequirement]) -> str:
    """Return the step that installs from CRAN and fails if a package is missing there.

    The repository is the one that Debian's R is set to.
    """
    names = f"c({', '.join(json.dumps(fact.name) for fact in missing)})"
    code = (
        f"n <- {names}; install.packages(n); stopifnot(all(n %in% rownames(installed.packages())))"
    )
    return f"Rscript -e {shlex.quote(code)}"


def _script_smoke(evidence: Evidence) -> SmokeChoice:
    """Return a documented script whose input is there.

    Else a check that all scripts parse and all their packages load.
    """
    for fact in evidence.facts.of(Command):
        words = fact.line.split()
        if fact.purpose != "run" or UNSAFE.search(fact.line) or words[:1] != ["Rscript"]:
            continue
        if (
            words[1:2]
            and words[1] in evidence.paths
            and reads_the_checkout(words[1:], evidence.paths)
        ):
            return choice("documented", fact.line, "a documented script runs", fact.source)
    loaded = [fact for fact in evidence.facts.of(ForeignRequirement) if fact.ecosystem == "r"]
    names = sorted({fact.name for fact in loaded if not fact.development and fact.name != "R"})
    loads = "".join(f"library({name}); " for name in names)
    if not _has_scripts(evidence):
        return _documents_smoke(evidence, loads)
    code = (
        f'{loads}f <- list.files(".", "[.][Rr]$", recursive = TRUE); stopifnot(length(f) > 0);'
        ' invisible(lapply(f, parse)); cat(length(f), "scripts parse\\n")'
    )
    proves = "all scripts parse, and the packages that they load are there"
    source = next(fact for fact in evidence.facts.of(LanguageShare) if fact.language == "r").source
    return choice("dependencies", f"Rscript -e {shlex.quote(code)}", proves, source)


def _entries(facts: RepoFacts) -> list[SmokeChoice]:
    """Return the starts of the scripts that no other script sources."""
    found = []
    for fact in facts.of(EntryPoint):
        if fact.form != "r-script":
            continue
        start = f"Rscript {shlex.quote(fact.name.removeprefix(fact.folder).removeprefix('/'))}"
        command = f"cd {shlex.quote(fact.folder)} && {start}" if fact.folder else start
        found.append(choice("script", command, "a script runs to its end", fact.source))
    return found


def _has_scripts(evidence: Evidence) -> bool:
    """Whether there is R outside of documents."""
    return any(path.endswith((".R", ".r")) for path in evidence.paths)


def _documents_smoke(evidence: Evidence, loads: str) -> SmokeChoice:
    """Return that the code in all documents parses and all their packages load."""
    code = (
        f'{loads}f <- list.files(".", "[.][Rr]md$", recursive = TRUE); stopifnot(length(f) > 0);'
        " for (p in f) invisible(parse(knitr::purl(p, tempfile(), quiet = TRUE)));"
        ' cat(length(f), "documents parse\\n")'
    )
    proves = "the code in all documents parses, and the packages that it loads are there"
    source = next(fact for fact in evidence.facts.of(LanguageShare) if fact.language == "r").source
    return choice("dependencies", f"Rscript -e {shlex.quote(code)}", proves, source)
