"""How a run ends: by what was shown and by the needs that it lacked."""

import pytest

from paper2run.failures.failed_attempt import stopped
from paper2run.model.diagnosis import Blame, Cause, Diagnosis, DiagnosisDecision, Lack, Reach
from paper2run.model.environment import SmokeChoice, SmokeKind
from paper2run.model.facts import (
    Command,
    DataNeed,
    Fact,
    GpuNeed,
    Import,
    MissingPart,
    OutsideNeed,
    PipInclude,
    Project,
    RepoFacts,
)
from paper2run.model.grade import GRADES, Grade
from paper2run.model.needs import Need
from paper2run.model.outcome import Log, Passed, RungResult, SmokeFailed, Trial, Verification
from paper2run.model.report import Attempt, Verdict
from paper2run.model.value import DEFAULT, Source
from paper2run.repairs import unbuildable_project
from paper2run.verdicts.failure_words import not_shown
from paper2run.verdicts.table import WORKS, unmet_need
from paper2run.verdicts.verdicts import after_attempts
from tests.unit.test_progress import attempt

GPU = Need(kind="gpu", what="an NVIDIA GPU", hard=True, source=DEFAULT)
HERE = Source(kind="file", path="train.py", line=3)
SEA = PipInclude(text="git+https://forge.invalid/sea.git", group="runtime", source=HERE)
PACKAGE = Project(root="", backend="setup.py", name="n", source=HERE)
COMMANDS: dict[Grade, tuple[SmokeKind, str]] = {
    "tests": ("ci-tests", "python -m pytest"),
    "documented-run": ("documented", "python demo.py"),
    "imports": ("import", "python -c 'import n'"),
    "help-only": ("console-script", "n --help"),
}


@pytest.mark.parametrize("grade", GRADES)
def test_an_unmet_need_counts_where_little_was_shown(grade: Grade):
    assert unmet_need(grade, [GPU]) == (None if grade in WORKS else GPU)
    assert unmet_need(grade, [GPU.changed(met=True), GPU.changed(hard=False)]) is None


def passed(grade: Grade, number: int = 1) -> Attempt:
    kind, command = COMMANDS[grade]
    one = attempt(number, passes=True)
    plan = one.planned.plan.changed(smoke_command=command)
    return one.changed(planned=one.planned.changed(plan=plan, smoke_kind=kind))


def stops(
    cause: Cause, kind: SmokeKind = "documented", excludes: Reach = "every-install"
) -> Attempt:
    found = stopped(
        "rule", cause, reason="why", evidence="x", smallest_change="y", excludes=excludes
    )
    one = attempt(1)
    return one.changed(planned=one.planned.changed(smoke_kind=kind), diagnosis=found)


def facts(*found: Fact) -> RepoFacts:
    return RepoFacts(facts=found)


@pytest.mark.parametrize(
    ("grade", "status"),
    [
        ("tests", "success"),
        ("documented-run", "success"),
        ("imports", "stopped-by-rule"),
        ("help-only", "stopped-by-rule"),
    ],
)
def test_a_gpu_that_the_work_needs_and_nobody_had_ends_a_run_that_showed_little(
    grade: Grade, status: str
):
    gpu = GpuNeed(hard=True, sign="cuda", source=HERE)

    found = after_attempts([passed(grade)], 3, facts(gpu))

    assert (found.status, found.grade) == (status, grade)
    if status != "success":
        assert found.cause == "needs_gpu"
        assert "train.py:3" in found.reason
    assert after_attempts([passed(grade)], 3, facts(gpu.changed(hard=False))).status == "success"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("cd launcher && python plot_overhead.py", "stopped-by-rule"),
        ("python make_figures.py --out pdf", "stopped-by-rule"),
        ("python -m plotting.fig3", "stopped-by-rule"),
        ("python train.py && python plot.py", "success"),
        ("python configure.py", "success"),
        ("python demo.py", "success"),
    ],
)
def test_a_script_that_draws_is_not_the_work_of_code_that_needs_a_gpu(command: str, status: str):
    one = passed("documented-run")
    plan = one.planned.plan.changed(smoke_command=command)
    drawn = one.changed(planned=one.planned.changed(plan=plan))
    gpu = GpuNeed(hard=True, sign="cuda", source=HERE)

    assert after_attempts([drawn], 3, facts(gpu)).status == status
    assert after_attempts([drawn], 3, facts(gpu.changed(hard=False))).status == "success"
    assert after_attempts([drawn], 3, facts()).status == "success"


