import pytest
from pydantic import ValidationError

from paper2run.model.value import Source
from paper2run.settings import Settings


def test_a_changed_value_is_a_copy():
    old = Source(kind="file", path="setup.py", line=3)

    new = old.changed(line=4)

    assert (old.line, new.line, new.path) == (3, 4, "setup.py")


@pytest.mark.parametrize("fields", [{"lien": 4}, {"line": "four"}], ids=["name", "value"])
def test_a_change_that_the_type_does_not_know_is_an_error(fields: dict[str, object]):
    with pytest.raises(ValidationError):
        Source(kind="file", path="setup.py", line=3).changed(**fields)


def test_changed_settings_keep_the_others(monkeypatch: pytest.MonkeyPatch):
    settings = Settings(nvidia_api_key="nvapi-0000000000000000", timeout=7)
    monkeypatch.setenv("PAPER2RUN_TIMEOUT", "9")

    changed = settings.changed(planner="rules")

    assert (changed.timeout, changed.planner) == (7, "rules")
    assert changed.nvidia_api_key == settings.nvidia_api_key
    with pytest.raises(ValidationError):
        settings.changed(planner="nobody")
    with pytest.raises(ValueError, match="planner_model"):
        settings.changed(planner_model="")
