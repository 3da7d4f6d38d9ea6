"""Plans Julia packages on the official image, with the packages that the General registry offers.

A committed Manifest.toml pins them; without one Julia's own resolver takes the newest that the bounds allow.
https://pkgdocs.julialang.org/v1/, https://hub.docker.com/_/julia
"""

import posixpath
import shlex
from datetime import date
from typing import Final

from packaging.version import InvalidVersion, Version

from paper2run.model.environment import PlannedEnvironment, SmokeChoice
from paper2run.model.facts import BuildFile, Command, ForeignRequirement
from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.value import DEFAULT, Source
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import leads
from paper2run.planning.plan_builder import PlanBuilder, choice
from paper2run.smoke.program_smoke import reads_the_checkout

NAME: Final = "julia"

RELEASED: Final = {
    "1.0": date(2018, 8, 8), "1.1": date(2019, 1, 21), "1.2": date(2019, 8, 20), "1.3": date(2019, 11, 26),
    "1.4": date(2020, 3, 21), "1.5": date(2020, 8, 1), "1.6": date(2021, 3, 24), "1.7": date(2021, 11, 30),
    "1.8": date(2022, 8, 17), "1.9": date(2023, 5, 7), "1.10": date(2023, 12, 25), "1.11": date(2024, 10, 7),
    "1.12": date(2025, 10, 8),
}  # fmt: skip
"""https://julialang.org/downloads/oldreleases/"""
DEPOT: Final = "/julia"


def propose(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan where Julia leads and a Project.toml says what it needs; None otherwise."""
    builds = [fact for fact in evidence.facts.of(BuildFile) if fact.system == "julia"]
    projects = [fact for fact in builds if fact.path.endswith("Project.toml")]
    project = min(projects, key=lambda fact: (fact.path.count("/"), fact.path), default=None)
    if project is None or not leads(evidence, frozenset({"julia"})):
        return None
    version, why, source = _version(evidence)
    builder = PlanBuilder(image=f"julia:{version}", image_why=why, image_source=source)
    folder = posixpath.join(SOURCE_FOLDER, posixpath.dirname(project.path)).rstrip("/")
    builder.set("JULIA_DEPOT_PATH", DEPOT, "kept for the runs that have no network", DEFAULT)
    builder.set("JULIA_PROJECT", folder, "what it needs is listed there", project.source)
    step = "julia -e 'using Pkg; Pkg.instantiate(); Pkg.precompile()'"
    builder.step(f"{step} && chmod -R a+rwX {DEPOT}", project.source, writes_source=True)
    return builder.finish(evidence, *_smokes(evidence, project))


def _version(evidence: Evidence) -> tuple[str, str, Source]:
    """Return the newest release of the commit's day that the bound of Project.toml allows, and why."""
    bound = next(
        (
            fact
            for fact in evidence.facts.of(ForeignRequirement)
            if fact.ecosystem == "julia" and fact.name == "julia"
        ),
        None,
    )
    day = evidence.asked.commit_day or max(RELEASED.values())
    of_the_day = [name for name, released in RELEASED.items() if released <= day]
    newest = (of_the_day or list(RELEASED))[-1 if of_the_day else 0]
    least = _least(bound.version) if bound else None
    if bound is None or least is None or Version(newest) >= least:
        return newest, f"Julia {newest}: the newest of the commit's day", DEFAULT
    name = f"{least.major}.{least.minor}"
    return name, f"Julia {name}: the oldest that its bound allows", bound.source


def _least(bound: str) -> Version | None:
    """Return the lowest version of a bound such as `1.6, 1.9` or `^1.6`; None if it cannot be read."""
    try:
        return min(
            Version(part.strip().lstrip("^~=v><").partition(" ")[0]) for part in bound.split(",")
        )
    except InvalidVersion:
        return None


def _smokes(evidence: Evidence, project: BuildFile) -> list[SmokeChoice]:
    """Return a documented command that reads the checkout, its tests, and the import of the package."""
    found = []
    for fact in evidence.facts.of(Command):
        words = fact.line.split()
        if (
            fact.purpose == "run"
            and words[:1] == ["julia"]
            and reads_the_checkout(words[1:], evidence.paths)
        ):
            found.append(choice("documented", fact.line, "a documented command runs", fact.source))
            break
    folder = posixpath.dirname(project.path)
    if posixpath.join(folder, "test/runtests.jl") in evidence.paths:
        tests = shlex.join(["julia", "-e", "using Pkg; Pkg.offline(true); Pkg.test()"])
        found.append(choice("tests", tests, "its tests pass", project.source))
    if posixpath.join(folder, f"src/{project.name}.jl") in evidence.paths:
        loads = shlex.join(["julia", "-e", f"using {project.name}"])
        return [*found, choice("import", loads, "the package loads", project.source)]
    listed = shlex.join(["julia", "-e", "using Pkg; Pkg.status()"])
    return [
        *found,
        choice("dependencies", listed, "the packages that it needs are installed", project.source),
    ]