@pytest.mark.parametrize(
    ("cause", "kind", "about", "status"),
    [
        ("missing_data", "documented", facts(), "stopped-by-rule"),
        ("code_error", "documented", facts(), "stopped-by-rule"),
        ("missing_data", "documented", facts(PACKAGE), "success"),
        ("needs_gpu", "documented", facts(PACKAGE), "stopped-by-rule"),
        ("missing_data", "example", facts(), "success"),
        ("missing_data", "side-script", facts(), "success"),
    ],
)
def test_a_documented_command_s_own_stop_counts_more_than_an_import(
    cause: Cause, kind: SmokeKind, about: RepoFacts, status: str
):
    found = after_attempts([stops(cause, kind), passed("imports", 2)], 3, about)

    assert (found.status, found.grade, found.best_attempt) == (status, "imports", 2)


def test_a_download_of_a_command_is_less_of_a_cause_than_what_its_work_needs():
    key = OutsideNeed(form="service", what="a key of OpenAI", hard=True, source=HERE)
    download = stops("missing_data")
    assert download.diagnosis is not None
    file = Lack(kind="file", name="a.csv")
    named = download.changed(diagnosis=download.diagnosis.changed(lacks=file))

    assert after_attempts([download], 3, facts(key)).cause == "external_service"
    assert after_attempts([download], 3, facts(key.changed(hard=False))).cause == "missing_data"
    assert after_attempts([named], 3, facts(key)).cause == "missing_data"


def test_a_stop_in_another_environment_proves_nothing_of_the_best_one():
    other = stops("needs_gpu")
    other = other.changed(
        planned=other.planned.changed(plan=other.planned.plan.changed(system_packages=("git",)))
    )

    assert after_attempts([other, passed("imports", 2)], 3, facts()).status == "success"


def test_tests_that_pass_in_part_have_run_the_code():
    tests = SmokeChoice(
        kind="tests", command="python -m pytest -q .", proves="its tests pass", source=DEFAULT
    )
    failed = SmokeFailed(exit_code=1, seconds=1, log=Log(stdout="1 failed, 37 passed in 3 s"))
    one = passed("imports").changed(trials=(Trial(choice=tests, outcome=failed),))

    found = after_attempts([one], 3)

    assert found.grade == "program-starts"
    assert found.reason.endswith("; 37 tests of its own passed where others failed")
    [line] = not_shown([one])
    assert "its tests pass" in line and "1 failed" in line
    empty = failed.changed(log=Log(stdout="3 errors in 1 s"))
    one = one.changed(trials=(Trial(choice=tests, outcome=empty),))
    assert after_attempts([one], 3).grade == "imports"


def test_tests_that_pass_in_part_outweigh_a_script_that_fails():
    tests = SmokeChoice(kind="tests", command="python -m pytest -q .", proves="p", source=DEFAULT)
    failed = SmokeFailed(exit_code=1, seconds=1, log=Log(stdout="1 failed, 37 passed in 3 s"))
    script = failed_script("a.py", "NameError: name 'n' is not defined")
    one = passed("imports").changed(trials=(script,))

    assert after_attempts([one], 3).status == "smoke-failed"
    tested = one.changed(trials=(script, Trial(choice=tests, outcome=failed)))
    found = after_attempts([tested], 3)
    assert (found.status, found.grade) == ("success", "program-starts")


def test_tests_that_pass_in_part_leave_no_proof_in_what_another_command_lacks():
    tests = SmokeChoice(
        kind="tests", command="python -m pytest -q .", proves="its tests pass", source=DEFAULT
    )
    data = DataNeed(what="rides.csv", hard=True, source=HERE)

    def ended(stdout: str) -> Verdict:
        failed = SmokeFailed(exit_code=1, seconds=1, log=Log(stdout=stdout))
        one = stops("missing_data").changed(trials=(Trial(choice=tests, outcome=failed),))
        return after_attempts([one], 3, facts(data))

    assert ended("3 errors in 1 s").status == "stopped-by-rule"
    some = ended("1 failed, 37 passed in 3 s")
    assert (some.status, some.cause, some.grade) == ("smoke-failed", "missing_data", "none")
    assert some.reason.endswith("; 37 tests of its own passed where others failed")


