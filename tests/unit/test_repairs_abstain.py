"""Logs that look like a known failure and are none: the rules leave them to others."""

from datetime import date

import pytest

from paper2run.failures.failed_attempt import FailedAttempt
from paper2run.failures.failure_log import LINE_CHARACTERS, failure_lines
from paper2run.model.diagnosis import Diagnosis
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.facts import (
    DataNeed,
    Extension,
    OwnModule,
    PipInclude,
    PythonConstraint,
    RepoFacts,
)
from paper2run.model.outcome import (
    BuildFailed,
    HoldingRelease,
    Log,
    SmokeFailed,
    Verification,
)
from paper2run.model.resolution import Pin, Resolution
from paper2run.model.value import Source
from paper2run.repairs import diagnose
from paper2run.repairs.unsupported_python import suitable_pythons

HERE = Source(kind="file", path="setup.py", line=3)
FLOAT_INDEX = (
    "IndexError: only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer "
    "or boolean arrays are valid indices"
)
GCD = (
    "ImportError: cannot import name 'gcd' from 'fractions' (/usr/local/lib/python3.9/fractions.py)"
)


def answer_to(
    log: str,
    *facts: object,
    build: bool = False,
    pins: tuple[Pin, ...] = (),
    releases: tuple[HoldingRelease, ...] = (),
    **plan: object,
) -> Diagnosis | None:
    failure: BuildFailed | SmokeFailed
    if build:
        failure = BuildFailed(step="RUN make", exit_code=2, seconds=1, log=Log(stderr=log))
    else:
        failure = SmokeFailed(exit_code=1, seconds=1, log=Log(stderr=log))
    planned = PlannedEnvironment(
        plan=EnvPlan(base_image="python:3.9-slim", smoke_command="python main.py"),
        planner="rules",
        resolution=Resolution(python="3.9", date_step="none", pins=pins),
    ).changed(**plan)
    verification = Verification()
    return diagnose(
        FailedAttempt(failure, planned, RepoFacts(facts=facts), verification, {}, releases)
    )


def test_a_name_that_the_repository_itself_lacks_caps_no_library():
    own = OwnModule(module="networkx", root="", installed=True, source=HERE)
    log = "AttributeError: module 'networkx' has no attribute 'from_numpy_matrix'"

    assert answer_to(log) is not None
    assert answer_to(log, own) is None


def test_an_error_in_words_names_no_file_of_a_scripts_folder():
    start = EnvPlan(base_image="python:3.9-slim", smoke_command="python tools/run.py")

    def answer(log: str) -> Diagnosis | None:
        return answer_to(log, plan=start)

    found = answer("FileNotFoundError: [Errno 2] No such file or directory: 'my data.csv'")
    assert found is not None and found.by == "wrong_directory"
    found = answer("OSError: waves/a.csv not found")
    assert found is not None and found.by == "wrong_directory"
    found = answer("OSError: We couldn't connect to the hub to load this file.")
    assert found is None or found.by != "wrong_directory"


def test_a_folder_is_put_on_the_path_only_where_it_hides_nothing():
    log = "ModuleNotFoundError: No module named 'shapes'"
    own = OwnModule(module="shapes", root="lib", installed=False, source=HERE)
    twin = OwnModule(module="shapes", root="old", installed=False, source=HERE)
    logging = OwnModule(module="logging", root="lib", installed=False, source=HERE)
    compiled = OwnModule(module="waves", root="lib", installed=True, source=HERE)
    built = Extension(language="c", module="waves._fast", source=HERE)

    found = answer_to(log, own)
    assert found is not None and found.by == "module_elsewhere"
    for others in ((twin,), (logging,), (compiled, built)):
        other = answer_to(log, own, *others)
        assert other is None or other.by != "module_elsewhere"
    assert answer_to("ModuleNotFoundError: No module named 'shapes.round'", own) is None


def test_a_file_inside_a_package_is_no_module_of_its_name():
    package = OwnModule(module="waves", root="src", installed=True, source=HERE)
    inside = OwnModule(module="networkx", root="src/waves/formats", installed=False, source=HERE)

    found = answer_to("ModuleNotFoundError: No module named 'networkx'", package, inside)

    assert found is not None and found.by == "missing_module"


