"""Variables that give a build its version where the history that would tell it is missing."""

from typing import Final

DYNAMIC_VERSIONS: Final = {
    "SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0",  # setuptools-scm, hatch-vcs, flit-scm, scikit-build-core
    "PBR_VERSION": "0.0.0",
    "PDM_BUILD_SCM_VERSION": "0.0.0",
    "POETRY_DYNAMIC_VERSIONING_BYPASS": "0.0.0",
    "UV_DYNAMIC_VERSIONING_BYPASS": "0.0.0",
}
"""The image holds no history: git and all commits would make it larger, no run needs them, and a mirror of one commit
has no tags. So the version is given, by each tool's own variable; versioneer and miniver do without."""