@pytest.mark.parametrize(
    ("need", "status"),
    [
        (DataNeed(what="rides.csv", hard=True, source=HERE), "success"),
        (OutsideNeed(form="service", what="an account", hard=True, source=HERE), "success"),
        (GpuNeed(hard=True, sign="cuda", source=HERE), "stopped-by-rule"),
    ],
)
def test_what_commands_want_is_no_stop_where_all_tests_are_collected(need: Fact, status: str):
    one = passed("imports")
    rung = RungResult(rung="collected", command="pytest --collect-only", passed=True)
    found = one.changed(verification=Verification(rungs=(rung,)))
    lost = one.changed(verification=Verification(rungs=(rung.changed(passed=False),)))

    assert after_attempts([found], 3, facts(need)).status == status
    assert after_attempts([lost], 3, facts(need)).status == "stopped-by-rule"
    stop = stops("missing_data")
    both = [stop, found.changed(number=2)]
    assert after_attempts(both, 3, facts(need)).status == "stopped-by-rule", "failure and need"


def test_tests_that_pass_count_more_than_the_stop_of_a_documented_command():
    script = passed("documented-run", 2)
    script = script.changed(planned=script.planned.changed(smoke_kind="script"))
    rung = RungResult(rung="tests", command="pytest", passed=True)
    tested = script.changed(verification=Verification(rungs=(rung,)))

    assert after_attempts([stops("missing_data"), script], 3).status == "stopped-by-rule"
    assert after_attempts([stops("missing_data"), tested], 3).status == "success"


def test_the_stronger_of_two_successes_is_handed_over():
    weak, strong = passed("imports"), passed("tests", 2)

    assert after_attempts([weak, strong], 3).best_attempt == 2
    broken = strong.changed(smoke=SmokeFailed(exit_code=1, seconds=1))
    found = after_attempts([weak, broken], 3)
    assert (found.status, found.best_attempt, found.grade) == ("success", 1, "imports")
    assert isinstance(weak.smoke, Passed)


def test_a_soft_need_ends_a_run_where_another_command_failed_for_want_of_it():
    windows = OutsideNeed(form="platform", what="Windows", hard=False, source=HERE)
    tests = SmokeChoice(
        kind="tests", command="python -m pytest -q .", proves="its tests pass", source=DEFAULT
    )
    log = Log(stdout="ModuleNotFoundError: No module named 'winreg'\n1 error in 0.1s")
    failed = Trial(choice=tests, outcome=SmokeFailed(exit_code=1, seconds=1, log=log))
    one = passed("imports").changed(trials=(failed,))

    found = after_attempts([one], 3, facts(windows))

    assert (found.status, found.cause, found.grade) == (
        "stopped-by-rule",
        "unsupported_platform",
        "imports",
    )
    assert after_attempts([one], 3, facts()).status == "success", "it may be a test's own import"
    assert after_attempts([passed("imports")], 3, facts(windows)).status == "success"


def test_a_product_that_code_and_a_library_of_it_need_is_no_success_beside_an_import():
    product = OutsideNeed(form="licence", what="a licence of MATLAB", hard=False, source=HERE)
    asks = SmokeChoice(kind="console-script", command="nft --help", proves="it starts", source=HERE)
    log = Log(
        stderr="Traceback (most recent call last):\n"
        '  File "/usr/local/lib/python3.9/site-packages/niexp/plugins.py", line 3, in <module>\n'
        "    from matlab import double\nModuleNotFoundError: No module named 'matlab'\n"
    )
    failed = Trial(choice=asks, outcome=SmokeFailed(exit_code=1, seconds=1, log=log))
    one = passed("imports").changed(trials=(failed,))

    found = after_attempts([one], 3, facts(product, PACKAGE))

    assert (found.status, found.cause) == ("smoke-failed", "proprietary_toolchain")
    assert after_attempts([one], 3, facts(PACKAGE)).status == "success", "a library alone needs it"


