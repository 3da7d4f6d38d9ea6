"""Requirements by address: git and pip install them as of a day, and what was installed before stays."""

import uuid
from datetime import date

import pytest

from paper2run.model.facts import PipInclude, RepoFacts
from paper2run.model.outcome import BuildFailed, Built
from paper2run.model.value import Source
from paper2run.planning.addressed_steps import addressed_steps
from paper2run.proofs.failed_rebuild import drift_of
from paper2run.rendering.injection import Injection
from paper2run.rendering.pinned_addresses import pinned, read_revisions
from paper2run.settings import Settings
from tests.engine.conftest import Build

pytestmark = pytest.mark.docker

HERE = Source(kind="file", path="requirements.txt", line=1)
FORGE = "https://forge.example/someone"
SEA = """\
from setuptools import setup
setup(name="sea_waves", version="{version}", py_modules=["sea_waves"], install_requires=["six"])
"""


def served(version: str, day: str) -> str:
    """Return the shell lines by which the package's repository gets one more commit."""
    setup = SEA.format(version=version).replace("\n", "\\n")
    return (
        f" && printf '{setup}' > setup.py && echo VERSION=\\'{version}\\' > sea_waves.py && git add -A"
        f" && GIT_COMMITTER_DATE={day}T12:00:00Z git commit -q -m {version} --date {day}T12:00:00Z"
    )


REPOSITORY = (
    "RUN apt-get update && apt-get install -y --no-install-recommends git\n"
    "RUN git config --system user.name a && git config --system user.email a@example.org"
    f" && git config --system url./srv/.insteadOf {FORGE}/"
    " && git init -q -b main /srv/sea-waves.git && cd /srv/sea-waves.git"
    f"{served('1.0', '2019-05-01')}{served('1.1', '2020-05-01')} && git branch old{served('2.0', '2024-05-01')}\n"
    "RUN pip install --no-compile setuptools==68.0.0 wheel==0.41.0 six==1.15.0"
)
"""A forge in the image itself, under the address of one that does not exist."""


@pytest.mark.parametrize(
    ("requirement", "day", "version"),
    [
        (f"git+{FORGE}/sea-waves.git", date(2021, 1, 1), "1.1"),
        (f"sea_waves @ git+{FORGE}/sea-waves.git@main", date(2020, 1, 1), "1.0"),
        ("-e git+ssh://git@forge.example/someone/sea-waves.git@old#egg=sea_waves", None, "1.1"),
    ],
)
def test_a_git_repository_is_installed_as_of_the_day(
    build_image: Build, requirement: str, day: date | None, version: str
) -> None:
    lines: list[str] = []
    fact = PipInclude(text=requirement, group="runtime", source=HERE)
    (step,) = addressed_steps(RepoFacts(facts=(fact,)), day)
    built = build_image(
        f"{REPOSITORY}\nRUN {step.command}\n"
        f"RUN : {uuid.uuid4().hex}; pip freeze && test ! -e /opt/required"
        " && python -c 'import sea_waves; print(\"has\", sea_waves.VERSION)'",
        injection=Injection.of(Settings()),
        on_line=lines.append,
    )

    assert isinstance(built, Built), built
    told = "\n".join(lines)
    assert f"has {version}" in told
    assert "six==1.15.0" in told


def test_the_image_notes_the_commit_and_a_rebuild_takes_it(build_image: Build) -> None:
    fact = PipInclude(text=f"git+{FORGE}/sea-waves.git", group="runtime", source=HERE)
    (step,) = addressed_steps(RepoFacts(facts=(fact,)), date(2021, 1, 1))
    lines: list[str] = []
    site = Injection.of(Settings())
    show = f"RUN : {uuid.uuid4().hex}; echo noted $(cat /etc/required_revisions)"
    build_image(f"{REPOSITORY}\nRUN {step.command}\n{show}", injection=site, on_line=lines.append)
    noted = "\n".join(line.partition("noted ")[2] for line in lines if "noted " in line)
    (revision,) = read_revisions(noted.split("\n")[-1].strip().encode())
    assert revision.address == f"{FORGE}/sea-waves.git"

    (later,) = addressed_steps(RepoFacts(facts=(fact,)), None)
    held = pinned(f"FROM x\nRUN {later.command}\n", (), (revision,)).partition("\n")[2]
    lines.clear()
    built = build_image(
        f"{REPOSITORY}\n{held}RUN : {uuid.uuid4().hex}; cat /etc/required_revisions"
        " && python -c 'import sea_waves; print(\"has\", sea_waves.VERSION)'",
        injection=site,
        on_line=lines.append,
    )
    assert isinstance(built, Built), built
    told = "\n".join(lines)
    assert "has 1.1" in told
    assert f"{revision.commit} {revision.address}" in told

    gone = held.replace(revision.commit, "0" * 40)
    failed = build_image(f"{REPOSITORY}\n{gone}", injection=site)
    assert isinstance(failed, BuildFailed)
    assert drift_of(failed).cause == "link"
    assert drift_of(failed).item == f"{FORGE}/sea-waves.git@{'0' * 40}"


def test_what_a_required_repository_wants_changes_no_pin(build_image: Build) -> None:
    fact = PipInclude(text=f"git+{FORGE}/sea-waves.git", group="runtime", source=HERE)
    (step,) = addressed_steps(RepoFacts(facts=(fact,)), date(2021, 1, 1))
    newer = REPOSITORY.replace('["six"]', '["six>=1.16"]')

    built = build_image(f"{newer}\nRUN {step.command}", injection=Injection.of(Settings()))

    assert isinstance(built, BuildFailed)
    assert step.command in built.step
