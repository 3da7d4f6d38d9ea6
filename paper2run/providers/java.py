"""Plans Java with Debian's JDK and Ant, Maven or Gradle.

Without a build file the compiler is called directly.
"""

import shlex
from typing import Final

from paper2run.formats.plurals import counted
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import BuildFile, EntryPoint, ForeignRequirement, LanguageShare
from paper2run.model.value import Source
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import leads
from paper2run.planning.plan_builder import PlanBuilder, choice

NAME: Final = "java"

# Ant first: it needs nothing from a registry.
SYSTEMS: Final = ("ant", "maven", "gradle")
CLASSES: Final = "/tmp/classes"
JARS: Final = "$(find . -name '*.jar' | tr '\\n' ':')"


def propose(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan where Java leads; None otherwise."""
    facts = evidence.facts
    java = next((share for share in facts.of(LanguageShare) if share.language == "java"), None)
    if java is None or not leads(evidence, frozenset({"java"})):
        return None
    builds = [fact for fact in facts.of(BuildFile) if fact.system in SYSTEMS]
    build = min(
        builds, key=lambda fact: (fact.path.count("/"), SYSTEMS.index(fact.system)), default=None
    )
    builder = PlanBuilder()
    builder.install("default-jdk-headless", why="to compile and run Java", source=java.source)
    if build is None:
        return _plain(builder, evidence, java.source)
    _with_tool(builder, evidence, build)
    newer = f"find . -newer {shlex.quote(build.path)} \\( -name '*.class' -o -name '*.jar' \\)"
    smoke = choice("compiled", f"{newer} | grep .", "the build made classes", build.source)
    return builder.finish(evidence, smoke)


def _with_tool(builder: PlanBuilder, evidence: Evidence, build: BuildFile) -> None:
    folder = build.path.rpartition("/")[0]
    inside = f"cd {shlex.quote(folder)} && " if folder else ""
    wrapper = f"{folder}/gradlew".lstrip("/")
    packages: tuple[str, ...]
    match build.system:
        case "ant":
            packages, command = ("ant",), "ant"
        case "maven":
            packages, command = ("maven",), "mvn -q -B -DskipTests package"
        case _ if wrapper in evidence.paths:
            packages, command = ("ca-certificates",), "sh ./gradlew --no-daemon assemble"
        case _:
            packages, command = ("gradle",), "gradle --no-daemon assemble"
    builder.install(*packages, why=f"{build.system} builds it", source=build.source)
    fetched = [fact for fact in evidence.facts.of(ForeignRequirement) if fact.ecosystem == "maven"]
    if fetched:
        why = f"fetches {counted(len(fetched), 'package')} from elsewhere"
        builder.install("ca-certificates", why=why, source=fetched[0].source)
    builder.step(inside + command, build.source, writes_source=True)


def _plain(builder: PlanBuilder, evidence: Evidence, source: Source) -> PlannedEnvironment:
    """Return a plan that compiles all sources together, beside the archives that the checkout brings."""
    classes = "/repo/classes"
    builder.step(
        f"mkdir -p {classes} && find . -name '*.java' -not -path '*/test/*' > {CLASSES}"
        f' && javac -nowarn -cp "{JARS}" -d {classes} @{CLASSES}',
        source,
        writes_source=True,
    )
    mains = [fact for fact in evidence.facts.of(EntryPoint) if fact.form == "java-class"]
    if mains:
        # javap loads the class and all that it inherits from, and starts nothing.
        command = f'javap -cp "{classes}:{JARS}" {shlex.quote(mains[0].name)}'
        smoke = choice("compiled", command, f"{mains[0].name} was compiled", mains[0].source)
    else:
        smoke = choice(
            "compiled", f"find {classes} -name '*.class' | grep .", "its classes compile", source
        )
    return builder.finish(evidence, smoke)
