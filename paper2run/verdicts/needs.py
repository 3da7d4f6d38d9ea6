"""Turns facts into needs: what the work wants from outside, and whether this site has it."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final, assert_never

from paper2run.commands.started_files import started_files
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import (
    BuildProduct,
    Command,
    DataNeed,
    EntryPoint,
    EnvironmentValue,
    GpuNeed,
    MissingPart,
    OutsideNeed,
    RepoFacts,
)
from paper2run.model.needs import Need, NeedKind, Site
from paper2run.python.own_projects import own_projects
from paper2run.settings import Settings

NOTHING: Final = Site()
WEIGHT: Final[tuple[NeedKind, ...]] = ("platform", "licence", "gpu")
"""Needs before all others: the less a user can do about one, the more it is the cause."""
MAX_OF_A_KIND: Final = 8
"""Further needs of a kind are left out: a list of data sets is one need, said many times."""


def needs_of(facts: RepoFacts, site: Site = NOTHING) -> tuple[Need, ...]:
    """Return the needs once: hard ones first, then by weight, then as facts come; bounded."""
    found = _once(
        [
            *_gpu(facts, site),
            *_data(facts, site),
            *_outside(facts, site),
            *_parts(facts),
            *_variables(facts),
        ]
    )
    ranked = sorted(found, key=lambda need: (not need.hard, _weight(need.kind)))
    kept: list[Need] = []
    for need in ranked:
        if sum(need.kind == other.kind for other in kept) < MAX_OF_A_KIND:
            kept.append(need)
    return tuple(kept)


def _weight(kind: NeedKind) -> int:
    return WEIGHT.index(kind) if kind in WEIGHT else len(WEIGHT)


def site_of(planned: PlannedEnvironment | None, settings: Settings) -> Site:
    """Return what the settings and the plan's containers give; a run without a plan had no GPU."""
    return Site(
        has_gpu=planned is not None and planned.gpus,
        has_network=settings.smoke_network != "none",
        memory_mb=settings.memory_mb,
        seconds=settings.timeout,
    )


def _gpu(facts: RepoFacts, site: Site) -> Iterator[Need]:
    """Yield one need: all signs speak of the same GPU."""
    signs = sorted(facts.of(GpuNeed), key=lambda sign: not sign.hard)
    for sign in signs[:1]:
        yield Need(
            kind="gpu",
            what="an NVIDIA GPU",
            hard=sign.hard,
            met=site.has_gpu,
            source=sign.source,
        )


def _data(facts: RepoFacts, site: Site) -> Iterator[Need]:
    """Yield data and downloads; where data are a hard need, the words that restrict them come first."""
    found = facts.of(DataNeed)
    hard = any(fact.hard and not fact.downloaded for fact in found)
    for fact in sorted(found, key=lambda fact: not fact.restricted):
        kind: NeedKind = "network" if fact.downloaded else "data"
        what = f"data that the authors keep: {fact.what}" if fact.restricted else fact.what
        met = fact.downloaded and site.has_network
        yield Need(
            kind=kind,
            what=what,
            hard=fact.hard or (fact.restricted and hard),
            met=met,
            source=fact.source,
        )


def _outside(facts: RepoFacts, site: Site) -> Iterator[Need]:
    for fact in facts.of(OutsideNeed):
        yield Need(
            kind=fact.form,
            what=fact.what,
            hard=fact.hard,
            met=_is_met(fact, site),
            source=fact.source,
        )


def _variables(facts: RepoFacts) -> Iterator[Need]:
    """Yield variables that an import demands: a value of a sample serves the import, and no work."""
    for fact in facts.of(EnvironmentValue):
        if fact.at_import:
            what = f"the variable {fact.name}"
            yield Need(kind="service", what=what, hard=False, met=False, source=fact.source)


def _parts(facts: RepoFacts) -> Iterator[Need]:
    """Yield what the authors left out: a hard need where documents start the file that imports it.

    So is a script where documents start nothing else. Beside another start of a project a README has only grown older;
    and beside a script with nearly its name it means that one.
    """
    runs = [fact for fact in facts.of(Command) if fact.purpose == "run"]
    started = {name for fact in runs for name in started_files(fact.line)}
    gone = [part for part in facts.of(MissingPart) if part.form == "script"]
    scripts = {part.path for part in gone}
    # A shell script whose own start is not there starts nothing.
    idle = scripts | {part.source.path for part in gone if part.source.kind == "file"}
    entries = facts.of(EntryPoint)
    else_starts = facts.of(BuildProduct) or (own_projects(facts) and entries)
    renamed = any(get_close_matches(path, [entry.name for entry in entries]) for path in scripts)
    nothing_starts = (
        not else_starts
        and not renamed
        and all(idle.intersection(started_files(fact.line)) for fact in runs)
    )
    for part in facts.of(MissingPart):
        if part.form == "header":
            continue
        if part.form == "script":
            who = "the README" if part.source.kind == "readme" else part.source.path
            what = f"{part.path}, which {who} starts"
            yield Need(kind="script", what=what, hard=nothing_starts, source=part.source)
            continue
        names = (part.source.path, part.source.path.rpartition("/")[2])
        why = f", left out by {part.left_out}" if part.left_out else ""
        hard = part.hard or any(name in started for name in names)
        how = "loaded by the code" if part.module == part.path else f"imported as {part.module}"
        what = f"{part.path}, {how}{why}"
        yield Need(kind="part", what=what, hard=hard, source=part.source)


def _is_met(fact: OutsideNeed, site: Site) -> bool:
    match fact.form:
        case "memory":
            return fact.amount <= site.memory_mb
        case "time":
            return fact.amount <= site.seconds
        case "web":
            return site.has_network
        case "service" | "licence" | "platform":
            return False
        case _:
            assert_never(fact.form)


def _once(needs: Iterable[Need]) -> Iterator[Need]:
    """Yield each need once, the hard one where the same thing is both."""
    best: dict[tuple[NeedKind, str], Need] = {}
    for need in needs:
        key = (need.kind, need.what)
        if key not in best or (need.hard and not best[key].hard):
            best[key] = need
    yield from best.values()
