"""Jobs of continuous integration: what a service would run for the repository, step by step."""

from typing import Literal

from paper2run.model.value import Source, Value

Service = Literal["github", "travis", "circleci", "gitlab", "azure"]
StepForm = Literal["run", "python", "apt", "conda", "action"]
"""run: a script; python: an interpreter is set up; apt: Debian packages; conda: an environment file;
action: something of the service's own, which no shell runs."""
Pairs = tuple[tuple[str, str], ...]
"""Names and literal values, in the order of the file."""


class CiStep(Value):
    """One step of a job, as written: variables are not filled in yet."""

    form: StepForm
    text: str
    """run: the script, of one line or many; python: the version; apt: names, blanks between; conda: the file, perhaps
    nothing; action: its name."""
    folder: str = ""
    """Where it runs, below the repository; empty for its root."""
    env: Pairs = ()
    condition: str = ""
    """What must hold for it to run, in the service's own words; empty for always."""
    source: Source
    """Where its text starts."""


class CiJob(Value):
    """One job with its steps in order, before the service chooses a row of its matrix."""

    kind: Literal["ci-job"] = "ci-job"
    service: Service
    name: str
    """As people see it: `CI / test`."""
    system: str = ""
    """The machine as written: `ubuntu-22.04`, `${{ matrix.os }}`; empty for the service's default, which is Linux."""
    image: str = ""
    """The container image that the steps run in; empty for the machine itself."""
    rows: tuple[Pairs, ...] = ()
    """What the matrix varies, one row per run of the job; the names are those by which scripts call the values."""
    env: Pairs = ()
    one_shell: bool = False
    """All steps share one shell: folders and variables last to the end."""
    steps: tuple[CiStep, ...] = ()
    source: Source
