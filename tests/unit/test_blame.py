"""The evidence chain of a failure: the first error, what it is about, and who wanted that."""

import pytest

from paper2run.failures.blame import blame
from paper2run.failures.failed_attempt import FailedAttempt
from paper2run.model.environment import EnvPlan, GuessedDistribution, PlannedEnvironment, SmokeKind
from paper2run.model.facts import Import, OwnModule, Project, RepoFacts, Requirement
from paper2run.model.outcome import BuildFailed, Log, SmokeFailed, Verification
from paper2run.model.resolution import Pin, Resolution
from paper2run.model.value import Source
from paper2run.verdicts.judgement import blamed, judge
from paper2run.verdicts.verdicts import after_attempts
from tests.cases import LOGS, log_case
from tests.unit.test_progress import attempt
from tests.unit.test_repairs import read

CASES = sorted(folder for folder in LOGS.glob("*/*") if folder.is_dir())
ONLY_RULES_KNOW = {
    "name_that_the_index_lacks",
    "service_that_the_code_asks",
    "name_out_of_an_empty_package",
    "code_and_manifest_contradict_each_other",
    "index_of_r_packages",
    "header_of_the_authors_own",
    "header_of_a_product",
    "header_of_a_solvers_second_library",
}
"""Cases whose cause needs more than the log: facts, or the history of the standard library."""
STOPS = [
    folder
    for folder in CASES
    if log_case(folder).expected.decision == "stop" and folder.name not in ONLY_RULES_KNOW
]
PIP = "[stage-0 4/7] RUN pip install --no-compile --no-deps --no-build-isolation pymc==2.3.6"


def blame_of(
    stderr, *facts, stdout="", build="", command="python main.py", pins=(), exit_code=1, **plan
):
    log = Log(stdout=stdout, stderr=stderr)
    failure = (
        BuildFailed(step=build, exit_code=exit_code, seconds=1, log=log)
        if build
        else SmokeFailed(exit_code=exit_code, seconds=1, log=log)
    )
    planned = PlannedEnvironment(
        plan=EnvPlan(base_image="python:3.9-slim", smoke_command=command),
        planner="rules",
        resolution=Resolution(python="3.9", date_step="none", pins=pins),
        **plan,
    )
    return blame(FailedAttempt(failure, planned, RepoFacts(facts=facts), Verification()))


def test_an_error_of_the_installed_package_is_one_of_the_code():
    log = """\
Traceback (most recent call last):
  File "/usr/local/bin/tides", line 8, in <module>
    sys.exit(main())
  File "/usr/local/lib/python3.9/site-packages/tides/cli.py", line 12, in main
    print(heigth)
NameError: name 'heigth' is not defined
"""
    own = OwnModule(
        module="tides", root="src", installed=True, source=Source(kind="file", path="src/tides")
    )
    found = blame_of(log, own, command="tides --help")
    assert (found.cause, found.about) == ("code_error", "tides/cli.py:12")
    assert blame_of(log, command="tides --help").cause == "build_error"


def test_what_pytest_looks_up_before_it_imports_a_conftest_is_no_error():
    log = """\
/usr/local/lib/python3.9/site-packages/_pytest/config/__init__.py:551: in _importconftest
    return self._conftestpath2mod[key]
E   KeyError: PosixPath('/repo/tests/conftest.py')

During handling of the above exception, another exception occurred:
tests/conftest.py:1: in <module>
    import responses
E   ModuleNotFoundError: No module named 'responses'

The above exception was the direct cause of the following exception:
E   _pytest.config.ConftestImportFailure: (PosixPath('/repo/tests/conftest.py'), ...)
"""
    found = blame_of("", stdout=log, command="pytest")
    assert found.error == "ModuleNotFoundError: No module named 'responses'"


