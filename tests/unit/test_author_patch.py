"""What authors can merge: which files a patch adds, which lines it corrects, and what it only tells."""

import re

import pytest
import yaml

from paper2run.errors import UserError
from paper2run.exports.author_files import lock_of
from paper2run.exports.author_patch import Present, author_patch
from paper2run.exports.patch_text import changed_file, new_file
from paper2run.exports.run_record import RunRecord
from paper2run.exports.traces import Traces
from paper2run.model.diagnosis import Blame, Diagnosis, DiagnosisDecision
from paper2run.model.environment import PlannedEnvironment, Reason
from paper2run.model.facts import (
    Import,
    OldName,
    Project,
    RepoFacts,
    Requirement,
    SystemPackage,
)
from paper2run.model.outcome import Passed, SmokeFailed
from paper2run.model.repo import Paper, Submodule
from paper2run.model.report import Attempt
from paper2run.model.resolution import BrokenLock, Pin, Resolution
from paper2run.model.value import Source
from paper2run.rendering.dockerfile import render
from paper2run.rendering.hash_lock import LOCKED_WHEELS, SOURCES_MARK, sources_step
from paper2run.rendering.pip_steps import pinned_steps, source_steps
from tests.run_folders import ENDS, PINNED

HASH = "a" * 64
PINS = (
    Pin(name="numpy", version="1.20.1", sha256=(HASH,)),
    Pin(name="pyvcf", version="0.6.8", sha256=(HASH,)),
)
NO_TRACES = Traces({})
EMPTY = Present(frozenset(), None)
FILES = re.compile(r"^\+\+\+ b/(.*)$", re.M)


def planned_with(*pins: Pin, **fields: object) -> PlannedEnvironment:
    planned = ENDS["success"][1].planned
    steps = (*pinned_steps(pins), *source_steps(pins), "pip install .")
    resolution = Resolution(python="3.11", date_step="none", pins=pins)
    plan = planned.plan.changed(install_steps=steps)
    return planned.changed(**{"plan": plan, "resolution": resolution, **fields})


def patch_of(
    planned: PlannedEnvironment | None = None,
    facts: tuple[object, ...] = (),
    present: Present = EMPTY,
    attempts: tuple[Attempt, ...] = (),
    **fields: object,
) -> str:
    metadata, attempt = ENDS["success"]
    planned = planned or planned_with(*PINS)
    attempt = attempt.changed(number=len(attempts) + 1, planned=planned)
    fields = {"metadata": metadata.changed(best_attempt=attempt.number, grade="imports"), **fields}
    record = RunRecord.model_validate(
        {
            "folder": "mesh-1", "checkout": PINNED, "planned": planned, "attempts": (*attempts, attempt),
            "paper": Paper(path="", origin="none"), **fields,
        }
    )  # fmt: skip
    dockerfile = render(PINNED, planned).dockerfile
    return author_patch(record, RepoFacts(facts=facts), present, dockerfile, NO_TRACES)


def present(*names: str, requirements: bytes | None = None) -> Present:
    more = () if requirements is None else ("requirements.txt",)
    return Present(frozenset((*names, *more)), requirements)


def added(patch: str, path: str) -> str:
    """Return the text of a file that the patch adds."""
    part = patch.partition(f"+++ b/{path}\n")[2].partition("diff --git")[0]
    return "".join(f"{line[1:]}\n" for line in part.splitlines() if line.startswith("+"))


def changes(patch: str) -> list[str]:
    """Return the changed lines of requirements.txt."""
    part = patch.partition("+++ b/requirements.txt\n")[2].partition("diff --git")[0]
    return [line for line in part.split("\n") if line.startswith(("+", "-"))]


def imported(module: str, line: int = 3, **fields: object) -> Import:
    source = Source(kind="import", path="train.py", line=line)
    return Import.model_validate(
        {"module": module, "where": "script", "files": 1, "source": source, **fields}
    )


def decided(*facts: Import) -> tuple[Reason, ...]:
    return tuple(Reason(topic="dependency", decision="words", source=fact.source) for fact in facts)


def required(text: str, line: int, path: str = "requirements.txt") -> Requirement:
    name = re.split(r"[=<>!~; ]", text)[0]
    source = Source(kind="file", path=path, line=line)
    return Requirement(text=text, name=name, group="runtime", source=source)


# The text of a patch.


def test_a_new_file_has_its_lines_and_tells_where_no_line_ends():
    assert new_file("a", "x\ny\n").endswith("--- /dev/null\n+++ b/a\n@@ -0,0 +1,2 @@\n+x\n+y\n")
    assert new_file("a", "x").endswith("+x\n\\ No newline at end of file\n")