def test_an_import_in_a_circle_is_no_library_that_moved_on():
    pins = (Pin(name="nibabel", version="3.2.2"),)
    log = "ImportError: cannot import name 'minc' from 'nibabel' (/x/nibabel/__init__.py)"

    held = (HoldingRelease(name="nibabel.minc", distribution="nibabel", version="2.5.2"),)
    circle = " (most likely due to a circular import)"

    assert answer_to(log, pins=pins, releases=held) is not None
    assert answer_to(log + circle, pins=pins, releases=held) is None
    assert answer_to(log, pins=pins) is None, "no release has the name"


def test_a_library_of_an_unknown_version_is_not_capped():
    assert answer_to("AttributeError: module 'nibabel' has no attribute 'minc'") is None


@pytest.mark.parametrize(("day", "is_old"), [(date(2016, 5, 1), True), (date(2022, 5, 1), False)])
def test_a_float_index_is_an_old_numpy_only_for_code_of_that_time(day, is_old):
    found = answer_to(FLOAT_INDEX, commit_day=day, pythons=("3.9", "3.6"))

    assert (found is not None) is is_old


def test_a_required_python_is_not_overruled():
    required = PythonConstraint(specifier=">=3.9", strength="required", source=HERE)
    tested = PythonConstraint(specifier=">=3.9", strength="tested", source=HERE)

    refused, moved = answer_to(GCD, required), answer_to(GCD, tested)
    assert refused is not None
    assert (refused.by, refused.cause) == ("no_python_left", "unsupported_python")
    assert (refused.source.path, refused.source.line) == ("setup.py", 3)
    assert moved is not None
    assert moved.by == "unsupported_python"


def test_no_older_release_is_asked_for_that_no_allowed_python_runs():
    required = PythonConstraint(specifier=">=3.9", strength="required", source=HERE)
    log = "AttributeError: module 'scipy.misc' has no attribute 'imread'"

    assert answer_to(log, required) is None
    assert answer_to(log) is not None


def test_a_release_among_the_offered_ones_says_nothing_about_the_interpreter():
    offered = "ERROR: Could not find a version that satisfies the requirement six=={} (from versions: 1.0, 1.9)"

    assert answer_to(offered.format("1.0"), build=True) is None
    assert answer_to(offered.format("0.9"), build=True) is not None


def test_arguments_that_a_program_does_not_know_are_no_plugin_of_pytest():
    log = "main.py: error: unrecognized arguments: --cov=demo"

    assert answer_to(log) is None


def test_ascii_is_the_wish_of_code_on_a_python_that_reads_utf_8():
    log = "UnicodeDecodeError: 'ascii' codec can't decode byte 0xc3 in position 0: ordinal not in range(128)"
    old = EnvPlan(base_image="python:3.6-slim", smoke_command="python main.py")

    assert answer_to(log) is None
    assert answer_to(log, plan=old) is not None


def test_a_second_display_is_not_asked_for():
    log = "_tkinter.TclError: no display name and no $DISPLAY environment variable"
    first = answer_to(log)
    assert first is not None
    assert first.decision.new_plan is not None

    assert answer_to(log, plan=first.decision.new_plan) is None


def test_cuda_libraries_that_tensorflow_2_only_warns_of_are_no_need_for_a_gpu():
    warns = (
        "W tensorflow/stream_executor/platform/default/dso_loader.cc:64] Could not load dynamic library "
        "'libcudart.so.11.0'; dlerror: libcudart.so.11.0: cannot open shared object file: No such file or directory"
    )
    assert answer_to(warns) is None
    assert answer_to("ImportError: libcudart.so.10.0: cannot open shared object file") is not None


@pytest.mark.parametrize(
    "log",
    [
        "EOFError: EOF when reading a line",
        "FileNotFoundError: [Errno 2] No such file or directory: 'a.csv'",
    ],
)
def test_a_command_of_the_users_own_is_not_exchanged(log):
    plan = EnvPlan(base_image="python:3.9-slim", smoke_command="python scripts/main.py")

    own, users = answer_to(log, plan=plan), answer_to(log, plan=plan, smoke_by="user")

    assert own is not None
    assert own.decision.new_plan is not None
    assert users is None or users.decision.new_plan is None


