"""An option is written once, in its model; flags, forms and batch files take it from there."""

import inspect
from typing import Any

import pytest
import typer
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import validate
from pydantic import ValidationError
from typer.testing import CliRunner

from flows.batch import batch
from flows.cli import app
from flows.options import PANELS
from flows.reproduce import reproduce
from paper2run.batches.rows import BatchEntry
from paper2run.errors import UserError
from paper2run.request import BatchRequest, Request, options_of, settings_for

SHARED = {
    "timeout", "max_attempts", "max_candidates", "time_limit", "claims_timeout", "planner", "model", "base_url",
    "max_tokens",
    "max_cost_usd", "max_model_seconds", "dry_run", "target", "no_cache", "remove_images", "out",
}  # fmt: skip
FLOWS = {
    Request: (reproduce, SHARED | {"repo", "ref", "paper", "smoke"}),
    BatchRequest: (
        batch, SHARED | {"file", "jobs", "resume", "only_failed", "keep_going", "compare", "workers"},
    ),
}  # fmt: skip
"""By model: the flow that takes its fields, and the names of the flow's parameters, which deployments rely on."""
COMMANDS = {Request: ("run", {"remove_images"}), BatchRequest: ("batch", set())}
"""By model: the command that takes its fields, and the fields that it leaves to the flow."""