NO_FORTRAN = """\
  error: subprocess-exited-with-error

  × python setup.py bdist_wheel did not run successfully.
  │ exit code: 1
  ╰─> [37 lines of output]
      running build_ext
      customize Gnu95FCompiler
      error: [Errno 2] No such file or directory: 'lapack/double/dpotrs.f'
      [end of output]

  note: This error originates from a subprocess, and is likely not a problem with pip.
  ERROR: Failed building wheel for pymc
ERROR: Failed to build installable wheels for some pyproject.toml based projects (pymc)
"""


def test_a_guessed_package_that_does_not_build_is_named_with_the_import_that_wanted_it():
    found = blame_of(
        NO_FORTRAN,
        Import(module="pymc", where="script", files=1, source=Source(kind="import", path="mcmc.py", line=468)),
        build=PIP,
        pins=(Pin(name="pymc", version="2.3.6", sdist=True),),
        guesses=(GuessedDistribution(name="pymc", module="pymc"),),
    )  # fmt: skip

    assert found.cause == "build_error"
    assert str(found) == (
        "pymc 2.3.6 (guessed from import pymc, mcmc.py:468):"
        " error: [Errno 2] No such file or directory: 'lapack/double/dpotrs.f'"
    )


def test_a_declared_package_is_named_with_its_requirement():
    source = Source(kind="file", path="requirements.txt", line=4)
    declared = Requirement(text="pymc==2.3.6", name="pymc", group="runtime", source=source)

    assert (
        blame_of(NO_FORTRAN, declared, build=PIP).wanted_by
        == "requirement pymc==2.3.6, requirements.txt:4"
    )
    assert blame_of(NO_FORTRAN, build=PIP).wanted_by == "needed by another package"


def test_a_package_that_only_the_plan_asks_for_is_told_from_what_another_package_needs():
    plan = EnvPlan(
        base_image="python:3.9-slim",
        install_steps=("pip install pymc",),
        smoke_command="python main.py",
    )

    assert blame_of(NO_FORTRAN, build=PIP, draft=plan).wanted_by.startswith("asked for by the plan")


def test_the_repositorys_own_project_is_named_as_such():
    own = Project(
        root="", backend="setup.py", name="PyMC", source=Source(kind="file", path="setup.py")
    )
    assert (
        blame_of(NO_FORTRAN, own, build="RUN pip install .").about
        == "the repository's own project pymc"
    )


def test_of_several_packages_the_first_that_failed_is_named():
    later = NO_FORTRAN.replace("pymc", "other").replace("lapack/", "blas/")
    done = "  Running setup.py install for pymc: finished with status 'done'\n"

    assert "lapack" in blame_of(NO_FORTRAN + later, build=PIP).error
    assert "blas" in blame_of(NO_FORTRAN + done + later, build=PIP).error


def test_of_a_compilers_errors_the_first_counts():
    log = """\
solve.c:12:5: error: unknown type name 'uint'
solve.c:15:9: error: 'n' undeclared (first use in this function)
make: *** [Makefile:7: solve.o] Error 1
"""
    found = blame_of(log, build="RUN make")

    assert found.error == "solve.c:12:5: error: unknown type name 'uint'"
    assert (found.about, found.cause) == ("solve.c:12", "build_error")


def test_metadata_that_do_not_build_are_of_the_package_collected_last():
    out = "Collecting six==1.1\n  Downloading six-1.1.zip\nCollecting mayavi==4.5\n  Preparing metadata (setup.py)\n"
    err = """\
  error: subprocess-exited-with-error
      Traceback (most recent call last):
        File "/tmp/pip-install-x/mayavi/setup.py", line 14, in <module>
          import numpy
      ModuleNotFoundError: No module named 'numpy'
  error: metadata-generation-failed
"""
    found = blame_of(err, stdout=out, build="RUN pip install mayavi==4.5")

    assert (found.about, found.cause) == ("mayavi 4.5", "build_error")
    assert found.error == "ModuleNotFoundError: No module named 'numpy'"