def test_a_file_that_lies_at_an_absolute_path_is_not_looked_for_beside_the_script():
    plan = EnvPlan(base_image="python:3.9-slim", smoke_command="python scripts/main.py")
    found = answer_to(
        "FileNotFoundError: [Errno 2] No such file or directory: '/data/a.csv'", plan=plan
    )

    assert found is not None
    assert found.by == "missing_data"


def test_no_requirement_is_dropped_that_no_plain_step_names():
    log = "ERROR: Could not find a version that satisfies the requirement labtools (from versions: none)"
    assert answer_to(log, build=True) is None


def test_a_program_that_is_killed_in_a_run_is_no_lack_of_memory_without_the_engines_word():
    assert answer_to("Killed\n") is None
    assert answer_to("Killed\n", build=True) is not None


def test_missing_data_are_named_with_the_line_that_wants_them_and_where_to_get_them():
    readme = Source(kind="readme", path="README.md", line=12)
    log = (
        'Traceback (most recent call last):\n  File "/repo/train.py", line 7, in <module>\n    load()\n'
        '  File "/usr/local/lib/python3.9/pandas/io.py", line 3, in load\n'
        "FileNotFoundError: [Errno 2] No such file or directory: 'data/iris.csv'\n"
    )
    needs = (
        DataNeed(what="https://example.org/other.zip", source=HERE),
        DataNeed(what="https://example.org/iris.csv.gz", source=readme),
    )

    found = answer_to(log, *needs)

    assert found is not None
    assert (found.source.path, found.source.line) == ("train.py", 7)
    assert "wanted by train.py:7" in found.decision.reason
    assert "README.md:12 names https://example.org/iris.csv.gz" in found.smallest_change


def test_lines_without_end_are_cut_before_any_rule_reads_them():
    failure = SmokeFailed(exit_code=1, seconds=1, log=Log(stderr="a." * 500_000 + "\nend"))

    assert [len(line) for line in failure_lines(failure)] == [0, LINE_CHARACTERS, 3]


OLD_METHOD = "AttributeError: 'dict' object has no attribute 'iteritems'"


def test_code_whose_repository_requires_python_3_is_not_taken_to_python_2():
    required = PythonConstraint(specifier=">=3.6", strength="required", source=HERE)

    assert answer_to(OLD_METHOD, required) is None
    assert answer_to(OLD_METHOD) is not None


def test_an_import_of_python_2_that_was_handled_is_not_the_failure():
    log = (
        "ModuleNotFoundError: No module named 'Tkinter'\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        "ImportError: libtk8.6.so: cannot open shared object file: No such file or directory\n"
    )
    found = answer_to(log)

    assert found is None or found.by != "python2_source"


def test_what_byte_compiling_says_of_python_2_files_is_not_the_failure():
    log = (
        "SyntaxError: Missing parentheses in call to 'print'\n"
        "fast.c:3:10: fatal error: Python.h: No such file or directory\n"
        "error: command 'gcc' failed with exit status 1\n"
    )
    found = answer_to(log, build=True)

    assert found is None or found.by != "python2_source"


def test_python_2_has_no_image_on_the_debian_of_a_newer_one():
    plan = EnvPlan(base_image="python:3.9.7-slim-bookworm", smoke_command="python main.py")
    found = answer_to(OLD_METHOD, plan=plan)

    assert found is not None
    assert found.decision.new_plan is not None
    assert found.decision.new_plan.base_image == "python:2.7-slim"


def test_a_missing_module_that_an_address_names_is_not_looked_for_on_the_index():
    log = "ModuleNotFoundError: No module named 'clip'"
    include = PipInclude(
        text="git+https://github.com/openai/CLIP.git", group="runtime", source=HERE
    )

    guessed, stopped = answer_to(log), answer_to(log, include)
    assert guessed is not None
    assert guessed.by == "missing_module"
    assert stopped is not None
    assert (stopped.by, stopped.cause) == ("absent_module", "absent_module")
    assert stopped.excludes == "this-plan"


