from benchmarks.same_plan import Json, differences


def test_same_plan_has_no_difference() -> None:
    plan: Json = {"plan": {"steps": ["a", {"b": [1, None]}]}}

    assert list(differences(plan, plan)) == []


def test_each_difference_is_named_by_its_place() -> None:
    first: Json = {
        "plan": {"image": "a", "steps": ["x", "y"], "pins": [{"name": "n", "version": "1"}]}
    }
    second: Json = {
        "plan": {"image": "b", "steps": ["x"], "pins": [{"name": "n", "version": "2"}], "new": 1}
    }

    assert list(differences(first, second)) == [
        'plan.image: "a" → "b"',
        "plan.new: null → 1",
        'plan.pins[0].version: "1" → "2"',
        'plan.steps: ["x", "y"] → ["x"]',
    ]


def test_order_of_a_list_is_part_of_the_plan() -> None:
    assert list(differences(["a", "b"], ["b", "a"])) == ['[0]: "a" → "b"', '[1]: "b" → "a"']


def test_plan_that_only_one_run_made_is_a_difference() -> None:
    assert list(differences(None, {"plan": 1})) == [': null → {"plan": 1}']
