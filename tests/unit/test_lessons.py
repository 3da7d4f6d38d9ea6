"""What of a run is a lesson, which lessons are of one kind, and the draft of a repair's case."""

from pathlib import Path, PurePosixPath

import pytest

from paper2run.failures.blame import blame
from paper2run.lessons.draft_case import as_text, case_names, draft_case, to_draft
from paper2run.lessons.error_kinds import Seen, error_form, kinds_of
from paper2run.lessons.solved import lessons_of
from paper2run.model.diagnosis import Blame
from paper2run.model.environment import Reason
from paper2run.model.lesson import Lesson
from paper2run.model.outcome import BuildFailed, Log, SmokeFailed, SystemFile
from paper2run.model.report import Attempt
from paper2run.repairs import diagnose
from tests.cases import LogCase, log_case
from tests.lessons import BUILT, FACTS, MODEL, PASSED, PLAN, planned, solved
from tests.unit.test_repairs import CASES, failed_attempt_of, read


def seen(*lessons: Lesson, name: str = "lab/mesh", run: str = "/runs/mesh-1") -> list[Seen]:
    return [Seen(name, "1" * 40, PurePosixPath(run), lesson) for lesson in lessons]


def smoked(error: str, number: int = 1) -> tuple[Attempt, Attempt]:
    """Return a smoke run that ended in this error, and one that passes after the model's answer."""
    failed, after = solved()
    log = Log(stderr=f"{error}\n")
    failed = failed.changed(
        number=number,
        built=BUILT,
        smoke=SmokeFailed(exit_code=1, seconds=1, log=log, limit="memory 4096 MB"),
        blame=Blame(error=error, cause="code_error", confidence="low"),
    )
    return failed, after.changed(number=number + 1)


def test_an_answer_after_which_the_repository_runs_is_a_lesson():
    failed, after = solved()

    [lesson] = lessons_of((failed, after), {1: ("diagnose-01.json",)})

    assert (lesson.phase, lesson.attempt, lesson.solved_in) == ("build", 1, 2)
    assert (lesson.model, lesson.decision, lesson.confidence) == ("demo", "repair", "high")
    assert (lesson.reason, lesson.progress) == ("libyaml-dev has it", "runs")
    assert (lesson.step, lesson.asked) == ("[5/6] RUN make", ("diagnose-01.json",))
    assert lesson.line == "src/a.c:3:10: fatal error: yaml.h: No such file or directory"
    assert lesson.blame == failed.blame
    assert (lesson.before, lesson.diff) == (PLAN, ("+ apt libyaml-dev",))


def test_an_answer_that_leads_further_is_a_lesson_too():
    assert [one.progress for one in lessons_of(solved(passes=False))] == ["further"]


def test_what_a_rule_answered_or_no_attempt_ran_or_moved_nothing_is_no_lesson():
    failed, after = solved()
    same = failed.changed(number=2, planned=after.planned)
    of_another_candidate = after.changed(planned=planned(PLAN.changed(system_packages=("gcc",))))
    fell_back = (smoked("KeyError: 1")[0], same)

    assert lessons_of(solved(by="missing_header")) == ()
    assert lessons_of((failed,)) == ()
    assert lessons_of((failed, same)) == ()
    assert lessons_of((failed, of_another_candidate)) == ()
    assert lessons_of(fell_back) == ()
    assert lessons_of(()) == ()


def test_each_answer_of_a_run_is_judged_by_the_attempt_after_it():
    first, second = solved(passes=False)
    again = second.changed(diagnosis=first.diagnosis)
    last = second.changed(number=3, smoke=PASSED, planned=planned(second.planned.plan, answers=2))
    new = PLAN.changed(system_packages=("libyaml-dev",), env={"SIZE": "small"})
    assert first.diagnosis is not None
    decision = first.diagnosis.decision.changed(new_plan=new)
    again = again.changed(diagnosis=first.diagnosis.changed(decision=decision))

    found = lessons_of((first, again, last))

    assert [(one.attempt, one.phase, one.progress) for one in found] == [
        (1, "build", "further"),
        (2, "smoke", "runs"),
    ]
    assert found[1].diff == ("+ env SIZE=small",)
    assert found[1].step == "python main.py"


