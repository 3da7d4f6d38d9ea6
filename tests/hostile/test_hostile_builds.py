"""Hostile build files and sources of other languages: detectors end soon, with bounded facts."""

import time
from pathlib import Path

import pytest

from paper2run.detectors import DETECTORS
from paper2run.formats.tree import RepoTree

LIMIT_S = 30
"""Of processor time, whatever else the machine does: these take under 2, the unbounded ways a minute and more."""
MAX_FACTS = 600

HOSTILE = {
    "CMakeLists.txt": "add_library(a\n" * 130_000,
    "Makefile": "V=" + " w" * 9_000 + "\n" + "$(V): $(V)\n" * 15_000,
    "meson.build": "executable(" * 150_000,
    "many.c": "".join(f"#include <x{n}.h>\n" for n in range(100_000)),
    "many.lua": "".join(f"require 'x{n}'\n" for n in range(100_000)),
    "many.R": "".join(f"library(x{n})\n" for n in range(100_000)),
    "open.R": "library(" * 240_000,
    "many.go": "".join(f'import "h.x/y/{n}"\n' for n in range(90_000)),
    "open.py": "CDLL(" * 300_000,
    "Open.java": "public static " * 140_000,
}
NAMES = {"build_products", "system_headers", "lua_modules", "r_scripts", "go_sources", "java_programs",
         "node_package", "compiled_operators"}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_source_costs_seconds_and_gives_few_facts(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HOSTILE[name])
    (tmp_path / "kernel.cu").write_text("__global__ void f() {}\n")
    tree = RepoTree.of(tmp_path)
    started = time.process_time()
    facts = [
        fact for detector in DETECTORS if detector.NAME in NAMES for fact in detector.detect(tree)
    ]
    assert time.process_time() - started < LIMIT_S
    assert len(facts) <= MAX_FACTS
