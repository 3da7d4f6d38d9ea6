"""Thousands of modules and requirements: plans stay small, come soon, and install what they say."""

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from packaging.requirements import Requirement as Pep508

from paper2run.detectors import read_facts
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import Asked, EnvPlan, PlannedEnvironment
from paper2run.model.facts import Import, LockedVersion, Requirement, Unreadable
from paper2run.model.plan_text import MAX_STEP_CHARS
from paper2run.model.resolution import Pin
from paper2run.planners import rules
from paper2run.planning.collected_requirements import MAX_REQUIREMENTS, MAX_TEXTS
from paper2run.planning.conda_wish import wish_of
from paper2run.planning.evidence import Evidence
from paper2run.planning.wanted import MAX_MODULES
from paper2run.python.own_projects import MAX_REQUIRED
from paper2run.rendering.pip_steps import (
    instead_of,
    needs_source,
    open_steps,
    plan_requirements,
    with_pins,
    without,
)
from paper2run.smoke.ladder import checks

LIMIT_S = 40
"""Processor time, far above what any of these takes (under 8 s), far below what the quadratic ways took (145 s)."""
WANTED = tuple(
    f'package-{number}[a,b]>={number}; python_version < "3.{number % 9 + 3}"'
    for number in range(2000)
)


def planned_from(root: Path, files: dict[str, str]) -> PlannedEnvironment:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    tree = RepoTree.of(root)
    asked = Asked(name="lab/demo", commit="1" * 40)
    found = rules.plan(Evidence(read_facts(tree), frozenset(tree.files), asked))
    assert isinstance(found, PlannedEnvironment)
    return found


def notebook(lines: list[str]) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": lines}]})


IMPORTS = [f"import a{number}\n" for number in range(60_000)]
FLOODS = {
    "modules in a notebook": {"a.ipynb": notebook(IMPORTS)},
    "modules in a line": {"a.py": "import " + ",".join(f"a{number}" for number in range(200_000))},
    "modules beside as many addresses": {
        "requirements.txt": "".join(f"git+https://example.org/lab/p{n}.git\n" for n in range(20_000)),
        "main.py": "".join(IMPORTS[:20_000]),
    },
    "modules beside as many mentions": {
        "requirements-docs.txt": "".join(f"lab-p{n}\n" for n in range(8000)), "main.py": "".join(IMPORTS[:20_000]),
    },
    "requirements": {"requirements.txt": "".join(f"p{n}>={n}\n" for n in range(8000)), "main.py": "import p1\n"},
    "frozen requirements": {"requirements.txt": "".join(f"p{n}=={n}\n" for n in range(8000)), "main.py": "import p1\n"},
    "ranges of one name": {"requirements.txt": "".join(f"p!={n}\n" for n in range(8000)), "main.py": "import p\n"},
    "conda packages": {"environment.yml": "dependencies:\n" + "".join(f" - p{n}>=1\n" for n in range(8000)),
                       "main.py": "import numpy\n"},
    "conda packages that are none of Python": {"environment.yml": "dependencies:\n" + " - openssl\n" * 8000,
                                               "main.py": "import numpy\n"},
}  # fmt: skip


