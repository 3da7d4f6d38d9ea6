"""Plans Rust with Debian's cargo.

Crates come from their registry, or from the repository's own vendor folder.
"""

import shlex
from typing import Final

from paper2run.formats.plurals import counted
from paper2run.model.environment import PlannedEnvironment, SmokeChoice
from paper2run.model.facts import BuildFile, ForeignRequirement
from paper2run.model.value import DEFAULT
from paper2run.planning.build_backends import compiles_the_root
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import leads
from paper2run.planning.plan_builder import PlanBuilder, choice
from paper2run.smoke.program_smoke import NOT_STARTED, SAID

NAME: Final = "rust"

HOME: Final = "/cargo"
LISTED: Final = "find target/release -maxdepth 1 -type f"


def propose(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan where Rust leads and a crate is described; None otherwise."""
    facts = evidence.facts
    builds = [fact for fact in facts.of(BuildFile) if fact.system == "cargo"]
    build = min(builds, key=lambda fact: (fact.path.count("/"), fact.path), default=None)
    if build is None or not leads(evidence, frozenset({"rust"})) or compiles_the_root(facts):
        return None
    folder = build.path.rpartition("/")[0]
    inside = f"cd {shlex.quote(folder)} && " if folder else ""
    builder = PlanBuilder()
    builder.install(
        "cargo", "gcc", "libc6-dev", "pkg-config", why="to compile Rust", source=build.source
    )
    builder.set("CARGO_HOME", HOME, "kept for the runs that have no network", DEFAULT)
    elsewhere = [fact for fact in facts.of(ForeignRequirement) if fact.ecosystem == "cargo"]
    if elsewhere:
        why = f"fetches {counted(len(elsewhere), 'crate')}"
        builder.install("ca-certificates", "git", why=why, source=elsewhere[0].source)
    locked = " --locked" if f"{folder}/Cargo.lock".lstrip("/") in evidence.paths else ""
    builder.step(f"{inside}cargo build --release{locked}", build.source, writes_source=True)
    return builder.finish(evidence, *_smokes(evidence, build, inside))


def _smokes(evidence: Evidence, build: BuildFile, inside: str) -> list[SmokeChoice]:
    """Return two checks: the program starts, if the crate has one; the build left a result."""
    prefix = build.path.rpartition("/")[0]
    below = f"{prefix}/" if prefix else ""
    is_program = f"{below}src/main.rs" in evidence.paths or any(
        path.startswith(f"{below}src/bin/") for path in evidence.paths
    )
    found = []
    if is_program:
        named = f"program=$({LISTED} -perm -u+x | head -n 1)"
        command = (
            f'{inside}{named}; test -x "$program" || exit 1; "$program" --help </dev/null >{SAID} 2>&1;'
            f" test $? -lt {NOT_STARTED} && test -s {SAID} && head -n 20 {SAID}"
        )
        found.append(
            choice(
                "program", command, "its program was built, starts and says something", build.source
            )
        )
    made = f"{LISTED} \\( -name '*.rlib' -o -name '*.so' -o -perm -u+x \\) | grep ."
    return [*found, choice("compiled", f"{inside}{made}", "the crate was compiled", build.source)]