def test_a_models_plan_is_a_lesson_where_it_passes_and_says_something_else():
    why = Reason(topic="planner", decision="demo plans (no manifest)", source=MODEL)
    new = PLAN.changed(env={"SIZE": "small"})
    made = planned(new, planner="model:demo", reasons=(why,), fallback=planned())
    ran = Attempt(number=1, planned=made, built=BUILT, smoke=PASSED)
    failed = ran.changed(smoke=SmokeFailed(exit_code=1, seconds=1))
    agreed = ran.changed(planned=made.changed(plan=PLAN))
    alone = ran.changed(planned=made.changed(fallback=None))

    [lesson] = lessons_of((ran,), {0: ("plan-01.json",)})

    assert (lesson.phase, lesson.decision, lesson.asked) == ("plan", "plan", ("plan-01.json",))
    assert (lesson.before, lesson.diff) == (PLAN, ("+ env SIZE=small",))
    assert lessons_of((failed,)) == lessons_of((agreed,)) == ()
    assert lessons_of((alone,))[0].before is None
    [kind] = kinds_of(seen(lesson))
    assert (kind.name, kind.form) == ("todo_plan_env", "plan: env")
    assert to_draft(kind) == ()


@pytest.mark.parametrize(
    ("one", "other", "form"),
    [
        (
            "ModuleNotFoundError: No module named 'foo.bar'",
            "ModuleNotFoundError: No module named 'x'",
            "ModuleNotFoundError: No module named …",
        ),
        (
            "ImportError: cannot import name 'x' from 'y' (/usr/lib/python3/y.py)",
            "ImportError: cannot import name 'comb' from 'scipy.misc' (/usr/x/misc.py)",
            "ImportError: cannot import name … from … (…)",
        ),
        (
            "src/foo.c:12:10: fatal error: yaml.h: No such file or directory",
            "a.cpp:1:9: fatal error: boost/any.hpp: No such file or directory",
            "…: fatal error: …: No such file or directory",
        ),
        (
            "ERROR: No matching distribution found for torch==1.4.0+cu92",
            "ERROR: No matching distribution found for jax[cpu]>=0.2,<0.3",
            "ERROR: No matching distribution found for …",
        ),
        (
            "E: could not find a version (from versions: 1.0, 1.1rc1, 2.0.post1)",
            "E: could not find a version (from versions: 3)",
            "E: could not find a version (from versions: …)",
        ),
        (
            "psycopg2.OperationalError: connection to 10.0.0.1 refused",
            "sqlalchemy.exc.OperationalError: connection to 127.0.0.1:5432 refused",
            "OperationalError: connection to … refused",
        ),
        (
            "main.c:(.text+0x15): undefined reference to `foo'",
            "lib/b.c:(.text+0x2): undefined reference to `sqrt'",
            "…:(.text+…): undefined reference to …",
        ),
        ("TypeError: load() missing 1 argument: 'L'", "TypeError: f() missing 2 argument: 'x'",
         "TypeError: … missing … argument: …"),
        ("SystemExit: 7", "SystemExit: 1", "SystemExit: …"),
        (
            "CMake Error: Could NOT find GSL (missing: GSL_INCLUDE_DIR GSL_LIBRARY)",
            "CMake Error: Could NOT find Git (missing: GIT_EXECUTABLE)",
            "CMake Error: Could NOT find … (missing: …)",
        ),
        (
            "E: Unable to locate package libglu",
            "E: Unable to locate package libssl1.0-dev",
            "E: Unable to locate package …",
        ),
    ],
)  # fmt: skip
def test_errors_that_differ_in_names_versions_and_paths_have_one_form(one, other, form):
    forms = [
        error_form(Blame(error=error, cause="build_error", confidence="low"))
        for error in (one, other)
    ]

    assert forms == [form, form]


def test_what_an_error_is_about_is_a_gap_however_it_is_written():
    blame = Blame(
        error="/bin/sh: 1: flex: not found", cause="build_error", confidence="low", about="flex"
    )
    other = blame.changed(error="/bin/bash: 12: bison: not found", about="bison")

    assert error_form(blame) == error_form(other) == "…: not found"


def test_lessons_of_one_kind_stand_together_and_the_most_frequent_come_first():
    [yaml] = lessons_of(solved())
    [png] = lessons_of(solved("png.h", "libpng-dev", passes=False))
    [other] = lessons_of(smoked("KeyError: 'x'"))

    kinds = kinds_of(
        [
            *seen(other),
            *seen(png, name="lab/png"),
            *seen(yaml, name="lab/zoo"),
            *seen(yaml, run="/runs/mesh-2"),
        ]
    )

    assert [(kind.name, len(kind.seen)) for kind in kinds] == [
        ("todo_build_error_fatal_error_no_such_file_or", 3),
        ("todo_code_error_key_error", 1),
    ]
    assert kinds[0].repositories == ("lab/mesh", "lab/zoo", "lab/png"), "those that ran come first"
    assert kinds[0].example.progress == "runs"
    assert case_names(to_draft(kinds[0])) == ("lab_mesh", "lab_zoo", "lab_png")


