"""Attempts that a model moved on, and run folders that hold their lessons: for tests of both."""

from pathlib import Path

from paper2run.model.diagnosis import Blame, Diagnosis, DiagnosisDecision
from paper2run.model.environment import EnvPlan, PlannedEnvironment, Reason
from paper2run.model.facts import Import, RepoFacts
from paper2run.model.lesson import RunLessons
from paper2run.model.outcome import BuildFailed, Built, Log, Passed, SmokeFailed, SystemFile
from paper2run.model.report import Attempt
from paper2run.model.value import Source
from tests.run_folders import PINNED, run_folder

MODEL = Source(kind="model", note="demo")
BUILT = Built(image="i", image_id="sha256:0", size_bytes=1, seconds=1)
PLAN = EnvPlan(
    base_image="python:3.9-slim",
    install_steps=("pip install numpy", "make"),
    smoke_command="python main.py",
)
PASSED = Passed(alive_at_timeout=False, seconds=1)
MISSING = "src/a.c:3:10: fatal error: {header}: No such file or directory"
FACTS = RepoFacts(
    facts=(
        Import(
            module="numpy",
            where="script",
            files=1,
            source=Source(kind="import", path="main.py", line=1),
        ),
        Import(
            module="os",
            where="script",
            files=1,
            source=Source(kind="import", path="src/a.c", line=3),
        ),
    )
)


def planned(plan: EnvPlan = PLAN, *, answers: int = 0, **fields: object) -> PlannedEnvironment:
    """Return a plan with so many repairs of the model among its reasons."""
    reasons = (Reason(topic="repair", decision="model:demo: as told", source=MODEL),) * answers
    return PlannedEnvironment.model_validate(
        {"plan": plan, "planner": "rules", "reasons": reasons, **fields}
    )


def solved(
    header: str = "yaml.h",
    package: str = "libyaml-dev",
    *,
    by: str = "model:demo",
    log: str = "",
    passes: bool = True,
) -> tuple[Attempt, Attempt]:
    """Return a build that lacks a header, and the attempt with the package that the answer adds."""
    new = PLAN.changed(system_packages=(package,), notes=f"{header} is of {package}")
    error = MISSING.format(header=header)
    failed = Attempt(
        number=1,
        planned=planned(
            PLAN.changed(install_steps=("pip install numpy==1.20.1", "make")), draft=PLAN
        ),
        built=BuildFailed(
            step="[5/6] RUN make",
            exit_code=2,
            seconds=1,
            log=Log(stderr=f"{log}{error}\nmake: *** [a.o] Error 1\n"),
        ),
        diagnosis=Diagnosis(
            decision=DiagnosisDecision(
                decision="repair", reason=f"{package} has it", confidence="high", new_plan=new
            ),
            by=by,
            cause="build_error",
            source=MODEL,
        ),
        blame=Blame(error=error, cause="build_error", confidence="medium", about="src/a.c:3"),
        system_files=(SystemFile(kind="header", name=header, package=""),),
    )
    smoke = (
        PASSED if passes else SmokeFailed(exit_code=7, seconds=1, log=Log(stderr="KeyError: 'x'\n"))
    )
    return failed, Attempt(number=2, planned=planned(new, answers=1), built=BUILT, smoke=smoke)


def lesson_run(place: Path, attempts: tuple[Attempt, ...], record: RunLessons) -> Path:
    """Return a run folder below `place` with these attempts and lessons."""
    folder = run_folder(place, checkout=PINNED.changed(name=record.name))
    for attempt in attempts:
        path = folder / "attempts" / f"{attempt.number:02d}" / "attempt.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(attempt.model_dump_json(), "utf-8")
    (folder / "repo_facts.json").write_text(FACTS.model_dump_json(), "utf-8")
    (folder / "logs").mkdir()
    (folder / "logs" / "lesson.json").write_text(record.model_dump_json(), "utf-8")
    return folder
