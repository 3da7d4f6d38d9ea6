"""Names of conda's channels, told in names of the index and of Debian."""

import json
from importlib import resources

import pytest
from packaging.utils import canonicalize_name

from paper2run.formats.version_ranges import conda
from paper2run.index.conda_channels import addresses
from paper2run.knowledge.conda_translation import Translation, translated
from paper2run.knowledge.distributions import distribution_for
from paper2run.model.conda import CondaSolved, CondaWish
from paper2run.model.environment import Asked, EnvPlan, PlannedEnvironment, Reason
from paper2run.model.facts import CondaPackage, LanguageShare, OwnModule, RepoFacts
from paper2run.model.resolution import Resolution
from paper2run.model.value import Source
from paper2run.planning.evidence import Evidence
from paper2run.providers.python import propose
from paper2run.rendering.conda_plan import with_conda

LINE = Source(kind="file", path="environment.yml", line=3)


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("pytorch", Translation(distribution="torch")),
        ("matplotlib-base", Translation(distribution="matplotlib")),
        ("tensorflow_gpu", Translation(distribution="tensorflow")),
        ("scikit-learn", Translation(distribution="scikit-learn")),
        ("samtools", Translation(debian=("samtools",))),
        ("dgl-cuda11.1", Translation(distribution="dgl")),
        ("vtk-base", Translation(distribution="vtk")),
        ("picard", Translation(debian=("picard-tools",))),
        ("r-ggplot2", Translation(nothing="a package of R")),
    ],
)
def test_a_package_of_conda_is_known_elsewhere(name, there):
    assert translated(name) == there


def test_what_cuda_needs_is_left_out_with_the_reason():
    assert "CUDA" in translated("pytorch-cuda").nothing


@pytest.mark.parametrize("name", ["gnutls", "libUnistring", "x264", "azure-core-cpp", "qualimap"])
def test_a_library_or_program_of_conda_is_no_namesake_on_the_index(name):
    assert translated(name).nothing


def test_names_are_kept_as_they_are_looked_up():
    text = (resources.files("paper2run") / "data" / "conda_names.json").read_text("utf-8")
    table = json.loads(text)
    names = [*table["index"], *table["debian"], *table["nothing"]]
    assert [name for name in names if canonicalize_name(name) != name] == []


def test_every_name_stands_in_one_table_and_the_index_s_are_known():
    table = json.loads(
        (resources.files("paper2run") / "data" / "conda_names.json").read_text("utf-8")
    )
    names = [*table["index"], *table["debian"], *table["nothing"]]
    assert len(names) == len(set(names))
    unknown = {n for n in table["index"].values() if distribution_for(n).certainty == "same-name"}
    assert not unknown


@pytest.mark.parametrize(
    ("written", "specifier"),
    [(">= 1.13", ">=1.13"), ("1.16 py36_0", "==1.16"), (">=1, <2", ">=1,<2")],
)
def test_a_blank_behind_an_operator_is_no_build_string(written, specifier):
    assert conda(written) == specifier


def test_an_environment_becomes_requirements_debian_packages_and_reasons():
    facts = (
        LanguageShare(language="python", files=1, size_bytes=100, source=LINE),
        OwnModule(
            module="waves",
            root="",
            installed=False,
            source=Source(kind="file", path="waves.py"),
        ),
        CondaPackage(name="pytorch", version=">= 1.13", source=LINE),
        CondaPackage(name="samtools", source=LINE),
        CondaPackage(name="cudatoolkit", version="=10.1", source=LINE),
    )
    asked = Asked(name="waves", commit="1" * 40, commit_day=None)
    planned = propose(Evidence(RepoFacts(facts=facts), frozenset({"waves.py"}), asked))
    assert planned is not None
    assert "torch 'torch>=1.13'" in planned.plan.install_steps[0]
    assert planned.plan.system_packages == ("samtools",)
    decisions = " ".join(reason.decision for reason in planned.reasons)
    assert "cudatoolkit of the conda environment left out" in decisions


def test_a_channel_whose_address_is_a_template_cannot_be_asked():
    found, why = addresses(["conda-forge", "https://user:secret@[your-mirror]/conda"])
    assert found == ("https://conda.anaconda.org/conda-forge",)
    assert "channel" in why and "secret" not in why


def test_condas_plan_tells_once_what_is_left_out_and_by_whom():
    index = Source(kind="index")
    unwanted = Reason(topic="dependency", decision="a: no", leaves_out="unwanted", source=LINE)
    kept = Reason(topic="dependency", decision="b left out: as a text alone", source=LINE)
    strange = Reason(topic="dependency", decision="c: no", leaves_out="unwanted", source=index)
    dropped = Reason(topic="dependency", decision="d: no", leaves_out="dropped", source=index)
    plan = EnvPlan(base_image="python:3.8-slim", smoke_command="true")
    wish = CondaWish(channels=("https://conda.anaconda.org/conda-forge/",), source=LINE)
    planned = PlannedEnvironment(plan=plan, planner="rules", reasons=(unwanted, kept), conda=wish)
    resolution = Resolution(python="3.8", date_step="none", dropped=("d: it stands in the way",))
    pinned = planned.changed(resolution=resolution, reasons=(strange, dropped))
    solved = CondaSolved(archives=(), date_step="none", left_out=("e: elsewhere",), notes=("f",))

    found = with_conda(planned, wish, solved, pinned).reasons

    told = {reason.decision: reason.leaves_out for reason in found}
    assert unwanted not in found and dropped not in found
    assert {kept, strange} <= set(found)
    assert told["e: elsewhere"] == "unwanted"
    assert told["left out d: it stands in the way"] == "dropped"
    assert told["f"] is None
