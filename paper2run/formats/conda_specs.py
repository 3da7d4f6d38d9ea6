"""Reads conda's package specifications.

https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html
"""

import re
from collections.abc import Iterator
from typing import Final, Literal

from paper2run.formats.version_ranges import conda, listed_python
from paper2run.model.facts import CondaPackage, PythonConstraint
from paper2run.model.value import Source

SPEC: Final = re.compile(
    r"^(?:[\w./-]+::)?([A-Za-z0-9_][\w.-]*)(?:\[[^\]]*\])?\s*([=<>!~\s\d].*)?$"
)
NOT_PACKAGES: Final = frozenset({"pip", "conda", "mamba", "conda-build", "setuptools", "wheel"})
"""What the environment brings by itself."""


def conda_package(
    spec: str, source: Source, strength: Literal["required", "mentioned"] = "required"
) -> Iterator[CondaPackage | PythonConstraint]:
    """Yield the package that one specification names; `python` becomes a constraint.

    Conda's own tools give nothing.
    """
    match = SPEC.match(spec.partition("#")[0].strip())
    if match is None:
        return
    name, version = match[1].lower(), (match[2] or "").strip()
    if name == "python":
        specifier = conda(version)
        exact = re.fullmatch(r"==([\d.]+)(?:\.\*)?", specifier)
        specifier = listed_python(exact[1]) if exact else specifier
        if specifier:
            yield PythonConstraint(specifier=specifier, strength=strength, source=source)
    elif name not in NOT_PACKAGES:
        yield CondaPackage(name=name, version=version, source=source)