def test_a_file_that_a_document_and_a_failed_script_want_ends_a_run_of_scripts():
    edges = DataNeed(what="graph/karate.edgelist", source=HERE)
    script = SmokeChoice(
        kind="script", command="python src/main.py", proves="it runs", source=DEFAULT
    )
    log = Log(stderr="IOError: [Errno 2] No such file or directory: 'graph/karate.edgelist'")
    failed = Trial(choice=script, outcome=SmokeFailed(exit_code=1, seconds=1, log=log))
    one = passed("help-only").changed(trials=(failed,))

    found = after_attempts([one], 3, facts(edges))

    assert (found.status, found.cause) == ("stopped-by-rule", "missing_data")
    assert "graph/karate.edgelist" in found.reason
    assert after_attempts([one], 3, facts(edges, PACKAGE)).status == "success", (
        "the data of a package are its user's"
    )
    later = attempt(2).changed(trials=(failed,))
    plan = later.planned.plan.changed(system_packages=("git",))
    later = later.changed(planned=later.planned.changed(plan=plan))
    assert after_attempts([passed("imports"), later], 3, facts(edges)).cause == "missing_data"
    aside = failed.changed(choice=script.changed(kind="side-script"))
    one = passed("help-only").changed(trials=(aside,))
    assert after_attempts([one], 3, facts(edges)).status == "success", "no document starts it"


def test_where_nothing_of_the_repository_ran_the_script_of_its_readme_must_be_there():
    gone = MissingPart(form="script", path="src/main.py", module="", source=HERE)
    start = Command(purpose="run", line="python src/other.py", source=HERE)
    one = passed("imports")
    bare = one.changed(planned=one.planned.changed(smoke_kind="dependencies"))

    found = after_attempts([bare], 3, facts(gone, start))

    assert (found.status, found.cause) == ("stopped-by-rule", "missing_entrypoint")
    assert after_attempts([one], 3, facts(gone, start)).status == "success"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("import", "stopped-by-rule"), ("tests", "smoke-failed"), ("side-script", "smoke-failed")],
)
def test_where_no_command_passes_the_stop_of_the_import_is_the_run_s(kind: SmokeKind, status: str):
    choice = SmokeChoice(kind=kind, command="python -c 'import n'", proves="x", source=DEFAULT)
    log = Log(stderr="RuntimeError: Found no NVIDIA driver on your system.")
    failed = Trial(choice=choice, outcome=SmokeFailed(exit_code=1, seconds=1, log=log))
    one = attempt(1, says="1 failed").changed(trials=(failed,))

    found = after_attempts([one], 3)

    assert found.status == status
    assert (found.cause == "needs_gpu") == (status == "stopped-by-rule")


def test_what_is_known_of_a_failure_without_proof_is_advice():
    """Failed tests end in no stop while other commands can be tried; what is missing is told in the end."""
    log = Log(stderr="ModuleNotFoundError: No module named 'arcpy'")
    one = attempt(1, weaker=("python -c 'import n'",))
    plan = one.planned.plan.changed(smoke_command="python -m pytest -x")
    smoke = SmokeFailed(exit_code=1, seconds=1, log=log)
    one = one.changed(planned=one.planned.changed(plan=plan, smoke_kind="ci-tests"), smoke=smoke)

    found = after_attempts([one], 3)

    assert (found.status, found.cause) == ("smoke-failed", "proprietary_toolchain")
    assert "arcpy" in found.smallest_change


def test_a_run_speaks_of_the_attempt_whose_image_it_hands_back():
    repaired = stops("build_error").diagnosis
    assert repaired is not None
    decision = DiagnosisDecision(
        decision="repair", reason="added", confidence="high", new_plan=attempt(1).planned.plan
    )
    behind = attempt(2, build_fails_at="make", says="fatal error: hdf5.h: No such file")
    behind = behind.changed(diagnosis=repaired.changed(decision=decision))
    attempts = [attempt(1, says="OSError: no tables"), behind]

    for most in (1, 3):
        found = after_attempts(attempts, most)

        assert found.best_attempt == 1
        assert "smoke command exited with 1" in found.reason, most


