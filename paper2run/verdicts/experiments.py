"""The smallest change of a stop as an experiment: a stand-in for what is missing.

Whatever comes of it, the stand-in is no repair: it shows only that nothing else stands before the next failure.
"""

import shlex
from typing import Final, assert_never

from paper2run.commands.plain_commands import folder_and_line
from paper2run.failures.failure_log import telling_line
from paper2run.model.diagnosis import Lack
from paper2run.model.outcome import Passed, SmokeFailed
from paper2run.model.report import Attempt, Experiment
from paper2run.model.value import Value

LIMIT_S: Final = 120.0
"""Seconds for the command with its stand-in; what is alive by then got past the failure."""
STUBS: Final = "/tmp/paper2run-stand-ins"
PLACEHOLDER: Final = "placeholder"
MODULE: Final = """\
import sys, types
NAME = %r
class Stub(types.ModuleType):
    __path__ = []
    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return Stub(name)
    def __call__(self, *args, **words):
        return Stub("called")
    def __iter__(self):
        return iter(())
class Finder(object):
    def find_module(self, name, path=None):
        return self if name == NAME or name.startswith(NAME + ".") else None
    def find_spec(self, name, path=None, target=None):
        if self.find_module(name):
            from importlib.machinery import ModuleSpec
            return ModuleSpec(name, self, is_package=True)
    def create_module(self, spec):
        return Stub(spec.name)
    def exec_module(self, module):
        pass
    def load_module(self, name):
        return sys.modules.setdefault(name, Stub(name))
sys.meta_path.insert(0, Finder())
"""
"""A `sitecustomize` for Python 2.7 and 3 under which the module and all below it import and do nothing."""
GPU: Final = """\
import sys
try:
    import torch
except ImportError:
    pass
else:
    def cpu(value):
        return "cpu" if str(value).startswith("cuda") else value
    def moved(old):
        return lambda self, *args, **words: old(self, *map(cpu, args), **{k: cpu(v) for k, v in words.items()})
    for owner in (torch.Tensor, torch.nn.Module):
        owner.cuda = lambda self, *args, **words: self
        owner.to = moved(owner.to)
    torch.cuda.set_device = lambda *args: None
    load = torch.load
    torch.load = lambda *args, **words: load(*args, **dict(words, map_location="cpu"))
try:
    import numpy
    sys.modules["cupy"] = numpy
except ImportError:
    pass
"""
"""A `sitecustomize` under which torch moves nothing to a GPU and CuPy is NumPy."""


class PlannedExperiment(Value):
    """What to run."""

    attempt: Attempt
    """The failed attempt, in whose image it runs."""
    change: str
    command: str


def judged(planned: PlannedExperiment, outcome: Passed | SmokeFailed) -> Experiment:
    """Return what the experiment has shown."""
    before = (
        telling_line(planned.attempt.smoke)
        if isinstance(planned.attempt.smoke, SmokeFailed)
        else ""
    )
    then = telling_line(outcome) if isinstance(outcome, SmokeFailed) else ""
    gets_past = isinstance(outcome, Passed) or (bool(then) and then != before)
    return Experiment(
        change=planned.change, command=planned.command, gets_past=gets_past, then=then
    )


def in_words(experiment: Experiment) -> str:
    """Return the experiment as one sentence."""
    if not experiment.gets_past:
        return f"Tried here with {experiment.change}: the command fails as before."
    ends = f"then fails from: {experiment.then}" if experiment.then else "passes"
    return f"Tried here with {experiment.change}: the command gets past this and {ends}"


def around(command: str, lacks: Lack) -> tuple[str, str]:
    """Return the change in words, and the command with the stand-in."""
    match lacks.kind:
        case "file":
            folder, line = folder_and_line(command)
            path = shlex.quote(lacks.name)
            put = (
                f"mkdir -p {path}"
                if lacks.name.endswith("/")
                else f'mkdir -p "$(dirname {path})" && : > {path}'
            )
            start = f"cd {shlex.quote(folder)} && " if folder else ""
            return f"an empty file at {lacks.name}", f"{start}{put} && {line}"
        case "module":
            return f"a stand-in for {lacks.name} that does nothing", _customised(
                MODULE % lacks.name, command
            )
        case "gpu":
            return "its calls for a GPU switched to the processor", _customised(GPU, command)
        case "variable":
            words = f"{lacks.name} set to `{PLACEHOLDER}`"
            return words, f"export {lacks.name}={PLACEHOLDER}; {command}"
        case _:
            assert_never(lacks.kind)


def _customised(code: str, command: str) -> str:
    write = f"mkdir -p {STUBS} && printf %s {shlex.quote(code)} > {STUBS}/sitecustomize.py"
    return f'{write} && export PYTHONPATH="{STUBS}:$PYTHONPATH" && {command}'
