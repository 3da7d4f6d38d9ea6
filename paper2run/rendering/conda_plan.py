"""Turns a plan for a Python image into one whose environment conda's channels make.

The Dockerfile holds the whole set as conda's explicit list (address and digest of each package), and
py-rattler, conda-forge's own installer library, installs it: a wheel from the Python index that works on
Debian's interpreter, while micromamba's image would be one more registry to reach and its downloads could
not be led through a site's mirror without leaving that mirror's address in the image.
https://conda.github.io/rattler/py-rattler/
"""

import shlex
from collections.abc import Iterable
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.formats.plurals import counted
from paper2run.index.conda_channels import shown
from paper2run.index.time_ladder import STEP_WORDS
from paper2run.knowledge.debian import IMAGE
from paper2run.knowledge.distributions import distribution_for
from paper2run.model.conda import CondaArchive, CondaSolved, CondaWish
from paper2run.model.environment import EnvPlan, LeftOut, PlannedEnvironment, Reason
from paper2run.model.resolution import Lock, Pin, Resolution
from paper2run.model.value import Source
from paper2run.rendering.pip_steps import pinned_steps, requirements_of, source_steps, without

PREFIX: Final = "/opt/conda"
INSTALLER: Final = "/opt/installer"
RATTLER: Final = "py-rattler==0.28.0"
"""The same version solves on the host."""
LIST: Final = f"{INSTALLER}/explicit.txt"
LIST_CHARS: Final = 12_000
"""Characters of the list that one step writes: builders limit a line, and people read it."""
SYSTEM_PACKAGES: Final = ("ca-certificates", "python3-venv")
ENVIRONMENT: Final = {
    "PATH": f"{PREFIX}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "CONDA_PREFIX": PREFIX,
    "LANG": "C.UTF-8",
}
INSTALL: Final = (
    "import asyncio, json, shutil, sys",
    "from pathlib import Path",
    "from rattler import BuildString, Client, Config, PackageRecord, RepoDataRecord, install",
    "def record(line):",
    "    url, _, digest = line.partition('#')",
    "    place, _, file = url.rpartition('/')",
    "    channel, _, subdir = place.rpartition('/')",
    "    stem = file.removesuffix('.conda').removesuffix('.tar.bz2')",
    "    name, version, build = stem.rsplit('-', 2)",
    "    check = {'md5' if len(digest) == 32 else 'sha256': bytes.fromhex(digest)}",
    "    package = PackageRecord(name, version, BuildString(build), 0, subdir, **check)",
    "    return RepoDataRecord(package, file, url, channel + '/')",
    "lines = Path(sys.argv[1]).read_text().split()",
    "records = [record(line) for line in lines if '#' in line]",
    "client = Client.from_config(Config.load_from_default_locations('rattler'))",
    "asyncio.run(install(records, sys.argv[2], cache_dir='/tmp/conda', client=client,",
    "                    execute_link_scripts=True, show_progress=False))",
    "for meta in Path(sys.argv[2], 'conda-meta').glob('*.json'):",
    "    known = json.loads(meta.read_text())",
    "    index = Path(known['extracted_package_dir'], 'info', 'index.json')",
    "    meta.write_text(json.dumps({**known, **json.loads(index.read_text())}))",
    "    meta.chmod(0o644)",
    "shutil.rmtree('/tmp/conda')",
)
"""Installs an explicit list; what a package says of itself (dependencies, licence) then goes to conda-meta,
which rattler writes for its own user alone."""


def provided(archives: Iterable[CondaArchive]) -> dict[str, CondaArchive]:
    """Return which Python distributions conda's packages bring, by normalised name."""
    found: dict[str, CondaArchive] = {}
    for archive in archives:
        for name in (archive.name, distribution_for(archive.name).name):
            if name:
                found[canonicalize_name(name)] = archive
    return found


def for_pip(planned: PlannedEnvironment, solved: CondaSolved) -> PlannedEnvironment:
    """Return the plan whose resolution gives what pip has to add to conda's packages.

    It is on their interpreter and has their versions as locks.
    """
    brought = provided(solved.archives)
    locks = tuple(
        Lock(
            name=name,
            specifier=f"=={archive.version}",
            source=Source(kind="index", note=f"conda: {archive.name}"),
        )
        for name, archive in sorted(brought.items())
    )
    plan = without(planned.plan, set(brought))
    return planned.changed(
        plan=plan.changed(base_image=f"python:{solved.python}-slim"),
        pythons=(solved.python,),
        locks=(*locks, *(lock for lock in planned.locks if lock.name not in brought)),
        conda=None,
    )