def test_a_run_that_did_without_a_setup_in_vain_speaks_of_that_setup():
    repaired = repaired_for("build_error", "its own setup fails").diagnosis
    assert repaired is not None
    blame = Blame(error="HTTP Error 404: Not Found", cause="dead_link", confidence="low")
    built = attempt(1, build_fails_at="pip install .").changed(
        diagnosis=repaired.changed(by=unbuildable_project.NAME), blame=blame
    )

    found = after_attempts([built, attempt(2)], 3)

    assert (found.status, found.cause, found.best_attempt) == ("smoke-failed", "dead_link", 2)
    assert "HTTP Error 404" in found.reason
    assert after_attempts([built, attempt(2, passes=True)], 3).status == "success"


def help_beside_imports(*outcomes: bool) -> Attempt:
    log = Log(stderr="RuntimeError: Python 3.99 or newer is needed\n")
    trials = tuple(
        Trial(
            choice=SmokeChoice(
                kind="import", command=f"python -c 'import n{n}'", proves="it loads", source=HERE
            ),
            outcome=Passed(alive_at_timeout=False, seconds=1)
            if passes
            else SmokeFailed(exit_code=1, seconds=1, log=log),
        )
        for n, passes in enumerate(outcomes)
    )
    return passed("help-only").changed(trials=trials)


def test_a_help_text_beside_a_package_that_does_not_import_is_no_success():
    verdict = after_attempts([help_beside_imports(False)], 3, facts(PACKAGE))

    assert (verdict.status, verdict.cause) == ("smoke-failed", "unsupported_python")
    assert "does not import" in verdict.reason
    assert verdict.grade == "help-only", "what was shown is said beside it"


def test_a_script_that_no_document_names_does_not_stand_for_a_package_that_does_not_import():
    one = help_beside_imports(False)
    plan = one.planned.plan.changed(smoke_command="python examples/radar.py")
    one = one.changed(planned=one.planned.changed(plan=plan, smoke_kind="side-script"))

    verdict = after_attempts([one], 3, facts(PACKAGE))

    assert (verdict.status, verdict.cause) == ("smoke-failed", "unsupported_python")
    assert after_attempts([one], 3, facts()).status == "success", "nothing but scripts"


def test_a_part_of_what_the_code_imports_is_no_success_where_all_of_it_fails():
    command = "python -c 'import n, quantlab'"
    choice = SmokeChoice(kind="dependencies", command=command, proves="all", source=HERE)
    log = Log(stderr="ImportError: No module named quantlab\n")
    failed = Trial(choice=choice, outcome=SmokeFailed(exit_code=1, seconds=1, log=log))
    one = passed("imports")
    one = one.changed(planned=one.planned.changed(smoke_kind="dependencies"))

    verdict = after_attempts([one.changed(trials=(failed,))], 3, facts())

    assert verdict.status == "smoke-failed"
    assert verdict.reason.startswith("what its code imports is not all there")
    assert after_attempts([one], 3, facts()).status == "success"
    most = Import(module="n", where="script", files=6, source=HERE)
    few = most.changed(module="quantlab", files=2)
    assert after_attempts([one.changed(trials=(failed,))], 3, facts(most, few)).status == "success"
    half = facts(most, few.changed(files=3))
    assert after_attempts([one.changed(trials=(failed,))], 3, half).status == "smoke-failed"
    aside = failed.changed(choice=choice.changed(command="python -c 'import benchmarks'"))
    assert after_attempts([one.changed(trials=(aside,))], 3, facts()).status == "success"


@pytest.mark.parametrize(
    ("module", "status"), [("sea_ice", "smoke-failed"), ("sea_ice_data", "success")]
)
def test_a_help_text_does_not_stand_for_a_project_whose_own_module_is_not_there(module, status):
    project = PACKAGE.changed(name="Sea-Ice")
    example = SmokeChoice(kind="example", command="python -c x", proves="it runs", source=HERE)
    log = Log(stderr=f"ModuleNotFoundError: No module named '{module}'\n")
    trial = Trial(choice=example, outcome=SmokeFailed(exit_code=1, seconds=1, log=log))

    verdict = after_attempts([passed("help-only").changed(trials=(trial,))], 3, facts(project))

    assert verdict.status == status


