"""Looks of a model at the package index: releases, how a Python gets them, what goes together.

Metadata alone is read: nothing is installed, built or run. What is asked for is the model's, so it is hostile input.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from paper2run.errors import HostError
from paper2run.formats.plurals import counted
from paper2run.index.releases import Project, Release, installable
from paper2run.index.target_python import target_python
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.resolution import Resolution, Unresolvable
from paper2run.planners.look_arguments import (
    Asked,
    BadLookError,
    Target,
    release_in,
    requirements_in,
    target_in,
)
from paper2run.rendering.pip_steps import open_steps
from paper2run.settings import Settings
from tasks.drivers.index.index_cache import IndexCache
from tasks.drivers.index.package_index import OutOfTimeError, PackageIndex
from tasks.drivers.resolver.resolver import resolve
from tasks.resolve import CACHE_FOLDER

MAX_RELEASES: Final = 40
SEARCH_S: Final = 20.0
"""For one set of versions; the answer of the index that is waited for then may take half a minute more."""
MAX_REASONS: Final = 20
MAX_PINS: Final = 90
NO_COMMAND: Final = "true"
"""A plan has a command; this one is never run."""
SILENT: Final = "not shown: the package index does not answer"
NO_NAME: Final = "the package index has no distribution of this name"
"""Without the name, which is the model's own word: a quote of this line shows that alone."""
FORMS: Final = {
    "wheel": "a wheel",
    "pure": "a source without compiled parts",
    "small": "a small source that is compiled",
    "large": "a source that is compiled",
}


def releases(text: str, day: date | None, settings: Settings) -> list[str]:
    """Return the releases of a distribution around the day: version, day, source, wheels."""
    asked = release_in(text)
    try:
        project = _project(asked, settings)
    except HostError:
        return [SILENT]
    return _around(project, asked, day, _release_line) if project else [NO_NAME]


def installables(text: str, place: str, day: date | None, settings: Settings) -> list[str]:
    """Return how an interpreter gets each release around the day: as a wheel, as a source, or why not."""
    asked, to = release_in(text), target_in(place)
    try:
        project = _project(asked, settings)
    except HostError:
        return [SILENT]
    if project is None:
        return [NO_NAME]
    return _around(
        project, asked, to.day or day, lambda release: _installable_line(release, project, to)
    )


def resolved(text: str, place: str, day: date | None, settings: Settings) -> list[str]:
    """Return the versions that the resolver takes for requirements, or why there are none."""
    to = target_in(place)
    texts = requirements_in(text, target_python(to.python))
    until = to.day or day
    kept = IndexCache(settings.home / "looks", TypeAdapter(list[str]))
    today = "" if until else datetime.now(UTC).date().isoformat()
    key = "\n".join(("resolve", settings.index_url, to.python, str(until), today, *texts))
    lines = kept.get(key)
    if lines is None:
        try:
            found = resolve(
                _plan_of(texts, to.python, until),
                offered_pythons=(),
                settings=settings,
                cache_dir=settings.home / CACHE_FOLDER,
                within_s=SEARCH_S,
            )
        except OutOfTimeError:
            return [f"not shown: no set was found within {SEARCH_S:g} seconds"]
        except HostError:
            return [SILENT]
        lines = [_of_none(found)] if isinstance(found, Unresolvable) else _of_set(found)
        kept.put(key, lines)
    return lines


def _plan_of(texts: Sequence[str], python: str, day: date | None) -> PlannedEnvironment:
    try:
        plan = EnvPlan(
            base_image=f"python:{python}-slim",
            install_steps=open_steps(texts),
            smoke_command=NO_COMMAND,
        )
    except ValidationError:
        raise BadLookError("these requirements are refused in a plan") from None
    return PlannedEnvironment(plan=plan, planner="model", commit_day=day)


def _of_none(found: Unresolvable) -> str:
    return f"no set: {found.reason}"


def _of_set(found: Resolution) -> list[str]:
    """Return what was not taken as asked, then the versions, then what building them needs."""
    until = f"up to {found.cutoff}" if found.cutoff else "up to today"
    reasons = [
        *(f"left out: {dropped}" for dropped in found.dropped),
        *(
            f"{broken.wanted} not taken, but {broken.chosen}: {broken.why}"
            for broken in found.broken_locks
        ),
        *(f"later than the day: {late}" for late in found.exceptions),
        *found.notes,
    ]
    more = [f"and {len(reasons) - MAX_REASONS} more"] if len(reasons) > MAX_REASONS else []
    pins = [f"{pin.name}=={pin.version}{' from source' if pin.sdist else ''}" for pin in found.pins]
    built = ", ".join(found.system_packages)
    return [
        f"Python {found.python}, releases {until}, {counted(len(pins), 'distribution')}",
        *reasons[:MAX_REASONS],
        *more,
        *pins[:MAX_PINS],
        *([f"and {len(pins) - MAX_PINS} more"] if len(pins) > MAX_PINS else []),
        *([f"Debian packages to build them: {built}"] if built else []),
    ]


def _project(asked: Asked, settings: Settings) -> Project | None:
    """Return the releases of a distribution; None if the index has none. HostError if it does not answer."""
    with PackageIndex(settings, settings.home / CACHE_FOLDER, quick=True) as index:
        return index.project(asked.name)


def _around(
    project: Project, asked: Asked, day: date | None, line: Callable[[Release], str]
) -> list[str]:
    """Return the lines of the releases that were asked for around a day: half of them later."""
    fitting = [
        release for release in project.releases if str(release.version).startswith(asked.beginning)
    ]
    last = day or date.max
    late = sum(1 for one in fitting if one.day is not None and one.day > last)
    start = max(0, late - MAX_RELEASES // 2)
    shown = fitting[start : start + MAX_RELEASES]
    lines = [f"{start} newer ones, up to {fitting[0].version}"] if start else []
    lines += map(line, shown)
    left = len(fitting) - start - len(shown)
    return [*lines, *([f"{left} older ones, down to {fitting[-1].version}"] if left else [])]


def _release_line(release: Release) -> str:
    """Return `1.5.1 2016-01-10 source, wheels: cp27 cp35`, the interpreters as the files' names have them."""
    tags = " ".join(_interpreters(release))
    forms = [
        *(["source"] if release.source else []),
        *([f"wheels: {tags}"] if tags else []),
        *(["withdrawn"] if release.yanked else []),
    ]
    return f"{release.version} {release.day or 'without a day'} {', '.join(forms)}"


def _installable_line(release: Release, project: Project, to: Target) -> str:
    """Return how the interpreter gets a release, in one line that says for which one."""
    begun = f"{project.name} {release.version} {release.day or 'without a day'}"
    begun += f" for Python {to.python} on {to.machine}"
    found = installable(release, project, target_python(to.python, to.machine))
    if found is not None:
        size = f", {found.file.size_bytes // 1000} kB" if found.sdist else ""
        return f"{begun}: {FORMS[found.form]}, {found.file.filename}{size}"
    files = (*release.wheels, *((release.source,) if release.source else ()))
    wants = " or ".join(sorted({file.requires_python for file in files if file.requires_python}))
    tags = " ".join(_interpreters(release)) or "none"
    source = "a source" if release.source else "no source"
    asks = f"; asks for Python {wants}" if wants else ""
    return f"{begun}: nothing that it takes; wheels: {tags}; {source}{asks}"


def _interpreters(release: Release) -> list[str]:
    return sorted({wheel.filename.rsplit("-", 3)[1] for wheel in release.wheels})
