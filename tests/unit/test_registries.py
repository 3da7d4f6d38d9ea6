"""Every detector, provider and repair file is listed in its package's tuple, where it takes effect."""

import pkgutil
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

import pytest

from paper2run import detectors, providers, repairs


@pytest.mark.parametrize(
    ("package", "registry", "function"),
    [
        (detectors, detectors.DETECTORS, "detect"),
        (providers, providers.PROVIDERS, "propose"),
        (repairs, repairs.REPAIRS, "repair"),
    ],
    ids=["detectors", "providers", "repairs"],
)
def test_every_plug_in_is_in_its_registry_once(
    package: ModuleType, registry: Sequence[ModuleType], function: str
) -> None:
    files = [
        import_module(f"{package.__name__}.{it.name}")
        for it in pkgutil.iter_modules(package.__path__)
    ]
    # A module with neither a name nor the function helps others and is no plug-in.
    plug_ins = [module for module in files if {"NAME", function} & vars(module).keys()]

    assert sorted(module.__name__ for module in registry) == sorted(
        module.__name__ for module in plug_ins
    )


def test_repairs_for_failed_tests_are_repairs() -> None:
    assert set(repairs.FOR_FAILED_TESTS) <= set(repairs.REPAIRS)