TRACE = (
    'Traceback (most recent call last):\n  File "/repo/train.py", line 7, in <module>\n    go()\n'
)
CONNECTED = (
    f"{TRACE}ConnectionRefusedError: [Errno 111] Connection refused\n\n"
    "During handling of the above exception, another exception occurred:\n\n"
    f"{TRACE}redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.\n"
)


@pytest.mark.parametrize(
    ("log", "cause", "about"),
    [
        (f"{TRACE}FileNotFoundError: [Errno 2] No such file or directory: 'data/x.csv'", "missing_data", "data/x.csv"),
        (f"{TRACE}KeyError: 'OPENAI_API_KEY'", "external_service", "train.py:7"),
        (CONNECTED, "external_service", "train.py:7"),
        (f"{TRACE}psycopg2.OperationalError: could not connect to server", "external_service", "train.py:7"),
        (f"{TRACE}URLError: <urlopen error [Errno -3] Temporary failure>", "missing_data", "train.py:7"),
        ("python: can't open file '/repo/run.py': [Errno 2] No such file", "missing_entrypoint", "/repo/run.py"),
        (f"{TRACE}ModuleNotFoundError: No module named 'winreg'", "unsupported_platform", "winreg"),
        (f"{TRACE}ModuleNotFoundError: No module named 'labtools'", "absent_module", "labtools"),
        (f"{TRACE}TypeError: unsupported operand", "code_error", "train.py:7"),
        (f"{TRACE}ValueError: set TIDES_API_KEY first", "external_service", "train.py:7"),
        (f"{TRACE}NameError: name 'TIDES_API_KEY' is not defined", "code_error", "train.py:7"),
        (f"{TRACE}    url = os.environ['LAB_URL']\nKeyError: 'LAB_URL'", "external_service", "train.py:7"),
        (f"{TRACE}    t = os.getenv('LAB_TOKEN')\nValueError: no LAB_TOKEN", "external_service", "train.py:7"),
        (f"{TRACE}    i = vocabulary['UNK_TOKEN']\nKeyError: 'UNK_TOKEN'", "code_error", "train.py:7"),
        (f"{TRACE}    row['image_URL']\nKeyError: 'image_URL'", "code_error", "train.py:7"),
        (f"{TRACE}ValueError: PAD_TOKEN must be in the vocabulary", "code_error", "train.py:7"),
        (f"{TRACE}    subprocess.run(['ffmpeg'])\nFileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'",
         "unknown_toolchain", "ffmpeg"),
        (f"{TRACE}FileNotFoundError: [Errno 2] No such file or directory: 'data/ALTERA_x.csv'", "missing_data",
         "data/ALTERA_x.csv"),
        (f"{TRACE}FileNotFoundError: [Errno 2] No such file or directory: 'runs/CUDA_HOME.txt'", "missing_data",
         "runs/CUDA_HOME.txt"),
        (f"{TRACE}ValueError: bad XILINX_2 label", "code_error", "train.py:7"),
        (f"{TRACE}ModuleNotFoundError: No module named 'rospy'", "unknown_toolchain", "rospy"),
        ("error: 'make_users' undefined\nerror: called from\n    main at line 29", "absent_module", "make_users"),
        ("The 'table' function is not yet implemented in Octave.\nerror: 'table' undefined",
         "proprietary_toolchain", "table"),
        ("Error in file(file, \"rt\") : cannot open the connection\nIn file(file, \"rt\") :\n"
         "  cannot open file 'data/x.csv': No such file or directory\nExecution halted", "missing_data", "data/x.csv"),
        (f"{TRACE}    n = int(sys.argv[1])\nIndexError: list index out of range", "missing_entrypoint", "train.py:7"),
        (f"{TRACE}    size = sizes[1]\nIndexError: list index out of range", "code_error", "train.py:7"),
        ("error: load: unable to find file data.mat\nerror: ignoring const execution_exception& while preparing",
         "missing_data", "data.mat"),
        ('Traceback (most recent call last):\n  File "/usr/lib/x.py", line 3\nAttributeError: no y', "build_error", ""),
    ],
)  # fmt: skip
def test_a_failed_run_has_a_class_of_cause(log, cause, about):
    found = blame_of(log)

    assert (found.cause, found.about) == (cause, about)


