"""Words of a README and calls that a program can do without are no proof that it cannot work."""

from pathlib import Path

import pytest

from paper2run.detectors import data_needs, documented_inputs, gpu, platforms, services
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import DataNeed, GpuNeed, OutsideNeed


def tree_of(folder: Path, files: dict[str, str]) -> RepoTree:
    """Return a checkout with these files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return RepoTree.of(folder)


@pytest.mark.parametrize(
    ("sentence", "asks"),
    [
        ("You need an API key of the service.", True),
        ("Insert your credentials in settings.py before the first run.", True),
        ("Create a developer account and export its access token.", True),
        ("Public data; no account or credentials required.", False),
        ("Remove credentials from the notebook before you commit.", False),
        ("Download the data from Kaggle with your Kaggle credentials.", False),
        ("Runs without an API key.", False),
        ("If you want more calls, set an API key.", False),
    ],
)
def test_a_readme_asks_for_an_account_or_not(tmp_path, sentence, asks):
    tree = tree_of(tmp_path, {"README.md": f"# Tides\n\n{sentence}\n", "main.py": "print(1)\n"})

    hard = [one.what for one in services.detect(tree) if isinstance(one, OutsideNeed) and one.hard]

    assert hard == (["an account of your own"] if asks else [])


@pytest.mark.parametrize(
    ("sentence", "hard"),
    [
        ("Only works on Windows.", True),
        ("The code is only supported on macOS.", True),
        ("Only tested on macOS 10.15 with Python 3.8.", False),
    ],
)
def test_where_the_authors_tested_is_no_limit(tmp_path, sentence, hard):
    tree = tree_of(tmp_path, {"README.md": f"# Tides\n\n{sentence}\n", "main.py": "print(1)\n"})

    assert any(one.hard for one in platforms.detect(tree)) == hard


@pytest.mark.parametrize(
    ("body", "hard"),
    [
        ("x = x.cuda()\n", True),
        ("try:\n    x = x.cuda()\nexcept Exception:\n    pass\n", False),
        ("try:\n    x = x.cuda()\nexcept RuntimeError:\n    raise SystemExit(1)\n", True),
        ("try:\n    x = x.cuda()\nexcept RuntimeError:\n    print('slow')\n", False),
        ("try:\n    x = x.cuda()\nfinally:\n    print('end')\n", True),
    ],
)
def test_a_call_to_a_gpu_that_may_fail_is_no_need(tmp_path, body, hard):
    script = f"import torch\nx = torch.ones(2)\n{body}print(x)\n"
    tree = tree_of(
        tmp_path, {"README.md": "# Run\n\n```\npython main.py\n```\n", "main.py": script}
    )

    found = [one for one in gpu.detect(tree) if isinstance(one, GpuNeed)]

    assert any(one.hard for one in found) == hard


README = "# Run\n\nThe data are downloaded.\n\n```\npython train.py --data-dir {folder}\n```\n"


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("import argparse\n", [("work/images", False)]),
        ("from torchvision import datasets\ndatasets.CIFAR10('work', download=True)\n", [("work/images", True)]),
        ("import os\nos.makedirs('work/images', exist_ok=True)\n", []),
    ],
)  # fmt: skip
def test_a_folder_that_the_program_fills_is_no_missing_input(tmp_path, script, wanted):
    tree = tree_of(tmp_path, {"README.md": README.format(folder="work/images"), "train.py": script})

    found = [one for one in documented_inputs.detect(tree) if isinstance(one, DataNeed)]

    assert [(one.what, one.downloaded) for one in found if one.what == "work/images"] == wanted


@pytest.mark.parametrize(
    ("sentence", "is_restricted"),
    [
        ("The data cannot be shared.", True),
        ("The dataset is not included.", True),
        ("Please register to get access to the data.", True),
        ("The dataset is not included in the PyPI package, see data/.", False),
        ("Please register the kernel to get access to the environment.", False),
    ],
)
def test_data_that_authors_keep_to_themselves(tmp_path, sentence, is_restricted):
    tree = tree_of(tmp_path, {"README.md": f"# Tides\n\n{sentence}\n", "main.py": "print(1)\n"})

    found = [one for one in data_needs.detect(tree) if isinstance(one, DataNeed)]

    assert any(one.restricted for one in found) == is_restricted
