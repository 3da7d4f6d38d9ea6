"""The committed schemas are those of the models, and break no reader without a new version."""

import json

import jsonschema
import pytest

from benchmarks.list_schemas import FOLDER, breaks, path_of
from paper2run.exports.schema_changes import incompatible
from paper2run.exports.schemas import PUBLISHED, as_text, schema_of
from tests.run_pages import DOCUMENTED, PASSED, PLANNED, STOP, SUCCESS, UNBUILT

RECORD = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "seconds": {"type": "number"},
        "grade": {"enum": ["none", "imports"], "type": "string"},
        "next": {"anyOf": [{"$ref": "#/$defs/Step"}, {"type": "null"}]},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}},
        "pair": {
            "type": "array", "minItems": 2, "maxItems": 2,
            "prefixItems": [{"type": "string"}, {"type": "integer"}],
        },
        "env": {"type": "object", "additionalProperties": {"type": "string"}},
        "outcome": {"oneOf": [{"$ref": "#/$defs/Built"}, {"$ref": "#/$defs/Failed"}]},
    },
    "required": ["name"],
    "$defs": {
        "Step": {
            "type": "object",
            "properties": {
                "line": {"type": "integer"},
                "below": {"anyOf": [{"$ref": "#/$defs/Step"}, {"type": "null"}]},
            },
        },
        "Built": {"type": "object", "properties": {"kind": {"const": "built", "type": "string"}}},
        "Failed": {
            "type": "object",
            "properties": {"kind": {"const": "failed", "type": "string"}, "code": {"type": "integer"}},
        },
    },
}  # fmt: skip


def changed(path: str, value: object) -> dict[str, object]:
    """Return the record with another value at a place; None removes it."""
    copy = json.loads(json.dumps(RECORD))
    *above, last = path.split("/")
    node = copy
    for step in above:
        node = node[int(step) if isinstance(node, list) else step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return copy


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_committed_schema_breaks_no_reader_without_a_new_version(name):
    committed = json.loads(path_of(name).read_text("utf-8"))

    assert breaks(committed, schema_of(name)) == (), "raise its version in exports/schemas.py"


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_committed_schema_is_the_models(name):
    now = as_text(schema_of(name))

    assert path_of(name).read_text("utf-8") == now, "run python -m benchmarks.list_schemas"


def test_there_is_no_other_schema():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(
        path_of(name).name for name in PUBLISHED
    )


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("metadata", SUCCESS),
        ("metadata", STOP),
        ("attempt", PASSED),
        ("attempt", UNBUILT),
        ("plan", PLANNED),
        ("repo_facts", DOCUMENTED),
    ],
)
def test_a_record_as_it_is_written_meets_its_schema_and_may_have_more_fields(name, record):
    written = json.loads(record.model_dump_json())
    check = jsonschema.Draft202012Validator(schema_of(name))

    check.validate({**written, "of the next version": 1})
    assert not check.is_valid([])


@pytest.mark.parametrize(
    ("path", "value", "change"),
    [
        ("properties/name", None, "name: removed"),
        ("required", ["name", "seconds"], "seconds: newly required"),
        ("properties/more", {"type": "string"}, ""),
        ("properties/seconds", {"type": "integer"}, "seconds: no longer number"),
        ("properties/name", {"type": ["string", "null"]}, ""),
        ("properties/name", {"type": "string", "maxLength": 9}, "name: maxLength became narrower"),
        ("properties/name", {"type": "string", "pattern": "x"}, "name: pattern became narrower"),
        ("properties/name", {}, ""),
        ("properties/grade/enum", ["none"], "grade: no longer imports"),
        ("properties/grade/enum", ["none", "imports", "tests"], ""),
        ("properties/next/anyOf", [{"$ref": "#/$defs/Step"}], "next: no longer null"),
        ("properties/next", {"$ref": "#/$defs/Step"}, "next: no longer null"),
        ("properties/steps/items", {"type": "string"}, "steps[]: no longer object"),
        ("properties/pair/prefixItems/1/type", "string", "pair[1]: no longer integer"),
        ("properties/pair/maxItems", 1, "pair: maxItems became narrower"),
        ("properties/env/additionalProperties", {"type": "integer"}, "env[]: no longer string"),
        ("properties/env/additionalProperties", None, ""),
        ("$defs/Step/properties/line", None, "line: removed"),
        ("$defs/Step/properties/line", {"type": "number"}, ""),
        ("$defs/Failed/properties/code", None, "outcome.code: removed"),
        ("$defs/Failed/properties/kind/const", "broken", "outcome.kind: no longer failed"),
        ("properties/outcome/oneOf", [{"$ref": "#/$defs/Built"}], "outcome: no longer Failed"),
    ],
)
def test_what_a_reader_would_not_survive_is_told_with_its_place(path, value, change):
    found = incompatible(RECORD, changed(path, value))

    if change:
        assert any(change in one for one in found), found
    else:
        assert found == ()


def test_a_number_that_becomes_whole_is_narrower_and_not_the_other_way():
    whole, any_number = {"type": "integer"}, {"type": "number"}

    assert incompatible(whole, any_number) == ()
    assert incompatible(any_number, whole) == ("the record: no longer number",)


def test_a_new_version_may_change_all():
    old = {"$id": "urn:paper2run:metadata:1", **RECORD}
    now = {"$id": "urn:paper2run:metadata:2", **changed("properties/name", None)}

    assert breaks(old, now) == ()
    assert breaks(old, {**now, "$id": old["$id"]}) == ("name: removed",)