@pytest.mark.parametrize(
    ("outcomes", "found"),
    [((False,), []), ((False, True), [PACKAGE]), ((), [PACKAGE])],
)
def test_a_help_text_is_a_success_where_no_import_of_the_package_speaks_against_it(outcomes, found):
    assert after_attempts([help_beside_imports(*outcomes)], 3, facts(*found)).status == "success"


def test_a_missing_module_shows_nothing_where_this_site_lacks_the_host_of_a_requirement():
    lost = repaired_for("registry_unreachable", "left out https://forge.invalid/sea.git")
    broken = repaired_for("build_error", "left out https://forge.invalid/sea.git")
    lacks = Lack(kind="module", name="sea")
    last = stops("dead_dependency", excludes="this-plan")
    assert last.diagnosis is not None
    missing = last.changed(number=2, diagnosis=last.diagnosis.changed(lacks=lacks))
    other = last.changed(number=2)

    asked = facts(SEA)

    found = after_attempts([lost, missing], 3, asked)

    assert (found.status, found.cause) == ("smoke-failed", "registry_unreachable")
    assert found.reason == "undecided here: left out https://forge.invalid/sea.git; why"
    assert after_attempts([broken, missing], 3, asked).cause == "dead_dependency"
    assert after_attempts([lost, other], 3, asked).cause == "dead_dependency"
    assert after_attempts([lost, missing], 3).cause == "dead_dependency", "nobody asks for it there"


def test_tests_that_lack_a_module_of_a_host_out_of_reach_show_nothing():
    lost = repaired_for("registry_unreachable", "left out https://forge.invalid/sea.git")
    blame = Blame(error="No module named 'sea'", cause="absent_module", confidence="medium")
    asked = facts(SEA)

    def cause_of(about: str) -> str:
        tests = attempt(2).changed(blame=blame.changed(about=about))
        return after_attempts([lost, tests], 3, asked).cause

    assert cause_of("sea") == "registry_unreachable"
    assert cause_of("land") != "registry_unreachable"


def repaired_for(cause: Cause, reason: str) -> Attempt:
    one = attempt(1)
    plan = one.planned.plan.changed(system_packages=("git",))
    decision = DiagnosisDecision(decision="repair", reason=reason, confidence="high", new_plan=plan)
    found = Diagnosis(decision=decision, by="rule", cause=cause, source=HERE)
    return one.changed(diagnosis=found)