def test_a_change_keeps_line_ends_and_other_separators():
    found = changed_file("a", "x\x0c\x85y\r\nz", "x\x0c\x85y\r\nz\r\nw\r\n")

    assert found.endswith(
        "@@ -1,2 +1,3 @@\n x\x0c\x85y\r\n-z\n\\ No newline at end of file\n+z\r\n+w\r\n"
    )


# The files.


def test_a_bare_repository_gets_lock_dockerfile_and_job():
    patch = patch_of()

    assert FILES.findall(patch) == [
        "requirements-lock.txt", "Dockerfile", ".dockerignore", ".github/workflows/paper2run.yml",
    ]  # fmt: skip
    assert f"numpy==1.20.1 \\\n    --hash=sha256:{HASH}\n" in added(patch, "requirements-lock.txt")
    dockerfile = added(patch, "Dockerfile")
    assert "COPY requirements-lock.txt /tmp/requirements.lock\n" in dockerfile
    assert "COPY --chown=1000:1000 . /repo/\n" in dockerfile
    assert "image.revision" not in dockerfile
    assert "repo/ /repo/" not in dockerfile


@pytest.mark.parametrize(
    ("there", "lacks", "has"),
    [
        ("Requirements-Lock.txt", "requirements-lock.txt", "Dockerfile"),
        ("pyproject.toml", "requirements-lock.txt", "Dockerfile"),
        ("dockerfile", "Dockerfile", "Dockerfile.paper2run"),
        (".dockerignore", ".dockerignore", "Dockerfile"),
        (".github/workflows/paper2run.yml", ".github/workflows/paper2run.yml", "Dockerfile"),
        (".github\0", ".github/workflows/paper2run.yml", "Dockerfile"),
    ],
)
def test_what_is_there_is_neither_overwritten_nor_added_again(there, lacks, has):
    names = FILES.findall(patch_of(present=present(there.lower())))

    assert lacks not in names
    assert has in names


def test_a_repository_s_own_dockerfile_keeps_what_it_may_copy():
    names = FILES.findall(patch_of(present=present("dockerfile")))

    assert {"Dockerfile.paper2run", "Dockerfile.paper2run.dockerignore"} < set(names)
    assert ".dockerignore" not in names


def test_where_no_lock_is_added_the_dockerfile_has_the_versions_itself():
    dockerfile = added(patch_of(present=present("pyproject.toml")), "Dockerfile")

    assert "requirements" not in dockerfile
    assert "RUN pip install --no-compile --no-deps numpy==1.20.1 pyvcf==0.6.8\n" in dockerfile


def test_sources_keep_their_digests_with_the_lock_and_their_versions_without():
    planned = planned_with(*PINS, Pin(name="c", version="1", sdist=True, sha256=(HASH,)))

    lock = added(patch_of(planned), "requirements-lock.txt")
    assert lock.endswith(f"{SOURCES_MARK}\nc==1 \\\n    --hash=sha256:{HASH}\n")
    dockerfile = added(patch_of(planned), "Dockerfile")
    assert f"\nRUN {LOCKED_WHEELS}\nRUN {sources_step(1)}\n" in dockerfile

    dockerfile = added(patch_of(planned, present=present("pyproject.toml")), "Dockerfile")
    assert (
        "\nRUN pip install --no-compile --no-deps numpy==1.20.1 pyvcf==0.6.8\n"
        "RUN pip install --no-compile --no-deps --no-build-isolation c==1\n"
    ) in dockerfile
    assert "requirements" not in dockerfile


def test_a_lock_has_digests_only_if_every_version_has_them():
    mixed = planned_with(*PINS, Pin(name="c", version="1", sdist=True))
    cpu = planned_with(Pin(name="torch", version="1.9.0+cpu"))
    conda = planned_with(*PINS)
    conda = conda.changed(resolution=conda.resolution.changed(conda_packages=2))

    assert "--hash" not in lock_of(mixed)
    assert "\nc==1\n" in lock_of(mixed)
    assert "COPY requirements-lock.txt" not in added(patch_of(mixed), "Dockerfile")
    assert "--extra-index-url https://download.pytorch.org/whl/cpu\ntorch==1.9.0+cpu\n" in lock_of(
        cpu
    )
    assert lock_of(conda) == lock_of(planned_with().changed(resolution=None)) == ""


def job_of(patch: str) -> list[dict[str, object]]:
    return yaml.safe_load(added(patch, ".github/workflows/paper2run.yml"))["jobs"]["run"]["steps"]