@pytest.mark.parametrize(
    ("log", "step", "cause"),
    [
        ("ERROR: Could not find a version that satisfies the requirement labtools (from versions: none)\n"
         "ERROR: No matching distribution found for labtools", "RUN pip install labtools", "dead_dependency"),
        ("fatal: unable to access 'https://x.example.org/': no host", "RUN make", "registry_unreachable"),
        ("error: failed to parse manifest\nfeature `edition2024` is required\n"
         "error: feature `edition2024` is required", "RUN cargo build", "build_error"),
        ('CMake Error: "/repo" does not appear to contain CMakeLists.txt.', "RUN cmake", "build_error"),
        ("x.c:1: error: No space left on device", "RUN make", "out_of_disk"),
        ("error: package directory 'lab' does not exist", "RUN pip install .", "absent_module"),
        ("./src/lab/Fit.java:3: error: package org.lab.grid does not exist\n1 error",
         "RUN javac -d classes src/lab/Fit.java", "absent_module"),
        ("    [javac] /repo/src/lab/Fit.java:3: error: cannot find symbol\n    [javac]     Grid grid;\n"
         "    [javac]     ^\n    [javac]   symbol:   class Grid\n    [javac] 9 errors\nBUILD FAILED",
         "RUN ant", "absent_module"),
        ("[ERROR] /repo/src/lab/Fit.java:[3,7] cannot find symbol\n[ERROR]   symbol:   method fit(int)",
         "RUN mvn package", "build_error"),
        ("CMake Error at CMakeLists.txt:7 (find_package):\n  By not providing \"Findcatkin.cmake\" in"
         " CMAKE_MODULE_PATH this project has\n  asked CMake to find a package configuration file provided by"
         " \"catkin\", but\n  CMake did not find one.\n\n-- Configuring incomplete, errors occurred!",
         "RUN cmake", "unknown_toolchain"),
        ("src/node.cpp:3:10: fatal error: ros/ros.h: No such file or directory\ncompilation terminated.",
         "RUN make", "unknown_toolchain"),
        ("CMake Error at x/FindPackageHandleStandardArgs.cmake:230 (message):\n  Could NOT find Vitis (missing: A)\n",
         "RUN cmake", "proprietary_toolchain"),
        ("Makefile:2: *** XILINX_VITIS is not set.  Stop.", "RUN make", "proprietary_toolchain"),
        ("Makefile:3: *** ANDROID_NDK_HOME is undefined.  Stop.", "RUN make", "unknown_toolchain"),
        ("/bin/sh: 1: .: cannot open /opt/xilinx/xrt/setup.sh: No such file\nmake: *** [Makefile:6: sim] Error 2",
         "RUN make", "proprietary_toolchain"),
        ("Makefile:3: /opt/intel/sgxsdk/buildenv.mk: No such file or directory\n"
         "make: *** No rule to make target '/opt/intel/sgxsdk/buildenv.mk'.  Stop.",
         "RUN make", "unsupported_platform"),
        ("CMake Error at CMakeLists.txt:3 (add_subdirectory):\n  The source directory\n\n    /repo/extern/grid\n\n"
         "  does not contain a CMakeLists.txt file.\n", "RUN cmake", "absent_module"),
        ("make: *** No rule to make target 'src/grid.cpp', needed by 'grid.o'.  Stop.", "RUN make", "absent_module"),
        ("make: *** No rule to make target 'all'.  Stop.", "RUN make", "build_error"),
        ("CMake Error at gpu/CMakeLists.txt:2 (enable_language):\n  No CMAKE_CUDA_COMPILER could be found.\n",
         "RUN cmake", "needs_gpu"),
        ("a.cpp:1:10: fatal error: cuda_runtime.h: No such file or directory", "RUN make", "needs_gpu"),
    ],
)  # fmt: skip
def test_a_failed_build_has_a_class_of_cause(log, step, cause):
    assert blame_of(log, build=step).cause == cause


