"""Faults that take a part of the repository away: data, a module, a script, all code. See `faults.py`."""

import re
from random import Random
from typing import Final

from benchmarks.fault_places import Change, Places, merged, without

CODE_ENDINGS: Final = (
    ".py", ".pyx", ".pxd", ".c", ".cc", ".cpp", ".h", ".hpp", ".sh", ".ipynb", ".r", ".R", ".m", ".jl", ".js", ".f90",
    ".cfg", ".toml", ".ini", ".in", ".yml", ".yaml", ".build", ".bat", ".cu", ".java", ".scala", ".pl", ".lua",
)  # fmt: skip
INNER_IMPORT: Final = re.compile(r"(?m)^(?:from|import)[ \t]+\.?([\w.]*)")


def data_never_committed(places: Places, random: Random) -> Change:
    """Let the code open a table that its authors have not committed."""
    name = random.choice(["calibration_2016.csv", "reference_counts.txt", "atlas_labels.dat"])
    code = (
        "import os\n\n"
        f'_TABLE = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "{name}")).read()'
    )
    return Change(places.first(code), ("missing_data",), (name,))


def documented_data_deleted(places: Places, _: Random) -> Change | None:
    """Delete the files without code that documented commands name."""
    words = {word for line in places.commands for word in line.split()}
    named = [path for path in places.tree.files if path in words and not _is_code(path)]
    return Change(without(named), ("missing_data",), tuple(named)) if named else None


def weights_withheld(places: Places, _: Random) -> Change:
    """Let the code load weights that the README gives out on request only."""
    name = "checkpoints/model_best.pkl"
    code = f'import pickle\n\n_MODEL = pickle.load(open("{name}", "rb"))'
    sentence = f"The trained model ({name}) is available from the authors upon request."
    files = merged(places.first(code), places.documented(sentence))
    return Change(files, ("missing_data",), (name, "model_best.pkl"))


def module_deleted(places: Places, _: Random) -> Change | None:
    """Delete a module that the package imports first of all."""
    if places.package is None:
        return None
    heart, folder = places.hearts[0], places.folder
    for hit in INNER_IMPORT.finditer(places.text(heart)):
        name = hit[1].removeprefix(f"{places.package.module}.")
        path = f"{folder}/{name.replace('.', '/')}"
        gone = [f"{path}.py"] if places.tree.has(f"{path}.py") else list(places.tree.below(path))
        if name and gone:
            return Change(without(gone), ("absent_module",), (name,))
    return None


def package_left_out(places: Places, _: Random) -> Change | None:
    """Take the whole leading code out, and leave manifest, documents and tests."""
    if places.package is None:
        return None
    names = (places.package.module,)
    gone = [*places.tree.below(places.folder), *places.hearts]
    return Change(without(gone), ("missing_entrypoint", "absent_module", "no_code"), names)


def code_emptied(places: Places, _: Random) -> Change:
    """Empty every module of the leading code."""
    files = dict.fromkeys((*places.modules, *places.hearts), "")
    names = (*places.hearts, "empty")
    return Change(files, ("missing_entrypoint", "no_code"), names)


def documented_script_removed(places: Places, _: Random) -> Change | None:
    """Take out the scripts that documented commands start, where the repository is no package."""
    words = {word.removeprefix("./") for line in places.commands for word in line.split()}
    named = [path for path in places.modules if path in words]
    if places.package or not named:
        return None
    return Change(without(named), ("missing_entrypoint",), tuple(named))


def code_withheld(places: Places, _: Random) -> Change:
    """Take out all code and all manifests, and leave prose, data and pictures."""
    gone = [path for path in places.tree.files if _is_code(path)]
    gone += places.tree.matching("requirements*.txt", "Makefile", "Pipfile*")
    sentence = "The code will be released upon acceptance of the paper."
    files = merged(without(sorted(set(gone))), places.documented(sentence))
    return Change(files, ("no_code",), ("no code",))


def _is_code(path: str) -> bool:
    return path.endswith(CODE_ENDINGS)