@pytest.mark.parametrize(
    ("error", "kind", "found", "status"),
    [
        ("AttributeError: module 'numpy' has no attribute 'float'", "documented", (), "smoke-failed"),
        ("NameError: name 'n' is not defined", "documented", (), "smoke-failed"),
        ("TypeError: fit() got an unexpected keyword argument 'x'", "documented", (), "smoke-failed"),
        ("AttributeError: 'NoneType' object has no attribute 'shape'", "documented", (), "smoke-failed"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'", "documented", (), "stopped-by-rule"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'", "documented", (PACKAGE,), "success"),
        ("run.py: error: the following arguments are required: x", "documented", (), "success"),
        ("usage: run.py [-h]\nrun.py: error: No arguments specified", "documented", (), "success"),
        ("NameError: name 'n' is not defined", "example", (), "success"),
        ("NameError: name 'n' is not defined", "documented", (PACKAGE,), "success"),
        ("ModuleNotFoundError: No module named 'lab'", "script", (), "smoke-failed"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'", "script", (), "stopped-by-rule"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'", "side-script", (), "success"),
    ],
)  # fmt: skip
def test_work_that_fails_by_itself_is_no_success_beside_an_import(error, kind, found, status):
    choice = SmokeChoice(kind=kind, command="python run.py", proves="it runs", source=HERE)
    log = Log(stderr=f'Traceback:\n  File "/repo/run.py", line 3, in <module>\n    f()\n{error}\n')
    trial = Trial(choice=choice, outcome=SmokeFailed(exit_code=1, seconds=1, log=log))
    one = passed("imports").changed(trials=(trial,))

    verdict = after_attempts([one], 3, facts(*found))

    assert verdict.status == status
    ran = Trial(choice=choice, outcome=Passed(alive_at_timeout=False, seconds=1))
    beside = one.changed(trials=(trial, ran))
    assert after_attempts([beside], 3, facts(*found)).status == "success"


def failed_script(name: str, error: str) -> Trial:
    choice = SmokeChoice(kind="script", command=f"python {name}", proves="it runs", source=HERE)
    log = Log(stderr=f'Traceback:\n  File "/repo/{name}", line 3, in <module>\n    f()\n{error}\n')
    return Trial(choice=choice, outcome=SmokeFailed(exit_code=1, seconds=1, log=log))


def test_most_scripts_have_to_fail_from_something_else_than_their_call():
    lacks_module = failed_script("a.py", "ModuleNotFoundError: No module named 'lab'")
    lacks_data = failed_script(
        "b.py x.csv", "FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'"
    )
    one = passed("imports")

    def status(*trials: Trial) -> str:
        return after_attempts([one.changed(trials=trials)], 3).status

    assert status(lacks_module, lacks_data) == "success"
    assert status(lacks_module, lacks_module, lacks_data) == "smoke-failed"


def test_scripts_that_all_lack_data_are_no_success_beside_an_import():
    lack = "FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'"
    lacking = [failed_script("a.py", lack), failed_script("b.py", lack)]
    one = passed("imports")
    calls = [failed_script(f"{name}.py", "c.py: error: too few arguments") for name in "cd"]

    def ended(*trials: Trial) -> tuple[str, str | None]:
        verdict = after_attempts([one.changed(trials=trials)], 3)
        return verdict.status, verdict.cause

    assert ended(*lacking) == ("stopped-by-rule", "missing_data")
    assert ended(*lacking, calls[0]) == ("stopped-by-rule", "missing_data")
    assert ended(*lacking, *calls)[0] == "success"


def test_a_script_that_no_document_names_is_no_success_beside_documented_work_that_lacks_data():
    def trial(command: str, outcome: Passed | SmokeFailed) -> Trial:
        choice = SmokeChoice(kind="documented", command=command, proves="it runs", source=HERE)
        return Trial(choice=choice, outcome=outcome)

    log = Log(
        stderr="Traceback (most recent call last):\n"
        '  File "/repo/train.py", line 3, in <module>\n    open("x.csv")\n'
        "FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'\n"
    )
    lost = trial("python train.py", SmokeFailed(exit_code=1, seconds=1, log=log))
    ran = trial("python plot.py", Passed(alive_at_timeout=False, seconds=1))
    one = passed("documented-run")
    one = one.changed(planned=one.planned.changed(smoke_kind="script"))

    def ended(*trials: Trial, found: tuple[Fact, ...] = ()) -> tuple[str, str | None]:
        verdict = after_attempts([one.changed(trials=trials)], 3, facts(*found))
        return verdict.status, verdict.cause

    assert ended(lost) == ("stopped-by-rule", "missing_data")
    assert ended(lost, ran) == ("success", None)
    assert ended(lost, found=(PACKAGE,)) == ("success", None)


def test_octave_that_lacks_a_function_names_the_product_that_the_code_is_for():
    matlab = OutsideNeed(form="licence", what="a licence of MATLAB", hard=False, source=HERE)
    one = attempt()
    plan = one.planned.plan.changed(smoke_command="octave-cli main.m </dev/null")
    planned = one.planned.changed(plan=plan, smoke_kind="script")

    def ended(stderr: str) -> Verdict:
        failed = SmokeFailed(exit_code=1, seconds=1, log=Log(stderr=stderr))
        return after_attempts([one.changed(planned=planned, smoke=failed)], 3, facts(matlab))

    undefined = "error: 'table' undefined\n"
    listed = f"warning: the 'table' function is not yet implemented in Octave\n{undefined}"
    assert ended(listed).cause == "proprietary_toolchain"
    assert ended(listed).smallest_change.startswith("Get a MATLAB licence")
    assert not ended(undefined).smallest_change, "a file of its own may lack: a class"
