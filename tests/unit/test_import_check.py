"""What the imports rung finds: modules, names in them, and imports that end their process."""

import json
import subprocess
import sys

import pytest

from paper2run.model.facts import Import
from paper2run.model.value import Source
from paper2run.smoke.import_check import CHECK, Found, command_for, read_answer
from paper2run.smoke.ladder import detail_of


def test_tests_that_an_old_pytest_lists_are_counted():
    listed = (
        "tests/test_a.py::test_one\ntests/test_a.py::TestB::test_two[x]\n\nno tests ran in 2.50s\n"
    )

    assert detail_of("collected", listed, 0) == "2 tests found"
    assert detail_of("collected", "no tests ran in 0.01s\n", 5) == "no tests ran in 0.01s"
    assert detail_of("collected", "2 tests collected in 0.1s\n", 0) == "2 tests collected in 0.1s"


def imported(module, *taken, where="package"):
    return Import(
        module=module, where=where, files=1, taken=taken, source=Source(kind="import", path="a.py")
    )


def checked(tmp_path, wanted):
    """Return what the check says of modules that lie in `tmp_path` and of the standard library's."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK, json.dumps(wanted)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    return done.returncode, read_answer(done.stdout)


def test_a_name_that_the_module_lacks_is_seen(tmp_path):
    code, found = checked(
        tmp_path,
        {"json": ["json.decoder", "json.gone", "json:loads", "json:gone"], "no_such_one": []},
    )
    assert (code, found.missing) == (1, ("no_such_one",))
    assert [said.partition(":")[0] for said in found.failed] == ["json.gone", "json"]
    assert found.failed[1].startswith("json:gone: ModuleNotFoundError: No module named 'json.gone'")


def test_all_that_is_there_passes(tmp_path):
    assert checked(tmp_path, {"os": ["os.path", "os:sep", "os.path:join"]}) == (0, Found((), ()))


def test_an_import_that_ends_its_process_costs_no_other_module(tmp_path):
    (tmp_path / "ends.py").write_text("import os\nprint('[[], []]')\nos._exit(9)\n")
    (tmp_path / "raises.py").write_text("raise SystemExit('no licence')\n")
    code, found = checked(tmp_path, {"ends": ["ends:x"], "raises": [], "string": ["string:digit"]})
    assert code == 1
    assert found.failed == (
        "ends: the process ended with status 9",
        "raises: SystemExit: no licence",
        "string:digit: ModuleNotFoundError: No module named 'string.digit'; 'string' is not a package",
    )


def test_imports_of_one_module_in_several_places_are_looked_at_once():
    command = command_for([imported("a", "a:b"), imported("a", "a.c", "a:b", where="test")])
    assert json.dumps({"a": ["a:b", "a.c"]}) in command
    assert command_for([]) == ""


def test_modules_that_the_install_compiles_are_looked_for(tmp_path):
    assert json.dumps({"fast": ["fast._loops"]}) in command_for([], ["fast._loops"])
    (tmp_path / "fast").mkdir()
    (tmp_path / "fast/__init__.py").write_text(
        "try:\n    import fast._loops\nexcept ImportError:\n    pass\n"
    )
    code, found = checked(tmp_path, {"fast": ["fast._loops"]})
    assert (code, found.missing) == (1, ())
    assert found.failed == ("fast._loops: ModuleNotFoundError: No module named 'fast._loops'",)


def test_modules_and_failed_imports_are_told_in_one_line():
    said = 'x\n[["yaml"], []]\n[["yaml"], [["cv2", "ImportError: libGL.so.1"]]]\n'
    assert detail_of("imports", said, 1) == "not found: yaml. fail: cv2: ImportError: libGL.so.1"
    assert detail_of("imports", "[[], []]", 0) == "all found"
    # The process was ended while it imported: what was found until then counts.
    assert read_answer('[["yaml"], []]\nImporting …') == Found(("yaml",), ())


@pytest.mark.parametrize("said", ["", "Traceback", "5", '{"a": 1}', "[1, 2]", '"text"', '["a"]'])
def test_an_output_that_is_no_such_list_names_none(said):
    assert (detail_of("imports", said, 1), read_answer(said)) == ("", None)
