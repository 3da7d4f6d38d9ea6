"""Evidence counts by its role, as the table says, and docs/trust.md says the same."""

import re
from pathlib import Path
from typing import Literal

import pytest

from benchmarks.list_trust import PAGE, page
from paper2run.model.facts import Fact, PythonConstraint, RepoFacts, Requirement
from paper2run.model.value import Source, SourceKind
from paper2run.planning import trust
from paper2run.planning.interpreters import choose
from paper2run.planning.wanted import gather

ROOT = Path(__file__).parents[2]
Strength = Literal["required", "tested", "mentioned"]


def python(specifier: str, strength: Strength, path: str, kind: SourceKind = "file") -> Fact:
    source = Source(kind=kind, path=path, line=1)
    return PythonConstraint(specifier=specifier, strength=strength, source=source)


def needs(text: str, path: str, kind: SourceKind = "file") -> Requirement:
    name = re.split(r"[=<>]", text)[0]
    source = Source(kind=kind, path=path, line=1)
    return Requirement(text=text, name=name, group="runtime", source=source)


def test_the_page_of_trust_is_current():
    assert PAGE.read_text("utf-8") == page(), "run python -m benchmarks.list_trust"


@pytest.mark.parametrize(
    ("fact", "role"),
    [
        (python(">=3.8", "required", "setup.py"), "limit of a manifest"),
        (python("<3.7", "required", "waves/core.py"), "own package"),
        (python("<3.10", "required", "waves/core.py", "import"), "own package"),
        (python("<3.10", "mentioned", "plot.py", "import"), "side file"),
        (python("==3.8.*", "tested", ".github/workflows/a.yml", "ci"), "test environment"),
        (python("==3.8.*", "tested", "tox.ini"), "test environment"),
        (python("==3.8.*", "tested", "noxfile.py"), "test environment"),
        (python("==3.8.*", "tested", "Dockerfile"), "recipe"),
        (python("==3.8.*", "tested", "docs/Dockerfile"), "side file"),
        (python("==3.8.*", "required", "docs/environment.yml"), "side file"),
        (python("==3.8.*", "required", "binder/environment.yml"), "limit of a manifest"),
        (python("==3.8.*", "mentioned", ".readthedocs.yaml", "ci"), "side file"),
        (python("==3.8.*", "mentioned", "setup.py"), "classifier"),
        (python("==3.8.*", "mentioned", "README.md", "readme"), "document"),
        (python("==3.8.*", "mentioned", "CONTRIBUTING.md"), "document"),
        (python("==3.8.*", "mentioned", "run.ipynb"), "side file"),
    ],
)
def test_what_names_an_interpreter_has_a_role(fact: PythonConstraint, role: str):
    assert trust.role_of(fact) == role
    assert trust.of("interpreter", role)


def test_a_job_that_does_not_test_is_another_job():
    lint = python("==3.12.*", "tested", ".github/workflows/lint.yml", "ci")

    assert trust.role_of(lint, {"3.8"}) == "other job"
    assert trust.role_of(lint, {"3.12"}) == "test environment"


README = python("==3.8.*", "mentioned", "README.md", "readme")


@pytest.mark.parametrize(
    ("facts", "best"),
    [
        ([README, python("==3.11.*", "mentioned", "run.ipynb")], "3.8"),
        ([README, python("==3.11.*", "tested", "examples/Dockerfile")], "3.8"),
        ([README, python("==3.11.*", "required", "docs/environment.yml")], "3.8"),
        ([README, python("==3.11.*", "mentioned", "setup.py")], "3.11"),
        ([README, python("==3.9.*", "tested", "tox.ini")], "3.9"),
        ([python("==3.11.*", "mentioned", "run.ipynb")], "3.11"),
    ],
)
def test_manifests_and_ci_come_before_documents_and_those_before_side_files(
    facts: list[Fact], best: str
):
    assert choose(RepoFacts(facts=tuple(facts)), None).pythons[0] == best


def test_what_a_document_installs_beside_a_manifest_is_optional_and_limits_what_is_wanted():
    listed = needs("torch", "requirements.txt"), needs("numpy==1.26.4", "requirements.txt")
    said = (
        needs("torch==1.7.1+cu110", "README.md", "readme"),
        needs("numpy==1.23.5", "README.md", "readme"),
        needs("jupyter", "README.md", "readme"),
    )

    beside = gather(RepoFacts(facts=(*said, *listed)))
    alone = gather(RepoFacts(facts=said))

    assert beside.requirements == ("torch", "torch==1.7.1", "numpy==1.26.4", "jupyter")
    assert beside.optional == ("jupyter",)
    assert "jupyter" not in alone.optional


def test_the_planner_of_packages_knows_no_role_beside_the_table():
    text = "".join(
        (ROOT / "paper2run" / "planning" / name).read_text()
        for name in ("wanted.py", "collected_requirements.py")
    )
    roles = {row.role for row in trust.TABLE if row.subject == "package"}
    unused = {role for role in roles if f'"{role}"' not in text}

    assert unused == {"documentation tool", "side list"}, "these two are never collected"
    with pytest.raises(KeyError):
        trust.is_optional("a role that nobody listed")
