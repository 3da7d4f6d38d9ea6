"""What scripts import from beside themselves is the repository's own, whatever the index calls so."""

import pytest

from paper2run.detectors import imports
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Import

EVALUATION = {
    "examples/eval/__init__.py": "",
    "examples/eval/agents/__init__.py": "from .simple import build_agent\n",
    "examples/eval/agents/simple.py": "def build_agent(): ...\n",
}


@pytest.fixture
def strangers(tmp_path):
    """Return a function that writes files and names the modules that they want from elsewhere."""

    def found(files):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        facts = imports.detect(RepoTree.of(tmp_path))
        return [fact.module for fact in facts if isinstance(fact, Import)]

    return found


@pytest.mark.parametrize(
    "line", ["from agents import build_agent", "import agents.simple", "from agents import simple"]
)
def test_a_script_in_a_package_finds_the_package_beside_it(strangers, line):
    assert strangers(EVALUATION | {"examples/eval/evaluate.py": f"{line}\n"}) == []


def test_a_folder_below_may_have_it_put_on_the_path(strangers):
    line = "from agents import build_agent\n"
    assert strangers(EVALUATION | {"examples/eval/figures/one.py": line}) == []


def test_what_the_package_beside_lacks_is_a_library_s(strangers):
    files = EVALUATION | {"examples/eval/evaluate.py": "from agents import Runner\n"}
    assert strangers(files) == ["agents"]


def test_other_folders_do_not_see_it(strangers):
    files = EVALUATION | {"train.py": "from agents import build_agent\n"}
    assert strangers(files) == ["agents"]


def test_a_subpackage_that_bears_a_well_known_name_wraps_the_library(strangers):
    files = {
        "tool/__init__.py": "",
        "tool/pandas/__init__.py": "DataFrame = None\n",
        "tool/run.py": "from pandas import DataFrame\n",
    }
    assert strangers(files) == ["pandas"]


def test_tests_import_their_conftest_and_a_script_its_setup(strangers):
    files = {
        "tests/conftest.py": "def load_map(): ...\n",
        "tests/test_maps.py": "from conftest import load_map\n",
        "scripts/setup.py": "def install(): ...\n",
        "scripts/tool.py": "import setup\n",
    }
    assert strangers(files) == []


def test_each_module_of_a_cloud_s_namespace_is_one_of_its_own(strangers):
    files = {
        "a.py": "from google.cloud import speech, storage\n",
        "b.py": "import google.cloud.speech_v1 as speech\nfrom google.cloud.bigquery import Client\n",
    }
    names = ["google.cloud.bigquery", "google.cloud.speech", "google.cloud.storage"]
    assert strangers(files) == names
