"""`logs/lesson.json` as a run leaves it, and `paper2run lessons` on run folders and batches."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows import lessons_command
from flows.cli import app
from paper2run.errors import UserError
from paper2run.lessons.solved import lessons_of
from paper2run.model.lesson import RunLessons
from paper2run.model.report import Attempt, StageTiming
from paper2run.settings import Settings
from tasks.lesson_record import keep_lessons, read_lessons
from tasks.running.records import RunFolder
from tests.cases import log_case
from tests.lessons import PLAN, lesson_run, solved
from tests.run_folders import PINNED, run_folder
from tests.unit.test_repairs import failed_attempt_of

KEY = "sk-of-the-service-0123456789"
KIND = "todo_build_error_fatal_error_no_such_file_or"


def record_of(attempts: tuple[Attempt, ...], name: str = "lab/mesh") -> RunLessons:
    return RunLessons(name=name, commit="1" * 40, lessons=lessons_of(attempts))


def run_of(
    place: Path, name: str = "lab/mesh", header: str = "yaml.h", package: str = "libyaml-dev"
) -> Path:
    attempts = solved(header, package)
    return lesson_run(place, attempts, record_of(attempts, name))


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons_command, "out", Console(highlight=False, width=200))


def lessons(*arguments: object) -> tuple[int, str, str]:
    """Return exit code and both outputs of the command; its errors are raised."""
    ended = CliRunner().invoke(app, ["lessons", *map(str, arguments)])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


def kinds(*arguments: object) -> list[dict[str, object]]:
    code, out, _ = lessons(*arguments, "--json")
    assert code == 0
    found: list[dict[str, object]] = json.loads(out)
    return found


def dump(run: RunFolder, name: str, at: datetime) -> None:
    path = run.write(f"logs/{name}", "{}")
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_a_lesson_names_what_was_asked_while_its_stage_ran(tmp_path):
    run, start = RunFolder(tmp_path), datetime(2026, 1, 1, tzinfo=UTC)
    asked = (("plan", 0), ("diagnose", 1), ("diagnose", 1), ("diagnose", 2))
    for number, (stage, attempt) in enumerate(asked):
        ended = start + timedelta(seconds=10 * number + 5)
        dump(run, f"{stage}-{number or 1:02d}.json", ended - timedelta(seconds=1))
        dump(run, f"other-{number}.json", ended - timedelta(seconds=1))
        run.ended(
            StageTiming(stage=stage, attempt=attempt, seconds=5, cached=False, ended_at=ended)
        )
    keep_lessons(run, PINNED, solved(), Settings(_env_file=None))

    found = read_lessons(tmp_path)
    assert found is not None
    assert (found.name, found.commit) == (PINNED.name, PINNED.commit)
    assert [lesson.asked for lesson in found.lessons] == [("diagnose-01.json", "diagnose-02.json")]


def test_a_kept_answer_was_not_asked_for_in_this_run(tmp_path):
    run, now = RunFolder(tmp_path), datetime.now(UTC)
    dump(run, "diagnose-01.json", now)
    run.ended(StageTiming(stage="diagnose", attempt=1, seconds=5, cached=True, ended_at=now))
    keep_lessons(run, PINNED, solved(), Settings(_env_file=None))

    found = read_lessons(tmp_path)
    assert found is not None
    assert found.lessons[0].asked == ()


def test_a_run_that_no_model_moved_on_has_no_lesson(tmp_path):
    keep_lessons(RunFolder(tmp_path), PINNED, solved(by="missing_header"), Settings(_env_file=None))

    assert list(tmp_path.iterdir()) == []
    assert read_lessons(tmp_path) is None


def test_a_lesson_holds_no_key_and_no_path_of_this_machine(tmp_path):
    folder = tmp_path / "somewhere" / "mesh-1"
    settings = Settings(_env_file=None, api_key=KEY, home=tmp_path / "home-of-ada")
    failed, after = solved()
    assert failed.diagnosis is not None
    told = f"with {KEY}, in {folder}/repo and {tmp_path}/home-of-ada/mirrors"
    decision = failed.diagnosis.decision.changed(reason=told)
    failed = failed.changed(diagnosis=failed.diagnosis.changed(decision=decision))

    keep_lessons(RunFolder(folder), PINNED, (failed, after), settings)

    text = (folder / "logs" / "lesson.json").read_text("utf-8")
    assert KEY not in text
    assert "somewhere" not in text
    assert "home-of-ada" not in text
    found = read_lessons(folder)
    assert found is not None
    assert found.lessons[0].reason == (
        "with [key removed], in [path removed]/repo and [path removed]/mirrors"
    )


def test_lessons_of_runs_batches_and_folders_of_runs_are_grouped_by_kind(tmp_path):
    one = run_of(tmp_path / "runs")
    batch = tmp_path / "runs" / "batch-papers"
    run_of(batch / "runs", "lab/png", "png.h", "libpng-dev")
    run_folder(tmp_path / "others")

    [kind] = kinds(tmp_path / "runs", one, batch)

    assert (kind["kind"], kind["cause"], kind["count"]) == (KIND, "build_error", 2)
    assert kind["repositories"] == ["lab/mesh", "lab/png"]
    assert kind["form"] == "…: fatal error: …: No such file or directory"
    assert kind["cases"] == []
    assert [lesson["folder"] for lesson in kind["lessons"]] == [
        str(one), str(batch / "runs" / one.name),
    ]  # fmt: skip
    assert [each["count"] for each in kinds(batch)] == [1]
    assert kinds(tmp_path / "others") == []
    assert lessons(tmp_path / "others")[1] == (
        "no lesson in 1 run: no answer of a model moved one on\n"
    )


def test_the_table_tells_repositories_the_error_and_what_solved_it(tmp_path):
    folder = run_of(tmp_path)

    code, out, _ = lessons(folder)

    assert code == 0
    for cell in (KIND, "lab/mesh", "fatal error: yaml.h: No such", "+ apt libyaml-dev"):
        assert cell in out
    assert out.endswith("1 lesson of 1 kind in 1 run\n")


def test_a_kind_becomes_case_folders_that_the_tests_of_repairs_read(tmp_path):
    run_of(tmp_path / "a", "lab/mesh")
    run_of(tmp_path / "b", "lab/png", "png.h", "libpng-dev")
    names = [tmp_path / "a", tmp_path / "b"]

    [kind] = kinds(*names, "--out", tmp_path / "drafts")

    cases = list(map(Path, kind["cases"]))
    assert cases == [tmp_path / "drafts" / KIND / name for name in ("lab_mesh", "lab_png")]
    assert {path.name for path in (tmp_path / "drafts").iterdir()} == {KIND}
    for case, package in zip(cases, ("libyaml-dev", "libpng-dev"), strict=True):
        assert {path.name for path in case.iterdir()} == {"case.json", "log.txt", "todo.md"}
        read = log_case(case)
        assert (read.plan, read.expected.by) == (PLAN, case.parent.name)
        assert read.expected.changes == {"system_packages": [package]}
        assert read.origin.startswith("TODO")
        failed = failed_attempt_of(read, (case / "log.txt").read_text("utf-8"))
        assert failed.lines[-2].endswith("No such file or directory")
        assert str(tmp_path) not in "".join(path.read_text("utf-8") for path in case.iterdir())
    _, out, _ = lessons(names[0], "--out", tmp_path / "more")
    assert f"case: {tmp_path}/more/{KIND}/lab_mesh\n" in out


def test_drafts_replace_nothing(tmp_path):
    folder, out = run_of(tmp_path / "runs"), tmp_path / "drafts"
    lessons(folder, "--out", out)
    (out / KIND / "mine.txt").write_text("mine")

    with pytest.raises(UserError, match="exists already"):
        lessons(folder, "--out", out)

    assert {path.name for path in (out / KIND).iterdir()} == {"lab_mesh", "mine.txt"}


def test_what_holds_no_run_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()

    with pytest.raises(UserError, match="is not a folder"):
        lessons(tmp_path / "nothing")
    with pytest.raises(UserError, match="no run is in"):
        lessons(tmp_path / "empty")


def test_a_damaged_lesson_is_an_error_of_the_run_that_was_named_and_told_of_another(tmp_path):
    bad = run_of(tmp_path / "runs")
    (bad / "logs" / "lesson.json").write_text('{"name": 1}')
    run_of(tmp_path / "runs" / "batch-x" / "runs", "lab/png")

    with pytest.raises(UserError, match="of another version or damaged"):
        lessons(bad)
    _, out, err = lessons(tmp_path / "runs")

    assert f"passed over: {bad}/logs/lesson.json is of another version" in err
    assert "lab/png" in out


def test_a_lesson_without_its_attempt_or_facts_gives_no_draft(tmp_path):
    folder = run_of(tmp_path)
    (folder / "repo_facts.json").rename(folder / "away.json")
    with pytest.raises(UserError, match=r"no repo_facts\.json"):
        lessons(folder, "--out", tmp_path / "drafts")

    (folder / "away.json").rename(folder / "repo_facts.json")
    (folder / "attempts" / "01" / "attempt.json").unlink()
    with pytest.raises(UserError, match="does not have the failed attempt 1"):
        lessons(folder, "--out", tmp_path / "drafts")

    assert not (tmp_path / "drafts").exists()


def test_names_of_strangers_lead_nowhere_and_move_no_cursor(tmp_path):
    folder = run_of(tmp_path / "runs", "../../etc/\x1b[31mpasswd\n")

    code, out, _ = lessons(folder, "--out", tmp_path / "drafts")

    assert code == 0
    assert "\x1b" not in out
    [case] = (tmp_path / "drafts" / KIND).iterdir()
    assert case.name == "etc_31mpasswd"
    assert "\x1b" not in (case / "todo.md").read_text("utf-8")
    log_case(case)