def test_the_job_builds_and_runs_the_image_and_holds_no_text_of_strangers():
    planned = planned_with(*PINS)
    plan = planned.plan.changed(smoke_command="echo '${{ secrets.KEY }}' \"$(id)\"")
    patch = patch_of(planned.changed(plan=plan))
    checkout, build, run = job_of(patch)

    assert checkout == {"uses": "actions/checkout@v4.2.2"}
    assert build["run"] == "docker build --tag paper2run --file Dockerfile ."
    assert run["run"].startswith("docker run --rm --init --network=none --user=1000:1000 ")
    assert run["run"].endswith(" paper2run")
    assert "secrets" not in added(patch, ".github/workflows/paper2run.yml")


def test_the_job_runs_as_the_smoke_run_did():
    metadata, attempt = ENDS["success"]
    alive = Passed(alive_at_timeout=True, seconds=9, docker_command="docker run --network=bridge x")
    attempt = attempt.changed(smoke=alive, planned=planned_with(*PINS))
    modules = (Submodule(path="x", url="https://forge.test/x", fetched=True),)
    record = RunRecord(
        folder="mesh-1", metadata=metadata.changed(grade="imports"), attempts=(attempt,),
        checkout=PINNED.changed(submodules=modules), paper=Paper(path="", origin="none"),
    )  # fmt: skip
    dockerfile = render(PINNED, attempt.planned).dockerfile
    patch = author_patch(record, RepoFacts(), EMPTY, dockerfile, NO_TRACES)
    checkout, _, run = job_of(patch)

    assert checkout["with"] == {"submodules": "recursive"}
    assert re.fullmatch(
        r"timeout 60 docker run (?!.*--network).* \|\| test \$\? -eq 124", run["run"]
    )


def test_a_command_that_passed_beside_the_failed_one_is_what_the_image_runs():
    metadata, attempt = ENDS["crash"]
    attempt = attempt.changed(planned=planned_with(*PINS))
    record = RunRecord(
        folder="mesh-1", metadata=metadata.changed(grade="imports"), attempts=(attempt,),
        checkout=PINNED, paper=Paper(path="", origin="none"),
    )  # fmt: skip
    dockerfile = render(PINNED, attempt.planned).dockerfile

    patch = author_patch(record, RepoFacts(), EMPTY, dockerfile, NO_TRACES)
    assert added(patch, "Dockerfile").endswith('CMD ["/bin/sh", "-c", "python a.py"]\n')

    nothing = record.changed(attempts=(attempt.changed(trials=()),))
    assert "workflows" not in author_patch(nothing, RepoFacts(), EMPTY, dockerfile, NO_TRACES)


def test_without_a_grade_or_without_anything_to_add_there_is_no_patch():
    metadata = ENDS["success"][0]
    with pytest.raises(UserError, match="nothing was shown"):
        patch_of(metadata=metadata.changed(grade="none"))

    every = present("requirements-lock.txt", "dockerfile", "dockerfile.paper2run")
    with pytest.raises(UserError, match="every file"):
        patch_of(present=every)


def test_the_header_has_no_line_that_git_could_read():
    odd = 'a"\ndiff --git a/x b/x\n--- a/x\u2028+++ b/x\r@@ -1 +1 @@'
    patch = patch_of(checkout=PINNED.changed(name=odd))
    head = patch.partition("\ndiff --git")[0]

    assert all(line.startswith("#") for line in head.split("\n"))
    assert "\r" not in head


# Corrections.


def test_a_name_that_installs_nothing_is_corrected_in_its_line():
    planned = planned_with(
        Pin(name="scikit-learn", version="1.0"), Pin(name="beautifulsoup4", version="4")
    )
    text = b"sklearn==0.0 ; python_version > '3' # models\r\nBeautifulSoup\r\n"
    facts = (required("sklearn==0.0", 1), required("beautifulsoup", 2))

    assert changes(patch_of(planned, facts, present(requirements=text))) == [
        "-sklearn==0.0 ; python_version > '3' # models\r",
        "-BeautifulSoup\r",
        "+scikit-learn ; python_version > '3' # models\r",
        "+beautifulsoup4  # BeautifulSoup installs nothing\r",
    ]


@pytest.mark.parametrize(
    "line", [b"-r sklearn", b"sklearn @ https://x.test/y", b"other", b"sklearn \\", b""]
)
def test_a_line_that_is_more_than_a_name_stays(line):
    planned = planned_with(Pin(name="scikit-learn", version="1.0"))
    patch = patch_of(
        planned, (required("sklearn", 1), required("sklearn", 99)), present(requirements=line)
    )

    assert changes(patch) == []
    assert "# - requirements.txt:1: the distribution is called scikit-learn\n" in patch


