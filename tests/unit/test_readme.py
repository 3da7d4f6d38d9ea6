"""The tables of flags and settings say what the models say."""

import pytest

from benchmarks.list_options import PAGES, page
from paper2run.settings import Settings


@pytest.mark.parametrize("table", PAGES)
def test_the_table_is_current(table: str):
    assert PAGES[table].read_text("utf-8") == page(table), "run python -m benchmarks.list_options"


def test_every_setting_has_words():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
