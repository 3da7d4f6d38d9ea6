"""The filled cases of CONTRIBUTING.md are valid and have every key."""

import json
import re
from pathlib import Path

import yaml

from tests.cases import LogCase, Situation

GUIDE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
OF_A_SMOKE_RUN = {"out_of_memory", "out_of_disk", "limit", "releases"}


def block(form: str) -> str:
    """Return the text of the guide's only block of that form."""
    [text] = re.findall(rf"^```{form}\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)
    return text


def test_the_situation_has_every_key():
    keys = yaml.safe_load(block("yaml"))

    assert Situation.model_validate(keys)
    assert list(keys) == list(Situation.model_fields)


def test_the_log_case_has_every_key_of_a_build():
    text = block("json")

    assert LogCase.model_validate_json(text)
    assert set(json.loads(text)) | OF_A_SMOKE_RUN == set(LogCase.model_fields)
    for key in OF_A_SMOKE_RUN:
        assert f"`{key}`" in GUIDE