def shape(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a JSON schema says of the values."""
    return {name: schema.get(name) for name in ("type", "enum", "anyOf", "minimum", "default")}


def flags_of_command(name: str) -> dict[str, Any]:
    command = typer.main.get_command(app).commands[name]
    return {each.name: each for each in command.params}


@pytest.mark.parametrize("model", FLOWS)
def test_a_form_has_the_names_types_bounds_and_defaults_of_its_model(model):
    flow, names = FLOWS[model]
    shown = parameter_schema(flow)
    written = model.model_json_schema()

    assert set(shown.properties) == names
    assert shown.required == written.get("required", [])
    for name, field in written["properties"].items():
        plain = {**field, **field.get("anyOf", [{}])[0], "anyOf": None}
        assert shape(shown.properties[name]) == shape(plain), name


@pytest.mark.parametrize("model", FLOWS)
def test_a_field_of_a_form_has_one_type_and_may_stay_empty(model):
    shown = parameter_schema(FLOWS[model][0])
    empty = {
        name: None
        for name, field in shown.properties.items()
        if "default" not in field and name not in shown.required
    }

    assert {field["type"] for field in shown.properties.values()} <= {
        "string", "integer", "number", "boolean"
    }  # fmt: skip
    assert set(empty) >= {"timeout", "max_attempts", "max_tokens"}
    given = dict.fromkeys(shown.required, "x")
    assert validate({**given, **empty}, shown.model_dump_for_openapi()) == []
    assert validate({**given, "timeout": 0}, shown.model_dump_for_openapi()) != []


@pytest.mark.parametrize("model", FLOWS)
def test_a_form_begins_with_what_to_run_and_ends_with_the_model(model):
    properties = parameter_schema(FLOWS[model][0]).properties
    names = sorted(properties, key=lambda name: properties[name]["position"])

    assert names[:2] == (["repo", "paper"] if model is Request else ["file", "out"])
    assert names[-6:-3] == ["planner", "model", "base_url"]
    assert names[-3:] == ["max_tokens", "max_cost_usd", "max_model_seconds"]


@pytest.mark.parametrize("model", COMMANDS)
def test_a_command_has_the_flags_bounds_and_defaults_of_its_model(model):
    command, left_out = COMMANDS[model]
    flags = flags_of_command(command)

    positional = {"repository"} if model is Request else set()
    assert set(flags) == {*model.model_fields, "as_json", "show_traceback", *positional} - left_out
    for option in options_of(model):
        if option.name not in left_out and not option.field.is_required():
            flag = flags[option.name]
            assert flag.opts == [option.flag]
            assert flag.default == option.field.default
            bounds = (option.schema.get("minimum"), option.schema.get("maximum"))
            if option.is_duration:
                read = flag.type_descriptor.parameter_info.parser
                assert [read(str(bound)) for bound in bounds] == [*bounds]
                with pytest.raises(typer.BadParameter, match=f"{bounds[0]} to {bounds[1]} seconds"):
                    read(str(bounds[1] + 1))
            else:
                assert (flag.min, flag.max) == bounds


def test_every_option_in_a_panel_of_the_help_is_an_option():
    names = {option.name for model in FLOWS for option in options_of(model)}
    listed = [name for panel in PANELS.values() for name in panel]

    assert set(listed) <= names
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    ("flag", "words"), [("--planner", "rules or model or auto"), ("--target", "smoke or tests")]
)
def test_a_word_that_is_no_choice_is_told_the_choices(flag, words):
    refused = CliRunner().invoke(app, ["run", ".", flag, "foo"], env={"COLUMNS": "200"})

    assert refused.exit_code == 2
    assert f"'foo': write {words}" in refused.output


@pytest.mark.parametrize(
    ("given", "expected"),
    [("15m", 900), ("2h", 7200), ("1h30m", 5400), (" 90S ", 90), (900, 900), ("900", 900)],
)
def test_a_duration_is_seconds_or_a_number_with_its_unit(given, expected):
    assert Request(timeout=given).timeout == expected
    assert BatchEntry(repo="x", timeout=given).timeout == expected
    assert BatchEntry(repo="x", timeout=given).key == BatchEntry(repo="x", timeout=expected).key


@pytest.mark.parametrize("given", ["15 minutes", "m", "-5m", "0s", "90d", "1.5h", ""])
def test_what_is_no_duration_or_too_long_is_refused(given):
    with pytest.raises(ValidationError):
        Request(timeout=given)


@pytest.mark.parametrize("model", FLOWS)
def test_every_option_has_words_and_says_what_holds_where_it_is_empty(model):
    for option in options_of(model):
        assert option.words.endswith("."), option.name
        assert option.unset or not option.is_empty, option.name


def test_a_flow_is_called_with_keywords_and_hands_them_on():
    assert {each.kind for each in inspect.signature(reproduce.fn).parameters.values()} == {
        inspect.Parameter.KEYWORD_ONLY
    }


def test_a_line_of_a_batch_file_overrides_with_what_it_sets_alone():
    entry = BatchEntry.model_validate({"repo": "x", "dry_run": False, "timeout": None, "ref": ""})

    assert entry.over({"dry_run": True, "timeout": 9}) == {
        "repo": "x",
        "dry_run": False,
        "timeout": 9,
    }
    assert BatchEntry.model_validate_json(entry.model_dump_json()).key == entry.key
    assert entry.key != BatchEntry(repo="x").key
    assert entry.changed(paper="a.pdf").over({}) == {
        "repo": "x",
        "dry_run": False,
        "paper": "a.pdf",
    }


def test_a_line_of_an_earlier_batch_can_still_be_read():
    kept = {"repo": "x", "ref": "", "planner": "", "target": None, "dry_run": None, "timeout": 5}

    assert BatchEntry.model_validate(kept) == BatchEntry(repo="x", timeout=5)


def test_flags_lie_over_the_settings_of_the_same_name(monkeypatch):
    monkeypatch.setenv("PAPER2RUN_TIMEOUT", "60")
    monkeypatch.setenv("PAPER2RUN_MAX_ATTEMPTS", "5")

    found = settings_for(Request(repo="x", timeout=7, max_tokens=0, out="there", planner="rules"))

    assert (found.timeout, found.max_attempts, found.max_tokens) == (7, 5, 0)
    assert (str(found.out), found.planner) == ("there", "rules")


def test_a_setting_out_of_its_range_names_flag_and_variable(monkeypatch):
    monkeypatch.setenv("PAPER2RUN_MAX_ATTEMPTS", "21")

    with pytest.raises(UserError, match="max_attempts") as caught:
        settings_for(Request(repo="x"))

    assert "--max-attempts" in caught.value.hint
    assert "PAPER2RUN_MAX_ATTEMPTS" in caught.value.hint


def test_a_batch_asks_of_each_run_what_it_does_not_do_itself():
    asked = BatchRequest(file="x.csv", out="there", timeout=7, max_tokens=5, dry_run=True)

    assert asked.of_each_run == Request(timeout=7, dry_run=True)
