"""What the storage of kept results hands out again: values of our own classes alone."""

import importlib
from typing import Any, get_args, get_type_hints

import pytest
from prefect import Task

from tasks.running.kept_records import OWN_CLASSES
from tests.unit.test_rules_versions import FAR


def classes_in(kind: Any) -> list[type]:
    """Return the classes that a return type names, without what JSON has itself."""
    if inner := get_args(kind):
        return [found for one in inner for found in classes_in(one)]
    return [kind] if isinstance(kind, type) and kind.__module__ != "builtins" else []


@pytest.mark.parametrize("name", FAR)
def test_a_cached_stage_returns_what_the_storage_hands_out_again(name: str) -> None:
    """Another class is refused when it is read, so that the stage would run each time."""
    module = importlib.import_module(f"tasks.{name}")
    [stage] = [
        found
        for found in vars(module).values()
        if isinstance(found, Task)
        and found.persist_result
        and found.fn.__module__ == module.__name__
    ]

    returned = classes_in(get_type_hints(stage.fn)["return"])

    assert all(kind.__module__.startswith(OWN_CLASSES) for kind in returned), returned