LATER = 'Traceback (most recent call last):\n  File "/repo/a.py", line 3, in <module>\n    f()\n'


@pytest.mark.parametrize(
    ("log", "build"),
    [
        ("OSError: /x/torch_sparse/_convert_cuda.so: undefined symbol: _ZN5torch3jit", False),
        ("OSError: Could not find lib geos_c.so or load any of its variants []", False),
        (
            "UserWarning: <urlopen error [Errno -3] Temporary failure in name resolution>\n"
            f"{LATER}ValueError: bad shape",
            False,
        ),
        (
            "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by 'NewConnectionError("
            "'x.example.org: [Errno -3] Temporary failure in name resolution')': /simple/six/\n"
            "      error in demo setup command: names must be strings.\n",
            True,
        ),
        (f"fatal: unable to access 'https://x.example.org/a': no\n{LATER}TypeError: bad", True),
        (f"HTTP Error 404: Not Found, going on\n{LATER}TypeError: bad", True),
        (
            "ERROR 404: Not Found.\nno sample, going on\nx.cpp:8:10: fatal error: y/z.hpp: No such file",
            True,
        ),
        (
            "CUDA could not be found on your system, the processor does the work\n"
            f"{LATER}ValueError: bad shape",
            False,
        ),
    ],
)
def test_neither_data_nor_a_host_is_blamed_for_another_error(log, build):
    assert answer_to(log, build=build) is None


def test_an_error_that_the_networks_led_to_is_still_the_networks():
    log = (
        f"{LATER}urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        f"{LATER}RuntimeError: the weights could not be fetched"
    )
    found = answer_to(log)

    assert found is not None
    assert found.by == "missing_data"


@pytest.mark.parametrize(
    ("python", "log"),
    [
        ("3.12", "ModuleNotFoundError: No module named 'imp'"),
        ("3.9", "ModuleNotFoundError: No module named 'tomllib'"),
        ("2.7", "    import queue\nImportError: No module named queue"),
        ("2.7", "    from urllib.request import urlopen\nImportError: No module named request"),
        ("2.7", "    import os, xml.magic as m\nImportError: No module named magic"),
        ("3.9", "ModuleNotFoundError: No module named '_ctypes'"),
    ],
)
def test_no_namesake_of_pythons_own_module_is_installed(python, log):
    plan = EnvPlan(base_image=f"python:{python}-slim", smoke_command="python main.py")
    required = PythonConstraint(specifier=f"=={python}.*", strength="required", source=HERE)
    found = answer_to(log, required, plan=plan)

    assert found is None or found.by == "no_python_left"


def test_an_old_python_gets_the_backport_of_a_module():
    plan = EnvPlan(base_image="python:2.7-slim", smoke_command="python main.py")
    found = answer_to("ImportError: No module named enum", plan=plan)

    assert found is not None
    assert found.diff == ("+ pip enum34",)


WANTS_ARGUMENTS = "usage: x [-h] model\nx: error: the following arguments are required: model"


@pytest.mark.parametrize(
    "command",
    ["python -m demo.train", "cd examples && python train.py", "demo-train --epochs 1"],
)
def test_a_program_in_any_form_is_asked_for_its_help_before_it_is_given_up(command):
    plan = EnvPlan(base_image="python:3.9-slim", smoke_command=command)
    found = answer_to(WANTS_ARGUMENTS, plan=plan)

    assert found is not None
    assert found.decision.new_plan is not None
    assert found.decision.new_plan.smoke_command == f"{command} --help"


@pytest.mark.parametrize("command", ["python -m pytest -x", "cd tests && pytest", "py.test"])
def test_the_usage_of_a_test_runner_is_no_question_to_a_person(command):
    plan = EnvPlan(base_image="python:3.9-slim", smoke_command=command)
    log = "usage: pytest [options] [file_or_dir]\npytest: error: unrecognized arguments: --lab-only"

    assert answer_to(log, plan=plan) is None