def with_conda(
    planned: PlannedEnvironment, wish: CondaWish, solved: CondaSolved, pinned: PlannedEnvironment
) -> PlannedEnvironment:
    """Return the plan that conda's channels make; pip adds what they lack of `pinned` (see `for_pip`).

    ValueError if `pinned` has no versions.
    """
    added = pinned.resolution
    if added is None:
        raise ValueError("what pip has to add is not resolved")
    brought = provided(solved.archives)
    pins = tuple(pin for pin in added.pins if pin.name not in brought)
    steps = [*conda_steps(solved.archives)]
    steps += [*pinned_steps(pins), *source_steps(pins)]
    steps += [step for step in planned.plan.install_steps if requirements_of(step) is None]
    packages = (*SYSTEM_PACKAGES, *pinned.plan.system_packages)
    plan = EnvPlan.model_validate(
        planned.plan.model_dump()
        | {
            "base_image": IMAGE,
            "system_packages": tuple(sorted(dict.fromkeys(packages))),
            "install_steps": tuple(steps),
            "env": {**planned.plan.env, **ENVIRONMENT},
        }
    )
    resolution = added.changed(
        python=solved.python,
        cutoff=solved.cutoff,
        date_step=solved.date_step,
        pins=pins,
        exceptions=_exceptions(solved, pins, added),
        kept_locks=(),
        broken_locks=(),
        conda_packages=len(solved.archives),
        channels=tuple(map(shown, wish.channels)),
    )
    return planned.changed(
        plan=plan,
        resolution=resolution,
        pythons=(),
        reasons=(
            *_kept(planned),
            *_reasons(wish, solved, pins, added),
            *_libraries(planned, pinned),
            *_of_the_index(planned, pinned),
        ),
    )


def _exceptions(solved: CondaSolved, pins: tuple[Pin, ...], added: Resolution) -> tuple[str, ...]:
    """Return which packages may be of a later day than conda's last one."""
    if not pins or added.cutoff == solved.cutoff:
        return added.exceptions
    return (*added.exceptions, f"what pip adds ({added.cutoff or 'any date'})")


def translated(planned: PlannedEnvironment, wish: CondaWish, why: str) -> PlannedEnvironment:
    """Return the plan on the Python index, with the reason why conda's channels did not make it."""
    decision = f"conda's packages are taken from the Python index and Debian instead: {why}"
    reason = Reason(topic="install", decision=decision[:1000], source=wish.source)
    return planned.changed(reasons=(*planned.reasons, reason), conda=None)


def conda_steps(archives: Iterable[CondaArchive]) -> tuple[str, ...]:
    """Return the steps that install exactly these packages, and verify their digests."""
    installer = f"python3 -m venv {INSTALLER} && {INSTALLER}/bin/pip install --no-compile {RATTLER}"
    cd = f"cd {INSTALLER} &&"
    write = f"{cd} printf '%s\\n' {shlex.join(INSTALL)} > install.py"
    lines = [f"{archive.url}#{archive.digest}" for archive in archives]
    lists = [
        f"{cd} printf '%s\\n' {shlex.join(part)} >> {LIST}"
        for part in _parts(["@EXPLICIT", *lines])
    ]
    install = f"{cd} bin/python install.py {LIST} {PREFIX}"
    return (installer, write, *lists, install)


def is_conda_step(step: str) -> bool:
    """Whether a step is one of `conda_steps`, which do not read the checkout."""
    return step.startswith((f"python3 -m venv {INSTALLER} ", f"cd {INSTALLER} "))


def _parts(lines: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in lines:
        if sum(len(known) + 3 for known in parts[-1]) + len(line) > LIST_CHARS:
            parts.append([])
        parts[-1].append(line)
    return parts


def _kept(planned: PlannedEnvironment) -> list[Reason]:
    """Return the reasons that hold whichever installer brings the packages.

    The channels may have what the index lacks.
    """
    return [
        reason
        for reason in planned.reasons
        if reason.topic != "python" and reason.leaves_out != "unwanted"
    ]


def _libraries(planned: PlannedEnvironment, pinned: PlannedEnvironment) -> list[Reason]:
    """Return why the packages that pip adds need further Debian packages."""
    known = set(planned.reasons)
    return [r for r in pinned.reasons if r.topic == "system package" and r not in known]


def _of_the_index(planned: PlannedEnvironment, pinned: PlannedEnvironment) -> list[Reason]:
    """Return what the index said of names that pip adds, without dropped names, which `_reasons` explains."""
    known = set(planned.reasons)
    return [
        r
        for r in pinned.reasons
        if r.topic == "dependency"
        and r.source == Source(kind="index")
        and r not in known
        and r.leaves_out != "dropped"
    ]


def _reasons(
    wish: CondaWish, solved: CondaSolved, pins: tuple[object, ...], added: Resolution
) -> list[Reason]:
    channels = ", ".join(map(shown, wish.channels))
    words = f" ({STEP_WORDS[solved.date_step]})" if solved.date_step in STEP_WORDS else ""
    undated = "as locked" if solved.date_step == "lock" else "of any date"
    day = f"as of {solved.cutoff}{words}" if solved.cutoff else undated
    decisions: list[tuple[str, str, LeftOut | None]] = [
        ("install", f"{counted(len(solved.archives), 'package')} from {channels} {day}", None),
        ("base image", f"{IMAGE}: conda brings the interpreter and all libraries", None),
        ("python", f"Python {solved.python}: conda's", None),
        ("system package", f"{', '.join(SYSTEM_PACKAGES)}: for conda's installer", None),
        ("dependency", f"{len(pins)} more from the Python index, on conda's versions", None),
        *(("dependency", words, "unwanted") for words in solved.left_out),
        *(("dependency", note, None) for note in solved.notes),
        *(("dependency", f"left out {dropped}", "dropped") for dropped in added.dropped),
        ("env", f"PATH and CONDA_PREFIX: the environment lies in {PREFIX}", None),
    ]
    return [
        Reason.model_validate(
            {"topic": topic, "decision": text, "leaves_out": left_out, "source": wish.source}
        )
        for topic, text, left_out in decisions
    ]