def test_a_suite_without_a_test_is_a_command_that_starts_nothing():
    said = "collected 0 items\n\n============ no tests ran in 0.01s ============"

    found = blame_of("", stdout=said, command="python -m pytest -x", exit_code=5)

    assert found.cause == "missing_entrypoint"


def test_cmakes_first_sentence_is_told_with_the_paths_in_it():
    log = (
        "CMake Error at CMakeLists.txt:3 (add_subdirectory):\n  The source directory\n\n    /repo/extern/grid\n\n"
        "  does not contain a CMakeLists.txt file.\n\n\n-- Configuring incomplete, errors occurred!"
    )

    assert blame_of(log, build="RUN cmake").error == (
        "CMake Error at CMakeLists.txt:3 (add_subdirectory): The source directory /repo/extern/grid"
        " does not contain a CMakeLists.txt file."
    )


def test_a_module_that_the_code_imports_is_absent_where_the_command_imports_it_for_the_code():
    here = 'Traceback (most recent call last):\n  File "<string>", line 1, in <module>\n'
    inside = '  File "/usr/local/lib/python3.9/site-packages/dep/a.py", line 1, in <module>\n'
    gone = "ModuleNotFoundError: No module named 'labtools'"

    def cause(log: str, kind: SmokeKind) -> str:
        one = attempt(says=log)
        one = one.changed(planned=one.planned.changed(smoke_kind=kind))
        found = blamed(one, RepoFacts())
        assert found is not None
        return found.cause

    assert cause(here + gone, "dependencies") == "absent_module"
    assert cause(here + inside + gone, "dependencies") == "build_error"
    assert cause(here + gone, "import") == "build_error"


def test_a_failed_test_is_the_first_error_of_a_test_run():
    out = "=== FAILURES ===\nE       assert 0.36 >= 0.7\nE       ValueError: later\n"
    found = blame_of("", stdout=out, command="python -m pytest -q")

    assert (found.error, found.cause, found.confidence) == (
        "assert 0.36 >= 0.7",
        "code_error",
        "low",
    )


def test_a_crash_names_its_signal():
    assert blame_of("", exit_code=139).error == "ended by the signal SIGSEGV"


def test_a_silent_failure_stays_undiagnosed():
    found = blame_of("", stdout="so far\n", exit_code=7)

    assert (found.error, found.cause) == ("so far", "undiagnosed")