def test_a_class_that_several_libraries_have_caps_none_that_is_not_there():
    log = "AttributeError: 'Graph' object has no attribute 'node'"

    assert answer_to(log, pins=(Pin(name="rdflib", version="6.0"),)) is None
    assert answer_to(log, pins=(Pin(name="networkx", version="2.8"),)) is not None


def test_a_release_later_than_all_is_looked_for_on_no_newer_python_unless_pip_names_one():
    log = "ERROR: Could not find a version that satisfies the requirement foo==9.9 (from versions: 1.0, 1.1)"
    plan = EnvPlan(
        base_image="python:3.9-slim",
        install_steps=("pip install --no-compile foo==9.9",),
        smoke_command="python main.py",
    )
    found = answer_to(log, build=True, plan=plan)

    assert found is not None
    assert found.by == "no_such_release"


def test_a_release_that_the_index_has_is_not_replaced_by_itself():
    log = "ERROR: Could not find a version that satisfies the requirement foo=={} (from versions: 1.4, 1.5.1, 2.0)"
    plan = EnvPlan(
        base_image="python:3.9-slim",
        install_steps=("pip install --no-compile foo",),
        smoke_command="python main.py",
    )

    assert answer_to(log.format("1.5.1"), build=True, plan=plan) is None
    other = answer_to(log.format("1.5.0"), build=True, plan=plan)
    assert other is not None and other.by == "no_such_release"


def test_a_key_of_a_mere_dictionary_is_no_variable_of_the_environment():
    code = 'Traceback (most recent call last):\n  File "/repo/a.py", line 3, in <module>\n    {}\n'
    error = "KeyError: 'TRAIN_SIZE'"

    assert answer_to(code.format("settings['TRAIN_SIZE']") + error) is None
    found = answer_to(code.format("os.environ['TRAIN_SIZE']") + error)
    assert found is not None and found.by == "external_service"


def test_a_refused_connection_that_was_handled_is_not_the_failure():
    log = (
        "ConnectionRefusedError: [Errno 111] Connection refused\n"
        f"{LATER}TypeError: unsupported operand\n"
    )
    assert answer_to(log) is None


def test_a_package_of_the_index_that_wants_windows_says_nothing_about_the_repository():
    log = "x.c:3:10: fatal error: windows.h: No such file or directory"
    failure = BuildFailed(step="RUN pip install x", exit_code=1, seconds=1, log=Log(stderr=log))
    planned = PlannedEnvironment(
        plan=EnvPlan(base_image="python:3.9-slim", smoke_command="python main.py"), planner="rules"
    )
    asked = FailedAttempt(failure, planned, RepoFacts(), Verification())

    assert diagnose(asked) is None
    own = diagnose(asked._replace(failure=failure.changed(step="RUN make")))
    assert own is not None and own.by == "other_platform"


def test_python_2_code_whose_plan_was_tried_is_not_called_broken():
    log = (
        'Traceback (most recent call last):\n  File "/repo/a.py", line 3\n    print "x"\n'
        "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?"
    )
    first = answer_to(log)
    assert first is not None and first.by == "python2_source"
    assert first.decision.new_plan is not None

    failure = SmokeFailed(exit_code=1, seconds=1, log=Log(stderr=log))
    planned = PlannedEnvironment(
        plan=EnvPlan(base_image="python:3.9-slim", smoke_command="python main.py"), planner="rules"
    )
    failed = FailedAttempt(failure, planned, RepoFacts(), Verification())

    assert diagnose(failed, {first.decision.new_plan.digest}) is None


def test_releases_that_pip_passes_over_say_nothing_where_it_tried_the_wanted_one():
    lines = [
        "ERROR: Ignored the following versions that require a different python version: 25.1 Requires-Python >=3.10",
        "ERROR: Could not find a version that satisfies the requirement numbat==0.53.1 (from versions: 0.53.1, 0.60)",
    ]

    assert suitable_pythons(lines, "3.8") == []
    assert suitable_pythons([lines[0], lines[1].replace("0.53.1, ", "")], "3.8") != []
