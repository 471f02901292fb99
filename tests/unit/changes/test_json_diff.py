"""Differences between JSON values."""

from __future__ import annotations

import copy
import json
import time
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.changes.json_diff import MAX_POINTER_LENGTH, Edit, Operation, diff
from tests.strategies import json_values

# Few keys and values, so that two values have much in common.
_names = st.sampled_from(["id", "name", "type", "", "a/b", "~1", "é"])
_scalars = st.sampled_from([None, True, False, 0, 1, 1.0, -0.0, 0.0, "", "a", "b"])
similar_values = st.recursive(
    _scalars, lambda values: st.lists(values, max_size=6) | st.dictionaries(_names, values, max_size=4), max_leaves=25
)
_keyed = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abcdefgh"), "type": _scalars}),
    max_size=8,
    unique_by=lambda field: field["name"],
)
pairs = (
    st.tuples(similar_values, similar_values) | st.tuples(json_values, json_values) | st.tuples(_keyed, _keyed)
).map(lambda pair: {"old": pair[0], "new": pair[1]})


def patched(document: Any, edits: list[Edit]) -> Any:  # noqa: ANN401  # any JSON value
    """Apply edits as RFC 6902 describes it."""
    root = {"": copy.deepcopy(document)}
    for edit in edits:
        tokens = [token.replace("~1", "/").replace("~0", "~") for token in edit.pointer.split("/")[1:]]
        parent: Any = root
        name: Any = ""
        for token in tokens:
            parent = parent[name]
            name = int(token) if isinstance(parent, list) else token
        if edit.operation is Operation.ADD and isinstance(parent, list):
            assert name <= len(parent)
            parent.insert(name, edit.value)
            continue
        assert (edit.operation is Operation.ADD) == (isinstance(parent, dict) and name not in parent)
        if edit.operation is Operation.REMOVE:
            del parent[name]
        else:
            parent[name] = edit.value
    return root[""]


def as_text(value: Any) -> str:  # noqa: ANN401  # any JSON value
    return json.dumps(value, sort_keys=True)  # distinguishes 1, 1.0 and true


def places(old: Any, new: Any) -> list[tuple[str, str]]:  # noqa: ANN401  # any JSON value
    return [(edit.operation.value, edit.pointer) for edit in diff(old, new)]


@given(pairs)
def test_applying_the_edits_to_the_old_value_gives_the_new_one(pair: dict[str, Any]) -> None:
    edits = list(diff(pair["old"], pair["new"]))

    assert as_text(patched(pair["old"], edits)) == as_text(pair["new"])
    assert (edits == []) == (as_text(pair["old"]) == as_text(pair["new"]))


@given(similar_values)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:  # noqa: ANN401  # any JSON value
    assert places(value, copy.deepcopy(value)) == []


FIELDS = [{"name": name, "type": "string", "required": True} for name in "abcdef"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 2}, [("replace", "/a")]),
        ({"a": 1}, {"b": 1}, [("remove", "/a"), ("add", "/b")]),
        ({"a/b": {"~": 1}}, {"a/b": {"~": 2}}, [("replace", "/a~1b/~0")]),
        (1, True, [("replace", "")]),
        ([1, {"a": 1}], [1.0, {"a": True}], [("replace", "/0"), ("replace", "/1/a")]),
        (None, {}, [("replace", "")]),
        ([1, 2, 3], [1, 3], [("remove", "/1")]),
        ([1, 3], [1, 2, 3], [("add", "/1")]),
        ([1, 1, 1], [1, 1], [("remove", "/2")]),
        ([1, 2, 3, 4], [0, 1, 2, 5, 4], [("add", "/0"), ("replace", "/3")]),
        ([], [1, 2], [("add", "/0"), ("add", "/1")]),
        ([1, 2], [], [("remove", "/0"), ("remove", "/0")]),
        ([{"x": 1, "y": 1}], [{"x": 1, "y": 2}], [("replace", "/0/y")]),
    ],
)
def test_only_what_changed_is_reported(old: Any, new: Any, expected: list[tuple[str, str]]) -> None:  # noqa: ANN401
    assert places(old, new) == expected


def test_elements_are_recognized_by_their_names() -> None:
    changed = copy.deepcopy(FIELDS)
    changed[2]["type"] = "integer"
    changed.insert(0, {"name": "new", "type": "date"})
    del changed[5]

    assert places({"fields": FIELDS}, {"fields": changed}) == [
        ("add", "/fields/0"),
        ("replace", "/fields/3/type"),
        ("remove", "/fields/5"),
    ]


def test_a_renamed_element_is_another_one() -> None:
    assert places([{"id": "a", "v": 1}], [{"id": "b", "v": 1}]) == [("remove", "/0"), ("add", "/0")]


def test_a_moved_element_is_removed_and_added_and_the_others_stay() -> None:
    moved = [*FIELDS[1:], FIELDS[0]]

    assert places(FIELDS, moved) == [("remove", "/0"), ("add", "/5")]


def test_elements_without_unique_names_are_compared_by_content() -> None:
    steps = [{"name": "wait"}, {"name": "wait"}, {"name": "end"}]

    assert places(steps, steps[1:]) == [("remove", "/1")]


def test_a_pointer_that_would_be_too_long_leads_to_the_value_around_it() -> None:
    name = "~" * (MAX_POINTER_LENGTH // 2)

    assert places({"a": {name: 1}}, {"a": {name: 2}}) == [("replace", "/a")]
    assert places({"a": [{name[:-1]: 1}]}, {"a": [{name[:-1]: 2}]}) == [("replace", "/a/0")]


def test_values_are_compared_as_a_whole_below_some_depth() -> None:
    old: Any = 1
    new: Any = 2
    for _ in range(300):
        old, new = [old], [new]

    ((operation, pointer),) = places(old, new)
    assert (operation, set(pointer)) == ("replace", {"/", "0"})
    assert len(pointer) < 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (list(range(20_000)), list(range(20_000))[::-1]),
        ([1] * 20_000, [1, 2] * 10_000),
        ([{"id": str(n), "v": n} for n in range(10_000)], [{"id": str(n), "v": -n} for n in range(9_999, 0, -1)]),
        ({str(n): n for n in range(20_000)}, {str(n): n + 1 for n in range(20_000)}),
    ],
    ids=["reversed", "repeated", "reversed with ids", "object"],
)
def test_the_first_changes_of_large_values_are_found_in_linear_time(old: Any, new: Any) -> None:  # noqa: ANN401
    start = time.process_time()

    assert len(list(islice(diff(old, new), 201))) == 201
    assert time.process_time() - start < 2
