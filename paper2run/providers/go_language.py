"""Plans Go with Debian's compiler.

Code with modules, or in the GOPATH layout from before them (Go 1.11, 2018).
"""

import re
import shlex
from typing import Final

from paper2run.formats.plurals import counted
from paper2run.model.environment import PlannedEnvironment, SmokeChoice
from paper2run.model.facts import BuildFile, Command, ForeignRequirement, RepoFacts, TestSuite
from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.value import DEFAULT
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import leads
from paper2run.planning.plan_builder import PlanBuilder, choice

NAME: Final = "go_language"

GOPATH: Final = "/go"
ALL: Final = "./..."
IMPORT_PATH: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:/[\w~-]+(?:\.[\w~-]+)*)+")
RUN_NONE: Final = "-run '^$'"
"""A package whose tests do not compile fails all the same."""


def propose(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan where Go leads; None otherwise."""
    facts = evidence.facts
    builds = [fact for fact in facts.of(BuildFile) if fact.system == "go"]
    build = min(builds, key=lambda fact: fact.path.count("/"), default=None)
    if build is None or not leads(evidence, frozenset({"go"})):
        return None
    builder = PlanBuilder()
    builder.install("golang-go", why="to compile Go", source=build.source)
    # The image holds no version control data.
    builder.set("GOFLAGS", "-buildvcs=false", "the image holds no history", DEFAULT)
    if build.path.endswith("go.mod"):
        folder = build.path.rpartition("/")[0]
        inside = f"cd {shlex.quote(folder)} && " if folder else ""
        _fetchers(
            builder, _fetched(facts, "") if "vendor/modules.txt" not in evidence.paths else []
        )
        builder.set(
            "GOMODCACHE", f"{GOPATH}/pkg/mod", "kept for the runs that have no network", DEFAULT
        )
    else:
        path = _import_path(evidence, build)
        inside = f"cd {shlex.quote(f'{GOPATH}/src/{path}')} && "
        builder.set("GO111MODULE", "off", "from before modules", build.source)
        builder.set("GOPATH", GOPATH, "the folder that import paths start from", DEFAULT)
        parent = shlex.quote(f"{GOPATH}/src/{path}".rpartition("/")[0])
        link = f"mkdir -p {parent} && ln -s {SOURCE_FOLDER} {shlex.quote(f'{GOPATH}/src/{path}')}"
        builder.step(link, build.source)
        elsewhere = _fetched(facts, path)
        _fetchers(builder, elsewhere)
        if elsewhere:
            builder.step(f"{inside}go get -d -t ./...", elsewhere[0].source)
    what = _packages(evidence, build)
    builder.step(f"{inside}go build {what}", build.source)
    return builder.finish(evidence, *_smokes(facts, inside, what, build))


def _fetched(facts: RepoFacts, own: str) -> list[ForeignRequirement]:
    """Return the packages that must be fetched from elsewhere."""
    found = [fact for fact in facts.of(ForeignRequirement) if fact.ecosystem == "go"]
    return [fact for fact in found if not own or not f"{fact.name}/".startswith(f"{own}/")]


def _fetchers(builder: PlanBuilder, elsewhere: list[ForeignRequirement]) -> None:
    if elsewhere:
        why = f"fetches {counted(len(elsewhere), 'package')} from elsewhere"
        builder.install("git", "ca-certificates", why=why, source=elsewhere[0].source)


def _import_path(evidence: Evidence, build: BuildFile) -> str:
    """Return the checkout's import path, from its sources or from its documents.

    If neither names one, a path that ends in the repository's name.
    """
    name = evidence.asked.name
    words = [fact.line.split() for fact in evidence.facts.of(Command) if "go get" in fact.line]
    got = [found[-1].rpartition("://")[2].rstrip("/") for found in words]
    imported = [fact.name for fact in evidence.facts.of(ForeignRequirement)]
    told = [
        build.name,
        *(path for path in got if path.endswith(f"/{name.rpartition('/')[2]}")),
        *(path for path in imported if path.partition("/")[2] == name),
    ]
    return next((path for path in told if IMPORT_PATH.fullmatch(path)), f"local/{name}")


def _packages(evidence: Evidence, build: BuildFile) -> str:
    """Return the packages to build: the one beside the build file if there is one, else all.

    All are built, too, where a documented command asks for it. Folders below it may hold examples of several programs
    each, which no build of all packages takes.
    """
    folder = build.path.rpartition("/")[0]
    here = any(
        path.endswith(".go") and path.rpartition("/")[0] == folder for path in evidence.paths
    )
    asked = any(ALL in fact.line for fact in evidence.facts.of(Command))
    return "." if here and not asked else ALL


def _smokes(facts: RepoFacts, inside: str, what: str, build: BuildFile) -> list[SmokeChoice]:
    """Return the tests where CI or documents run them, then that packages and tests compile."""
    suites = [suite for suite in facts.of(TestSuite) if suite.runner == "go"]
    told = [fact for fact in facts.of(Command) if fact.purpose == "test" and "go test" in fact.line]
    found = [
        choice("tests", f"{inside}go test {what}", "its tests pass", fact.source)
        for fact in told[:1]
    ]
    source = suites[0].source if suites else build.source
    compiles = choice(
        "compiled", f"{inside}go test {RUN_NONE} {what}", "it and its tests compile", source
    )
    return [*(found if suites else ()), compiles]
