"""The README lists every setting with its default, every flag, and every target's command."""

import re
from pathlib import Path

from pydantic import AliasChoices

from paper2run.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_every_setting_stands_in_the_readme_with_its_default():
    rows = dict(re.findall(r"^\| `(\w+)`[^|]* \| ([^|]+) \|", README, flags=re.MULTILINE))
    rows |= dict.fromkeys(re.findall(r"`([A-Z_]+)`", README), "") | rows
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names = (
            [choice for choice in alias.choices if isinstance(choice, str)]
            if isinstance(alias, AliasChoices)
            else []
        )
        variables = [
            variable for variable in (f"PAPER2RUN_{name.upper()}", *names) if variable in rows
        ]
        assert variables, f"{name} is not in the README"
        if isinstance(field.default, int | float):
            assert rows[variables[0]].strip(" `") == str(field.default), name