def test_an_import_that_nothing_declares_is_added_with_its_place():
    facts = (required("pandas", 1), imported("numpy"))
    planned = planned_with(*PINS, reasons=decided(imported("numpy")))

    assert changes(patch_of(planned, facts, present(requirements=b"pandas"))) == [
        "-pandas", "+pandas", "+numpy  # imported by train.py:3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "facts",
    [
        (imported("numpy", guarded=True),),
        (imported("numpy", where="test"),),
        (imported("numpy", line=4),),
        (imported("numpy"), required("numpy", 1, "environment.txt")),
        (imported("scipy"),),
    ],
)
def test_what_is_optional_declared_elsewhere_or_not_installed_is_not_added(facts):
    planned = planned_with(*PINS, reasons=decided(imported("numpy")))
    patch = patch_of(planned, facts, present(requirements=b"pandas\n"))

    assert changes(patch) == []
    assert "nothing declares" not in patch


def test_what_another_package_brings_is_not_added():
    pin = PINS[0].changed(needed_by=("pandas",))
    planned = planned_with(pin, reasons=decided(imported("numpy")))

    assert changes(patch_of(planned, (imported("numpy"),), present(requirements=b"x\n"))) == []


def test_a_project_s_own_metadata_is_for_its_authors():
    facts = (imported("numpy"), Project(root="", backend="setup.py", source=Source(kind="file")))
    planned = planned_with(*PINS, reasons=decided(imported("numpy")))
    patch = patch_of(planned, facts, present("setup.py", requirements=b"x\n"))

    assert changes(patch) == []
    assert "# - requirement that nothing declares: numpy (imported by train.py:3)\n" in patch


def repaired(by: str = "missing_module", **fields: object) -> Attempt:
    draft = planned_with().plan.changed(install_steps=("pip install --no-compile numpy",))
    planned = planned_with(PINS[0], draft=draft)
    new = draft.changed(install_steps=("pip install --no-compile numpy pyvcf",))
    decision = DiagnosisDecision(
        decision="repair", reason="it was added", confidence="high", new_plan=new
    )
    log = Source(kind="log")
    diagnosis = Diagnosis(
        decision=decision, by=by, cause="build_error", evidence="No module named 'vcf'", source=log
    )
    place = Source(kind="file", path="a b.py", line=7)
    blame = Blame(error="x", cause="absent_module", confidence="medium", source=place)
    failed = SmokeFailed(exit_code=1, seconds=1)
    return ENDS["success"][1].changed(
        number=1, planned=planned.changed(**fields), smoke=failed, diagnosis=diagnosis, blame=blame
    )


def test_a_module_that_a_repair_brought_is_added_with_the_error():
    patch = patch_of(
        present=present(requirements=b"numpy\n"),
        attempts=(repaired(),),
        facts=(required("numpy", 1),),
    )

    assert changes(patch) == ["+pyvcf  # No module named 'vcf' of a b.py:7"]


def test_a_repair_of_another_way_to_an_environment_is_none_of_this_one():
    patch = patch_of(present=present(requirements=b"numpy\n"), attempts=(repaired(candidate="ci"),))

    assert changes(patch) == []


def test_other_repairs_are_told():
    patch = patch_of(attempts=(repaired("module_elsewhere"),))

    assert "# - repair of attempt 1: it was added (No module named 'vcf')\n" in patch


@pytest.mark.parametrize("text", [b"\xff\xfen\0", b"a\0b"])
def test_a_file_that_is_no_text_stays(text):
    planned = planned_with(*PINS, reasons=decided(imported("numpy")))
    patch = patch_of(planned, (imported("numpy"),), present(requirements=text))

    assert changes(patch) == []
    assert "nothing declares: numpy" in patch


def test_what_only_authors_can_decide_is_told_with_its_evidence():
    planned = planned_with(*PINS, named_pythons=("3.8",))
    broken = BrokenLock(
        wanted="six==9",
        chosen="1.16",
        why="it is gone",
        source=Source(kind="file", path="l.txt", line=2),
        gone=True,
    )
    resolution = planned.resolution.changed(absent=("doctest",), broken_locks=(broken,))
    plan = planned.plan.changed(system_packages=("gcc", "libgl1"))
    facts = (
        required("doctest", 4, "setup.py"),
        OldName(
            name="numpy.float",
            distribution="numpy",
            below="1.24",
            source=Source(kind="import", path="u.py", line=1),
        ),
        SystemPackage(name="gcc", source=Source(kind="readme", path="README.md")),
    )
    told = patch_of(planned.changed(resolution=resolution, plan=plan), facts).partition("For you")[
        2
    ]

    assert re.findall(r"^# - (.*)$", told, re.M) == [
        "Python: the files name 3.8; it ran with 3.11",
        "doctest (setup.py:4): the index has no such project",
        "six==9 (l.txt:2) is not on the index; it ran with 1.16",
        "numpy<1.24: u.py:1 uses numpy.float, which 1.24 took away",
        "packages of Debian that no file names: libgl1",
    ]