@pytest.mark.parametrize("folder", STOPS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_the_class_of_an_error_is_the_cause_that_a_rule_proves(folder):
    failed, expected = read(folder)

    assert blame(failed).cause == expected.cause


def test_the_first_error_stands_in_the_verdict_and_its_class_is_the_cause():
    done = attempt(build_fails_at="RUN make", says="a.c:3:5: error: no 'n'\nmake: *** Error 1")
    done = done.changed(blame=blamed(done, RepoFacts()))
    verdict = after_attempts((done,), 5)

    assert (verdict.status, verdict.cause, verdict.blame) == (
        "smoke-failed",
        "build_error",
        done.blame,
    )
    assert "build failed (exit code 1): a.c:3:5: error: no 'n';" in verdict.reason


def test_an_answer_that_was_tried_already_is_no_proof():
    done = attempt(says="ModuleNotFoundError: No module named 'labtools'")
    done = done.changed(blame=blamed(done, RepoFacts()), diagnosis=judge(done, (), RepoFacts()))
    assert done.diagnosis is not None and done.diagnosis.decision.new_plan is not None

    verdict = after_attempts((done,), 5)

    assert verdict.status == "smoke-failed"
    assert "was tried already" in verdict.reason


def test_pytests_own_lookup_is_not_the_error_of_a_conftest():
    log = """\
/usr/local/lib/python3.7/site-packages/_pytest/config/__init__.py:437: in _importconftest
    return self._conftestpath2mod[conftestpath]
E   KeyError: local('/repo/tests/conftest.py')

During handling of the above exception, another exception occurred:
/usr/local/lib/python3.7/site-packages/py/_path/local.py:701: in pyimport
    __import__(modname)
E     File "/repo/waves/__init__.py", line 3
E       <<<<<<< HEAD
E        ^
E   SyntaxError: invalid syntax
"""
    found = blame_of("", stdout=log, command="pytest -x")

    assert (found.error, found.cause, found.about) == (
        "SyntaxError: invalid syntax", "code_error", "waves/__init__.py:3",
    )  # fmt: skip


def test_an_installed_module_of_the_repository_is_its_own_code():
    log = """\
Traceback (most recent call last):
  File "/usr/local/bin/waves", line 5, in <module>
    from waves.main import main
  File "/usr/local/lib/python3.9/site-packages/waves/main.py", line 12, in <module>
    LEVEL = default_level
NameError: name 'default_level' is not defined
"""
    own = OwnModule(
        module="waves",
        root="",
        installed=True,
        source=Source(kind="file", path="waves/__init__.py"),
    )

    found = blame_of(log, own, command="waves --help")

    assert (found.cause, found.about) == ("code_error", "waves/main.py:12")


def test_a_compiled_module_of_the_repository_is_its_own_code_and_a_librarys_is_not():
    log = """\
Traceback (most recent call last):
  File "/usr/local/bin/waves", line 5, in <module>
    from waves.main import main
  File "waves/fast.pyx", line 7, in init waves.fast
NameError: name 'default_level' is not defined
"""
    own = OwnModule(
        module="waves",
        root="",
        installed=True,
        source=Source(kind="file", path="waves/__init__.py"),
    )

    found = blame_of(log, own, command="waves --help")
    librarys = blame_of(log.replace("waves/fast", "pandas/fast"), own, command="waves --help")

    assert (found.cause, found.about) == ("code_error", "waves/fast.pyx:7")
    assert (librarys.cause, librarys.about) != ("code_error", "pandas/fast.pyx:7")


def test_a_package_of_an_earlier_step_is_not_blamed_for_the_own_project():
    log = """\
=> [stage-0 4/7] RUN pip install --no-compile --no-deps --no-build-isolation atomicwrites==1.4.1
Collecting atomicwrites==1.4.1
  Preparing metadata (setup.py): finished with status 'done'
=> [stage-0 7/7] RUN pip install --no-compile --no-deps --no-build-isolation .
Processing /repo
  Preparing metadata (setup.py): finished with status 'error'
  Traceback (most recent call last):
    File "/repo/setup.py", line 4, in <module>
      import waves
    File "/repo/waves/__init__.py", line 2, in <module>
      PLACE = [0] * 10**15
  MemoryError
"""
    step = "[stage-0 7/7] RUN pip install --no-compile --no-deps --no-build-isolation ."

    found = blame_of(log, build=step)

    assert (found.cause, found.about) == ("out_of_memory", "waves/__init__.py:2")


def test_a_package_that_setuptools_builds_by_calling_pip_has_its_compilers_error():
    log = """\
  error: subprocess-exited-with-error
      × Building editable for mesh (pyproject.toml) did not run successfully.
          core.c:2:13: error: expected declaration specifiers or '...' before '{' token
          error: Command '['gcc', '-c', 'core.c']' returned non-zero exit status 1.
      ERROR: Failed building editable for mesh
    Failed to build mesh
    ERROR: Failed to build installable wheels for some pyproject.toml based projects (mesh)
"""
    found = blame_of(log, build="RUN pip install --no-deps -e .")

    assert found.error.startswith("core.c:2:13: error: expected declaration")
    assert found.cause == "build_error"
