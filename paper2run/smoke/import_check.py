"""Looks in an image for what the code imports: modules, then names, in processes of their own.

That a module is found says little: `sklearn` is there, `from sklearn.cross_validation import KFold` fails.
"""

import json
import shlex
from collections.abc import Iterable
from typing import Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

from paper2run.model.facts import Import

CHECK: Final = """\
import json, subprocess, sys
try:
    from importlib.util import find_spec as find
except ImportError:
    from pkgutil import find_loader as find
CHILD = '''
import importlib, json, sys
for item in sys.argv[1:]:
    module, _, name = item.partition(":")
    said = ""
    try:
        found = importlib.import_module(module)
        if name and not hasattr(found, name):
            importlib.import_module(module + "." + name)
    except BaseException as error:
        said = type(error).__name__ + ": " + str(error)
    sys.stderr.flush()
    print(chr(10) + "=taken= " + json.dumps([item, said]))
    sys.stdout.flush()
'''
wanted = json.loads(sys.argv[1])
missing, failed = [], []
for name in sorted(wanted):
    try:
        found = find(name)
    except (AttributeError, ImportError, ValueError):
        found = None
    if found is None:
        missing.append(name)
print(json.dumps([missing, failed]))
sys.stdout.flush()
for name in sorted(set(wanted) - set(missing)):
    asked = [name] + wanted[name]
    child = subprocess.Popen([sys.executable, "-c", CHILD] + asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = child.communicate()[0].decode("utf-8", "replace").splitlines()
    told = [json.loads(line[8:]) for line in lines if line.startswith("=taken= ")]
    failed += [[item, said] for item, said in told if said]
    if len(told) < len(asked):
        failed.append([asked[len(told)], "the process ended with status %d" % child.returncode])
print(json.dumps([missing, failed]))
sys.exit(1 if missing or failed else 0)
"""
"""Runs on Python 2.7 and 3.x; its argument is a table of modules and what is taken of each.

Its first line has the modules, its last line everything: what hangs in an import loses only the names.
"""
MAX_LOOKED_UP: Final = 1000
"""Modules that one command looks up."""
MAX_MODULE_CHARS: Final = 100
MAX_CHARS: Final = 100_000
"""Of the table: Linux takes 131,072 bytes for one argument."""
MAX_SHOWN: Final = 20
MAX_SAID_CHARS: Final = 300
ANSWER: Final = TypeAdapter(tuple[tuple[str, ...], tuple[tuple[str, str], ...]])


class Found(NamedTuple):
    """What the check says."""

    missing: tuple[str, ...]
    """Modules that are not there."""
    failed: tuple[str, ...]
    """Imports that fail all the same, each with the error."""


def command_for(imports: Iterable[Import], compiled: Iterable[str] = ()) -> str:
    """Return the command that looks for the modules and for what is taken of them; empty without any.

    `compiled` are modules that the project's own install compiles: where one failed silently, pip says nothing.
    """
    wanted: dict[str, list[str]] = {}
    for module in compiled:
        wanted.setdefault(module.partition(".")[0], []).append(module)
    chars = 0
    for fact in imports:
        if len(fact.module) > MAX_MODULE_CHARS or len(wanted) >= MAX_LOOKED_UP:
            continue
        taken = wanted.setdefault(fact.module, [])
        for item in fact.taken:
            chars += len(item) + 4
            if chars < MAX_CHARS and item not in taken:
                taken.append(item)
    return shlex.join(["python", "-c", CHECK, json.dumps(wanted)]) if wanted else ""


def read_answer(stdout: str) -> Found | None:
    """Return what the check found by its last line that says it; None without one."""
    for line in reversed(stdout.strip().splitlines()):
        try:
            missing, failed = ANSWER.validate_json(line)
        except ValidationError:
            continue
        said = (f"{item}: {error}"[:MAX_SAID_CHARS] for item, error in failed[:MAX_SHOWN])
        return Found(missing, tuple(said))
    return None