@pytest.mark.parametrize("files", FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_of_names_is_planned_soon_and_the_plan_says_what_it_leaves_out(tmp_path, files):
    started = time.process_time()
    found = planned_from(tmp_path, files)
    assert time.process_time() - started < LIMIT_S
    assert len(plan_requirements(found.plan)) <= MAX_REQUIREMENTS
    assert len(found.reasons) < MAX_REQUIREMENTS + 200
    assert any(" left out" in reason.decision for reason in found.reasons)


def test_imported_modules_are_counted_and_named_in_the_note(tmp_path):
    found = planned_from(tmp_path, {"a.py": "".join(IMPORTS[: MAX_MODULES + 7])})
    assert len(plan_requirements(found.plan)) == MAX_MODULES
    assert any(
        reason.decision == f"7 imported modules left out: only {MAX_MODULES} are looked for"
        for reason in found.reasons
    )


def test_one_name_keeps_its_first_ranges_and_the_note_names_the_rest(tmp_path):
    lines = "".join(f"p!={number}\n" for number in range(MAX_TEXTS + 2))
    found = planned_from(tmp_path, {"requirements.txt": lines, "main.py": "print(1)\n"})
    assert len(plan_requirements(found.plan)) == MAX_TEXTS
    assert any(
        r.decision.startswith(f"p!={MAX_TEXTS}, p!={MAX_TEXTS + 1} left out") for r in found.reasons
    )


def test_more_conda_packages_than_an_environment_has_are_not_asked_for(tmp_path):
    specs = "".join(f" - p{number}\n" for number in range(3000))
    (tmp_path / "environment.yml").write_text(f"dependencies:\n{specs}")
    wish = wish_of(read_facts(RepoTree.of(tmp_path)), ("3.12",))
    assert wish is not None
    assert "names 3001 packages" in wish.unasked


def test_the_rung_of_imports_is_one_argument_that_linux_takes(tmp_path):
    found = planned_from(tmp_path, {"a.py": "".join(IMPORTS[:30_000]) + f"import {'b' * 90_000}\n"})
    facts = read_facts(RepoTree.of(tmp_path))
    assert len(facts.of(Import)) > MAX_MODULES
    assert all(len(check.command) < 131_072 for check in checks(facts, found.plan, "smoke"))


def test_three_thousand_requirements_of_a_manifest_are_one_set_in_several_steps(tmp_path):
    lines = "".join(f"p{number}>={number}\n" for number in range(3000))
    found = planned_from(tmp_path, {"requirements.txt": lines, "main.py": "print(1)\n"})
    assert plan_requirements(found.plan) == tuple(lines.split())
    assert len(found.plan.install_steps) > 1


def test_pip_sees_a_set_of_several_steps_at_once(tmp_path):
    fake = tmp_path / "pip"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ncp "$4" {tmp_path}/seen\n')
    fake.chmod(0o755)
    there = str(tmp_path / "requirements.txt")
    for step in open_steps(WANTED):
        assert len(step) <= MAX_STEP_CHARS
        command = step.replace("/tmp/requirements.txt", there)
        path = f"{tmp_path}:{os.environ['PATH']}"
        subprocess.run(["/bin/sh", "-e", "-c", command], check=True, env={"PATH": path}, timeout=60)
    assert (tmp_path / "calls").read_text().split() == ["install", "--no-compile", "-r", there]
    assert (tmp_path / "seen").read_text().splitlines() == list(WANTED)


def plan_of(texts: tuple[str, ...]) -> EnvPlan:
    steps = (*open_steps(texts), "pip install --no-compile --no-deps .")
    return EnvPlan(base_image="python:3.11-slim", install_steps=steps, smoke_command="true")


def test_a_set_of_several_steps_is_changed_as_one():
    plan = plan_of(WANTED)
    assert plan_requirements(plan) == WANTED
    assert [needs_source(step) for step in plan.install_steps][-2:] == [False, True]
    fewer = without(plan, {"package-3", "package-1999"})
    assert plan_requirements(fewer) == tuple(WANTED[:3] + WANTED[4:-1])
    other = instead_of(plan, "package-0", "package-0==7")
    assert plan_requirements(other) == ("package-0==7", *WANTED[1:])
    assert without(plan, {"absent"}) == plan
    for changed in (fewer, other):
        EnvPlan.model_validate(changed.model_dump())
        assert sum("pip install --no-compile -r" in step for step in changed.install_steps) == 1
    few = without(plan, {Pep508(text).name for text in WANTED[2:]})
    assert few.install_steps[0] == "pip install --no-compile " + shlex.join(WANTED[:2])
    assert len(few.install_steps) == 2


def test_a_chain_of_projects_in_one_checkout_is_planned_soon_and_only_its_beginning_installed(
    tmp_path,
):
    files = {}
    for number in range(1500):
        folder = f"p{number}/" if number else ""
        files[f"{folder}setup.py"] = (
            f"from setuptools import setup\nsetup(name='p{number}', packages=['m{number}'],"
            f" install_requires=['p{number + 1}'])\n"
        )
        files[f"{folder}m{number}/__init__.py"] = ""
    started = time.process_time()
    planned = planned_from(tmp_path, files)
    assert time.process_time() - started < LIMIT_S
    own = [step for step in planned.plan.install_steps if "--no-deps" in step]
    assert len(own) == MAX_REQUIRED + 1
    assert own[-1].endswith(" .")


def test_a_short_set_that_grows_over_the_limit_is_written_down():
    text = f"p=={'1' * 1900}"
    plan = plan_of(tuple(f"p{number}=={'1' * 1900}" for number in range(10)))
    assert len(plan.install_steps) == 2
    grown = instead_of(plan, "p0", f"{text}; python_version < '3.{'9' * 900}'")
    EnvPlan.model_validate(grown.model_dump())
    assert len(plan_requirements(grown)) == 10


def test_pins_of_a_large_set_are_installed_in_parts_wheels_before_sources():
    pins = tuple(
        Pin(name=f"package-with-a-long-name-{number}", version=f"{number}.0", sdist=number % 2 == 0)
        for number in range(3000)
    )
    plan = with_pins(plan_of(WANTED), pins, "3.11")
    EnvPlan.model_validate(plan.model_dump())
    steps = plan.install_steps[:-1]
    assert plan.install_steps[-1] == "pip install --no-compile --no-deps ."
    assert all("--no-deps" in step and len(step) <= MAX_STEP_CHARS for step in steps)
    built = ["--no-build-isolation" in step for step in steps]
    assert built == sorted(built)
    assert set(plan_requirements(plan)) == {f"{pin.name}=={pin.version}" for pin in pins}
    assert len(plan_requirements(plan)) == len(pins)


@pytest.mark.parametrize(
    "name", ["A_", "a-", "_", "x.", "A_[b]>=1", "A_==1.0; python_version < '3'"]
)
def test_a_name_that_no_distribution_can_have_is_unreadable_and_all_else_stays(tmp_path, name):
    frozen = "".join(f"p{number}=={number}.0\n" for number in range(20))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "requirements.txt").write_text(f"{name}\nnumpy\n")
    (tmp_path / "requirements.txt").write_text(f"numpy\n{name}\nscipy\n")
    (tmp_path / "requirements-freeze.txt").write_text(f"{frozen}")
    (tmp_path / "z-requirements.txt").write_text("six\n")
    facts = read_facts(RepoTree.of(tmp_path))
    assert {"numpy", "scipy", "six", "p19"} <= {fact.name for fact in facts.of(Requirement)}
    assert len(facts.of(LockedVersion)) == 20
    whys = [fact.why for fact in facts.of(Unreadable)]
    assert len(whys) == 2
    assert all(why.startswith("not a requirement: ") for why in whys)


def test_a_name_that_none_can_have_is_left_out_of_every_lock(tmp_path):
    package = '[[package]]\nname = "{}"\nversion = "1.0"\n'
    (tmp_path / "poetry.lock").write_text(package.format("A_") + package.format("numpy"))
    default = {"A_": {"version": "==1.0"}, "scipy": {"version": "==1.0"}}
    (tmp_path / "Pipfile.lock").write_text(json.dumps({"default": default}))
    facts = read_facts(RepoTree.of(tmp_path))
    assert sorted(fact.name for fact in facts.of(LockedVersion)) == ["numpy", "scipy"]
