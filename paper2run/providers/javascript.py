"""Plans Node packages with Debian's Node.js and npm, dependencies as of the commit's day."""

import json
import shlex
from typing import Final

from paper2run.commands.plain_commands import plain_words
from paper2run.knowledge.side_folders import is_beside, vendored_place
from paper2run.model.environment import PlannedEnvironment, SmokeChoice
from paper2run.model.facts import BuildFile, Command, EntryPoint, ForeignRequirement, RepoFacts
from paper2run.model.image import OUTSIDE, SOURCE_FOLDER
from paper2run.model.value import Source
from paper2run.planning.evidence import Evidence
from paper2run.planning.leading_language import leads
from paper2run.planning.plan_builder import PlanBuilder, choice

NAME: Final = "javascript"

LOCKS: Final = frozenset({"package-lock.json", "npm-shrinkwrap.json"})
QUIET: Final = "--no-audit --no-fund"
RUNNERS: Final = frozenset(
    {"mocha", "jest", "ava", "tape", "tap", "vows", "nodeunit", "jasmine", "jasmine-node", "qunit", "expresso",
     "chai", "should", "expect.js", "sinon", "assert", "nyc", "ts-node", "typescript"}
)  # fmt: skip
"""Development dependencies that run tests. All others are left out where no lock holds them: one that was
withdrawn from the registry breaks the whole resolution, even with --omit=dev."""
FOLDER: Final = "/tmp/dependencies"
MODULE: Final = "/tmp/module.mjs"
MAX_PARSED: Final = 40
"""Scripts that one command parses."""


def propose(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan if JavaScript leads: for package.json at the root, else for scripts alone; else None."""
    facts = evidence.facts
    package = next((fact for fact in facts.of(BuildFile) if fact.path == "package.json"), None)
    if not leads(evidence, frozenset({"javascript"})):
        return None
    if package is None:
        return _scripts(evidence)
    builder = PlanBuilder()
    builder.install(
        "nodejs", "npm", "ca-certificates", why="runs and fetches packages", source=package.source
    )
    needed = [fact for fact in facts.of(ForeignRequirement) if fact.ecosystem == "npm"]
    needed = [fact for fact in needed if fact.source.path == "package.json"]
    build = _build(facts)
    has_lock = any(path in LOCKS for path in evidence.paths)
    if has_lock:
        builder.step(f"npm ci {QUIET}", package.source, writes_source=True)
    elif needed:
        dropped = [fact.name for fact in needed if fact.development and fact.name not in RUNNERS]
        step = _install(evidence, [] if build else dropped)
        builder.step(step, needed[0].source, writes_source=True)
    if build is not None:
        builder.step(build.line, build.source, writes_source=True)
    tested = has_lock or any(fact.development and fact.name in RUNNERS for fact in needed)
    tests = _tests(facts) if tested else []
    return builder.finish(evidence, *tests, *_smokes(facts, package.source))


def _scripts(evidence: Evidence) -> PlannedEnvironment | None:
    """Return a plan for scripts without a manifest: a documented one runs, or all parse.

    None where there is nothing but pages, minified files or other kinds of JavaScript.
    """
    scripts = sorted(
        path
        for path in evidence.paths
        if path.endswith((".js", ".mjs")) and not is_beside(path) and not vendored_place(path)[0]
    )
    if not scripts:
        return None
    source = Source(kind="file", path=scripts[0])
    builder = PlanBuilder()
    builder.install("nodejs", why="runs JavaScript", source=source)
    smokes = []
    for fact in evidence.facts.of(Command):
        words = plain_words(fact.line)
        if fact.purpose == "run" and words[:1] == ["node"] and words[1:2] and words[1] in scripts:
            smokes.append(choice("documented", fact.line, "a documented script runs", fact.source))
            break
    named = shlex.join(scripts[:MAX_PARSED])
    # Modules of a browser, which Node takes for modules by their ending alone.
    code = (
        f'for f in {named}; do node --check "$f" || {{ cp "$f" {MODULE} && node --check {MODULE}; }}'
        " || exit 1; done"
    )
    proves = "all scripts parse; what runs them, such as a browser, is not there"
    smokes.append(choice("compiled", code, proves, source))
    return builder.finish(evidence, *smokes)


def _build(facts: RepoFacts) -> Command | None:
    """Return the build script if the package's own module is missing from the checkout.

    The build then makes that module.
    """
    if any(
        fact.form == "node-module" and "/" not in fact.source.path for fact in facts.of(EntryPoint)
    ):
        return None
    for fact in facts.of(Command):
        if fact.line == "npm run build" and fact.source.path == "package.json":
            return fact
    return None


def _install(evidence: Evidence, dropped: list[str]) -> str:
    """Return the step that installs what package.json declares but for `dropped`, as of the commit's day."""
    day = evidence.asked.commit_day
    # Legacy: peer dependencies were advice when most packages were written, and conflicts in them are common.
    # A tag that no package has: else npm 9 takes `latest` even where it asks for a newer Node than there is.
    install = f"npm install --legacy-peer-deps --tag=none {QUIET}"
    if day is not None:
        # Mirrors of the registry may give the day on which they copied a version: then nothing is old enough.
        install = f"{{ {install} --before={day.isoformat()} || {install}; }}"
    if not dropped:
        return install
    # From a copy, for npm reads all of a package.json that it finds; without scripts, which belong to the checkout.
    code = (
        'const p = require("./package.json"); delete p.scripts;'
        f" for (const name of {json.dumps(dropped)}) delete p.devDependencies[name];"
        f' require("fs").writeFileSync("{FOLDER}/package.json", JSON.stringify(p))'
    )
    return (
        f"mkdir -p {FOLDER} && node -e {shlex.quote(code)} && (cd {FOLDER} && {install})"
        f" && mv {FOLDER}/node_modules ."
    )


def _tests(facts: RepoFacts) -> list[SmokeChoice]:
    """Return the test script of the manifest, which needs what only its development dependencies bring."""
    return [
        choice("tests", fact.line, "its tests pass", fact.source)
        for fact in facts.of(Command)
        if fact.line == "npm test" and fact.source.path == "package.json"
    ][:1]


def _smokes(facts: RepoFacts, package: Source) -> list[SmokeChoice]:
    """Return what shows less than tests, best first: its module, its program, what it declares."""
    entries = [fact for fact in facts.of(EntryPoint) if fact.source.path == "package.json"]
    module = next((fact for fact in entries if fact.form == "node-module"), None)
    program = next((fact for fact in entries if fact.form == "node-program"), None)
    smokes = []
    if module is not None:
        place = json.dumps(f"{SOURCE_FOLDER}/{module.name}")
        code = f"import({place}).then(m => console.log(Object.keys(m.default || m)))"
        command = f"cd {OUTSIDE} && node -e {shlex.quote(code)}"
        proves = "its module loads with all that it requires"
        smokes.append(choice("import", command, proves, module.source))
    if program is not None:
        command = f"node {shlex.quote(program.name)} --help"
        smokes.append(choice("program", command, "its program starts", program.source))
    there = choice("dependencies", "npm ls", "all dependencies that it declares are there", package)
    return smokes or [there]
