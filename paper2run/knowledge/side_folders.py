"""By place and name alone: which files are other people's, generated, or beside the code."""

import re
from typing import Final

VENDORED: Final = frozenset(
    {"vendor", "vendors", "vendored", "_vendor", "third_party", "thirdparty", "third-party", "3rdparty", "3rd_party",
     "3rd-party", "external", "externals", "extern", "external_libs", "deps", "submodules", "node_modules",
     "bower_components", "site_libs"}
)  # fmt: skip
"""Folders that people name after what they hold: other people's code."""
BESIDE: Final = frozenset(
    {"doc", "docs", "documentation", "man", "website", "site", "_site", "_build", "htmlcov", "gh-pages", "test",
     "tests", "testing", "unittests", "fixtures", "testdata", "example", "examples", "demo", "demos", "tutorial",
     "tutorials", "paper", "binder"}
)  # fmt: skip
"""Folders of documentation, tests and examples: their languages say little about the code that they serve."""
GENERATED: Final = re.compile(
    r"(?i)(?:^|/)(?:configure|libtool|ltmain\.sh|aclocal\.m4|config\.(?:guess|sub|status)|install-sh|depcomp|compile|missing"
    r"|test-driver|gradlew|mvnw|versioneer\.py|_version\.py|.*_pb2(?:_grpc)?\.py|.*[.-](?:min|bundle|umd|prod)\.m?js"
    r"|jquery[^/]*\.js|d3(?:\.v\d)?\.js|three(?:\.module)?\.js|bootstrap[^/]*\.js)$"
)
"""Written by tools, or copied from where everybody has them."""
RELEASE: Final = re.compile(r"^([A-Za-z][A-Za-z0-9_+]*?)[-_]?v?(\d+(?:\.\d+)+)(?:[-_.]?\w+)?$")
"""A folder as an unpacked release has it: `liblinear-1.94`, `eigen3.2.8`."""
ARCHIVE: Final = re.compile(r"(?i)[-_](?:master|main|snapshot)$")
"""A folder as an archive of a branch has it."""


def vendored_place(path: str) -> tuple[str, str]:
    """Return the folder of a path that its name gives to other people's code, and why; else empty."""
    parts = path.split("/")
    for number, part in enumerate(parts[:-1], 1):
        if part.lower() in VENDORED:
            return "/".join(parts[:number]), "named after other people's code"
        if ARCHIVE.search(part):
            return "/".join(parts[:number]), "an unpacked archive of a branch"
    return "", ""


def is_beside(path: str) -> bool:
    """Whether a file is documentation, a test, an example, or written by a tool."""
    return not BESIDE.isdisjoint(path.lower().split("/")[:-1]) or GENERATED.search(path) is not None
