"""Measures how long facts take beside listing and reading all text files of the same tree.

`python benchmarks/facts_speed.py [FOLDER]`: without a folder a tree of 10,000 files is made and removed.
Prints processor seconds, which load on the machine does not stretch, and the ratio; the aim is at most 3.
"""

import gc
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from paper2run.detectors import DETECTORS, read_facts
from paper2run.formats.tree import RepoTree

FILES: Final = 10_000
AIM: Final = 3.0
MODULE: Final = '''"""Part {number} of a synthetic package."""

import os
import numpy as np
from scipy import linalg
from .part_{other} import work_{other}


class Model{number}:
    """A model with some code in it."""

    def __init__(self, size, rate=0.1):
        self.weights = np.zeros((size, size))
        self.rate = rate

    def step(self, values):
        for index, value in enumerate(values):
            self.weights[index % len(values)] += self.rate * value
        return linalg.norm(self.weights)


def work_{number}(folder):
    """Return the sizes of what a folder holds."""
    return {{name: os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)}}
'''
SCRIPT: Final = """import argparse
from package_{number}.part_0 import Model0

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("--rate", type=float, default=0.1)
    print(Model0(3, parser.parse_args().rate).step([1, 2, 3]))
"""
TEXT: Final = (
    "# Notes {number}\n\nSome words about the experiment, its data and what came out of it.\n" * 20
)


def make_tree(root: Path) -> None:
    """Write a tree of `FILES` files: half are Python modules, the rest scripts, notes, tables, C code."""
    for number in range(FILES):
        package = root / f"package_{number // 200}"
        package.mkdir(exist_ok=True)
        match number % 10:
            case 0 | 1 | 2 | 3 | 4:
                name, text = f"part_{number}.py", MODULE.format(number=number, other=number // 2)
            case 5:
                name, text = f"run_{number}.py", SCRIPT.format(number=number // 200)
            case 6 | 7:
                name, text = f"notes_{number}.md", TEXT.format(number=number)
            case 8:
                name, text = f"table_{number}.csv", "1.0,2.0,3.0\n" * 100
            case _:
                name, text = f"kernel_{number}.c", "int f(int x) { return x + 1; }\n" * 50
        (package / name).write_text(text)
        if number % 200 == 0:
            (package / "__init__.py").write_text("")
    (root / "README.md").write_text(TEXT.format(number=0))
    (root / "setup.py").write_text(
        "from setuptools import setup, find_packages\nsetup(packages=find_packages())\n"
    )


def seconds_to_read(root: Path) -> float:
    """Return the processor time of listing the tree and reading every text file."""
    started = time.process_time()
    tree = RepoTree.of(root)
    for path in tree.files:
        tree.read(path)
    return time.process_time() - started


def seconds_to_detect(root: Path) -> float:
    """Return the processor time of listing the tree and running every detector."""
    started = time.process_time()
    read_facts(RepoTree.of(root))
    return time.process_time() - started


def measure(root: Path) -> float:
    """Print one line per detector and the ratio, and return it. Each time is the best of three."""
    read_s = min(seconds_to_read(root) for _ in range(3))
    facts_s = min(seconds_to_detect(root) for _ in range(3))
    tree = RepoTree.of(root)
    for detector in DETECTORS:
        gc.collect()
        started = time.process_time()
        count = sum(1 for _ in detector.detect(tree))
        print(f"{detector.NAME:22} {time.process_time() - started:7.2f} s {count:6} facts")
    print(
        f"{len(tree.files)} files: read {read_s:.2f} s, facts {facts_s:.2f} s, ratio {facts_s / read_s:.2f}"
    )
    return facts_s / read_s


def main(arguments: list[str]) -> int:
    """Measure the folder named on the command line, or a synthetic one; return 0 if the aim is met."""
    if arguments:
        return int(measure(Path(arguments[0])) > AIM)
    with tempfile.TemporaryDirectory(prefix="paper2run-facts-") as folder:
        make_tree(Path(folder))
        return int(measure(Path(folder)) > AIM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
