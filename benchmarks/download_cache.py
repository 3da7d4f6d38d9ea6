"""Measures what pip's download cache of one repository gains in a second build, as after a repair.

`python -m benchmarks.download_cache [VERSION]`: of wheels, which an index may forbid to keep, and of sources, of which
pip keeps the wheels that it built. Each is built twice with the cache of an own repository and twice without one, every
time with new layers; the ratio is the second build with the cache to the second without, below 1 is faster.
"""

import sys
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from paper2run.model.outcome import Built
from paper2run.rendering.injection import Injection
from paper2run.settings import Settings
from tasks.drivers.engine import buildkit
from tasks.drivers.engine.build_context import BuildInput
from tasks.drivers.engine.engine import Engine
from tasks.drivers.engine.engine_connection import connect

INSTALLS: Final = {
    "wheels": "numpy==1.26.4 pandas==2.2.2 scikit-learn==1.5.0 matplotlib==3.9.0",
    "sources": "--no-binary sgmllib3k,docopt,future,MarkupSafe"
    " sgmllib3k==1.0.0 docopt==0.6.2 future==0.18.3 MarkupSafe==2.1.5",
}
"""The libraries that most research code starts from, and releases that have a source archive."""
BUILD_LIMIT_S: Final = 1800


def second_build_s(engine: Engine, base: str, install: str, access: Injection) -> float:
    """Return the seconds of the second of two builds that share nothing but the caches of `access`."""
    return [_build_s(engine, base, install, access) for _ in range(2)][-1]


def _build_s(engine: Engine, base: str, install: str, access: Injection) -> float:
    tag = f"paper2run-benchmark/cache:{uuid.uuid4().hex}"
    text = f"FROM {base}\nENV BUILD={uuid.uuid4().hex}\nRUN pip install --no-compile {install}\n"
    with TemporaryDirectory() as folder:
        given = BuildInput(text, Path(folder), tag, access)
        done = buildkit.build(engine, given, run_id="benchmark", timeout_s=BUILD_LIMIT_S)
    if not isinstance(done, Built):
        raise SystemExit(f"{install}: {done.step}\n{done.log.stderr[-2000:]}")
    engine.remove_image(tag)
    return done.seconds


def main(version: str) -> None:
    """Print seconds and ratios."""
    engine, settings = connect(), Settings()
    for name, install in INSTALLS.items():
        base = f"python:{version}-slim"
        with_cache = second_build_s(
            engine, base, install, Injection.of(settings, f"benchmark {uuid.uuid4().hex}")
        )
        without = second_build_s(engine, base, install, Injection.of(settings))
        ratio = with_cache / without
        print(f"{name}: {with_cache:.1f} s with the cache, {without:.1f} s without: {ratio:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:2] or ["3.11"])
