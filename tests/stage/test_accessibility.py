"""Reports and a batch page under axe-core in a real browser: light, dark, narrow.

axe-core, https://github.com/dequelabs/axe-core, comes from npm once and is kept outside the repository.
"""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.browser import Browser, browser
from tests.run_pages import ENDS, batch_page, page_of

pytestmark = pytest.mark.full
VERSION: Final = "4.14.1"
VIOLATIONS: Final = """
axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations.map(each =>
  `${each.impact} ${each.id}: ${each.nodes.map(node => node.target.join(" ")).join("; ")}`))
"""
CLIPPED: Final = """
[document.documentElement, ...document.querySelectorAll('.wide, td, dd, li, p')]
  .filter(each => each.clientWidth && each.scrollWidth > each.clientWidth + 1).map(each => each.innerText)"""
"""What is wider than the place that a report has for it."""
UNFOLD: Final = "document.querySelectorAll('details').forEach(each => { each.open = true; })"


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the program text of axe-core."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = caches / "paper2run-tests" / f"axe-core-{VERSION}"
    if not (kept / "axe.min.js").exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("needs npm, which brings axe-core: apt-get install npm")
        kept.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            [npm, "pack", f"axe-core@{VERSION}"],
            cwd=kept,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if packed.returncode:
            pytest.skip(
                f"needs npm's registry, which does not give axe-core: {packed.stderr[-300:]}"
            )
        with tarfile.open(kept / packed.stdout.split()[-1]) as archive:
            source = archive.extractfile("package/axe.min.js")
            assert source is not None
            (kept / "axe.min.js").write_bytes(source.read())
    return (kept / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", [*ENDS, "batch"])
def test_a_page_breaks_no_rule_of_accessibility(tab, axe, tmp_path, kind, dark, width):
    page = tmp_path / "page.html"
    page.write_text(batch_page() if kind == "batch" else page_of(kind), "utf-8")

    tab.open(page, dark=dark, width=width)
    tab.run(UNFOLD)
    tab.run(axe)

    assert tab.run(VIOLATIONS) == []
    if kind != "batch":
        # Its table of many columns is scrolled sideways.
        assert tab.run(CLIPPED) == []
