"""Run folders as runs leave them, small: for tests of what reads them."""

from datetime import timedelta
from pathlib import Path

from paper2run.model.environment import SmokeChoice
from paper2run.model.inventory import Inventory, Package
from paper2run.model.outcome import Passed, RungResult, SmokeFailed, Trial, Verification
from paper2run.model.repo import Checkout, Overview, Paper
from paper2run.model.report import Attempt, Metadata, StageTiming
from paper2run.model.resolution import KeptLocks, Pin, Resolution
from paper2run.model.value import DEFAULT
from tests.run_pages import CRASHED, FAILURE, FORGE, NOW, PASSED, PLANNED, SUCCESS, UNBUILT

TREE = "2" * 40
IMAGE_ID = f"sha256:{'a' * 64}"
PINNED = FORGE.changed(tree=TREE)
RESOLVED = PLANNED.changed(
    resolution=Resolution(
        python="3.11", date_step="commit date", pins=(Pin(name="numpy", version="1.20.1"),),
        system_packages=("libgl1",), kept_locks=(KeptLocks(path="requirements.lock", pins=1),),
    )
)  # fmt: skip
BUILT = PASSED.built.changed(image_id=IMAGE_ID)
RUNGS = Verification(
    rungs=(
        RungResult(rung="built", passed=True, command="docker build"),
        RungResult(rung="imports", passed=True, command="python -c 'import mesh'"),
        RungResult(rung="tests", passed=False, command="pytest", exit_code=1, detail="1 failed"),
    )
)
RAN = PASSED.changed(planned=RESOLVED, built=BUILT, verification=RUNGS)
TRIED = CRASHED.changed(
    planned=RESOLVED,
    built=BUILT,
    trials=(
        Trial(
            choice=SmokeChoice(kind="script", command="python a.py", proves="it runs", source=DEFAULT),
            outcome=Passed(alive_at_timeout=True, seconds=9),
        ),
    ),
)  # fmt: skip
ENDED = {
    "ended_at": NOW + timedelta(minutes=5),
    "image": BUILT.image,
    "image_id": IMAGE_ID,
    "stages": tuple(
        StageTiming(stage=stage, attempt=1, seconds=60, cached=stage == "build", ended_at=NOW + timedelta(minutes=at))
        for at, stage in enumerate(("build", "smoke", "verify"), start=1)
    ),
}  # fmt: skip
ENDS: dict[str, tuple[Metadata, Attempt]] = {
    "success": (SUCCESS.changed(**ENDED), RAN),
    "failure": (FAILURE.changed(ended_at=ENDED["ended_at"]), UNBUILT.changed(planned=RESOLVED)),
    "crash": (FAILURE.changed(**ENDED), TRIED),
}
"""By kind of end: the summary of a run and its attempt."""
INVENTORY = Inventory(
    image_id=IMAGE_ID,
    packages=(
        Package(kind="pypi", name="numpy", version="1.20.1", place="/usr/lib/python3/dist-packages"),
        Package(kind="pypi", name="numpy", version="1.20.1", place="/opt/venv"),
        Package(kind="deb", name="libgl1", version="1.6.0-1+b1", architecture="amd64"),
        Package(kind="conda", name="python", version="3.11.4", place="/opt/conda"),
        Package(kind="npm", name="@types/node", version="20.1.0", place="/app/node_modules"),
        Package(kind="cran", name="Matrix", version="1.6-1", place="/usr/lib/R/library"),
    ),
    files=3, size_bytes=9, tree_sha256="b" * 64,
)  # fmt: skip
CITATION = """cff-version: 1.2.0
title: Meshes
license: MIT
authors:
  - family-names: Lovelace
    given-names: Ada
    orcid: https://orcid.org/0000-0002-1825-0097
    affiliation: Analytical Engines
  - name: The Mesh Group
"""
PAPER = Paper(path="", origin="given", title="Meshes")
FILES = {
    "CITATION.cff": CITATION,
    "LICENSE": "MIT License\n",
    "requirements.lock": "numpy==1.20.1\n",
    "README.md": "# Meshes\n",
}
LOGS = ("build_stdout", "build_stderr", "smoke_stdout", "smoke_stderr", "verify_tests")


def run_folder(
    place: Path,
    kind: str = "success",
    *,
    checkout: Checkout = PINNED,
    paper: Paper = PAPER,
    inventory: Inventory | None = INVENTORY,
    log: str = "loss 0.1\n",
    **fields: object,
) -> Path:
    """Return a new run folder below `place`; `fields` are those of its `metadata.json`."""
    metadata, attempt = ENDS[kind]
    folder = place / "mesh-20260101T000000Z"
    attempted = folder / "attempts" / "01"
    attempted.mkdir(parents=True)
    records = {
        "metadata.json": metadata.changed(repo=checkout.url, name=checkout.name, **fields),
        "repo.json": Overview(checkout=checkout),
        "paper.json": paper,
        "plan.json": attempt.planned,
        "attempts/01/attempt.json": attempt,
        "attempts/01/plan.json": attempt.planned,
    }
    if inventory is not None:
        records["inventory.json"] = inventory
    for name, record in records.items():
        (folder / name).write_text(record.model_dump_json(indent=2) + "\n", "utf-8")
    for name in ("report.md", "report.html", "Dockerfile", "attempts/01/Dockerfile", "run.log"):
        start = "FROM python:3.11-slim\n# " if name.endswith("Dockerfile") else ""
        (folder / name).write_text(f"{start}made from {checkout.url} in {folder}\n", "utf-8")
    for name in LOGS if isinstance(attempt.smoke, Passed | SmokeFailed) else LOGS[:2]:
        (attempted / f"{name}.log").write_text(log, "utf-8")
    for name, text in FILES.items():
        (folder / "repo" / name).parent.mkdir(exist_ok=True)
        (folder / "repo" / name).write_text(text, "utf-8")
    return folder