def test_kinds_whose_words_are_the_same_have_different_names():
    [one] = lessons_of(smoked("ValueError: bad value (a) in the long list of all things"))
    [other] = lessons_of(smoked("ValueError: bad value [a] in the long list of all things"))

    names = [kind.name for kind in kinds_of(seen(one, other))]

    assert names[1] == f"{names[0]}_2"
    assert case_names(seen(one, other)) == ("lab_mesh", "lab_mesh_2")
    assert case_names(seen(one, name="../…")) == ("repository",)


def test_a_draft_is_a_case_with_the_log_the_plan_before_and_the_plan_after():
    failed, after = solved(log="".join(f"line {n}\n" for n in range(300)))
    [kind] = kinds_of(seen(*lessons_of((failed, after))))

    made = draft_case(kind, kind.seen[0], failed, FACTS)

    case = LogCase.model_validate(made.case)
    assert (case.stage, case.step, case.plan) == ("build", "[5/6] RUN make", PLAN)
    assert case.expected.by == kind.name
    assert case.expected.changes == {"system_packages": ["libyaml-dev"]}, "without the notes"
    assert case.origin.startswith("TODO: ")
    assert "lab/mesh at 1111111111" in case.origin
    assert case.packages == {"header yaml.h": ""}
    assert made.log.startswith("line 260\n")
    assert made.log.endswith("make: *** [a.o] Error 1\n")
    attempt = failed_attempt_of(case, made.log)
    assert attempt.failure.log.stderr == made.log
    assert "libyaml-dev has it" in made.todo
    assert "+ apt libyaml-dev" in made.todo


def test_a_draft_of_a_smoke_run_has_its_limit_and_the_facts_of_its_line():
    failed, after = smoked("KeyError: 'x'")
    assert failed.blame is not None
    blame = failed.blame.changed(source=FACTS.facts[0].source, about="main.py:1")
    failed = failed.changed(blame=blame)
    [kind] = kinds_of(seen(*lessons_of((failed, after))))

    many = tuple(FACTS.facts[1].changed(module=f"m{number}") for number in range(30))
    named = FACTS.facts[1].changed(module="KeyError")

    case, of_many = (
        LogCase.model_validate(draft_case(kind, kind.seen[0], failed, facts).case)
        for facts in (FACTS, FACTS.changed(facts=(*many, *FACTS.facts, named)))
    )

    assert (case.stage, case.limit) == ("smoke", "memory 4096 MB")
    assert case.facts == FACTS.facts, "few are kept whole"
    assert of_many.facts == (FACTS.facts[0], named)


def repairs() -> list[Path]:
    """Return the cases of repair rules that end in a new plan."""
    return [folder for folder in CASES if log_case(folder).expected.changes]


@pytest.mark.parametrize("folder", repairs(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_draft_made_of_the_case_of_a_rule_is_answered_by_that_rule_as_before(folder):
    failed, expected = read(folder)
    found = diagnose(failed)
    assert found is not None and found.decision.new_plan is not None
    is_build = isinstance(failed.failure, BuildFailed)
    attempt = Attempt(
        number=1,
        planned=failed.planned,
        built=failed.failure if is_build else BUILT,
        smoke=None if is_build else failed.failure,
        diagnosis=found.changed(by="model:demo", source=MODEL),
        blame=blame(failed),
        system_files=tuple(
            SystemFile(kind=file.kind, name=file.name, package=package)
            for file, package in failed.packages.items()
        ),
        releases=failed.releases,
    )
    made = planned(found.decision.new_plan, answers=1)
    after = Attempt(number=2, planned=made, built=BUILT, smoke=PASSED)
    [kind] = kinds_of(seen(*lessons_of((attempt, after))))

    drafted = draft_case(kind, kind.seen[0], attempt, failed.facts)
    case = LogCase.model_validate_json(as_text(drafted.case))
    again = diagnose(failed_attempt_of(case, drafted.log))

    assert again is not None
    assert (again.by, again.decision.new_plan) == (expected.by, found.decision.new_plan)
    assert case.expected.changes == expected.changes
